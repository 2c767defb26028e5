//! All SQL of the product, one file for each table group, named like the noun in `model`.
//!
//! Plain functions over a transaction: tenant tables take a [`TenantTx`], which the database itself confines to one
//! organization; sign-in, the queue and webhook intake take a [`SystemTx`]. There is no other way to a row. Queries
//! are checked at compile time against `migrations/`; after a change run `./dev prepare`.

#![expect(deprecated, reason = "sqlx 0.9 warns at every time column once graphile_worker has enabled chrono too")]

pub mod access_token;
pub mod action;
pub mod ad_entity;
pub mod alert;
pub mod assignment;
pub mod audit;
pub mod brain;
pub mod brand;
pub mod channel;
pub mod client;
pub mod client_rule;
pub mod connection;
pub mod contact;
pub mod conversation;
pub mod credential;
pub mod cursor;
mod db;
pub mod draft;
mod error;
pub mod event;
pub mod exchange_rate;
pub mod fact;
pub mod figure;
pub mod google_attempt;
pub mod id;
pub mod import;
pub mod import_mapping;
pub mod import_source;
pub mod inbox;
pub mod invitation;
mod json;
pub mod lift_test;
pub mod listener;
pub mod login_step;
pub mod mailbox;
pub mod member;
pub mod message;
pub mod metric;
pub mod oauth_state;
pub mod organization;
pub mod outgoing;
pub mod password_reset;
pub mod person;
pub mod provider_switch;
pub mod queue;
pub mod report;
pub mod saved_view;
pub mod sealed;
pub mod session;
pub mod shop;
pub mod sign_in;
pub mod sign_in_attempt;
pub mod sign_up;
pub mod simulated_change;
pub mod stage;
pub mod staged_page;
pub mod summary_mail;
pub mod sync;
pub mod sync_cursor;
#[cfg(test)]
mod trial;
pub mod two_factor;
pub mod webhook_event;

pub use db::{Db, SystemTx, TenantTx};
pub use error::{Error, OnConstraint, Result};
use json::json;

/// The migrations under `migrations/`, compiled in.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
