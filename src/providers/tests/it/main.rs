//! Providers against peers that we did not write, in one binary: linking takes long.
//!
//! `contract` runs over every provider; beside it stands one module for each provider, with the peer that knows it.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod client;
mod contract;
mod emulate;
mod faults;
mod gmail;
mod google_ads;
mod imap;
mod meta_ads;
mod outlook;
mod peers;
mod shopify;
mod shopify_bulk;
mod tiktok_ads;
