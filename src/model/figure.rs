//! Figures that can be opened: ids that say what is asked, and what is seen when one is opened.
//!
//! An id is a text that encodes its question and nothing else, so that the same figure has the same id for ever, on every
//! server, and needs no row of its own. Who may not see what it asks for gets the answer of a missing one. To add a metric that
//! rows are made of, add its spelling to `METRICS`; to add a question, a variant to [`FigureId`] with a letter of its own.

mod line;
mod opened;
mod scope;

use std::{fmt, str::FromStr};

use time::Date;

pub use self::{
    line::{Line, Piece, sentence},
    opened::{Evidence, Opened, Part, Row, Run},
    scope::{MOST, PartId, Scope},
};
use crate::{
    currency,
    id::{ActionId, BrainStateId},
    input::Invalid,
    metric::Days,
    page::parse_day,
};

/// The metrics that are made of the days of channels alone.
const METRICS: [&str; 17] = [
    "spend",
    "claimed_revenue",
    "ledger_revenue",
    "claimed_conversions",
    "orders",
    "impressions",
    "clicks",
    "refunds",
    "ctr",
    "cvr",
    "cpc",
    "cpm",
    "cpa",
    "aov",
    "roas_claimed",
    "mer",
    "refund_share",
];

/// The metrics of a client that take more than the days of its channels: who its customers are, or its margin.
const OF_CLIENTS: [&str; 4] = ["new_customers", "returning_orders", "cac", "contribution_margin"];

/// The most days that a figure is of: ten years.
pub const LONGEST: i64 = 3_660;
/// The longest place in a stored body, in bytes.
const DEEPEST: usize = 200;

/// A metric that is made of the days of channels, or of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metric(&'static str);

impl Metric {
    /// What the advertising cost.
    pub const SPEND: Self = Self(METRICS[0]);

    /// Reads the spelling in answers.
    pub fn parse(text: &str) -> Option<Self> {
        METRICS.into_iter().find(|key| *key == text).map(Self)
    }

    /// Reads the spelling of one that takes more of a client than the days of its channels.
    pub fn of_client(text: &str) -> Option<Self> {
        OF_CLIENTS.into_iter().find(|key| *key == text).map(Self)
    }

    /// Whether the days of channels are all that it takes.
    pub fn of_days(self) -> bool {
        METRICS.contains(&self.0)
    }

    /// The spelling in answers.
    pub const fn key(self) -> &'static str {
        self.0
    }
}

/// A metric of some days, in a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfDays {
    /// What is counted.
    pub metric: Metric,
    /// Of whose channels.
    pub scope: Scope,
    /// On which days.
    pub days: Days,
    /// In which currency amounts are told: ISO 4217.
    pub currency: String,
}

impl OfDays {
    /// As many days right before; none where there are none.
    pub fn before(&self) -> Option<Days> {
        self.days.before()
    }
}

impl FigureId {
    /// How much of a metric there is beside other days, whichever they are.
    pub fn change(of: OfDays, earlier: Days) -> Self {
        if of.before() == Some(earlier) { Self::Changed(of) } else { Self::Beside(of, earlier) }
    }
}

/// What a figure asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FigureId {
    /// A metric, counted from stored rows.
    Counted(OfDays),
    /// How much of it there is beside as many days right before: a share of those, with its sign.
    Changed(OfDays),
    /// The same beside any other days, which are not those right before.
    Beside(OfDays, Days),
    /// A number of a brain state.
    Said {
        /// The state.
        state: BrainStateId,
        /// The number of its outcome.
        outcome: i32,
        /// Where in the outcome's body it stands; ends with [`SURE`] for the probability of the interval that begins there.
        path: String,
    },
    /// A number of an action's proposal.
    Promised {
        /// The action.
        action: ActionId,
        /// Where in the proposal it stands; as above.
        path: String,
    },
    /// A number of what came of an action.
    Came {
        /// The action.
        action: ActionId,
        /// Where in what was measured it stands; as above.
        path: String,
    },
}

/// The id of a number of what came of an action.
pub fn came(action: ActionId, path: &str) -> String {
    format!("o.{action}.{}", hex(path))
}

/// At the end of a place: not the number that stands there is meant, but how probable the interval is whose lower end it is.
pub const SURE: &str = "#sure";

impl fmt::Display for FigureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_days = |f: &mut fmt::Formatter<'_>, letter: char, of: &OfDays| {
            let OfDays { metric, scope, days, currency } = of;
            write!(f, "{letter}.{}.{scope}.{}.{}.{currency}", metric.key(), days.first, days.last)
        };
        match self {
            Self::Counted(of) => of_days(f, 'm', of),
            Self::Changed(of) => of_days(f, 'd', of),
            Self::Beside(of, earlier) => {
                of_days(f, 'y', of)?;
                write!(f, ".{}.{}", earlier.first, earlier.last)
            }
            Self::Said { state, outcome, path } => write!(f, "s.{state}.{outcome}.{}", hex(path)),
            Self::Promised { action, path } => f.write_str(&promised(*action, path)),
            Self::Came { action, path } => f.write_str(&came(*action, path)),
        }
    }
}

/// The id of a number of an action's proposal. Pages write it themselves, without what other ids take to be written.
pub fn promised(action: ActionId, path: &str) -> String {
    format!("p.{action}.{}", hex(path))
}

impl FromStr for FigureId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // Only what is written exactly as it is read back is an id: a figure has one id and not several.
        parse(text).filter(|id| id.to_string() == text).ok_or_else(|| {
            Invalid::new("id", "this is no figure's id. Take one from a page, or from GET /api/v1/dashboard")
        })
    }
}

fn parse(text: &str) -> Option<FigureId> {
    let parts: Vec<&str> = text.splitn(9, '.').collect();
    match parts.as_slice() {
        ["m", metric, scope, first, last, currency] => {
            of_days(metric, scope, first, last, currency).map(FigureId::Counted)
        }
        ["d", metric, scope, first, last, currency] => {
            of_days(metric, scope, first, last, currency).filter(|of| of.before().is_some()).map(FigureId::Changed)
        }
        ["y", metric, scope, first, last, currency, earlier, until] => {
            let (of, beside) = (of_days(metric, scope, first, last, currency)?, days(earlier, until)?);
            // What is right before has an id already.
            (of.before() != Some(beside)).then_some(FigureId::Beside(of, beside))
        }
        ["s", state, outcome, path] => Some(FigureId::Said {
            state: state.parse().ok()?,
            outcome: outcome.parse::<i32>().ok().filter(|number| *number >= 0)?,
            path: unhex(path)?,
        }),
        ["p", action, path] => Some(FigureId::Promised { action: action.parse().ok()?, path: unhex(path)? }),
        ["o", action, path] => Some(FigureId::Came { action: action.parse().ok()?, path: unhex(path)? }),
        _ => None,
    }
}

fn days(first: &str, last: &str) -> Option<Days> {
    let day = |text: &str| -> Option<Date> { parse_day("id", text).ok() };
    let days = Days { first: day(first)?, last: day(last)? };
    (1..=LONGEST).contains(&days.count()).then_some(days)
}

fn of_days(metric: &str, scope: &str, first: &str, last: &str, currency: &str) -> Option<OfDays> {
    let (scope, days) = (Scope::parse(scope)?, days(first, last)?);
    let of_client = || Metric::of_client(metric).filter(|_| matches!(scope, Scope::Client(_)));
    let metric = Metric::parse(metric).or_else(of_client)?;
    currency::ALL.contains(&currency).then(|| OfDays { metric, scope, days, currency: currency.to_owned() })
}

/// A place as letters and digits, so that an id stands in an address as it is.
fn hex(path: &str) -> String {
    path.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<String> {
    bytes(text, DEEPEST).filter(|path| path.starts_with('/'))
}

/// Text that was written in hexadecimal, of so many bytes at most.
fn bytes(text: &str, most: usize) -> Option<String> {
    if text.len() > 2 * most || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::date;
    use uuid::Uuid;

    use super::*;
    use crate::id::{ChannelId, ClientId, OrganizationId};

    fn uuid(n: u128) -> Uuid {
        Uuid::from_u128(0x0190_a1b2_c3d4_7000_8000_0000_0000_0000 + n)
    }

    fn spend() -> OfDays {
        OfDays {
            metric: Metric::parse("spend").unwrap(),
            scope: Scope::Client(ClientId(uuid(1))),
            days: Days { first: date!(2026 - 10 - 26), last: date!(2026 - 11 - 22) },
            currency: "EUR".to_owned(),
        }
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        let scopes = [
            Scope::Agency(OrganizationId(uuid(1))),
            Scope::Client(ClientId(uuid(2))),
            Scope::Channel(ChannelId(uuid(3))),
            Scope::Clients([2, 3].map(|n| ClientId(uuid(n))).into()),
            Scope::Channels([3, 4].map(|n| ChannelId(uuid(n))).into()),
            Scope::Campaigns([PartId::new(ChannelId(uuid(3)), "120_1. ä")].into()),
            Scope::Creatives(["7", "8"].map(|id| PartId::new(ChannelId(uuid(3)), id)).into()),
        ];
        let earlier = Days { first: date!(2025 - 10 - 26), last: date!(2025 - 11 - 22) };
        let mut ids = vec![
            FigureId::Said { state: BrainStateId(uuid(4)), outcome: 12, path: "/metrics/spend/now/value".to_owned() },
            FigureId::Said { state: BrainStateId(uuid(4)), outcome: 0, path: format!("/size/low{SURE}") },
            FigureId::Promised { action: ActionId(uuid(5)), path: "/changes/0/from".to_owned() },
            FigureId::Came { action: ActionId(uuid(5)), path: "/effect".to_owned() },
        ];
        for (metric, scope) in METRICS.into_iter().flat_map(|metric| scopes.clone().map(|scope| (metric, scope))) {
            let of = OfDays { metric: Metric::parse(metric).unwrap(), scope, ..spend() };
            ids.extend([FigureId::Counted(of.clone()), FigureId::Beside(of.clone(), earlier), FigureId::Changed(of)]);
        }
        for metric in OF_CLIENTS.map(|key| Metric::of_client(key).unwrap()) {
            ids.push(FigureId::Counted(OfDays { metric, ..spend() }));
            let agencys = FigureId::Counted(OfDays { metric, scope: scopes[0].clone(), ..spend() }).to_string();
            assert!(agencys.parse::<FigureId>().is_err(), "of a client alone: {agencys}");
        }
        for id in ids {
            let text = id.to_string();
            assert_eq!(text.parse::<FigureId>(), Ok(id));
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            assert!(text.bytes().all(plain), "it stands in an address as it is: {text}");
        }
        let text = FigureId::Counted(spend()).to_string();
        assert_eq!(text, "m.spend.c0190a1b2-c3d4-7000-8000-000000000001.2026-10-26.2026-11-22.EUR");
    }

    #[test]
    fn the_days_before_are_as_many_and_end_right_before() {
        let before = Days { first: date!(2026 - 09 - 28), last: date!(2026 - 10 - 25) };
        assert_eq!(spend().before(), Some(before));
    }

    #[test]
    fn a_change_beside_the_days_right_before_has_one_id() {
        let before = spend().before().unwrap();
        assert_eq!(FigureId::change(spend(), before), FigureId::Changed(spend()));
        let twice = format!("{}.{}.{}", FigureId::Counted(spend()), before.first, before.last).replacen("m.", "y.", 1);
        assert!(twice.parse::<FigureId>().is_err(), "{twice}");
    }

    #[test]
    fn rubbish_is_no_id() {
        let id = "0190a1b2-c3d4-7000-8000-000000000001";
        let good = FigureId::Counted(spend()).to_string();
        let of = format!("c{id}");
        let said = format!("s.{id}.0.{}", hex("/x"));
        assert!(said.parse::<FigureId>().is_ok());
        for wrong in [
            String::new(),
            ".".repeat(9),
            "m".to_owned(),
            format!("{good}."),
            format!(" {good}"),
            format!("{good}.x"),
            good.to_uppercase(),
            good.replace("m.", "x."),
            good.replace("spend", "joy"),
            good.replace("EUR", "eur"),
            good.replace("EUR", "XXX"),
            good.replace(".c", ".z"),
            good.replace(&of, &format!("{of}_{id}")),
            good.replace(&of, &format!("c0190a1b2-c3d4-7000-8000-000000000002_{id}")),
            good.replace(&of, &format!("k{id}")),
            good.replace(&of, &format!("k{id}x")),
            good.replace(&of, &format!("v{id}x3")),
            good.replace(".c", "."),
            good.replace('-', ""),
            good.replace("2026-10-26", "2026-13-26"),
            good.replace("2026-10-26", "2026-11-23"),
            good.replace("2026-10-26", "1976-10-26"),
            format!("s.{id}.-1.{}", hex("/x")),
            format!("s.{id}.+1.{}", hex("/x")),
            format!("s.{id}.01.{}", hex("/x")),
            format!("s.{id}.1.2F78"),
            format!("s.{id}.1.2f7"),
            format!("s.{id}.1.é"),
            format!("s.{id}.1.{}", hex("x")),
            format!("s.{id}.1.ff"),
            format!("s.{id}.1.{}", hex(&format!("/{}", "x".repeat(DEEPEST)))),
            format!("p.{id}"),
            format!("o.{id}"),
            format!("p.{{{id}}}.{}", hex("/x")),
        ] {
            assert_eq!(wrong.parse::<FigureId>().unwrap_err().field, "id", "{wrong}");
        }
    }
}
