//! Everything over HTTP against a real Postgres, in one binary: linking a server takes long.

mod accounts;
mod clients;
mod isolation;
mod mail;
mod support;
