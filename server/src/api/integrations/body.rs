//! What requests and answers about connections hold.

use std::collections::BTreeMap;

use model::connection::{Cause, Channel, Connection, ConnectionState, RunState, SyncRun};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::rfc3339;

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionBody {
    id: Uuid,
    /// google_ads, meta_ads, tiktok_ads, shopify, gmail or outlook.
    provider: String,
    label: String,
    /// How its credential was given: consent or token.
    way: &'static str,
    /// connected, reconnect, paused or resting.
    state: &'static str,
    /// Why it waits for somebody to connect again.
    reason: Option<String>,
    /// The scopes that were granted.
    scopes: Vec<String>,
    /// What is missing without the scopes that were denied.
    missing: Vec<&'static str>,
    created_at: String,
    last_sync_at: Option<String>,
    next_sync_at: Option<String>,
}

impl From<Connection> for ConnectionBody {
    fn from(connection: Connection) -> Self {
        let (state, reason) = match connection.state {
            ConnectionState::Connected => ("connected", None),
            ConnectionState::Reconnect { reason } => ("reconnect", Some(reason)),
            ConnectionState::Paused => ("paused", None),
            ConnectionState::Resting { .. } => ("resting", None),
        };
        let known = providers::find(&connection.provider).filter(|_| !connection.scopes.is_empty());
        let missing = known.map(|provider| provider.descriptor().missing(&connection.scopes)).unwrap_or_default();
        Self {
            id: connection.id.0,
            provider: connection.provider,
            label: connection.label,
            way: connection.given.key(),
            state,
            reason,
            missing: missing.into_iter().map(|scope| scope.gives).collect(),
            scopes: connection.scopes,
            created_at: rfc3339(connection.created_at),
            last_sync_at: connection.last_sync_at.map(rfc3339),
            next_sync_at: connection.next_sync_at.map(rfc3339),
        }
    }
}

/// The agency's connections.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionPage {
    /// Newest first.
    pub(super) items: Vec<ConnectionBody>,
    /// Always null: the list is whole.
    pub(super) next_cursor: Option<String>,
}

/// What to connect.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectBody {
    /// google_ads, meta_ads, tiktok_ads, shopify, gmail or outlook.
    pub(super) provider: String,
    /// How: by consent on the provider's page, or with a token that was made there by hand (Shopify and Meta).
    #[serde(default)]
    pub(super) way: WayName,
    /// For consent what the provider asks for first: `shop` for Shopify. With a token its fields: `shop` and `access_token`
    /// for Shopify; `access_token` for Meta, and `app_secret` where the token's app requires it.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, String>,
    /// The connection that is connected again; none for a new one.
    pub(super) connection_id: Option<Uuid>,
}

/// How somebody lets us in.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WayName {
    /// On the provider's page.
    #[default]
    Consent,
    /// By a credential that was made by hand.
    Token,
}

/// Where to consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct WayBody {
    /// The provider's page, for the browser with this session, within ten minutes.
    pub(super) authorize_url: String,
}

/// What of a connection is changed; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    /// Whether it is switched off.
    pub(super) paused: Option<bool>,
    /// What people call it, up to 200 characters.
    pub(super) label: Option<String>,
}

/// How many were queued.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueuedBody {
    pub(super) queued: usize,
}

/// Whether a connection works.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestBody {
    pub(super) healthy: bool,
    /// How long the answer took, in milliseconds.
    pub(super) ms: i32,
    /// What is wrong and what to do.
    pub(super) hint: Option<String>,
}

/// One reading of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunBody {
    id: Uuid,
    /// manual, schedule, webhook, first or import.
    cause: &'static str,
    /// running, succeeded or failed.
    state: &'static str,
    started_at: String,
    finished_at: Option<String>,
    /// What it does now, or did last.
    step: String,
    days_done: i32,
    days_total: i32,
    pages: i64,
    rows_new: i64,
    rows_changed: i64,
    rows_unchanged: i64,
    rows_withdrawn: i64,
    /// Why it failed.
    error: Option<String>,
    /// One of the closed kinds of failure.
    error_kind: Option<String>,
    /// What to do.
    hint: Option<String>,
}

impl From<SyncRun> for RunBody {
    fn from(run: SyncRun) -> Self {
        let (error_kind, error, hint) = match run.fault {
            Some(fault) => (Some(fault.kind), Some(fault.message), Some(fault.hint)),
            None => (None, None, None),
        };
        Self {
            id: run.id.0,
            cause: Cause::key(run.cause),
            state: match run.state {
                RunState::Running => "running",
                RunState::Succeeded => "succeeded",
                RunState::Failed => "failed",
            },
            started_at: rfc3339(run.started_at),
            finished_at: run.finished_at.map(rfc3339),
            step: run.progress.step,
            days_done: run.progress.days_done,
            days_total: run.progress.days_total,
            pages: run.progress.pages,
            rows_new: run.progress.rows_new,
            rows_changed: run.progress.rows_changed,
            rows_unchanged: run.progress.rows_unchanged,
            rows_withdrawn: run.progress.rows_withdrawn,
            error,
            error_kind,
            hint,
        }
    }
}

/// The runs of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunPage {
    /// Newest first.
    pub(super) items: Vec<RunBody>,
    /// Where the next page begins.
    pub(super) next_cursor: Option<String>,
}

/// An ad account or shop of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountBody {
    id: Uuid,
    /// As the provider names it.
    external_id: String,
    name: String,
    /// ISO 4217.
    currency: String,
    /// The zone in which the provider counts its days.
    time_zone: String,
    /// The client that a person mapped it to.
    client_id: Option<Uuid>,
}

impl From<Channel> for AccountBody {
    fn from(channel: Channel) -> Self {
        Self {
            id: channel.id.0,
            external_id: channel.account.external_id,
            name: channel.account.name,
            currency: channel.account.currency,
            time_zone: channel.account.time_zone,
            client_id: channel.client_id.map(|id| id.0),
        }
    }
}

/// The accounts of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountPage {
    /// By name.
    pub(super) items: Vec<AccountBody>,
    /// Always null: the list is whole.
    pub(super) next_cursor: Option<String>,
}

/// To which client an account belongs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MapBody {
    /// Null for none; it must be said.
    #[serde(deserialize_with = "said")]
    #[schema(required)]
    pub(super) client_id: Option<Uuid>,
}

/// Without a default a missing field is refused, also where null may stand.
fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    Option::deserialize(deserializer)
}
