//! Everything over HTTP against a real Postgres, in one binary: linking a server takes long.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod accounts;
mod board;
mod clients;
mod invitations;
mod isolation;
mod limits;
mod mail;
mod members;
mod passwords;
mod roles;
mod support;
