//! Everything over HTTP against a real Postgres, in one binary: linking a server takes long.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod access;
mod accounts;
mod api;
mod audit;
mod b1;
mod board;
mod clients;
mod connections;
mod cors;
mod crash;
mod error_pages;
mod fair;
mod google;
mod guard;
mod import;
mod invitations;
mod isolation;
mod keys;
mod limits;
mod mail;
mod members;
mod operations;
mod passwords;
mod process;
mod purge;
mod roles;
mod seed;
mod servers;
mod shop;
mod shopify;
mod sign_in;
mod support;
mod sync;
mod tiktok;
mod two_factor;
