//! Forms of live pages that their browser posted by itself, before the page was live or because it never is.
//!
//! What is done leads back to the page. What is refused, also for being asked too often, is answered with the page itself,
//! with what was typed and what is wrong: nothing of it travels in an address, so it can be of any length. Passwords and
//! codes are never given back. To keep a form's fields, see `app::refused::Typed`; a form of a route of its own comes back by
//! [`come_back`].

use app::{error::AppError, needs_no_session, refused::Refused};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use leptos::{
    prelude::{FromServerFnError, provide_context},
    server_fn::{Decodes, error::ServerFnUrlError},
};
use model::actor::{Actor, Origin};
use service::session::Live;

use crate::{
    api::error::{ApiError, Said},
    limit::PROVING,
    routes::BODY_LIMIT,
    state::AppState,
};

/// What fields are called that hold something secret.
const SECRET: [&str; 6] = ["password", "repeat", "present", "code", "token", "secret"];

/// Answers a browser's own post of a live page's form. A live page's own request passes; what stood before its server
/// function and refused it is told as a server function would.
pub(crate) async fn answer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let (Some(page), Some(actor)) = (page_of(&request), request.extensions().get::<Actor>().cloned()) else {
        let asks = request.method() == Method::POST
            && request.uri().path().starts_with("/app/")
            && !text(request.headers(), header::ACCEPT).is_some_and(|kinds| kinds.contains("text/html"));
        let response = next.run(request).await;
        return if asks { retold(response) } else { response };
    };
    let function = request.uri().path().to_owned();
    let (cookies, live) = (request.headers().get(header::COOKIE).cloned(), request.extensions().get::<Live>().cloned());
    let body = std::mem::take(request.body_mut());
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        let words = "this is larger than is accepted here, so nothing was changed. Send less";
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", words).into_response();
    };
    *request.body_mut() = Body::from(body.clone());
    // As for a live page, which is told how it went and is not led anywhere.
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    // The answer is read here.
    request.headers_mut().remove(header::ACCEPT_ENCODING);
    let response = next.run(request).await;
    let status = response.status();
    if status.is_success() {
        let target = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        return Redirect::to(target.unwrap_or(&page)).into_response();
    }
    let (parts, answer) = response.into_parts();
    let answer = to_bytes(answer, BODY_LIMIT).await.unwrap_or_default();
    let said = parts.extensions.get::<Said>().map(|Said(words)| words.clone());
    let error = error(said, &answer).filter(|_| state.limits.redraws(actor.member_id));
    let Some(error) = error else { return Response::from_parts(parts, Body::from(answer)) };
    let refused = Refused(page.clone(), function.clone(), in_address(error), fields(&function, &body));
    let origin = Origin { method: Method::GET.to_string(), path: page.clone() };
    let mut drawn = draw(&state, refused, (Actor { origin, ..actor }, live), cookies).await;
    *drawn.status_mut() = status;
    if let Some(wait) = parts.headers.get(header::RETRY_AFTER) {
        drawn.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    drawn
}

/// A form that is no server function's and that was refused: what its page comes back with.
pub(crate) struct Back {
    /// The address of the page that holds the form.
    pub page: String,
    /// The path of the form.
    pub form: String,
    /// Why.
    pub error: AppError,
    /// What was typed and is not secret.
    pub fields: Vec<(String, String)>,
    /// The status of the answer.
    pub status: StatusCode,
}

/// The page with such a form; none for a program, or for who was refused too often.
pub(crate) async fn come_back(state: &AppState, live: Live, headers: &HeaderMap, back: Back) -> Option<Response> {
    let actor = live.actor.clone();
    if !((wants_page(headers) || sent_a_file(headers)) && state.limits.redraws(actor.member_id)) {
        return None;
    }
    let origin = Origin { method: Method::GET.to_string(), path: back.page.clone() };
    let refused = Refused(back.page, back.form, in_address(back.error), back.fields);
    let cookies = headers.get(header::COOKIE).cloned();
    let mut drawn = draw(state, refused, (Actor { origin, ..actor }, Some(live)), cookies).await;
    *drawn.status_mut() = back.status;
    Some(drawn)
}

/// The address of the page whose form this request is; none for what is no such form.
fn page_of(request: &Request) -> Option<String> {
    let form =
        request.method() == Method::POST && request.uri().path().starts_with("/app/") && wants_page(request.headers());
    page_before(request).filter(|page| form && !needs_no_session(page.split(['?', '#']).next().unwrap_or_default()))
}

/// The address of the page that a form was posted from. A page that came back has the address of the post, so its forms
/// name the page themselves ([`lead_back`]).
pub(crate) fn page_before(request: &Request) -> Option<String> {
    let page = format!("/{}", text(request.headers(), header::REFERER)?.splitn(4, '/').nth(3)?);
    let named = |query: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == PAGE).map(|(_, page)| page.into_owned())
    };
    let page = if is_post(&page) { request.uri().query().and_then(named)? } else { page };
    let path = page.split(['?', '#']).next().unwrap_or_default();
    let ours = path.starts_with('/') && !path.starts_with("//") && !page.contains('\\');
    (ours && !is_post(path) && !path.starts_with("/api/")).then_some(page)
}

/// Whether an address is that of a post that may be answered with a page.
fn is_post(path: &str) -> bool {
    ["/app/", "/integrations/", "/imports/", "/exchange-rates/"].iter().any(|posts| path.starts_with(posts))
}

/// The parameter by which a form of a page that came back names the page.
const PAGE: &str = "page";

/// Has the forms of a page that came back name the page.
fn lead_back(html: &str, page: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(PAGE, page).finish();
    let mut led = String::with_capacity(html.len() + 1024);
    for (at, part) in html.split("<form ").enumerate() {
        if at > 0 {
            led.push_str("<form ");
        }
        let tag = if at > 0 { part.find('>').unwrap_or(0) } else { 0 };
        let action = "action=\"/app/";
        match part[..tag].find(action).map(|from| from + action.len()) {
            Some(from) => {
                let end = from + part[from..].find('"').unwrap_or(0);
                led.push_str(&format!("{}?{query}{}", &part[..end], &part[end..]));
            }
            None => led.push_str(part),
        }
    }
    led
}

/// Whether a browser posted a form and shows the answer.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT).is_some_and(|kinds| kinds.contains("text/html"))
        && text(headers, header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// Whether a browser posted a form with a file in it and shows the answer.
fn sent_a_file(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT).is_some_and(|kinds| kinds.contains("text/html"))
        && text(headers, header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The answer of a layer, in the words of a server function.
fn retold(response: Response) -> Response {
    let Some(Said(words)) = response.extensions().get::<Said>().cloned() else { return response };
    let (mut parts, _) = response.into_parts();
    for about_the_body in [header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
        parts.headers.remove(about_the_body);
    }
    Response::from_parts(parts, Body::from(AppError::Conflict(words).ser()))
}

/// The error of an answer: a server function's own, or the words of what stands before them.
fn error(said: Option<String>, answer: &Bytes) -> Option<AppError> {
    match said {
        Some(words) => Some(AppError::Conflict(words)),
        None => <AppError as FromServerFnError>::Encoder::decode(answer.clone()).ok(),
    }
}

/// The error as Leptos reads it from an address.
fn in_address(error: AppError) -> String {
    let url = ServerFnUrlError::new("", error).to_url("http://localhost/").ok();
    let pair =
        url.and_then(|url| url.query_pairs().find(|(name, _)| name == "__err").map(|(_, error)| error.into_owned()));
    pair.unwrap_or_default()
}

/// The fields of the form, without those that hold something secret.
pub(super) fn fields(function: &str, body: &[u8]) -> Vec<(String, String)> {
    let open = |name: &str| !SECRET.iter().any(|word| name.contains(word));
    let pairs = url::form_urlencoded::parse(body).filter(|(name, _)| open(name) && !PROVING.contains(&function));
    pairs.map(|(name, text)| (name.into_owned(), text.replace("\r\n", "\n"))).collect()
}

/// Draws the page that holds the form.
async fn draw(
    state: &AppState,
    refused: Refused,
    (actor, live): (Actor, Option<Live>),
    cookies: Option<HeaderValue>,
) -> Response {
    let Ok(mut request) = Request::builder().uri(&refused.0).body(Body::empty()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Some(cookies) = cookies {
        request.headers_mut().insert(header::COOKIE, cookies);
    }
    request.extensions_mut().insert(actor);
    if let Some(live) = live {
        request.extensions_mut().insert(live);
    }
    let (options, service, address) = (state.leptos.clone(), state.service.clone(), refused.0.clone());
    let page = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(service.clone());
            provide_context(refused.clone());
        },
        move || app::shell(options.clone()),
    );
    let (mut parts, body) = page(request).await.into_parts();
    let Ok(html) = to_bytes(body, usize::MAX).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(lead_back(&String::from_utf8_lossy(&html), &address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_given_back() {
        let body = b"name=A%0D%0AB&password=p&repeat=p&present=p&code=1&access_token=t&currency=EUR&encoding=utf-8";
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<Vec<_>>()
        };
        let open = [("name", "A\nB"), ("currency", "EUR"), ("encoding", "utf-8")];
        assert_eq!(fields("/app/update_agency", body), pairs(&open));
        for function in PROVING {
            assert_eq!(fields(function, body), pairs(&[]), "{function}");
        }
    }

    #[test]
    fn only_a_browsers_post_of_a_live_pages_form_is_one() {
        let request = |method: &str, path: &str, accept: &str, referer: &str| {
            let kind = "application/x-www-form-urlencoded";
            let request =
                Request::builder().method(method).uri(path).header("accept", accept).header("referer", referer);
            page_of(&request.header("content-type", kind).body(Body::empty()).unwrap())
        };
        let page = |referer| request("POST", "/app/x", "text/html,*/*;q=0.8", referer);
        assert_eq!(page("http://a.test/clients?a=b").as_deref(), Some("/clients?a=b"));
        assert_eq!(page("https://a.test/").as_deref(), Some("/"));
        for referer in [
            "",
            "nonsense",
            "http://a.test/login",
            "http://a.test/invite/abc",
            "http://a.test//evil.test/clients",
            "http://a.test/api/v1/clients",
        ] {
            assert_eq!(page(referer), None, "{referer}");
        }
        let again = |path| request("POST", path, "text/html", "http://a.test/app/x");
        assert_eq!(again("/app/y?page=%2Fclients%3Fa%3Db").as_deref(), Some("/clients?a=b"));
        for path in
            ["/app/y", "/app/y?page=", "/app/y?page=%2F%2Fevil.test", "/app/y?page=%2Fapp%2Fx", "/app/y?page=%2Flogin"]
        {
            assert_eq!(again(path), None, "{path}");
        }
        let token = |path| request("POST", path, "text/html", "http://a.test/integrations/shopify/token");
        assert_eq!(token("/app/y?page=%2Fsettings").as_deref(), Some("/settings"), "that page came back, too");
        assert_eq!(token("/app/y"), None);
        assert_eq!(request("POST", "/app/x", "application/json", "http://a.test/clients"), None);
        assert_eq!(request("POST", "/clients", "text/html", "http://a.test/clients"), None);
        assert_eq!(request("GET", "/app/x", "text/html", "http://a.test/clients"), None);
    }

    #[test]
    fn forms_of_a_page_that_came_back_name_it_and_what_was_typed_stays() {
        let html = r#"<form method="post" action="/app/x" class="a"><textarea>&lt;form action="/app/x"></textarea></form><form action="/logout">"#;
        let led = r#"<form method="post" action="/app/x?page=%2Fsettings%3Fa%3Db" class="a"><textarea>&lt;form action="/app/x"></textarea></form><form action="/logout">"#;
        assert_eq!(lead_back(html, "/settings?a=b"), led);
    }
}
