//! The REST API: JSON under `/api/v1`, described by the OpenAPI document that these very routes make.

pub mod actions;
pub mod alerts;
pub mod analytics;
pub mod audit;
pub mod auth;
pub mod brain;
pub mod clients;
pub mod communications;
pub mod contacts;
pub mod dashboard;
pub mod error;
pub mod exchange_rates;
pub mod figures;
pub mod imports;
pub mod ingest;
pub mod input;
pub mod integrations;
pub mod invitations;
pub mod jobs;
pub mod lift_tests;
pub mod list;
pub mod members;
pub mod organization;
pub mod reports;
pub mod summary;
pub mod tokens;
pub mod two_factor;
pub mod views;

use app::pages::api_docs::{Operation, Operations};
use axum::{Json, Router, extract::DefaultBodyLimit, routing::get};
use utoipa::OpenApi;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use crate::{
    connect, cookie, cron,
    state::{AppState, Http},
    webhooks,
};

/// What is said of every route: a session or a token, unless the route says otherwise.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "AudienceOS",
        description = "Every route needs a session cookie or an access token, unless it says otherwise. Errors are \
                       `{\"error\":{\"code\",\"message\",\"field\"?,\"rule\"?,\"request_id\"}}`."
    ),
    security(("session" = []), ("token" = []))
)]
struct Document;

/// All routes of the API and its document.
pub fn router(http: &Http) -> Router<AppState> {
    let (router, mut document) = routes().split_for_parts();
    declare_common_answers(&mut document);
    declare_sign_in(&mut document, http);
    router
        .route("/api/openapi.json", get(move || std::future::ready(Json(document))))
        .method_not_allowed_fallback(not_allowed)
        .route("/api/{*rest}", axum::routing::any(missing))
}

/// Every route of the API with its description; tests walk this list.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(auth::sign_up))
        .routes(routes!(auth::resend_verification))
        .routes(routes!(auth::login))
        .routes(routes!(auth::login_code))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::forgot))
        .routes(routes!(auth::reset))
        .routes(routes!(auth::change_password))
        .routes(routes!(auth::get_session))
        .routes(routes!(auth::sessions))
        .routes(routes!(auth::revoke_session))
        .routes(routes!(two_factor::get))
        .routes(routes!(two_factor::enrol))
        .routes(routes!(two_factor::confirm))
        .routes(routes!(two_factor::renew_recovery_codes))
        .routes(routes!(two_factor::disable))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::remove))
        .routes(routes!(members::update_self))
        .routes(routes!(members::list))
        .routes(routes!(members::get, members::update, members::remove))
        .routes(routes!(members::assignments))
        .routes(routes!(members::assign))
        .routes(routes!(members::unassign))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::cancel))
        .routes(routes!(invitations::resend))
        .routes(routes!(invitations::show, invitations::accept))
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::get, clients::update, clients::archive))
        .routes(routes!(clients::restore))
        .routes(routes!(clients::set_stage))
        .routes(routes!(clients::history))
        .routes(routes!(clients::stages))
        .routes(routes!(contacts::list, contacts::create))
        .routes(routes!(contacts::update, contacts::remove))
        .routes(routes!(organization::get, organization::update))
        .routes(routes!(integrations::list, integrations::connect))
        .routes(routes!(integrations::get, integrations::change, integrations::disconnect))
        .routes(routes!(integrations::sync))
        .routes(routes!(integrations::sync_provider))
        .routes(routes!(integrations::test))
        .routes(routes!(integrations::runs))
        .routes(routes!(integrations::accounts))
        .routes(routes!(integrations::map))
        .routes(routes!(imports::list, imports::upload))
        .routes(routes!(imports::source::sources, imports::source::add_source))
        .routes(routes!(imports::mapping::mappings, imports::mapping::save_mapping))
        .routes(routes!(imports::mapping::remove_mapping))
        .routes(routes!(imports::get, imports::give_up))
        .routes(routes!(imports::look_again))
        .routes(routes!(imports::set_mapping))
        .routes(routes!(imports::start))
        .routes(routes!(imports::undo))
        .routes(routes!(imports::errors_csv))
        .routes(routes!(ingest::push).layer(DefaultBodyLimit::max(ingest::LARGEST)))
        .routes(routes!(connect::back::callback))
        .routes(routes!(webhooks::receive))
        .routes(routes!(cron::start))
        .routes(routes!(brain::compute))
        .routes(routes!(brain::cycle))
        .routes(routes!(brain::state))
        .routes(routes!(brain::metrics))
        .routes(routes!(brain::figures))
        .routes(routes!(brain::forecasts))
        .routes(routes!(brain::findings))
        .routes(routes!(actions::list))
        .routes(routes!(actions::hit_rates))
        .routes(routes!(actions::get))
        .routes(routes!(actions::approve))
        .routes(routes!(actions::dismiss))
        .routes(routes!(actions::done))
        .routes(routes!(actions::undo))
        .routes(routes!(summary::get))
        .routes(routes!(dashboard::get))
        .routes(routes!(figures::get))
        .routes(routes!(analytics::get))
        .routes(routes!(analytics::export))
        .routes(routes!(views::list, views::save))
        .routes(routes!(views::get, views::change, views::remove))
        .routes(
            routes!(exchange_rates::list, exchange_rates::import).layer(DefaultBodyLimit::max(exchange_rates::LARGEST)),
        )
        .routes(routes!(lift_tests::list, lift_tests::add))
        .routes(routes!(lift_tests::remove))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::rules::rules, alerts::rules::add_rule))
        .routes(routes!(alerts::rules::set_rule, alerts::rules::remove_rule))
        .routes(routes!(alerts::rules::settings, alerts::rules::set_settings))
        .routes(routes!(alerts::get))
        .routes(routes!(alerts::acknowledge))
        .routes(routes!(alerts::snooze))
        .routes(routes!(alerts::reopen))
        .routes(routes!(reports::list, reports::create))
        .routes(routes!(reports::get, reports::remove))
        .routes(routes!(reports::retry))
        .routes(routes!(reports::pdf))
        .routes(routes!(reports::schedules::list, reports::schedules::add))
        .routes(routes!(reports::schedules::get, reports::schedules::set, reports::schedules::remove))
        .routes(routes!(reports::brand::get, reports::brand::set).layer(DefaultBodyLimit::max(reports::brand::LARGEST)))
        .routes(routes!(communications::list))
        .routes(routes!(communications::counts))
        .routes(routes!(communications::labels))
        .routes(routes!(communications::get, communications::update))
        .routes(routes!(communications::messages))
        .routes(routes!(communications::readers))
        .routes(routes!(communications::deed::set_client))
        .routes(routes!(communications::deed::set_labels))
        .routes(routes!(communications::deed::set_private))
        .routes(routes!(communications::deed::note))
        .routes(routes!(communications::deed::join))
        .routes(routes!(communications::deed::part))
        .routes(routes!(communications::deed::undo))
        .routes(routes!(communications::outgoing::reply))
        .routes(routes!(communications::person::get))
        .routes(routes!(
            communications::outgoing::draft,
            communications::outgoing::set_draft,
            communications::outgoing::remove_draft
        ))
        .routes(routes!(communications::outgoing::undo))
        .routes(routes!(communications::outgoing::again))
        .routes(routes!(communications::outgoing::confirm))
        .routes(routes!(communications::words::upload).layer(DefaultBodyLimit::max(communications::words::LARGEST)))
        .routes(routes!(communications::words::uploaded, communications::words::remove_upload))
        .routes(routes!(communications::words::templates, communications::words::add_template))
        .routes(routes!(communications::words::set_template, communications::words::remove_template))
        .routes(routes!(communications::words::signature, communications::words::set_signature))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::retry))
        .routes(routes!(audit::list))
        .routes(routes!(audit::csv))
}

/// Every operation, for the page that people read.
pub(crate) fn operations() -> Operations {
    let (_, mut document) = routes().split_for_parts();
    declare_common_answers(&mut document);
    let mut operations = Vec::new();
    for (path, item) in document.paths.paths {
        let methods =
            [("GET", item.get), ("POST", item.post), ("PUT", item.put), ("PATCH", item.patch), ("DELETE", item.delete)];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            operations.push(Operation {
                tag: operation.tags.and_then(|tags| tags.into_iter().next()).unwrap_or_default(),
                method: method.to_owned(),
                path: path.clone(),
                summary: operation.summary.unwrap_or_default(),
                statuses: operation.responses.responses.into_keys().collect::<Vec<_>>().join(" "),
            });
        }
    }
    Operations(operations)
}

/// Adds to every operation what the layers around it can answer.
fn declare_common_answers(document: &mut utoipa::openapi::OpenApi) {
    use utoipa::openapi::{Ref, RefOr, ResponseBuilder, content::ContentBuilder};
    let answer = |description: &str| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
        RefOr::T(ResponseBuilder::new().description(description).content("application/json", content).build())
    };
    for item in document.paths.paths.values_mut() {
        let reads = [item.get.as_mut()];
        let changes = [item.post.as_mut(), item.put.as_mut(), item.patch.as_mut(), item.delete.as_mut()];
        for operation in reads.into_iter().flatten().chain(changes.into_iter().flatten()) {
            let mut add = |status: &str, description: &str| {
                operation.responses.responses.entry(status.to_owned()).or_insert_with(|| answer(description));
            };
            add("400", "malformed");
            add("401", "nobody is signed in");
            add("403", "a rule forbids it, or the request came from another site");
            add("422", "a value cannot be accepted");
            add("429", "too often; Retry-After says when it is worth trying again");
            add("503", "too busy, or the database does not answer; Retry-After says when it is worth trying again");
            add("413", "the body is too large");
            add("415", "the body is not JSON");
        }
    }
}

/// Says where the API is and the two ways to say who one is.
fn declare_sign_in(document: &mut utoipa::openapi::OpenApi, http: &Http) {
    use utoipa::openapi::{
        Server,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    };
    document.servers = Some(vec![Server::new(&http.public_url)]);
    let cookie = ApiKeyValue::with_description(
        cookie::name(cookie::Kind::Session, http.secure_cookies),
        "From signing in.".to_owned(),
    );
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A personal access token, made by POST /api/v1/tokens. One that may only read changes nothing.",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    components.add_security_scheme("token", SecurityScheme::Http(token));
}

/// A route that is there, asked in a way that it does not know; `Allow` names the ways.
async fn not_allowed() -> error::ApiError {
    let words = "this address cannot be asked in this way. The header Allow names the ways";
    error::ApiError::new(http::StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", words)
}

async fn missing() -> error::ApiError {
    service::Error::Missing.into()
}

/// A moment as the API writes it: RFC 3339 in UTC.
fn rfc3339(moment: time::OffsetDateTime) -> String {
    moment.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
