//! Clients: the customers of the agency.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    id::{ClientId, MemberId, StageId},
    input::{Invalid, line, optional_line, text},
};

/// A customer of the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// What people typed about it.
    pub fields: Fields,
    /// The member who answers for it.
    pub owner_id: Option<MemberId>,
    /// Where it stands on the board.
    pub stage_id: StageId,
    /// That stage's name.
    pub stage: String,
    /// Since when it stands there.
    #[serde(with = "time::serde::rfc3339")]
    pub stage_since: OffsetDateTime,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was archived.
    #[serde(with = "time::serde::rfc3339::option")]
    pub archived_at: Option<OffsetDateTime>,
}

impl Client {
    /// Whole days in the present stage.
    pub fn days_in_stage(&self, now: OffsetDateTime) -> i64 {
        (now - self.stage_since).whole_days().max(0)
    }
}

/// What people type about a client, each field exactly as typed but for white space around it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// One line of 1–200 characters.
    pub name: String,
    /// An address of a page, or empty.
    pub website: String,
    /// At most 100 characters.
    pub industry: String,
    /// ISO 4217.
    pub currency: String,
    /// An IANA name.
    pub time_zone: String,
    /// Up to 20, each at most 50 characters.
    pub tags: Vec<String>,
    /// At most 10,000 characters.
    pub notes: String,
}

impl Fields {
    /// Checks every field and tidies the white space.
    ///
    /// # Errors
    /// The first field that cannot be accepted.
    pub fn parse(self) -> Result<Self, Invalid> {
        if self.tags.len() > 100 {
            return Err(Invalid::new("tags", "a client can have at most 20 tags"));
        }
        Ok(Self {
            name: line("name", "Name", &self.name, 200)?,
            website: parse_website(&self.website)?,
            industry: optional_line("industry", "Industry", &self.industry, 100)?,
            currency: parse_currency("currency", &self.currency)?,
            time_zone: parse_time_zone("time_zone", &self.time_zone)?,
            tags: parse_tags(&self.tags)?,
            notes: text("notes", "Notes", &self.notes, 10_000)?,
        })
    }
}

/// Twenty tags of up to fifty characters: longer ones are cut, repeated and empty ones dropped.
fn parse_tags(tags: &[String]) -> Result<Vec<String>, Invalid> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        let tag: String = optional_line("tags", "A tag", tag, usize::MAX)?.chars().take(50).collect();
        if !tag.is_empty() && !kept.contains(&tag) && kept.len() < 20 {
            kept.push(tag);
        }
    }
    Ok(kept)
}

fn parse_website(website: &str) -> Result<String, Invalid> {
    let website = optional_line("website", "Website", website, 300)?;
    let wrong = || Invalid::new("website", "enter an address like https://example.com");
    if website.is_empty() {
        return Ok(website);
    }
    let website = if website.contains("://") { website } else { format!("https://{website}") };
    let rest = website.strip_prefix("https://").or_else(|| website.strip_prefix("http://")).ok_or_else(wrong)?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('.') && !website.contains(char::is_whitespace) && !host.contains('@') {
        Ok(website)
    } else {
        Err(wrong())
    }
}

/// An ISO 4217 code: three capital letters.
///
/// # Errors
/// Anything else.
pub fn parse_currency(field: &str, code: &str) -> Result<String, Invalid> {
    let code = code.trim().to_uppercase();
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(code)
    } else {
        Err(Invalid::new(field, "enter a currency code of three letters, such as EUR"))
    }
}

/// An IANA time zone as the database knows them: `Area/City` or `UTC`. Whether the zone exists is for the database.
///
/// # Errors
/// Not of that shape.
pub fn parse_time_zone(field: &str, zone: &str) -> Result<String, Invalid> {
    let zone = zone.trim();
    let shaped = !zone.is_empty()
        && zone.len() <= 64
        && zone.starts_with(|c: char| c.is_ascii_alphabetic())
        && zone.chars().all(|c| c.is_ascii_alphanumeric() || "/_+-".contains(c));
    if shaped { Ok(zone.to_owned()) } else { Err(Invalid::new(field, "enter a time zone such as Europe/Berlin")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        Fields { name: "Acme".into(), currency: "eur".into(), time_zone: "Europe/Berlin".into(), ..Fields::default() }
    }

    #[test]
    fn fields_are_tidied_and_kept_as_typed() {
        let parsed =
            Fields { name: " O'Brien & Sons / West ".into(), website: "example.com/a".into(), ..fields() }.parse();
        let parsed = parsed.unwrap();
        assert_eq!((parsed.name.as_str(), parsed.website.as_str()), ("O'Brien & Sons / West", "https://example.com/a"));
        assert_eq!(parsed.currency, "EUR");
    }

    #[test]
    fn twenty_tags_of_fifty_characters_are_kept() {
        let tags = |count: usize| (0..count).map(|n| format!("{n}-{}", "x".repeat(60))).collect::<Vec<_>>();
        let parsed = Fields { tags: tags(30), ..fields() }.parse().unwrap();
        assert_eq!(parsed.tags.len(), 20);
        assert!(parsed.tags.iter().all(|tag| tag.chars().count() == 50));
        assert_eq!(Fields { tags: tags(101), ..fields() }.parse().unwrap_err().field, "tags");
    }

    #[test]
    fn wrong_fields_are_named() {
        for (change, field) in [
            (Fields { website: "javascript:alert(1)".into(), ..fields() }, "website"),
            (Fields { website: "no dots".into(), ..fields() }, "website"),
            (Fields { currency: "EURO".into(), ..fields() }, "currency"),
            (Fields { time_zone: "'; drop".into(), ..fields() }, "time_zone"),
            (Fields { notes: "x".repeat(10_001), ..fields() }, "notes"),
        ] {
            assert_eq!(change.parse().unwrap_err().field, field);
        }
    }
}
