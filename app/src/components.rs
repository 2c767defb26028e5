//! The component library: every page is made of these, and `/styleguide` shows them in all their states.

pub mod badge;
pub mod button;
pub mod card;
pub mod chart;
pub mod complete;
pub mod dialog;
pub mod field;
pub mod figure;
pub mod focus;
pub mod form;
pub mod icon;
pub mod keys;
pub mod menu;
pub mod notice;
pub mod number;
pub mod outcome;
pub mod over;
pub mod page;
pub mod palette;
pub mod part;
pub mod personas;
pub mod table;
pub mod tabs;
pub mod toast;
