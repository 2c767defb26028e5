//! Creative fatigue: whether people are tired of an advertisement, and how probably they will be in 7 and 14 days; and
//! channels that return less and less (ROI decay).
//!
//! *Tired* is defined by the creative itself: its click rate has fallen below [`FALL`] of its own early level and stays
//! there. Wear-out of repeated exposure is old knowledge (Pechmann and Stewart 1988; Naik, Mantrala and Sawyer 1998; Chae,
//! Bruno and Feinberg 2019); what is shown to how many, how long, at which price and with which trend foretells it. The
//! probability comes from a discrete-time hazard (Allison 1982) of two periods of a week, fitted at landmark days
//! (van Houwelingen 2007) on all creatives together: coefficients are held by a ridge, and each channel has its own level,
//! shrunk to the common one (gamma frailty). The labels are found in the same data, looking back. Below a floor of clicks
//! nothing is said. To add a sign of fatigue, give `sign::signs` a column.

mod creative;
mod decay;
mod hazard;
mod label;
mod logistic;
mod outlook;
mod sign;

pub use creative::{Creative, CreativeDay};
pub use decay::{Decay, Week, decay};
pub use hazard::{LEAST_CREATIVES, LEAST_TIRED, Model, fit};
pub use label::FALL;
pub use outlook::{Outlook, State, outlook};

#[cfg(test)]
mod tests;
