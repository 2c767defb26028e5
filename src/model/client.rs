//! Clients: the customers of the agency.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    currency,
    id::{ClientId, MemberId, StageId},
    input::{Invalid, Wrong, line, optional_line, text},
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
    /// What stays of revenue after goods and delivery, in per cent from 0 to 100; empty where nobody said it.
    pub margin_percent: String,
}

/// The parts of a client that people edit. What is absent is not spoken of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Its name.
    pub name: Option<String>,
    /// Its page's address.
    pub website: Option<String>,
    /// Its industry.
    pub industry: Option<String>,
    /// Its currency.
    pub currency: Option<String>,
    /// Its time zone.
    pub time_zone: Option<String>,
    /// Its tags.
    pub tags: Option<Vec<String>>,
    /// What was noted.
    pub notes: Option<String>,
    /// Its margin in per cent.
    pub margin_percent: Option<String>,
    /// Who answers for it; `Some(None)` is nobody.
    pub owner_id: Option<Option<MemberId>>,
}

impl Edit {
    /// The parts of a client's fields and owner, all of them.
    pub fn whole(fields: Fields, owner_id: Option<MemberId>) -> Self {
        Self {
            name: Some(fields.name),
            website: Some(fields.website),
            industry: Some(fields.industry),
            currency: Some(fields.currency),
            time_zone: Some(fields.time_zone),
            tags: Some(fields.tags),
            notes: Some(fields.notes),
            margin_percent: Some(fields.margin_percent),
            owner_id: Some(owner_id),
        }
    }

    /// Only what differs from `before`: what somebody really changed in a form that was filled with `before`. White
    /// space and the ways to end a line are no change.
    #[must_use]
    pub fn changed_from(self, before: &Self) -> Self {
        fn texts(new: Option<String>, before: Option<&String>) -> Option<String> {
            new.filter(|new| before.is_none_or(|before| tidy(new) != tidy(before)))
        }
        Self {
            name: texts(self.name, before.name.as_ref()),
            website: texts(self.website, before.website.as_ref()),
            industry: texts(self.industry, before.industry.as_ref()),
            currency: texts(self.currency, before.currency.as_ref()),
            time_zone: texts(self.time_zone, before.time_zone.as_ref()),
            tags: self.tags.filter(|new| before.tags.as_ref().is_none_or(|before| tidy_tags(new) != tidy_tags(before))),
            notes: texts(self.notes, before.notes.as_ref()),
            margin_percent: texts(self.margin_percent, before.margin_percent.as_ref()),
            owner_id: self.owner_id.filter(|new| before.owner_id.is_none_or(|before| *new != before)),
        }
    }

    /// A client's fields and owner after this edit.
    pub fn over(self, fields: &Fields, owner_id: Option<MemberId>) -> (Fields, Option<MemberId>) {
        let fields = fields.clone();
        let after = Fields {
            name: self.name.unwrap_or(fields.name),
            website: self.website.unwrap_or(fields.website),
            industry: self.industry.unwrap_or(fields.industry),
            currency: self.currency.unwrap_or(fields.currency),
            time_zone: self.time_zone.unwrap_or(fields.time_zone),
            tags: self.tags.unwrap_or(fields.tags),
            notes: self.notes.unwrap_or(fields.notes),
            margin_percent: self.margin_percent.unwrap_or(fields.margin_percent),
        };
        (after, self.owner_id.unwrap_or(owner_id))
    }

    /// The names of the parts that are spoken of.
    pub fn names(&self) -> Vec<&'static str> {
        let parts = [
            ("name", self.name.is_some()),
            ("website", self.website.is_some()),
            ("industry", self.industry.is_some()),
            ("currency", self.currency.is_some()),
            ("time_zone", self.time_zone.is_some()),
            ("tags", self.tags.is_some()),
            ("notes", self.notes.is_some()),
            ("margin_percent", self.margin_percent.is_some()),
            ("owner_id", self.owner_id.is_some()),
        ];
        parts.into_iter().filter_map(|(name, there)| there.then_some(name)).collect()
    }

    /// Of these parts only those that `other` speaks of too.
    #[must_use]
    pub fn only(self, other: &Self) -> Self {
        Self {
            name: self.name.filter(|_| other.name.is_some()),
            website: self.website.filter(|_| other.website.is_some()),
            industry: self.industry.filter(|_| other.industry.is_some()),
            currency: self.currency.filter(|_| other.currency.is_some()),
            time_zone: self.time_zone.filter(|_| other.time_zone.is_some()),
            tags: self.tags.filter(|_| other.tags.is_some()),
            notes: self.notes.filter(|_| other.notes.is_some()),
            margin_percent: self.margin_percent.filter(|_| other.margin_percent.is_some()),
            owner_id: self.owner_id.filter(|_| other.owner_id.is_some()),
        }
    }
}

fn tidy(text: &str) -> String {
    text.trim().replace("\r\n", "\n").replace('\r', "\n")
}

fn tidy_tags(tags: &[String]) -> Vec<&str> {
    tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()).collect()
}

impl Fields {
    /// Checks every field and tidies the white space.
    ///
    /// # Errors
    /// Every field that cannot be accepted.
    pub fn parse(self) -> Result<Self, Invalid> {
        let mut wrong = Wrong::default();
        let mut noted = |read: Result<String, Invalid>| wrong.note(read).unwrap_or_default();
        let (name, website) = (noted(line("name", "Name", &self.name, 200)), noted(parse_website(&self.website)));
        let industry = noted(optional_line("industry", "Industry", &self.industry, 100));
        let currency = noted(parse_currency("currency", &self.currency));
        let time_zone = noted(parse_time_zone("time_zone", &self.time_zone));
        let margin_percent = noted(parse_percent("margin_percent", &self.margin_percent));
        let notes = noted(text("notes", "Notes", &self.notes, 10_000));
        let tags = wrong.note(parse_tags(&self.tags)).unwrap_or_default();
        wrong.end()?;
        Ok(Self { name, website, industry, currency, time_zone, tags, notes, margin_percent })
    }
}

/// Twenty tags of up to fifty characters; repeated and empty ones are dropped, longer ones refused.
fn parse_tags(tags: &[String]) -> Result<Vec<String>, Invalid> {
    if tags.len() > 100 {
        return Err(Invalid::new("tags", "a client can have at most 20 tags"));
    }
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        let tag = optional_line("tags", "A tag", tag, usize::MAX)?;
        let length = tag.chars().count();
        if length > 50 {
            let begins: String = tag.chars().take(20).collect();
            let message = format!("a tag has at most 50 letters, and “{begins}…” has {length}. Shorten it");
            return Err(Invalid::new("tags", message));
        }
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

/// A share in per cent, from 0 to 100 with at most two digits behind the point, or nothing.
fn parse_percent(field: &str, typed: &str) -> Result<String, Invalid> {
    let text = typed.trim().trim_end_matches('%').trim_end().replace(',', ".");
    if text.is_empty() {
        return Ok(text);
    }
    let wrong = || Invalid::new(field, "enter a share in per cent from 0 to 100, such as 42.5, or leave it empty");
    let share: Decimal = text.parse().map_err(|_| wrong())?;
    let share = share.normalize();
    if (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&share) && share.scale() <= 2 {
        Ok(share.to_string())
    } else {
        Err(wrong())
    }
}

/// An ISO 4217 code: three capital letters that name a currency.
///
/// # Errors
/// Anything else.
pub fn parse_currency(field: &str, code: &str) -> Result<String, Invalid> {
    let code = code.trim().to_uppercase();
    if currency::ALL.contains(&code.as_str()) {
        Ok(code)
    } else {
        Err(Invalid::new(field, "enter the code of a currency, such as EUR"))
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
        for (typed, kept) in [("", ""), (" 42,50 % ", "42.5"), ("0", "0"), ("100", "100")] {
            let fields = Fields { margin_percent: typed.into(), ..fields() };
            assert_eq!(fields.parse().unwrap().margin_percent, kept, "{typed:?}");
        }
    }

    #[test]
    fn twenty_tags_of_fifty_characters_are_kept() {
        let tags = |count: usize, length: usize| -> Vec<String> {
            (100..100 + count).map(|n| format!("{n}{}", "x".repeat(length - 3))).collect()
        };
        let parsed = Fields { tags: tags(30, 50), ..fields() }.parse().unwrap();
        assert_eq!(parsed.tags, tags(20, 50));
        assert_eq!(Fields { tags: tags(101, 50), ..fields() }.parse().unwrap_err().field, "tags");
        let long = Fields { tags: tags(1, 51), ..fields() }.parse().unwrap_err();
        assert_eq!(long.field, "tags", "it is not cut without a word");
        assert!(long.message.contains("“100xxxxxxxxxxxxxxxxx…” has 51"), "{}", long.message);
    }

    #[test]
    fn an_edit_is_what_differs_from_what_the_form_was_filled_with() {
        let before = Edit::whole(Fields { notes: "a\nb".into(), tags: vec!["x".into()], ..fields() }, None);
        let typed =
            Fields { notes: "a\r\nb ".into(), tags: vec![" x".into(), String::new()], name: "New".into(), ..fields() };
        let change = Edit::whole(typed, None).changed_from(&before);
        assert_eq!(change, Edit { name: Some("New".into()), ..Edit::default() });
        assert_eq!(change.names(), ["name"]);
        assert_eq!(before.only(&change), Edit { name: Some("Acme".into()), ..Edit::default() });
    }

    #[test]
    fn wrong_fields_are_named() {
        for (change, field) in [
            (Fields { website: "javascript:alert(1)".into(), ..fields() }, "website"),
            (Fields { website: "no dots".into(), ..fields() }, "website"),
            (Fields { margin_percent: "101".into(), ..fields() }, "margin_percent"),
            (Fields { margin_percent: "-1".into(), ..fields() }, "margin_percent"),
            (Fields { margin_percent: "1.234".into(), ..fields() }, "margin_percent"),
            (Fields { margin_percent: "half".into(), ..fields() }, "margin_percent"),
            (Fields { currency: "EURO".into(), ..fields() }, "currency"),
            (Fields { currency: "ZZZ".into(), ..fields() }, "currency"),
            (Fields { time_zone: "'; drop".into(), ..fields() }, "time_zone"),
            (Fields { notes: "x".repeat(10_001), ..fields() }, "notes"),
        ] {
            let told = change.parse().unwrap_err();
            assert_eq!((told.field.as_str(), told.others.len()), (field, 0));
        }
        let wrong = Fields { name: " ".into(), website: "no dots".into(), margin_percent: "half".into(), ..fields() };
        let told = wrong.parse().unwrap_err();
        let named: Vec<_> = told.all().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["name", "website", "margin_percent"], "all at once");
    }
}
