//! Memory: what happened. Totals and rates of any days, the same of other days, and whether the two truly differ.
//!
//! Amounts are exact decimals from the stored rows to the answer; only chances are floating point. A figure carries the
//! parts it was made from; one that cannot be made says why. What a platform claims and what the ledger holds never meet in
//! one sum. To add a measure, give [`Measure`] a variant and [`Day`] its place; to add a rate, give [`Metric`] one.

mod cohort;
mod compare;
mod currency;
mod drift;
mod fact;
mod figure;
mod hierarchy;
mod metric;
mod newcomer;
mod noise;
mod reconcile;
mod report;
mod rows;
mod status;
mod total;

pub(crate) use hierarchy::phi;
pub(crate) use noise::trigamma;

pub use cohort::{AGES, Cohort, Order, WASHOUT_DAYS, Worth, cohorts};
pub use compare::{Comparison, compare, winner};
pub use currency::{Currency, LOOK_BACK_DAYS, Rates};
pub use drift::{Drift, drift};
pub use fact::{Day, Days, Measure, Source};
pub use figure::{Absent, Figure, Gap, Gone, Part, Unit};
pub use metric::Metric;
pub use newcomer::{Newcomers, newcomers};
pub use reconcile::{Claim, Reconciliation, reconcile};
pub use report::{Report, Setting, report};
pub(crate) use report::{figure, whole_value};
pub use rows::{Row, rows};
pub use status::{CALLED, CERTAIN, Change, Ranking, Status, Verdict};

#[cfg(test)]
mod tests;
