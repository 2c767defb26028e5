//! `/api/v1/ingest/{provider}`: programs push rows of daily metrics, in the format that files are read into.
//!
//! A push is judged whole before anything is kept. With a wrong row among them nothing is kept, unless the program says
//! `"on_error": "skip"`: then the good ones are, and the wrong ones are written down. The same rows again change nothing.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    id::ChannelId,
    import::{MOST_ERRORS, RowError},
    input::Invalid,
};
use providers::file::{Judge, Problem, Row};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use service::{
    Service, connection,
    import::{self, Push},
};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    imports::RowErrorBody,
    input::{JsonBytes, Part, parse},
    integrations::key_of,
};
use crate::{connect, cookie::SignedIn};

/// The largest push, in bytes.
pub(super) const LARGEST: usize = 16 << 20;
/// How many rows one push may hold.
const MOST_ROWS: usize = 50_000;
/// The key that stands for no provider.
const NO_PROVIDER: &str = "file";

/// What is done about wrong rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Nothing is kept.
    #[default]
    Refuse,
    /// The good rows are kept, the wrong ones are written down.
    Skip,
}

/// Rows to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IngestBody {
    /// The source that they go into; see `/api/v1/imports/sources`.
    source_id: Uuid,
    /// At most 50,000 of `{"day":"2026-02-01","campaign_id":"17","campaign":"Spring","spend":"12.30","clicks":97}`. Only `day`
    /// must be there. Texts are campaign_id, campaign, group_id, group, ad_id, ad, attribution, currency; numbers, or texts
    /// that hold one, are spend, impressions, clicks, conversions, claimed_revenue, and of a shop orders, ledger_revenue,
    /// refunds, taxes, shipping. What is absent was not reported; a row replaces the one with the same day, names and
    /// attribution.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Box<RawValue>>,
    #[serde(default)]
    on_error: OnError,
}

/// What became of pushed rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestedBody {
    /// The import that they are; it can be undone.
    import_id: Uuid,
    /// The very same was pushed last: nothing was done.
    repeated: bool,
    /// Rows that are kept.
    rows: i64,
    rows_new: i64,
    rows_changed: i64,
    rows_unchanged: i64,
    /// Rows that were left out.
    wrong: i64,
    /// The first 100 of them.
    errors: Vec<RowErrorBody>,
}

/// Keeps pushed rows of a source whose figures are this provider's; `file` stands for no provider. Keys may be spelled as in
/// `/api/v1/integrations/sync/{provider}`. A wrong row is 422 with the code `rows_wrong` and each row's faults in `details`.
#[utoipa::path(post, path = "/api/v1/ingest/{provider}", tag = "imports", params(("provider" = String, Path)), request_body = IngestBody,
    responses((status = 200, body = IngestedBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn push(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Part(provider): Part,
    JsonBytes(bytes): JsonBytes,
) -> Result<Json<IngestedBody>, ApiError> {
    connection::check_may_connect(&service, &actor).await?;
    let key = match key_of(&provider).as_str() {
        NO_PROVIDER => NO_PROVIDER,
        key => connect::provider(key)?.descriptor().key,
    };
    let body: IngestBody = parse(&bytes)?;
    if body.rows.is_empty() || body.rows.len() > MOST_ROWS {
        return Err(Invalid::new("rows", format!("push between 1 and {MOST_ROWS} rows at a time")).into());
    }
    let source = import::source(&service, &actor, ChannelId(body.source_id)).await?;
    if source.platform.as_deref().unwrap_or(NO_PROVIDER) != key {
        let holds = source.platform.as_deref().unwrap_or("no provider's figures: push to file");
        return Err(Invalid::new("provider", format!("this source holds {holds}")).into());
    }
    let account = &source.channel.account;
    let today = service::moment::day(&account.time_zone, service.clock.now())
        .ok_or_else(|| Invalid::new("source_id", "the source counts in an unknown zone"))?;
    let mut judge = Judge::new(source.holds, account, today);
    let (mut rows, mut entities, mut errors, mut wrong) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (place, raw) in (1..).zip(&body.rows) {
        let judged = Row::from_json(place, raw.get()).map_err(Problem::Row).and_then(|row| judge.line(place, &row));
        match judged {
            Ok(line) => {
                rows.push(line.row);
                entities.extend(line.entities);
            }
            Err(Problem::Row(error)) => {
                wrong += 1;
                if errors.len() < MOST_ERRORS {
                    errors.push(error);
                }
            }
            Err(Problem::File(error)) => return Err(Invalid::new("rows", error.to_string()).into()),
        }
    }
    if wrong > 0 && (body.on_error == OnError::Refuse || rows.is_empty()) {
        return Err(refused(wrong, errors));
    }
    let hash = Sha256::digest(&bytes).into();
    let size = bytes.len();
    let (source_id, provider) = (source.channel.id, key);
    let push = Push { source_id, provider, hash, size, rows: &rows, entities: &entities, errors: &errors, wrong };
    let (kept, repeated) = import::push(&service, &actor, &push).await?;
    let (rows, wrong) = kept.found.map_or((0, 0), |found| (found.rows, found.wrong));
    Ok(Json(IngestedBody {
        import_id: kept.id.0,
        repeated,
        rows,
        rows_new: kept.rows_new,
        rows_changed: kept.rows_changed,
        rows_unchanged: kept.rows_unchanged,
        wrong,
        errors: listed(kept.errors),
    }))
}

fn listed(errors: Vec<RowError>) -> Vec<RowErrorBody> {
    errors.into_iter().take(100).map(Into::into).collect()
}

fn refused(wrong: usize, errors: Vec<RowError>) -> ApiError {
    let are = if wrong == 1 { "row is" } else { "rows are" };
    let words = format!("{wrong} {are} wrong, so nothing was kept. Correct the rows, or push with on_error skip");
    let details = json!({ "wrong": wrong, "errors": listed(errors) });
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "rows_wrong", words).at("rows").with(details)
}
