//! Reports: what an agency tells of some days on paper, and when that is done by itself. A report shows what was known at a moment;
//! once it is made its bytes never change.

pub mod document;
mod shown;

pub use self::shown::{Board, Shown, ShownSchedule};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::{
    email::EmailAddress,
    id::{BrainStateId, ClientId, ReportId, ReportScheduleId},
    input::{Invalid, both, line},
    metric::Days,
    summary::Persona,
};

/// The longest title, in characters.
const TITLE: usize = 120;
/// The most people that a report is mailed to.
const RECIPIENTS: usize = 20;
/// The most days that a report is of.
pub const LONGEST: i64 = 366;

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident: $key:literal, $label:literal;)+) => {
        /// A part of a report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum SectionKind {
            $($(#[$doc])* $name,)+
        }

        impl SectionKind {
            /// All of them, in the order of a report.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The spelling in the database and in answers.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)+ }
            }

            /// What it is called.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)+ }
            }
        }
    };
}

sections! {
    /// The title, whose it is, and the contents.
    Cover: "cover", "Cover and contents";
    /// What happened, in words for one persona.
    Summary: "summary", "Summary";
    /// The main figures against the days before.
    Figures: "figures", "Main figures";
    /// What each channel did.
    Channels: "channels", "Channels";
    /// What moved, and what is ahead.
    Forecast: "forecast", "Forecast";
    /// What was noticed.
    Findings: "findings", "Findings";
    /// What was done, and what came of it.
    Actions: "actions", "Actions and outcomes";
    /// Where figures come from, and how fresh that is.
    Sources: "sources", "Sources and freshness";
    /// How figures are made.
    Method: "method", "Method";
}

impl SectionKind {
    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|section| section.key() == text)
    }

    /// Reads the sections that somebody chose, in the order of a report, each once.
    ///
    /// # Errors
    /// None is chosen, or one is unknown.
    pub fn parse_all(texts: &[String]) -> Result<Vec<Self>, Invalid> {
        let known: Vec<&str> = Self::ALL.iter().map(|section| section.key()).collect();
        let wrong = |text: &str| {
            Invalid::new("sections", format!("{text} is no section of a report. Choose among {}", known.join(", ")))
        };
        let mut chosen =
            texts.iter().map(|text| Self::parse(text).ok_or_else(|| wrong(text))).collect::<Result<Vec<_>, _>>()?;
        chosen.sort_unstable();
        chosen.dedup();
        if chosen.iter().all(|section| *section == Self::Cover) {
            return Err(Invalid::new("sections", "choose one section beside the cover at least"));
        }
        Ok(chosen)
    }
}

/// Where a report stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// It waits for its turn.
    Queued,
    /// It is being made.
    Making,
    /// Its file is there.
    Made,
    /// It could not be made; it is tried again, or waits for a person.
    Failed,
}

impl ReportState {
    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Making => "making",
            Self::Made => "made",
            Self::Failed => "failed",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Making, Self::Made, Self::Failed].into_iter().find(|state| state.key() == text)
    }
}

/// What a report is to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Of this client; otherwise of the agency as a whole.
    pub client_id: Option<ClientId>,
    /// What it is called.
    pub title: String,
    /// For whom.
    pub persona: Persona,
    /// Its sections, in their order.
    pub sections: Vec<SectionKind>,
}

impl Question {
    /// Takes what somebody typed.
    ///
    /// # Errors
    /// A title that is empty or too long, and sections that are none: all of it.
    pub fn parse(
        client_id: Option<ClientId>,
        title: &str,
        persona: Persona,
        sections: &[String],
    ) -> Result<Self, Invalid> {
        let (title, sections) = both(line("title", "Title", title, TITLE), SectionKind::parse_all(sections))?;
        Ok(Self { client_id, title, persona, sections })
    }
}

/// Looks whether a report can be of these days.
///
/// # Errors
/// Days the wrong way round, or too many of them.
pub fn parse_days(days: Days) -> Result<Days, Invalid> {
    match days.count() {
        ..1 => Err(Invalid::new("last", "the last day must not be before the first")),
        1..=LONGEST => Ok(days),
        _ => Err(Invalid::new("last", format!("a report is of at most {LONGEST} days. Choose fewer"))),
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// What it tells.
    pub question: Question,
    /// The client's name, if it is of one.
    pub client: Option<String>,
    /// The days that it is of.
    pub days: Days,
    /// The moment whose rows it shows.
    pub as_of: OffsetDateTime,
    /// The newest brain state of that moment, if there was one.
    pub state_id: Option<BrainStateId>,
    /// Where it stands.
    pub state: ReportState,
    /// How many of its sections are there.
    pub done: i16,
    /// Its file, if it is made.
    pub file: Option<File>,
    /// Why it could not be made.
    pub fault: Option<String>,
    /// The schedule that it came of, as long as that is there.
    pub schedule_id: Option<ReportScheduleId>,
    /// The name of who asked for it, or set its schedule.
    pub created_by: String,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// To whom it goes.
    pub mails: Vec<ReportMail>,
}

/// What is known of a report's file without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// How many pages.
    pub pages: i32,
    /// How many bytes.
    pub size: i64,
    /// SHA-256 in hexadecimal.
    pub hash: String,
    /// When it was made.
    pub made_at: OffsetDateTime,
}

/// A report on its way to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportMail {
    /// Whom to.
    pub email: EmailAddress,
    /// Whether it went; `Err` says why it will not, nothing that it waits.
    pub sent: Option<Result<(), String>>,
}

/// How often a report is made by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Once a week, of the seven days before.
    Weekly,
    /// Once a month, of the month before.
    Monthly,
}

impl Every {
    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Weekly, Self::Monthly].into_iter().find(|every| every.key() == text)
    }

    /// The days that the report is of which is due on `day`; none before there were days.
    pub fn days(self, day: Date) -> Option<Days> {
        let first_of_month = |day: Date| Date::from_calendar_date(day.year(), day.month(), 1).ok();
        match self {
            Self::Weekly => Some(Days { first: day.checked_sub(time::Duration::days(7))?, last: day.previous_day()? }),
            Self::Monthly => {
                let last = first_of_month(day)?.previous_day()?;
                Some(Days { first: first_of_month(last)?, last })
            }
        }
    }
}

/// Addresses that somebody typed, each once, in their order.
fn parse_recipients(text: &str) -> Result<Vec<EmailAddress>, Invalid> {
    let typed = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|part| !part.is_empty());
    let mut found = typed.map(|part| EmailAddress::parse("recipients", part)).collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    found.dedup();
    if found.len() > RECIPIENTS {
        return Err(Invalid::new("recipients", format!("a report goes to at most {RECIPIENTS} people")));
    }
    Ok(found)
}

/// When and to whom a report goes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How often.
    pub every: Every,
    /// The day of the week from Monday (1), or of the month; a month that is shorter has it on its last day.
    pub on_day: i16,
    /// The hour in the agency's time zone.
    pub hour: i16,
    /// To whom it is mailed.
    pub recipients: Vec<EmailAddress>,
    /// Whether it goes at all.
    pub enabled: bool,
}

impl Timing {
    /// Takes what somebody typed; recipients are separated by commas, semicolons or white space.
    ///
    /// # Errors
    /// A day and an hour that there are not, and an address that is none: all of it.
    pub fn parse(every: Every, on_day: i16, hour: i16, recipients: &str, enabled: bool) -> Result<Self, Invalid> {
        let last = if every == Every::Weekly { 7 } else { 31 };
        let within =
            |fits: bool, field: &str, words: String| if fits { Ok(()) } else { Err(Invalid::new(field, words)) };
        let day = within((1..=last).contains(&on_day), "on_day", format!("choose a day from 1 to {last}"));
        let at = within((0..24).contains(&hour), "hour", "choose an hour from 0 to 23".to_owned());
        let (_, recipients) = both(both(day, at), parse_recipients(recipients))?;
        Ok(Self { every, on_day, hour, recipients, enabled })
    }

    /// When it comes, in words.
    pub fn words(&self) -> String {
        const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let (day, hour) = (self.on_day, self.hour);
        match self.every {
            Every::Weekly => {
                let place = usize::try_from(day - 1).unwrap_or_default();
                format!("Every {} at {hour:02}:00", WEEKDAYS.get(place).copied().unwrap_or("week"))
            }
            Every::Monthly if day > 28 => format!("Every month on day {day}, or its last, at {hour:02}:00"),
            Every::Monthly => format!("Every month on day {day} at {hour:02}:00"),
        }
    }
}

/// A report that is made by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: ReportScheduleId,
    /// What its reports tell.
    pub question: Question,
    /// The client's name, if it is of one.
    pub client: Option<String>,
    /// When, and to whom.
    pub timing: Timing,
    /// The name of who set it.
    pub created_by: String,
    /// When it was set.
    pub created_at: OffsetDateTime,
    /// The last day on which one came of it.
    pub done_on: Option<Date>,
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn spellings_are_read_as_they_are_written() {
        for section in SectionKind::ALL {
            assert_eq!(SectionKind::parse(section.key()), Some(*section));
            assert_eq!(serde_json::to_value(section).unwrap(), section.key());
        }
        for state in [ReportState::Queued, ReportState::Making, ReportState::Made, ReportState::Failed] {
            assert_eq!(ReportState::parse(state.key()), Some(state));
        }
        for every in [Every::Weekly, Every::Monthly] {
            assert_eq!(Every::parse(every.key()), Some(every));
        }
    }

    #[test]
    fn sections_stand_in_the_order_of_a_report() {
        let chosen =
            |texts: &[&str]| SectionKind::parse_all(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(chosen(&["method", "cover", "method"]).unwrap(), [SectionKind::Cover, SectionKind::Method]);
        for bad in [&["cover"] as &[&str], &[], &["covers"]] {
            assert_eq!(chosen(bad).unwrap_err().field, "sections");
        }
    }

    #[test]
    fn a_report_is_of_the_days_before_it_is_due() {
        let days = |first, last| Some(Days { first, last });
        assert_eq!(Every::Weekly.days(date!(2026 - 11 - 02)), days(date!(2026 - 10 - 26), date!(2026 - 11 - 01)));
        assert_eq!(Every::Monthly.days(date!(2026 - 01 - 31)), days(date!(2025 - 12 - 01), date!(2025 - 12 - 31)));
        assert_eq!(Every::Monthly.days(date!(2024 - 03 - 01)), days(date!(2024 - 02 - 01), date!(2024 - 02 - 29)));
    }

    #[test]
    fn recipients_are_addresses_and_each_is_named_once() {
        let timing = Timing::parse(Every::Weekly, 1, 8, "b@x.test; a@x.test,\n B@x.test", true).unwrap();
        assert_eq!(timing.recipients.iter().map(EmailAddress::as_str).collect::<Vec<_>>(), ["a@x.test", "b@x.test"]);
        assert_eq!(timing.words(), "Every Monday at 08:00");
        assert_eq!(Timing::parse(Every::Weekly, 8, 8, "", true).unwrap_err().field, "on_day");
        assert_eq!(Timing::parse(Every::Monthly, 31, 24, "", true).unwrap_err().field, "hour");
        assert_eq!(Timing::parse(Every::Monthly, 31, 1, "nobody", true).unwrap_err().field, "recipients");
        let fields = |wrong: Invalid| wrong.all().map(|one| one.field.clone()).collect::<Vec<_>>();
        let all = Timing::parse(Every::Weekly, 8, -1, "nobody", true).unwrap_err();
        assert_eq!(fields(all), ["on_day", "hour", "recipients"], "all that is wrong is told at once");
        assert_eq!(fields(Question::parse(None, " ", Persona::Cmo, &[]).unwrap_err()), ["title", "sections"]);
    }
}
