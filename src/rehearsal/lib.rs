//! A simulated agency with known truth: a world of clients, ad accounts, shops and people that is a pure function of a seed
//! and a day.
//!
//! It knows nothing of the product and the product knows nothing of it: only the command line uses this crate. It reads no
//! clock, no environment and no files, and gives the same bytes on every machine and in every build. [`World`] is the way in,
//! [`server`] answers as the providers do; [`World::truth`] is for judges.

mod account;
mod ads;
mod client;
mod clock;
mod compared;
mod daytime;
mod exchange;
pub mod fault;
mod mail;
mod picture;
mod plan;
mod planted;
pub mod protocol;
mod random;
mod response;
mod rows;
mod season;
pub mod server;
mod shop;
mod talk;
mod trade;
mod truth;
mod words;
mod world;
mod writes;

pub use account::Platform;
pub use client::Client;
pub use clock::Zone;
pub use compared::{Brought, Compared};
pub use mail::Mailbox;
pub use picture::SIDE;
pub use plan::{CHANNELS, CREATIVES, Channel};
pub use planted::{Kind, Planted};
pub use response::{REACH, Response};
pub use rows::{AdRow, AdSums, Entity, LEVELS, Level};
pub use shop::{Line, Order, Refund};
pub use talk::{AGENCY, Contact, Message, Mood, Post};
pub use truth::Truth;
pub use words::{Creative, Customer};
pub use world::{Error, World};
pub use writes::{Change, Setting, Write};

#[cfg(test)]
mod tests;
