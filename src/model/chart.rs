//! A chart as data: what is drawn, in which unit, what a sentence says of it and which of its numbers open.
//!
//! Nothing here knows what draws it: the page makes a drawing, a table and what the browser's chart is made of from the
//! same value. A place without a value is `None` and drawn as a gap, never as zero. Days are texts such as 2026-11-03, so
//! that browsers load no library for them. A new kind is a variant of [`Kind`], its drawing in `app/src/components/chart`
//! and its options in `style/chart`.

mod few;
mod unit;

use serde::{Deserialize, Serialize};

pub use self::{
    few::{Few, MOST, TooMany},
    unit::Unit,
};

/// A chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Its name on the page, the id of its element: see [`dom_id`]. A page has each once.
    pub id: String,
    /// What it shows: "Spend by channel".
    pub title: String,
    /// The sentence under it, in pieces.
    pub about: Vec<Words>,
    /// Of its values, which are the height of what is drawn.
    pub unit: Unit,
    /// What is drawn.
    pub kind: Kind,
}

/// A piece of a sentence; one that is a number names what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The piece, with its spaces.
    pub text: String,
    /// The figure's id, if it is one.
    pub figure: Option<String>,
}

impl Words {
    /// A piece in which no figure stands; days, names and settings may.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), figure: None }
    }

    /// A figure, as it is shown.
    pub fn figure(shown: impl Into<String>, id: impl Into<String>) -> Self {
        Self { text: shown.into(), figure: Some(id.into()) }
    }
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Courses over time.
    Lines(Lines),
    /// Parts of a whole over time.
    Stack(Stack),
    /// What is brought by what is spent.
    Response(Response),
    /// Groups by their age.
    Heat(Heat),
}

/// What a place on the axis of time stands for: a day, or the days of a week or month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first day.
    pub first: String,
    /// The last day; none for a day by itself.
    pub last: Option<String>,
}

impl Span {
    /// A day.
    pub fn day(day: impl Into<String>) -> Self {
        Self { first: day.into(), last: None }
    }

    /// From one day to another, both included.
    pub fn days(first: impl Into<String>, last: impl Into<String>) -> Self {
        let (first, last) = (first.into(), last.into());
        Self { last: (first != last).then_some(last), first }
    }

    /// The last day.
    pub fn last(&self) -> &str {
        self.last.as_deref().unwrap_or(&self.first)
    }

    /// In words: `2026-11-03`, `2026-11-02 to 2026-11-08`.
    pub fn words(&self) -> String {
        self.last.as_ref().map_or_else(|| self.first.clone(), |last| format!("{} to {last}", self.first))
    }
}

/// How the numbers of a series are opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ids {
    /// They are not.
    #[default]
    None,
    /// Each by an id that names its days: these two texts with `FIRST.LAST` between them. `m.spend.c0193….` and `.EUR`.
    Days(String, String),
    /// Each by its own, in their order.
    Each(Vec<Option<String>>),
}

impl Ids {
    /// The id of the number at a place, which stands for these days.
    pub fn at(&self, place: usize, span: &Span) -> Option<String> {
        match self {
            Self::None => None,
            Self::Days(before, after) => Some(format!("{before}{}.{}{after}", span.first, span.last())),
            Self::Each(ids) => ids.get(place).cloned().flatten(),
        }
    }
}

/// A series: a name and a value for each place of the axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What it is called, beside it and in the table.
    pub name: String,
    /// As many as the chart has places; none is a gap.
    pub values: Vec<Option<f64>>,
    /// How they are opened.
    pub ids: Ids,
}

/// Courses over time, with what is foretold and what they are compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// The places of the axis.
    pub spans: Vec<Span>,
    /// The courses.
    pub lines: Few<Series>,
    /// What the first course is compared with.
    pub before: Option<Before>,
    /// What is foretold of the first course.
    pub forecast: Option<Forecast>,
    /// What happened.
    pub marks: Vec<Mark>,
}

/// The same course at another time, laid under the present one place by place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// The days that it is of, place by place, as many as the chart has places or fewer.
    pub spans: Vec<Span>,
    /// "Previous 28 days", "A year before".
    pub series: Series,
}

/// What is foretold: a course that goes on where the first one ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// "Forecast".
    pub name: String,
    /// The places that follow those of the chart.
    pub spans: Vec<Span>,
    /// What is expected, for each of them.
    pub middle: Vec<f64>,
    /// How what is expected is opened.
    pub ids: Ids,
    /// Between which values it is thought to lie, the surest last: 50, 80 and 95 per cent.
    pub bands: Vec<Band>,
}

/// Between which values something is thought to lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// How sure that is thought to be, in per cent.
    pub sure: u8,
    /// From here, for each place.
    pub low: Vec<f64>,
    /// To here.
    pub high: Vec<f64>,
    /// How the lower ends are opened.
    pub low_ids: Ids,
    /// How the upper ends are.
    pub high_ids: Ids,
}

/// Parts of a whole over time, one on the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// The places of the axis.
    pub spans: Vec<Span>,
    /// The parts, the lowest first.
    pub parts: Few<Series>,
    /// How they are drawn.
    pub shape: Shape,
    /// What happened.
    pub marks: Vec<Mark>,
}

/// How parts of a whole are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Bars: each place by itself.
    Bars,
    /// Areas: a course.
    Areas,
}

/// Something that happened on a day, a thin line across with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When: in which place of the axis that lies, the chart finds out.
    pub day: String,
    /// What it is.
    pub kind: MarkKind,
    /// In a few words: "Spend fell", "Budget raised".
    pub words: String,
    /// Where more of it stands.
    pub href: Option<String>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// From here on it is otherwise.
    ChangePoint,
    /// A day unlike the others.
    Anomaly,
    /// What people did.
    Action,
}

impl MarkKind {
    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ChangePoint => "Change",
            Self::Anomaly => "Unusual",
            Self::Action => "Action",
        }
    }
}

/// What is brought by what is spent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// What is spent: "Spend a day".
    pub spend: String,
    /// The unit of that.
    pub spend_unit: Unit,
    /// What it brings: "Revenue a day".
    pub brings: String,
    /// The curve, by rising spend.
    pub points: Vec<ResponsePoint>,
    /// How sure the band of the points is thought to be, in per cent.
    pub sure: u8,
    /// Where on the curve one is.
    pub current: Option<Current>,
}

/// What a spend is thought to bring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponsePoint {
    /// What is spent.
    pub spend: f64,
    /// What that brings.
    pub middle: f64,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
    /// Whether so much was ever spent; beyond it the curve is drawn dashed.
    pub seen: bool,
    /// How spend, middle, low and high are opened.
    pub ids: [Option<String>; 4],
}

/// What is spent at present.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Current {
    /// What is spent.
    pub spend: f64,
    /// How that is opened.
    pub figure: Option<String>,
}

/// Groups, such as the customers of a month, by their age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heat {
    /// What a row is: "First order in".
    pub group: String,
    /// What a column is: "Months since".
    pub age: String,
    /// The ages.
    pub ages: Vec<String>,
    /// The groups.
    pub rows: Vec<HeatRow>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeatRow {
    /// What it is called: "2026-03".
    pub name: String,
    /// How many are in it.
    pub size: Option<Size>,
    /// A cell for each age; none where it is not that old yet, or nothing is known.
    pub cells: Vec<Option<HeatCell>>,
}

/// How many are in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// As it is shown.
    pub shown: String,
    /// How it is opened.
    pub figure: Option<String>,
}

/// What is known of a group at an age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeatCell {
    /// The value.
    pub value: f64,
    /// Whether it will stay; one that still grows is marked.
    pub mature: bool,
    /// How it is opened.
    pub figure: Option<String>,
}

/// A text as the id of an element: letters and digits, all else as `-`, with a letter first.
pub fn dom_id(text: &str) -> String {
    let mut id = String::from("chart-");
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            id.push(letter.to_ascii_lowercase());
        } else if !id.ends_with('-') {
            id.push('-');
        }
    }
    id.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_days_are_opened_by_ids_that_name_them() {
        let ids = Ids::Days("m.spend.c1.".to_owned(), ".EUR".to_owned());
        assert_eq!(ids.at(0, &Span::day("2026-11-03")).as_deref(), Some("m.spend.c1.2026-11-03.2026-11-03.EUR"));
        let week = Span::days("2026-11-02", "2026-11-08");
        assert_eq!(ids.at(7, &week).as_deref(), Some("m.spend.c1.2026-11-02.2026-11-08.EUR"));
        let each = Ids::Each(vec![Some("a".to_owned()), None]);
        assert_eq!([0, 1, 2].map(|at| each.at(at, &week)), [Some("a".to_owned()), None, None]);
        assert_eq!(Ids::None.at(0, &week), None);
    }

    #[test]
    fn a_span_of_one_day_is_a_day() {
        assert_eq!(Span::days("2026-11-03", "2026-11-03"), Span::day("2026-11-03"));
        assert_eq!(Span::day("2026-11-03").words(), "2026-11-03");
        assert_eq!(Span::days("2026-11-02", "2026-11-08").words(), "2026-11-02 to 2026-11-08");
    }

    #[test]
    fn ids_of_elements_hold_nothing_that_has_a_meaning_there() {
        assert_eq!(dom_id("Spend & revenue, by channel"), "chart-spend-revenue-by-channel");
        assert_eq!(dom_id("<\"'>"), "chart");
        assert_eq!(dom_id("7 Tage"), "chart-7-tage");
    }

    #[test]
    fn charts_are_read_as_they_are_written() {
        let series = Series { name: "A".to_owned(), values: vec![Some(0.1), None], ids: Ids::None };
        let chart = Chart {
            id: dom_id("a"),
            title: "A".to_owned(),
            about: vec![Words::plain("It rose by "), Words::figure("3", "m.x")],
            unit: Unit::Money("EUR".to_owned()),
            kind: Kind::Stack(Stack {
                spans: vec![Span::day("2026-11-03"), Span::day("2026-11-04")],
                parts: vec![series].try_into().unwrap(),
                shape: Shape::Bars,
                marks: vec![],
            }),
        };
        let text = serde_json::to_string(&chart).unwrap();
        assert_eq!(serde_json::from_str::<Chart>(&text).unwrap(), chart);
        assert!(text.contains(r#""unit":{"money":"EUR"}"#), "{text}");
    }
}
