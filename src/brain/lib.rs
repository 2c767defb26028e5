//! What happened (Memory), what breaks next (Oracle), what to do tomorrow (Curiosity): typed series and tables in, findings out.
//!
//! Everything here is a pure function of its arguments: no SQL, no HTTP, no files, no clock, and chance only from
//! [`random`], which is seeded. The same input gives the same bytes. What cannot be said is a [`NotEnough`] with its reason,
//! never a default. To add a method, give it a module of its own and a line in the benchmark that shows what it is worth.

pub mod anomaly;
pub mod change_point;
pub mod curiosity;
pub mod cycle;
pub mod draw;
pub mod effect;
pub mod fatigue;
pub mod finding;
pub mod forecast;
pub mod linear;
pub mod memory;
mod minimise;
mod not_enough;
pub mod random;
pub mod response;
pub mod risk;
pub mod series;

/// The version of what is said: a hash over the code (`build.rs`), so that another code's answers are never taken for ours.
pub const VERSION: &str = env!("BRAIN_SOURCES");

pub use not_enough::NotEnough;
pub use series::Series;
