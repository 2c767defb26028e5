//! The component library: every page is made of these.

pub mod field;
pub mod icon;
pub mod notice;
