//! Everything over HTTP against a real Postgres, in one binary: linking a server takes long.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod accounts;
mod clients;
mod isolation;
mod mail;
mod support;
