//! What makes a row acceptable, whether it came from a file or as JSON: fields of its kind, a day that has been, amounts
//! that can be, the account's currency, names that can be kept, and a key that no other row has.
//!
//! **Negative numbers.** Refunds are kept at or above zero; a file that writes them below is mapped so
//! ([`super::Refunds`]). Ledger revenue is after refunds and may be below zero on a day with more refunds than sales.
//! Everything else below zero is refused.
//!
//! **Levels.** A row is about the deepest of campaign, group and ad that it names, or else about the account.
//!
//! **Ids.** What a row gives an id for has that id. What it only names has the id `name:` and the names from the top, as
//! groups of different campaigns may have one name: `name:Spring/Women`, with `\` before a `/` or `\` of a name itself.
//!
//! **Memory.** 16 bytes for each row (96 bits of the key's SHA-256 and the line), at most 18 with what is kept free for
//! the next. With a folder to write into ([`Judge::spill_into`]) only the first half million rows take memory. 20 to 50
//! bytes for each campaign, group and ad, of which there are at most [`MOST_ENTITIES`].

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    io,
    path::Path,
};

use model::metric::{Account, DayRow, Entity, Level};
use sha2::{Digest, Sha256};
use time::Date;

use super::{
    Fault, Field, Kind, Problem, Row, RowError, Unreadable, day,
    keys::{Key, Keys},
    sign,
};

/// How many campaigns, groups and ads one import may name.
pub const MOST_ENTITIES: usize = 1_000_000;
/// How long a name may be, in characters.
const LONGEST_TEXT: usize = 500;
/// How long an attribution window may be, in characters.
const LONGEST_ATTRIBUTION: usize = 100;
/// How long an id may be, in bytes: with the attribution window it is part of a key, and an entry of the database's
/// index has at most 2704.
const LONGEST_ID: usize = 1000;

/// A row that can be kept, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it stands; see [`RowError::line`].
    pub line: u64,
    /// What was reported.
    pub row: DayRow,
    /// The campaign, group and ad that were not named before, or have another name or parent on a later day; kept in
    /// this order, the newest day's name stays.
    pub entities: Vec<Entity>,
}

/// Judges the rows of one import, one after the other.
#[derive(Debug)]
pub struct Judge {
    kind: Kind,
    account_id: String,
    currency: String,
    today: Date,
    seen: Keys,
    entities: HashMap<Key, (i32, u32), BuildHasherDefault<Last>>,
}

impl Judge {
    /// Begins an import into `account`, the channel. `today` is the newest day that a row may have: today in the
    /// account's zone.
    pub fn new(kind: Kind, account: &Account, today: Date) -> Self {
        Self {
            kind,
            account_id: account.external_id.clone(),
            currency: account.currency.clone(),
            today,
            seen: Keys::default(),
            entities: HashMap::default(),
        }
    }

    /// Keeps what is needed to compare many rows in a file in `folder`, which nobody sees and which goes with the judge.
    pub fn spill_into(&mut self, folder: &Path) {
        self.seen.spill_into(folder);
    }

    /// Accepts the row at `line`, or says what is wrong with it.
    ///
    /// # Errors
    /// The row's faults, more entities than there can be, or no room in the folder for comparing.
    pub fn line(&mut self, line: u64, row: &Row) -> Result<Line, Problem> {
        let refused = |faults| Problem::Row(RowError { line, faults });
        let faults = self.faults(row);
        if !faults.is_empty() {
            return Err(refused(faults));
        }
        let (level, entity_id, entities) = self.entities(row).map_err(|fault| refused(vec![fault]))?;
        let attribution = row.attribution.as_deref().unwrap_or_default().trim().to_owned();
        let said = DayRow { day: row.day, level, entity_id, attribution, measures: row.measures() };
        let seen = self.seen_at(line, &said).map_err(|error| Unreadable::Compare(error.kind().to_string()))?;
        if let Some(first) = seen {
            let what = match entities.last() {
                Some(entity) if !entity.name.is_empty() => format!("{} {:?}", level.key(), entity.name),
                _ => format!("{} {:?}", level.key(), said.entity_id),
            };
            let words = format!("holds {what} on {} a second time: it stands in line {first} already", said.day);
            return Err(refused(vec![Fault::row(words)]));
        }
        let entities = entities.into_iter().filter(|entity| self.news(entity, row.day)).collect();
        if self.entities.len() > MOST_ENTITIES {
            return Err(Unreadable::TooManyEntities(MOST_ENTITIES).into());
        }
        Ok(Line { line, row: said, entities })
    }

    fn faults(&self, row: &Row) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Err(words) = day::plausible(row.day) {
            faults.push(Fault::of(Field::Day, &row.day.to_string(), words));
        } else if row.day > self.today {
            faults.push(Fault::of(Field::Day, &row.day.to_string(), "has not been yet"));
        }
        for field in Field::ALL {
            let (text, number) = (row.text(field), row.number(field));
            if (text.is_some() || number.is_some()) && !field.within(self.kind) {
                faults.push(Fault::of(field, "", "does not belong into rows of this kind"));
            }
            if let Some(number) = number.filter(|number| number.is_sign_negative() && !number.is_zero())
                && field != Field::LedgerRevenue
            {
                faults.push(Fault::of(field, &number.to_string(), "is below zero"));
            }
            if let Some(text) = text
                && let Some(words) = unfit(field, text)
            {
                faults.push(Fault::of(field, text, words));
            }
        }
        let currency = row.currency.as_deref().map(str::trim).filter(|said| !sign::fits(said, &self.currency));
        if let Some(currency) = currency {
            faults.push(Fault::of(
                Field::Currency,
                currency,
                format!("is not the account's currency, {}", self.currency),
            ));
        }
        faults
    }

    /// What the row is about: its level, its id, and the entities from the top.
    fn entities(&self, row: &Row) -> Result<(Level, String, Vec<Entity>), Fault> {
        let mut entities: Vec<Entity> = Vec::with_capacity(3);
        let mut path = String::new();
        for (level, id_field, name_field) in [
            (Level::Campaign, Field::CampaignId, Field::Campaign),
            (Level::Group, Field::GroupId, Field::Group),
            (Level::Ad, Field::AdId, Field::Ad),
        ] {
            let (id, name) = (row.text(id_field), row.text(name_field));
            let Some(part) = id.or(name) else { continue };
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&part.replace('\\', "\\\\").replace('/', "\\/"));
            let external_id = id.map_or_else(|| format!("name:{path}"), str::to_owned);
            if external_id.len() > LONGEST_ID {
                return Err(Fault::of(name_field, part, "is too long together with what it belongs to"));
            }
            entities.push(Entity {
                level,
                parent_id: entities.last().map(|parent| parent.external_id.clone()),
                external_id,
                name: name.unwrap_or_default().to_owned(),
                status: String::new(),
                creative: None,
            });
        }
        Ok(match entities.last() {
            Some(last) => (last.level, last.external_id.clone(), entities),
            None => (Level::Account, self.account_id.clone(), entities),
        })
    }

    /// Remembers the row's key; the line where it was seen before, if it was.
    fn seen_at(&mut self, line: u64, row: &DayRow) -> io::Result<Option<u32>> {
        let day = row.day.to_julian_day().to_le_bytes();
        let key = digest(&[&day, row.level.key().as_bytes(), row.entity_id.as_bytes(), row.attribution.as_bytes()]);
        self.seen.seen_at(key, line)
    }

    /// Whether the entity is new, or is called otherwise on a day that is not older.
    fn news(&mut self, entity: &Entity, day: Date) -> bool {
        let key = digest(&[entity.level.key().as_bytes(), entity.external_id.as_bytes()]);
        let parent = entity.parent_id.as_deref().unwrap_or_default();
        let said = digest(&[entity.name.as_bytes(), parent.as_bytes()])[0];
        let day = day.to_julian_day();
        match self.entities.get_mut(&key) {
            None => {
                self.entities.insert(key, (day, said));
                true
            }
            Some((newest, known)) => {
                let changed = *known != said && day >= *newest;
                if changed || *known == said {
                    (*newest, *known) = (day.max(*newest), said);
                }
                changed
            }
        }
    }
}

/// What is wrong with a text, following it.
fn unfit(field: Field, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return (field != Field::Attribution).then(|| "is empty".to_owned());
    }
    let most = if field == Field::Attribution { LONGEST_ATTRIBUTION } else { LONGEST_TEXT };
    if text.chars().count() > most {
        return Some(format!("has more than {most} characters"));
    }
    // Line breaks and tabs are part of some names and are kept; the database takes no NUL.
    let control = text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n'));
    control.then(|| "holds control characters. Was the file read in the right encoding?".to_owned())
}

/// The first 96 bits of the parts' SHA-256; each part with its length, so that no two lists are alike.
fn digest(parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    [0, 4, 8].map(|at| u32::from_le_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]))
}

/// A key is a digest already: its end is the hash.
#[derive(Default)]
struct Last(u64);

impl Hasher for Last {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let tail = bytes.len().saturating_sub(8);
        self.0 = bytes[tail..].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte));
    }
}
