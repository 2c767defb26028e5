//! Mail of others, shown without harm: a letter in a document of its own, its files, and its source.
//!
//! The letter's document is the one exception to the policy of pages: it may have styles of its own and pictures from here, and is
//! kept apart from everything else by `sandbox`. What it loads comes without a cookie, and brings a pass (`service::message::show`).

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use model::{
    actor::{Actor, Origin},
    id::MessageId,
};
use serde::Deserialize;
use service::{
    Error, Service,
    message::{
        picture::{self, Picture},
        show,
    },
};

use crate::{
    api::{
        error::ApiError,
        input::{Id, Ids, Params},
    },
    cookie::SignedIn,
    state::AppState,
};

/// The policy of a letter's document.
const LETTER: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox";
/// The policy of a file, should anybody make a document of it.
const FILE: &str = "default-src 'none'; sandbox";
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

#[derive(Debug, Deserialize)]
pub(crate) struct PageQuery {
    /// Whether pictures that lie elsewhere are shown, too.
    images: Option<String>,
}

/// `GET /app/messages/{id}/html`: the letter, for a frame of our own pages.
pub(crate) async fn page(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<MessageId>,
    Params(query): Params<PageQuery>,
) -> Result<Response, ApiError> {
    let letter = show::page(&service, &actor, id, query.images.as_deref() == Some("1")).await?;
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(LETTER)),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]);
    Ok((headers, letter).into_response())
}

/// `GET /app/messages/{id}/source`: the message as it came.
pub(crate) async fn source(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<MessageId>,
) -> Result<Response, ApiError> {
    let source = show::source(&service, &actor, id).await?;
    let name = format!("inline; filename=\"{id}.eml\"");
    Ok((file_headers("text/plain; charset=utf-8", &name), source).into_response())
}

#[derive(Debug, Deserialize)]
pub(crate) struct PartQuery {
    /// `1`: as a picture that was made anew.
    preview: Option<String>,
    /// What a letter's document may load it by.
    pass: Option<String>,
}

/// `GET /app/messages/{id}/parts/{part}`: a file, to be kept; or as a picture to look at.
pub(crate) async fn part(
    State(service): State<Service>,
    Ids(id, part): Ids<MessageId, i32>,
    Params(query): Params<PartQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let preview = query.preview.as_deref() == Some("1");
    let actor = match (&query.pass, request.extensions().get::<Actor>()) {
        (Some(pass), _) if preview => show::holder(&service, pass, id, &part.to_string(), origin(&request))?,
        (_, Some(actor)) => actor.clone(),
        (_, None) => return Err(Error::SignedOut.into()),
    };
    let (known, bytes) = show::part(&service, &actor, id, part).await?;
    if preview { preview_of(bytes, query.pass.is_some()).await } else { Ok(file(&known.name, bytes)) }
}

/// A file, to be kept under its name.
pub(crate) fn file(name: &str, bytes: Vec<u8>) -> Response {
    (file_headers("application/octet-stream", &kept_as(name)), bytes).into_response()
}

/// A file as a picture to look at; `framed` for a letter's document.
pub(crate) async fn preview_of(bytes: Vec<u8>, framed: bool) -> Result<Response, ApiError> {
    let picture = picture::anew(bytes).await?.ok_or_else(|| {
        let words = "this file is no picture that can be shown, or is too large. Download it to look at it";
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "no_picture", words)
    })?;
    Ok(shown(picture, framed))
}

#[derive(Debug, Deserialize)]
pub(crate) struct PictureQuery {
    url: String,
    pass: String,
}

/// `GET /app/messages/{id}/picture`: a picture that lies elsewhere, asked for by this server and made anew.
pub(crate) async fn remote(
    State(state): State<AppState>,
    Id(id): Id<MessageId>,
    Params(query): Params<PictureQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    show::holder(&state.service, &query.pass, id, &query.url, origin(&request))?;
    // Why it does not come is nobody's business but the log's.
    let bytes = state.guarded.picture(&query.url).await.map_err(|error| {
        tracing::debug!(kind = error.key(), "a picture of a message did not come");
        Error::Missing
    })?;
    let picture = picture::anew(bytes).await?.ok_or(Error::Missing)?;
    Ok(shown(picture, true))
}

fn origin(request: &Request) -> Origin {
    Origin { method: request.method().to_string(), path: request.uri().path().to_owned() }
}

/// A picture; `framed` for a letter's document, which is of no origin.
fn shown(picture: Picture, framed: bool) -> Response {
    let mut headers = file_headers(picture.content_type, "inline");
    if framed {
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
    (headers, picture.bytes).into_response()
}

fn file_headers(kind: &'static str, disposition: &str) -> HeaderMap {
    let disposition = HeaderValue::from_str(disposition).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE)),
    ])
}

/// Has a file kept under its name, in plain letters and as it is (RFC 6266).
fn kept_as(name: &str) -> String {
    // What turns the direction of writing makes an .exe look like something else.
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    let name: String = name.chars().filter(|c| !hidden(*c)).collect();
    let plain = |c: char| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' };
    let plain: String = name.chars().map(plain).collect();
    let exact: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", exact.replace('+', "%20").replace('*', "%2A"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_kept_under_a_name_that_is_one() {
        assert_eq!(
            kept_as("May report.pdf"),
            "attachment; filename=\"May report.pdf\"; filename*=UTF-8''May%20report.pdf"
        );
        let odd = kept_as("<img src=x onerror=alert(1)>\"\r\n.png");
        assert!(odd.starts_with("attachment; filename=\"_img src_x onerror_alert(1)__.png\";"), "{odd}");
        assert!(!odd.contains('<') && !odd.contains('\n'), "{odd}");
        assert_eq!(kept_as("Übersicht"), "attachment; filename=\"_bersicht\"; filename*=UTF-8''%C3%9Cbersicht");
        // "gpj.exe" that looks like "exe.jpg".
        assert!(kept_as("a\u{202e}gpj.exe").contains("\"agpj.exe\""));
    }
}
