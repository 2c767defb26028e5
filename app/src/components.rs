//! The component library: every page is made of these.

pub mod badge;
pub mod field;
pub mod icon;
pub mod notice;
pub mod outcome;
pub mod page;
pub mod palette;
