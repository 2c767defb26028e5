//! One file an area; each holds the server functions only it uses.
#![expect(missing_docs, reason = "the arguments of server functions become undocumented struct fields")]

pub mod access_tokens;
pub mod agency;
#[cfg(feature = "ssr")]
pub mod api_docs;
pub mod audit;
pub mod board;
pub mod client;
pub mod clients;
pub mod connection;
pub mod documents;
#[cfg(feature = "ssr")]
pub mod forgot;
pub mod frame;
pub mod integrations;
#[cfg(feature = "ssr")]
pub mod invite;
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod leaving;
#[cfg(feature = "ssr")]
pub mod legal;
#[cfg(feature = "ssr")]
pub mod login;
pub mod mail;
pub mod members;
pub mod missing;
pub mod outside;
pub mod settings;
pub mod sign_in;
#[cfg(feature = "ssr")]
pub mod sign_up;
pub mod styleguide;
pub mod two_factor;
#[cfg(feature = "ssr")]
pub mod verify_email;
