//! The nouns of AudienceOS: typed ids, roles, who may do what, parsed input, jobs.
//!
//! Nothing here does I/O, reads a clock or draws randomness; everything also compiles to WASM, so that the
//! browser and the server judge by the same rules. A new noun is one file here and one of the same name in
//! `store`, `service` and the pages.

pub mod access;
pub mod access_token;
pub mod action;
pub mod actor;
pub mod alert;
pub mod analytics;
pub mod assignment;
pub mod audit;
pub mod brain;
pub mod brand;
pub mod channel;
pub mod chart;
pub mod client;
pub mod connection;
pub mod contact;
pub mod conversation;
pub mod currency;
pub mod dashboard;
pub mod day;
pub mod email;
pub mod event;
pub mod exchange_rate;
pub mod fact;
pub mod figure;
pub mod finding;
pub mod id;
pub mod import;
pub mod input;
pub mod invitation;
pub mod job;
pub mod member;
pub mod message;
pub mod metric;
pub mod moment;
pub mod number;
pub mod organization;
pub mod outgoing;
pub mod page;
pub mod performance;
pub mod person;
pub mod provider;
pub mod report;
pub mod role;
pub mod saved_view;
pub mod shop;
pub mod stage;
pub mod summary;
pub mod two_factor;
pub mod writing;
