//! The form that says how reports look on paper: a colour, and a logo as a file.

use axum::{
    body::Body,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use model::{actor::Actor, brand::LARGEST, id::ClientId, input::Invalid};
use multer::Multipart;
use service::{
    Service,
    brand::{self, NewLogo},
};

use crate::{
    api::{
        error::ApiError,
        imports::{SILENCE, in_time},
    },
    cookie::SignedIn,
};

/// `POST /brand/upload`: whose, the colour and the file if they are to change; leads back to the reports.
pub(crate) async fn look(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&service, &actor, &headers, body).await {
        Ok(None) => Redirect::to("/reports").into_response(),
        Ok(Some(client)) => Redirect::to(&format!("/reports?client_id={client}")).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn take(service: &Service, actor: &Actor, headers: &HeaderMap, body: Body) -> Result<Option<ClientId>, ApiError> {
    let broken = |_| ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the upload broke off. Try again");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_form", "send the file as a form does, in parts")
    })?;
    let mut parts = Multipart::new(body.into_data_stream(), boundary);
    let (mut client, mut accent, mut remove, mut logo) = (String::new(), String::new(), false, Vec::new());
    while let Some(mut part) = in_time(SILENCE, parts.next_field()).await?.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let most = if name == "logo" { LARGEST } else { 100 };
        let mut bytes = Vec::new();
        while let Some(piece) = in_time(SILENCE, part.chunk()).await?.map_err(broken)? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > most {
                let words = "this is larger than is taken: a logo has at most 512 KiB. Nothing was changed";
                return Err(Invalid::new(name, words).into());
            }
        }
        let text = || String::from_utf8_lossy(&bytes).trim().to_owned();
        match name.as_str() {
            "client_id" => client = text(),
            "accent" => accent = text(),
            "remove" => remove = text() == "true",
            "logo" => logo = bytes,
            _ => {}
        }
    }
    let client: Option<ClientId> =
        (!client.is_empty()).then(|| client.parse().map_err(|_| service::Error::Missing)).transpose()?;
    let new = match (logo.is_empty(), remove) {
        (false, _) => NewLogo::Put(logo),
        (true, true) => NewLogo::Remove,
        (true, false) => NewLogo::Keep,
    };
    // A field that is left empty says nothing of the colour; taking the look away takes both.
    let accent = Some(accent.as_str()).filter(|accent| remove || !accent.is_empty());
    brand::set(service, actor, client, accent, new).await?;
    Ok(client)
}
