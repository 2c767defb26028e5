//! How Google refuses: a status with a `GoogleAdsFailure`, as an array of one where a stream was asked for; tokens in OAuth's
//! own shape.

use serde_json::{Value, json};

use crate::protocol::{Answer, Question};

/// A refusal of a call.
#[derive(Debug)]
pub(in crate::protocol) struct Refusal {
    code: u16,
    status: &'static str,
    message: String,
    /// The kind of error, its code and its words.
    failure: Option<(&'static str, &'static str, String)>,
    /// Seconds until calls are answered again.
    retry: Option<u32>,
}

impl Refusal {
    fn plain(code: u16, status: &'static str, message: &str) -> Self {
        Self { code, status, message: message.to_owned(), failure: None, retry: None }
    }

    /// The token is not accepted.
    pub fn unauthorized() -> Self {
        let words = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other \
                     valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
        Self::plain(401, "UNAUTHENTICATED", words)
    }

    /// A refusal of the caller, with what kind of error it is.
    pub fn denied(code: u16, kind: &'static str, error: &'static str, words: &str) -> Self {
        let (status, message) = match code {
            401 => ("UNAUTHENTICATED", "Request is missing required authentication credential."),
            _ => ("PERMISSION_DENIED", "The caller does not have permission"),
        };
        Self { failure: Some((kind, error, words.to_owned())), ..Self::plain(code, status, message) }
    }

    /// A request that is wrong in itself.
    pub fn invalid(kind: &'static str, error: &'static str, words: String) -> Self {
        let message = "Request contains an invalid argument.";
        Self { failure: Some((kind, error, words)), ..Self::plain(400, "INVALID_ARGUMENT", message) }
    }

    /// A body that cannot be read.
    pub fn malformed(words: String) -> Self {
        Self::plain(400, "INVALID_ARGUMENT", &words)
    }

    /// A path that there is not.
    pub fn missing() -> Self {
        Self::plain(404, "NOT_FOUND", "Requested entity was not found.")
    }

    /// Too much was asked.
    pub fn limited(seconds: u32) -> Self {
        let words = format!("Too many requests. Retry in {seconds} seconds.");
        let failure = Some(("quotaError", "RESOURCE_EXHAUSTED", words));
        let plain = Self::plain(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).");
        Self { failure, retry: Some(seconds), ..plain }
    }

    /// A fault of Google's own.
    pub fn unavailable(code: u16) -> Self {
        let (status, message) = match code {
            503 => ("UNAVAILABLE", "The service is currently unavailable."),
            504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
            _ => ("INTERNAL", "Internal error encountered."),
        };
        Self::plain(code, status, message)
    }

    /// As the answer to a question.
    pub fn answer(&self, question: &Question) -> Answer {
        let mut error = json!({ "code": self.code, "message": self.message, "status": self.status });
        if let Some((kind, code, words)) = &self.failure {
            let mut failure = json!({ "errorCode": { *kind: code }, "message": words });
            if let Some(seconds) = self.retry {
                let quota = json!({ "rateScope": "ACCOUNT", "rateName": "Requests per service per method",
                    "retryDelay": format!("{seconds}s") });
                failure["details"] = json!({ "quotaErrorDetails": quota });
            }
            let kind = format!("type.googleapis.com/google.ads.googleads.{}.errors.GoogleAdsFailure", super::VERSION);
            error["details"] = json!([{ "@type": kind, "errors": [failure], "requestId": super::REQUEST }]);
        }
        let body = json!({ "error": error });
        let stream = question.path.ends_with(":searchStream");
        Answer::json(self.code, &if stream { Value::Array(vec![body]) } else { body })
    }
}

/// A refusal of a code or token (RFC 6749, section 5.2).
pub(super) fn oauth(error: &str, words: &str) -> Answer {
    let status = if error == "invalid_client" { 401 } else { 400 };
    Answer::json(status, &json!({ "error": error, "error_description": words }))
}
