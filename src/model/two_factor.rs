//! Two-factor sign-in as its member sees it: whether it is on, and what an app needs to be set up.

use serde::{Deserialize, Serialize};

/// How two-factor sign-in stands for a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoFactor {
    /// Whether a code is asked for at sign-in.
    pub on: bool,
    /// How many recovery codes were not used yet.
    pub recovery_codes: i64,
    /// Whether the member signs in with a password, which is then asked for before a change.
    pub password: bool,
    /// A set-up that was begun and waits for its first code.
    pub enrolment: Option<Enrolment>,
}

/// What an app needs to make codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The secret as people type it: base32 in groups of four.
    pub secret: String,
    /// The same as an `otpauth://` address.
    pub url: String,
    /// The address as a QR code, in SVG.
    pub qr_svg: String,
}
