//! Everything over HTTP against a real Postgres, in one binary: linking a server takes long.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod access;
mod accounts;
mod api;
mod audit;
mod b1;
mod board;
mod clients;
mod cors;
mod error_pages;
mod google;
mod guard;
mod invitations;
mod isolation;
mod limits;
mod mail;
mod members;
mod operations;
mod passwords;
mod process;
mod purge;
mod roles;
mod servers;
mod sign_in;
mod support;
mod two_factor;
