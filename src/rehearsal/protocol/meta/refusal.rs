//! How Meta refuses: status 400 with a code, whatever it is about.

use serde_json::json;

use crate::protocol::Answer;

/// A refusal in Graph's shape.
#[derive(Debug)]
pub(in crate::protocol) struct Refusal {
    status: u16,
    kind: &'static str,
    code: i64,
    subcode: Option<i64>,
    message: String,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    fn new(code: i64, message: &str) -> Self {
        let (status, kind, headers) = (400, "OAuthException", vec![]);
        Self { status, kind, code, subcode: None, message: message.to_owned(), headers }
    }

    /// A parameter that is wrong.
    pub fn parameter(words: &str) -> Self {
        Self::new(100, &format!("(#100) {words}"))
    }

    /// Something that is wrong in itself.
    pub fn plain(words: &str) -> Self {
        Self { kind: "GraphMethodException", ..Self::new(100, words) }
    }

    /// Fields that cannot be read.
    pub fn syntax(words: &str) -> Self {
        Self::new(2500, words)
    }

    /// An app that is not who it says.
    pub fn app(code: i64, words: &str) -> Self {
        Self::new(code, words)
    }

    /// Days too long ago.
    pub fn reach() -> Self {
        Self::new(3018, "(#3018) The start date of the time range cannot be beyond 37 months from the current date")
    }

    /// A path that there is not.
    pub fn path() -> Self {
        Self { status: 404, ..Self::new(2500, "Unknown path components") }
    }

    /// Something that is not there, or not for this token.
    pub fn missing(id: &str) -> Self {
        let words = format!(
            "Unsupported get request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or \
             does not support this operation"
        );
        Self { kind: "GraphMethodException", subcode: Some(33), ..Self::new(100, &words) }
    }

    /// No token.
    pub fn absent() -> Self {
        Self::new(2500, "An active access token must be used to query information about the current user.")
    }

    /// A token that was never given.
    pub fn unauthorized() -> Self {
        Self::new(190, "Invalid OAuth access token - Cannot parse access token")
    }

    /// A token that ended.
    pub fn expired() -> Self {
        Self { subcode: Some(463), ..Self::new(190, "Error validating access token: Session has expired.") }
    }

    /// A token whose permission was taken back.
    pub fn withdrawn() -> Self {
        let words = "Error validating access token: The user has not authorized application.";
        Self { subcode: Some(458), ..Self::new(190, words) }
    }

    /// A permission that was not given.
    pub fn permission(name: &str) -> Self {
        Self::new(200, &format!("(#200) Requires {name} permission to manage the object"))
    }

    /// Too much was asked; the pause stands in two headers.
    pub fn limited(status: u16, seconds: u32) -> Self {
        let usage = json!({ "acc_id_util_pct": 100.0, "reset_time_duration": seconds, "ads_api_access_tier": "standard_access" });
        let headers = vec![("x-ad-account-usage", usage.to_string()), ("retry-after", seconds.to_string())];
        Self { status, headers, subcode: Some(2_446_079), ..Self::new(17, "User request limit reached") }
    }

    /// A fault of Meta's own.
    pub fn unavailable(status: u16) -> Self {
        Self { status, ..Self::new(2, "Service temporarily unavailable") }
    }

    /// As an answer.
    pub fn answer(self) -> Answer {
        let mut error =
            json!({ "message": self.message, "type": self.kind, "code": self.code, "fbtrace_id": "Rehearsal0" });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if self.code == 2 {
            error["is_transient"] = json!(true);
        }
        let mut answer = Answer::json(self.status, &json!({ "error": error }));
        if self.code == 190 {
            let words = format!("OAuth \"Facebook Platform\" \"invalid_token\" \"{}\"", self.message);
            answer.headers.push(("www-authenticate", words));
        }
        answer.headers.extend(self.headers);
        answer
    }
}
