//! Connections to providers, their channels, and the runs that read them.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::id::{ChannelId, ClientId, ConnectionId, SyncRunId};

/// A linked provider account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The provider's key.
    pub provider: String,
    /// What people call it.
    pub label: String,
    /// Whether it works, and if not, why.
    pub state: ConnectionState,
    /// How its credential was given.
    pub given: Given,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// When it was connected.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When a run last succeeded.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_sync_at: Option<OffsetDateTime>,
    /// When the next run begins.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_sync_at: Option<OffsetDateTime>,
    /// The last look at whether it works.
    pub test: Option<Test>,
    /// Runs that failed in a row.
    pub failures: i32,
    /// Whether it speaks to the simulated world.
    pub simulated: bool,
    /// How many days are read for the first time.
    pub backfill_days: i16,
}

impl Connection {
    /// One that was just made: it works, and nothing was read through it yet.
    pub fn new(
        id: ConnectionId,
        provider: impl Into<String>,
        label: impl Into<String>,
        given: Given,
        created_at: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            provider: provider.into(),
            label: label.into(),
            state: ConnectionState::Connected,
            given,
            scopes: Vec::new(),
            created_at,
            last_sync_at: None,
            next_sync_at: None,
            test: None,
            failures: 0,
            simulated: false,
            backfill_days: BACKFILL_DAYS,
        }
    }
}

/// How a credential was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// By consent on the provider's own page; we can have it taken back there.
    Consent,
    /// Made at the provider by a person and typed here. Others may use it too, so only a person takes it back.
    Token,
}

impl Given {
    /// The spelling in the database and the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Token => "token",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Consent, Self::Token].into_iter().find(|given| given.key() == text)
    }
}

/// As many days are read for the first time as a rule.
pub const BACKFILL_DAYS: i16 = 90;

/// A look at whether a connection works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How long the answer took, in milliseconds.
    pub millis: i32,
    /// What was wrong, with what to do; none when it works.
    pub fault: Option<String>,
}

/// Whether a connection works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConnectionState {
    /// It works.
    Connected,
    /// Somebody must consent again.
    Reconnect {
        /// The provider's reason.
        reason: String,
    },
    /// A person switched it off.
    Paused,
    /// It failed too often in a row and rests.
    Resting {
        /// Until when.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
}

/// An ad account or shop of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// The client it was mapped to by a person.
    pub client_id: Option<ClientId>,
    /// What it reports.
    pub kind: ChannelKind,
    /// As the provider names it.
    pub account: crate::metric::Account,
}

/// What a channel reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Advertising.
    Ads,
    /// A shop's books.
    Shop,
    /// Rows of imported files.
    File,
    /// Messages.
    Inbox,
}

impl ChannelKind {
    /// The spelling in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ads => "ads",
            Self::Shop => "shop",
            Self::File => "file",
            Self::Inbox => "inbox",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ads, Self::Shop, Self::File, Self::Inbox].into_iter().find(|kind| kind.key() == text)
    }
}

/// One reading of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRun {
    /// Its id.
    pub id: SyncRunId,
    /// What it read.
    pub connection_id: ConnectionId,
    /// Why it began.
    pub cause: Cause,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// How far it came.
    pub progress: Progress,
    /// Why it failed.
    pub fault: Option<Fault>,
}

/// Why a run failed, and what a person can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// One of the closed kinds.
    pub kind: String,
    /// In words.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// How far a run came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What it does now.
    pub step: String,
    /// Days that are read to their end.
    pub days_done: i32,
    /// Days that are to be read.
    pub days_total: i32,
    /// Pages read.
    pub pages: i64,
    /// Rows that were not there before.
    pub rows_new: i64,
    /// Rows whose values are others than before.
    pub rows_changed: i64,
    /// Rows that are as before.
    pub rows_unchanged: i64,
    /// Rows that the provider no longer reports.
    pub rows_withdrawn: i64,
}

/// Why a run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A person asked for it.
    Manual,
    /// Its time had come.
    Schedule,
    /// The provider said that something changed.
    Webhook,
    /// The account was connected.
    First,
    /// A file was imported.
    Import,
}

impl Cause {
    /// The spelling in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Schedule => "schedule",
            Self::Webhook => "webhook",
            Self::First => "first",
            Self::Import => "import",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Manual, Self::Schedule, Self::Webhook, Self::First, Self::Import]
            .into_iter()
            .find(|cause| cause.key() == text)
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It reads.
    Running,
    /// It read everything.
    Succeeded,
    /// It stopped with a fault.
    Failed,
}

impl RunState {
    /// Reads the spelling in the database.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "running" => Some(Self::Running),
            "succeeded" => Some(Self::Succeeded),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}

/// How far a channel was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The first day that was read.
    pub first_day: Option<Date>,
    /// The last day that was read.
    pub last_day: Option<Date>,
}
