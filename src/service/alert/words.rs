//! What an alert says, in words: of what, when, how large, how sure. Nothing is said that the finding does not hold. What a kind is
//! called by itself stands in `model`.

use model::{
    alert::{Alert, FindingKind, Severity},
    figure::{FigureId, Line, sentence},
    finding::Finding,
    id::BrainStateId,
    number::grouped,
    page::parse_day,
};
use rust_decimal::Decimal;
use serde_json::Value;
use time::{Date, Month};

use crate::{
    basis,
    performance::words::{GROUPS, WHOLE, probability},
};

/// An alert in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// How bad it is.
    pub severity: Severity,
    /// What happened, as a headline: "Clicks: far below what was to be expected".
    pub title: String,
    /// Where: client, channels and ad, as far as it is about one; empty for the agency as a whole.
    pub place: String,
    /// When, and how large it is where that can be said.
    pub detail: String,
    /// How sure it is: "97 % sure"; none where the finding does not say.
    pub sure: Option<String>,
}

/// What is said that holds figures, each of which opens where its state is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When, and how large it is where that can be said.
    pub detail: Line,
    /// How sure it is; none where the finding does not say.
    pub sure: Option<Line>,
    /// What its figures were made from: a line for each.
    pub basis: Vec<Line>,
}

/// What words are made of: an alert, or a finding of a state.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    kind: FindingKind,
    severity: Severity,
    level: &'a str,
    entity: &'a str,
    entity_name: Option<&'a str>,
    days: (Date, Date),
    client: Option<&'a str>,
    channel: Option<&'a str>,
    channels: &'a [String],
    body: &'a str,
    /// Where it stands: the state, and the place there.
    place: Option<(BrainStateId, i32)>,
}

impl<'a> From<&'a Alert> for Event<'a> {
    fn from(alert: &'a Alert) -> Self {
        Self {
            kind: alert.kind,
            severity: alert.severity,
            level: &alert.level,
            entity: &alert.entity,
            entity_name: alert.entity_name.as_deref(),
            days: (alert.first_day, alert.last_day),
            client: alert.client.as_deref(),
            channel: alert.channel.as_deref(),
            channels: &alert.channels,
            body: &alert.body,
            place: alert.number.map(|number| (alert.state_id, number)),
        }
    }
}

impl<'a> From<&'a Finding> for Event<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            kind: finding.kind,
            severity: finding.severity,
            level: &finding.level,
            entity: &finding.entity,
            entity_name: finding.entity_name.as_deref(),
            days: (finding.first_day, finding.last_day),
            client: finding.client.as_deref(),
            channel: finding.channel.as_deref(),
            channels: &finding.channels,
            body: &finding.body,
            place: Some((finding.state_id, finding.number)),
        }
    }
}

impl Event<'_> {
    /// The id of the number at a place of the finding.
    fn id(&self, path: &str) -> Option<String> {
        let said = |(state, outcome)| FigureId::Said { state, outcome, path: path.to_owned() }.to_string();
        self.place.map(said)
    }
}

/// An alert, or a finding, in words.
pub fn of<'a>(event: impl Into<Event<'a>>) -> Words {
    let event = event.into();
    let finding: Value = serde_json::from_str(event.body).unwrap_or_default();
    let Told { detail, sure, .. } = lines(&event, &finding);
    let ad = (event.level == "creative").then(|| match event.entity_name {
        Some(name) if !name.is_empty() => format!("ad “{name}”"),
        _ => format!("ad {}", event.entity),
    });
    let several = Some(event.channels.join(", ")).filter(|names| !names.is_empty());
    let channels = event.channel.or(several.as_deref());
    let place: Vec<&str> = [event.client, channels, ad.as_deref()].into_iter().flatten().collect();
    Words {
        severity: event.severity,
        title: title(event.kind, finding["metric"].as_str(), Size::read(&finding["size"]).map(|size| size.value)),
        place: place.join(" · "),
        detail: detail.text(),
        sure: sure.map(|sure| sure.text()),
    }
}

/// What an alert, or a finding, says in figures.
pub fn told<'a>(event: impl Into<Event<'a>>) -> Told {
    let event = event.into();
    lines(&event, &serde_json::from_str(event.body).unwrap_or_default())
}

fn lines(event: &Event<'_>, finding: &Value) -> Told {
    let id = |path: &str| event.id(path);
    let mut detail = Line::from(when(event, finding));
    if let Some(size) = Size::read(&finding["size"]) {
        detail = size.say(event.kind, detail.say(": "), id);
    }
    let sure = finding["probability"].as_f64().and_then(|share| Decimal::try_from(share).ok()).map(probability);
    Told {
        detail,
        sure: sure.map(|share| Line::default().figure(id("/probability"), &share).say(" sure")),
        basis: basis::told(finding, id),
    }
}

/// The days of the finding, which are those of its size, and since when an event that goes on lasts, if that is longer: "4 to 7
/// Nov 2026 (since 3 Nov 2026)".
fn when(event: &Event<'_>, finding: &Value) -> String {
    let day = |key: &str| finding[key].as_str().and_then(|text| parse_day(key, text).ok());
    let Some((first, last)) = day("first").zip(day("last")) else { return days(event.days.0, event.days.1) };
    let (first, last) = (first.min(last), last.max(first));
    let since = Some(event.days.0).filter(|since| event.kind.goes_on() && *since < first);
    let since = since.map(|since| format!(" (since {})", days(since, since)));
    format!("{}{}", days(first, last), since.unwrap_or_default())
}

/// What a metric is called.
fn metric_name(key: Option<&str>) -> String {
    let Some(key) = key else { return "A figure".to_owned() };
    if let Some(age) = key.strip_prefix("ltv_") {
        return format!("Worth of customers after {age} days");
    }
    let known = GROUPS.iter().flat_map(|(_, metrics)| metrics.iter()).find(|(known, _)| *known == key);
    known.map_or_else(|| sentence(&model::metric::spelled(key)), |(_, name)| (*name).to_owned())
}

/// What happened. Whether it is more or less is known where the finding has a size.
fn title(kind: FindingKind, metric: Option<&str>, size: Option<f64>) -> String {
    let name = metric_name(metric);
    let way = |more: &str, less: &str, unknown: &str| match size {
        Some(size) if size > 0.0 => more.to_owned(),
        Some(size) if size < 0.0 => less.to_owned(),
        _ => unknown.to_owned(),
    };
    match kind {
        FindingKind::Spike => format!("{name}: far above what was to be expected"),
        FindingKind::Drop => format!("{name}: far below what was to be expected"),
        FindingKind::LevelShift => format!("{name}: {}", way("a higher level", "a lower level", "a new level")),
        FindingKind::DeliveryCollapse => format!("{name}: delivery all but stopped"),
        FindingKind::TrackingOutage => "Conversions are no longer counted, while people click as before".to_owned(),
        FindingKind::ChangePoint => {
            let way = way("higher from a day on", "lower from a day on", "different from a day on");
            format!("{name}: {way}")
        }
        FindingKind::Forecast => {
            format!("{name}: {}", way("more is to come", "less is to come", "something else is to come"))
        }
        FindingKind::Worse => format!("{name}: worse than before"),
        FindingKind::Better => format!("{name}: better than before"),
        FindingKind::CreativeFatigue => "People tire of an ad, or soon will".to_owned(),
        FindingKind::RoiDecay => "A channel returns less for its money than weeks ago".to_owned(),
        FindingKind::LtvDrift => {
            way("New customers are worth more", "New customers are worth less", "The worth of new customers moves")
        }
        FindingKind::OverClaim => "Platforms claim more than the shop's books hold".to_owned(),
        FindingKind::Unattributed => "Revenue in the books that no platform claims".to_owned(),
        FindingKind::MovedTogether => "Much moved together on one day".to_owned(),
        FindingKind::Winner => "One is better than all the others".to_owned(),
    }
}

/// How large something is.
struct Size {
    value: f64,
    low: f64,
    high: f64,
    confidence: f64,
    unit: Value,
}

impl Size {
    fn read(size: &Value) -> Option<Self> {
        let number = |key: &str| size[key].as_f64().filter(|number| number.is_finite());
        Some(Self {
            value: number("value")?,
            low: number("low")?,
            high: number("high")?,
            confidence: number("confidence")?,
            unit: size["unit"].clone(),
        })
    }

    /// Goes on with the size and its interval: "−20 % (90 % sure: between −30 % and −10 %)".
    fn say(&self, kind: FindingKind, line: Line, id: impl Fn(&str) -> Option<String>) -> Line {
        let Some(value) = self.written(self.value) else { return line.say("its size cannot be written") };
        let against = match kind {
            FindingKind::Spike | FindingKind::Drop | FindingKind::LevelShift | FindingKind::DeliveryCollapse => {
                " a day against what was to be expected"
            }
            FindingKind::ChangePoint => " a day against before",
            FindingKind::MovedTogether => " of what was looked at",
            _ => "",
        };
        let ends = self.written(self.low).zip(self.written(self.high)).filter(|_| self.low < self.high);
        let line = line.figure(id("/size/value"), &value).say(against);
        let Some(((low, high), share)) = ends.zip(share_of_hundred(self.confidence)) else { return line };
        let line = line.say(" (").figure(id("/size/confidence"), &format!("{share} %")).say(" sure: between ");
        line.figure(id("/size/low"), &low).say(" and ").figure(id("/size/high"), &high).say(")")
    }

    /// A number in the size's unit. Shares and what is no change have no sign.
    fn written(&self, number: f64) -> Option<String> {
        let decimal = |number: f64| Decimal::try_from(number).ok();
        if self.unit == "share" {
            return share_of_hundred(number).map(|share| format!("{share} %"));
        }
        let sign = if number > 0.0 { "+" } else { "" };
        if self.unit == "change" {
            return Some(format!("{sign}{} %", grouped(decimal(number * 100.0)?, 0, 0)));
        }
        let text = match self.unit["money"].as_str() {
            Some(currency) => {
                let places = if WHOLE.contains(&currency) { 0 } else { 2 };
                format!("{} {currency}", grouped(decimal(number)?, places, places))
            }
            None => grouped(decimal(number)?, 0, 1),
        };
        Some(format!("{sign}{text}"))
    }
}

/// A share in per cent, without sign; what is nearly certain is not called certain.
fn share_of_hundred(share: f64) -> Option<String> {
    let percent = Decimal::try_from(share * 100.0).ok()?;
    Some(grouped(percent, 0, if share > 0.99 && share < 1.0 { 1 } else { 0 }))
}

/// Days in words: "3 Nov 2026", "3 to 5 Nov 2026".
pub fn days(first: Date, last: Date) -> String {
    let whole = |day: Date| format!("{} {} {}", day.day(), month(day.month()), day.year());
    if first == last {
        return whole(first);
    }
    let start = match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => first.day().to_string(),
        (true, false) => format!("{} {}", first.day(), month(first.month())),
        (false, _) => whole(first),
    };
    format!("{start} to {}", whole(last))
}

const fn month(month: Month) -> &'static str {
    match month {
        Month::January => "Jan",
        Month::February => "Feb",
        Month::March => "Mar",
        Month::April => "Apr",
        Month::May => "May",
        Month::June => "Jun",
        Month::July => "Jul",
        Month::August => "Aug",
        Month::September => "Sep",
        Month::October => "Oct",
        Month::November => "Nov",
        Month::December => "Dec",
    }
}

#[cfg(test)]
mod tests {
    use model::id::AlertId;
    use serde_json::json;
    use time::{OffsetDateTime, macros::date};

    use super::*;

    fn alert(kind: FindingKind, metric: Option<&str>, size: Value) -> Alert {
        let nil = uuid::Uuid::nil();
        Alert {
            id: AlertId(nil),
            kind,
            severity: Severity::High,
            level: "channel".into(),
            entity: "x".into(),
            entity_name: None,
            first_day: date!(2026 - 11 - 03),
            last_day: date!(2026 - 11 - 05),
            client_id: None,
            client: Some("Bakery".into()),
            channel_id: None,
            channel: Some("Radio".into()),
            channels: Vec::new(),
            body: json!({"metric": metric, "size": size, "probability": 0.9991}).to_string(),
            first_state_id: BrainStateId(nil),
            state_id: BrainStateId(nil),
            number: None,
            first_seen_at: OffsetDateTime::UNIX_EPOCH,
            last_seen_at: OffsetDateTime::UNIX_EPOCH,
            ended_at: None,
            acknowledged: None,
            snoozed: None,
        }
    }

    #[test]
    fn an_alert_says_what_where_when_how_large_and_how_sure() {
        let size = json!({"value": -320.4, "low": -400.0, "high": -240.0, "confidence": 0.95, "unit": "count"});
        let words = of(&alert(FindingKind::Drop, Some("clicks"), size));
        assert_eq!(words.title, "Clicks: far below what was to be expected");
        assert_eq!(words.place, "Bakery · Radio");
        assert_eq!(
            words.detail,
            "3 to 5 Nov 2026: −320.4 a day against what was to be expected (95 % sure: between −400 and −240)"
        );
        assert_eq!(words.sure.as_deref(), Some("over 99 % sure"));
        let money =
            json!({"value": 1234.5, "low": 1234.5, "high": 1234.5, "confidence": 1.0, "unit": {"money": "EUR"}});
        let words = of(&alert(FindingKind::ChangePoint, Some("spend"), money));
        assert_eq!(words.detail, "3 to 5 Nov 2026: +1,234.50 EUR a day against before");
        let words = of(&alert(FindingKind::TrackingOutage, Some("claimed_conversions"), Value::Null));
        assert_eq!(words.detail, "3 to 5 Nov 2026", "what has no size says none");
        let drift = json!({"value": -0.2, "low": -0.3, "high": -0.1, "confidence": 0.9, "unit": "change"});
        let words = of(&alert(FindingKind::LtvDrift, Some("ltv_90"), drift));
        assert_eq!(words.title, "New customers are worth less");
        assert_eq!(words.detail, "3 to 5 Nov 2026: −20 % (90 % sure: between −30 % and −10 %)");
    }

    #[test]
    fn every_number_of_an_alert_opens_at_its_place_once_that_is_known() {
        use model::figure::Piece;
        let size = json!({"value": -320.4, "low": -400.0, "high": -240.0, "confidence": 0.95, "unit": "count"});
        let mut event = alert(FindingKind::Drop, Some("clicks"), size);
        let figures = |line: &Line| line.pieces().iter().filter(|piece| matches!(piece, Piece::Figure(..))).count();
        assert_eq!(figures(&told(&event).detail), 0, "nobody knows where it stands");
        event.number = Some(7);
        let opened = told(&event);
        assert_eq!((figures(&opened.detail), opened.sure.as_ref().map(figures)), (4, Some(1)));
        assert_eq!(opened.detail.text(), of(&event).detail);
        let id = FigureId::Said { state: event.state_id, outcome: 7, path: "/size/value".into() }.to_string();
        assert!(opened.detail.pieces().contains(&Piece::Figure(id, "−320.4".into())));
    }

    #[test]
    fn a_size_is_told_of_its_own_days_and_the_event_since_its_first() {
        let size = json!({"value": -320.0, "low": -320.0, "high": -320.0, "confidence": 0.95, "unit": "count"});
        let mut event = alert(FindingKind::DeliveryCollapse, Some("clicks"), Value::Null);
        event.last_day = date!(2026 - 11 - 07);
        let body = |first: &str, size: &Value| {
            json!({"metric": "clicks", "first": first, "last": "2026-11-07", "size": size}).to_string()
        };
        event.body = body("2026-11-04", &size);
        let detail = "4 to 7 Nov 2026 (since 3 Nov 2026): −320 a day against what was to be expected";
        assert_eq!(of(&event).detail, detail);
        event.body = body("2026-11-04", &Value::Null);
        assert_eq!(of(&event).detail, "4 to 7 Nov 2026 (since 3 Nov 2026)");
        event.kind = FindingKind::LtvDrift;
        assert_eq!(of(&event).detail, "4 to 7 Nov 2026", "what does not go on has its own days alone");
        event.kind = FindingKind::Drop;
        event.body = body("2026-11-03", &Value::Null);
        assert_eq!(of(&event).detail, "3 to 7 Nov 2026");
    }

    #[test]
    fn an_outage_names_the_channels_that_it_covers() {
        let mut outage = alert(FindingKind::TrackingOutage, Some("claimed_conversions"), Value::Null);
        outage.channels = vec!["Radio".into()];
        assert_eq!(of(&outage).place, "Bakery · Radio");
        outage.channels.push("Search".into());
        outage.channel = None;
        assert_eq!(of(&outage).place, "Bakery · Radio, Search");
    }

    #[test]
    fn an_ad_has_its_name_and_without_one_its_id() {
        let mut tired = alert(FindingKind::CreativeFatigue, Some("ctr"), Value::Null);
        tired.level = "creative".into();
        assert_eq!(of(&tired).place, "Bakery · Radio · ad x");
        tired.entity_name = Some("Spring".into());
        assert_eq!(of(&tired).place, "Bakery · Radio · ad “Spring”");
    }

    #[test]
    fn every_kind_has_words_and_a_body_that_cannot_be_read_invents_none() {
        for kind in FindingKind::ALL {
            let mut one = alert(*kind, None, Value::Null);
            one.body = "nonsense".into();
            let words = of(&one);
            assert!(!words.title.is_empty() && words.sure.is_none() && words.detail == "3 to 5 Nov 2026", "{words:?}");
        }
    }

    #[test]
    fn days_are_told_once() {
        assert_eq!(days(date!(2026 - 11 - 03), date!(2026 - 11 - 03)), "3 Nov 2026");
        assert_eq!(days(date!(2026 - 10 - 30), date!(2026 - 11 - 02)), "30 Oct to 2 Nov 2026");
        assert_eq!(days(date!(2025 - 12 - 30), date!(2026 - 01 - 02)), "30 Dec 2025 to 2 Jan 2026");
    }
}
