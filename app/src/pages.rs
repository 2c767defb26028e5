//! One file an area; each holds the server functions only it uses.
#![expect(missing_docs, reason = "the arguments of server functions become undocumented struct fields")]

pub mod clients;
pub mod frame;
pub mod login;
pub mod missing;
pub mod outside;
pub mod sign_up;
pub mod verify_email;
