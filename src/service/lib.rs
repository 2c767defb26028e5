//! What a person can do: one function an action, always in the order access → do → audit → enqueue, in one
//! transaction. Pages, API and jobs call these functions and nothing else; they know `store` and `model` only.

mod access;
pub mod access_token;
pub mod account;
pub mod action;
pub mod alert;
pub mod analytics;
pub mod attempt;
pub mod audit;
mod basis;
pub mod brain;
pub mod brand;
pub mod client;
mod clock;
pub mod connection;
pub mod contact;
pub mod conversation;
pub mod credential;
pub mod dashboard;
mod error;
pub mod event;
pub mod exchange_rate;
pub mod figure;
pub mod finding;
pub mod google;
pub mod import;
pub mod inbox;
pub mod invitation;
pub mod job;
mod kept;
pub mod keys;
pub mod lift_test;
pub mod member;
pub mod message;
pub mod moment;
pub mod organization;
pub mod outbox;
pub mod outgoing;
mod password;
pub mod password_reset;
pub mod performance;
pub mod person;
pub mod purge;
pub mod report;
pub mod saved_view;
pub mod session;
pub mod simulation;
pub mod summary;
mod token;
mod totp;
#[cfg(test)]
mod trial;
pub mod two_factor;
pub mod vault;
pub mod webhook;

use std::{path::Path, sync::Arc};

pub use clock::Clock;
pub use error::{Error, Held, Result};
use model::{fact::Memory, provider::Descriptor, writing::Writer};
pub use password::Passwords;
use store::Db;
pub use token::{TokenKey, hash as token_hash, random as random_token};
pub use vault::Vault;

/// What every action needs, cheap to clone.
#[derive(Clone, Debug)]
pub struct Service {
    /// The database.
    pub db: Db,
    /// The only source of the time.
    pub clock: Clock,
    /// The bounded password hasher.
    pub passwords: Arc<Passwords>,
    /// Makes the tokens in mailed links.
    pub token_key: Arc<TokenKey>,
    /// Seals secrets at rest.
    pub vault: Arc<Vault>,
    /// The folder that mails lie in while no mail leaves the server.
    pub outbox: Option<Arc<Path>>,
    /// Where files to be imported lie.
    pub uploads: import::Uploads,
    /// The providers that can be connected.
    pub offers: Arc<[Offer]>,
    /// Makes figures from what is stored.
    pub memory: Arc<dyn Memory>,
    /// Drafts answers, where the server is configured with a writer.
    pub writer: Option<Arc<dyn Writer>>,
    /// Whether simulated agencies answer on this server.
    pub simulates: bool,
}

/// A provider that this program knows.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What it is.
    pub descriptor: &'static Descriptor,
    /// The settings that it needs and that the operator has not set.
    pub missing: Vec<&'static str>,
}
