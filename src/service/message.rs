//! Messages: what a mail says, where it belongs, and how its parts are shown without harm.

pub mod ingest;
pub mod parse;
mod place;

pub(crate) use place::domain;
