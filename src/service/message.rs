//! Messages: what a mail says, where it belongs, and how its parts are shown without harm.

pub mod html;
pub mod ingest;
pub mod parse;
pub mod picture;
mod place;
pub mod show;

pub(crate) use place::domain;
