//! Members: the people of an agency who sign in.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    email::EmailAddress,
    id::MemberId,
    input::{Invalid, Wrong, line, optional_line},
    role::Role,
};

/// A user in an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// The person's name.
    pub name: String,
    /// What colleagues call them, or empty.
    pub nickname: String,
    /// The address it signs in with.
    pub email: EmailAddress,
    /// What it may do.
    pub role: Role,
    /// Whether it can sign in.
    pub active: bool,
    /// When it joined.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A change of a member; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The person's name.
    pub name: Option<String>,
    /// What colleagues call them.
    pub nickname: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Whether it can sign in.
    pub active: Option<bool>,
}

impl Change {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that cannot be accepted, or nothing to change.
    pub fn parse(self) -> Result<Self, Invalid> {
        if self == Self::default() {
            return Err(Invalid::new("", "name at least one field to change"));
        }
        let name = self.name.map(|name| parse_name(&name)).transpose();
        let nickname = self.nickname.map(|text| optional_line("nickname", "Nickname", &text, 50)).transpose();
        let mut wrong = Wrong::default();
        wrong.check(&name);
        wrong.check(&nickname);
        wrong.end()?;
        Ok(Self { name: name?, nickname: nickname?, ..self })
    }
}

/// Parses a person's name: one line of 1–100 characters.
///
/// # Errors
/// Empty or too long.
pub fn parse_name(text: &str) -> Result<String, Invalid> {
    line("name", "Name", text, 100)
}
