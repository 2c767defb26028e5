//! One file an area; each holds the server functions only it uses.
#![expect(missing_docs, reason = "the arguments of server functions become undocumented struct fields")]

pub mod audit;
pub mod board;
pub mod client;
pub mod clients;
pub mod forgot;
pub mod frame;
pub mod invite;
pub mod login;
pub mod members;
pub mod missing;
pub mod outside;
pub mod settings;
pub mod sign_up;
pub mod verify_email;
