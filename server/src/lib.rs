//! The server: configuration, routes, REST API and command line around the services and pages.
//!
//! Status codes, headers, environment variables and signals live here and nowhere else.

pub mod api;
mod brain;
pub mod cli;
pub mod config;
mod connect;
mod cookie;
mod cors;
mod cron;
mod csrf;
mod doctor;
mod error_page;
pub mod events;
mod faults;
mod forms;
mod google;
mod headers;
mod keys;
mod limit;
mod messages;
mod metrics;
mod postgres;
mod rehearse;
mod request;
pub mod routes;
pub mod simulation;
pub mod state;
mod switches;
mod typefaces;
mod visit;
mod way_back;
mod webhooks;
mod work;
