//! Actions in words: what to do, what it rests on, what would change our mind, what to do by hand, what happened. The one place
//! for all of them.

mod checklist;

use model::action::{
    Action, ActionEvent, ActionState, Came, Change, Doubt, HitRate, Measured, Proposal, Rate, SURE_PERCENT, Step,
    Unpredicted, Verdict, Worth,
};
use model::{
    brain::Basis,
    figure::{self, FigureId, Line, sentence},
    id::{ActionId, BrainStateId},
    metric::spelled,
    number::grouped,
};
use rust_decimal::Decimal;
use serde_json::Value;
use store::brain::Ground;

pub(super) use self::checklist::checklist;
use crate::performance::words::{amount, probability};

/// What of a proposal's basis is taken off its prediction while platforms learn.
pub(crate) const LEARNING: &str = "cost_while_platforms_learn";

/// What somebody did, as in "Max approved it".
pub(super) const fn past(state: ActionState) -> &'static str {
    match state {
        ActionState::Proposed => "proposed",
        ActionState::Withdrawn => "withdrew",
        ActionState::Approved => "approved",
        ActionState::Dismissed => "dismissed",
        ActionState::Done => "did",
        ActionState::Measured => "measured",
        ActionState::Undone => "took back",
    }
}

/// What happened, and who did it.
pub(super) fn event(event: &ActionEvent) -> String {
    let who = event.member_name.as_deref().unwrap_or("The brain");
    match &event.reason {
        Some(reason) => format!("{who} {} it: “{reason}”", past(event.state)),
        None => format!("{who} {} it", past(event.state)),
    }
}

/// What would change our mind.
pub(super) const fn doubt(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::LiftTest => "an experiment that shows other returns than the curves do",
        Doubt::Unseen => "returns at this spend: as much was never spent, so the curve's form says it and not the data",
        Doubt::MovedTogether => "channels whose spend moved together: the curves can hardly tell them apart",
        Doubt::Promotion => "a season or promotion ahead that the past does not hold",
        Doubt::Recovery => "figures that recover by themselves within a week",
        Doubt::KnownChange => "a change on the site or in the platform's settings that you know of",
        Doubt::FewEvents => "another good or bad week: it rests on few events",
    }
}

/// Why there is no prediction in money.
pub(super) const fn unpredicted(why: Option<Unpredicted>) -> &'static str {
    match why {
        Some(Unpredicted::NoMargin) => {
            "nobody said what stays of this client's revenue. Enter its margin on the client's page"
        }
        Some(Unpredicted::NoCurve) => "there is no curve yet of what the channel brings for its money",
        Some(Unpredicted::NothingTells) | None => "nothing that is stored tells what this is worth",
    }
}

/// What is expected in money, or why that cannot be said.
pub(super) fn worth(proposal: &Proposal) -> Result<Worth, String> {
    let promised = |key: &str| promised(proposal, &format!("/prediction/{key}"));
    let worth = || {
        Some(Worth {
            value: promised("value")?,
            low: promised("low")?,
            high: promised("high")?,
            loss: promised("loss")?,
            learning: learning(proposal),
        })
    };
    worth().ok_or_else(|| unpredicted(proposal.unpredicted).to_owned())
}

/// What the prediction is less by, for the days in which platforms learn.
fn learning(proposal: &Proposal) -> Option<(usize, String)> {
    let at = proposal.basis.iter().position(|basis| basis.name == LEARNING)?;
    Some((at, promised(proposal, &format!("/basis/{at}/value"))?))
}

/// A number of a proposal as its card shows it, by its place; none where no such number stands.
pub(crate) fn promised(proposal: &Proposal, path: &str) -> Option<String> {
    let currency = proposal.currency.as_str();
    let gain = |value: f64| signed(&money(value, currency), value);
    let at = |text: &str| text.parse::<usize>().ok();
    let prediction = || proposal.prediction.as_ref();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    Some(match steps.as_slice() {
        ["prediction", "value"] => gain(prediction()?.value),
        ["prediction", "low"] => gain(prediction()?.low),
        ["prediction", "high"] => gain(prediction()?.high),
        ["prediction", "loss"] => chance(prediction()?.loss),
        ["changes", place, end] => {
            let Change { from, to, .. } = proposal.changes.get(at(place)?)?;
            match *end {
                "from" => money(*from, currency),
                "to" => money(*to, currency),
                "change" => change(*from, *to)?,
                _ => return None,
            }
        }
        ["basis", place, "value"] => rests_on(proposal.basis.get(at(place)?)?, currency),
        ["probability"] => chance(proposal.probability),
        ["effort_minutes"] => effort(proposal.effort_minutes),
        _ => return None,
    })
}

/// A change in per cent with its sign, where anything was there before.
fn change(from: f64, to: f64) -> Option<String> {
    let share = ((to - from) / from * 100.0).round();
    share.is_finite().then(|| format!("{} %", signed(&number(share), share)))
}

/// Budgets before and after.
pub(super) fn steps(action: &Action) -> Vec<Step> {
    let step = |(at, change): (usize, &Change)| {
        let text = |end: &str| promised(&action.proposal, &format!("/changes/{at}/{end}"));
        Step {
            channel: channel(action, change),
            from: text("from").unwrap_or_default(),
            to: text("to").unwrap_or_default(),
            change: text("change"),
        }
    };
    action.proposal.changes.iter().enumerate().map(step).collect()
}

fn channel(action: &Action, change: &Change) -> String {
    let named = action.channels.iter().find(|named| named.id == change.channel);
    named.map_or_else(|| "a channel that is not in sight".to_owned(), |named| named.name.clone())
}

/// The channel or creative it is about.
pub(super) fn about(action: &Action) -> Option<String> {
    let channel =
        action.channels.iter().find(|named| Some(named.id) == action.channel_id).map(|named| named.name.clone());
    let creative = (action.proposal.target.level == "creative")
        .then(|| action.creative_name.clone().unwrap_or_else(|| format!("creative {}", action.proposal.target.id)));
    match (creative, channel) {
        (Some(creative), Some(channel)) => Some(format!("{creative}, in {channel}")),
        (one, other) => one.or(other),
    }
}

/// The span over which an action is judged.
pub(super) fn horizon(days: u16) -> String {
    if days == 1 { "the day after".to_owned() } else { format!("the {days} days after") }
}

/// A person's time.
pub(super) fn effort(minutes: u16) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// What an outcome of a state says, as a ground for an action; its figures open at their place in that state.
pub(super) fn ground((state, outcome): (BrainStateId, i32), ground: &Ground, currency: &str) -> Line {
    let body: Value = serde_json::from_str(&ground.body).unwrap_or_default();
    let of = ground.channel.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    let words = match ground.kind.as_str() {
        "finding" => {
            let id = |path: &str| Some(FigureId::Said { state, outcome, path: path.to_owned() }.to_string());
            return finding(&body, &of, id);
        }
        "response" => {
            "what the client's channels bring at each spend, as fitted to its days (response curves)".to_owned()
        }
        "fatigue" => format!("how a creative{of} wears with the people who saw it"),
        "decay" => format!("what the money{of} returns now against weeks ago"),
        "forecast" => format!("the forecast{of} ({currency} where it is money)"),
        other => format!("{}{of}", other.replace('_', " ")),
    };
    Line::from(words)
}

fn finding(body: &Value, of: &str, id: impl Fn(&str) -> Option<String>) -> Line {
    let kind = match body["kind"].as_str().unwrap_or_default() {
        "spike" => "far above what was to be expected",
        "drop" => "far below what was to be expected",
        "level_shift" | "change_point" => "at another level that stays",
        "delivery_collapse" => "hardly shown any more",
        "tracking_outage" => "no conversions counted, while people click as before",
        "forecast" => "about to get worse",
        "worse" => "worse than before",
        "better" => "better than before",
        "creative_fatigue" => "a creative that people tire of",
        "roi_decay" => "returns less for its money than weeks ago",
        "ltv_drift" => "new customers worth another amount than earlier ones at their age",
        "over_claim" => "platforms claim more than the books hold",
        "unattributed" => "revenue in the books that no platform claims",
        "moved_together" => "many series moved together",
        "winner" => "better than all the others",
        _ => "noticed",
    };
    let metric = body["metric"].as_str().map_or_else(|| "What was noticed".to_owned(), name);
    let line = Line::from(format!("{metric}{of}: {kind}"));
    let line = size(&body["size"], line.clone(), &id).unwrap_or(line);
    let line = line.say(&format!(" ({}", days(body["first"].as_str(), body["last"].as_str())));
    let line = match body["probability"].as_f64() {
        Some(sure) => line.say(", ").figure(id("/probability"), &chance(sure)).say(" sure"),
        None => line,
    };
    line.say(")")
}

fn size(size: &Value, line: Line, id: impl Fn(&str) -> Option<String>) -> Option<Line> {
    let value = size["value"].as_f64()?;
    let (low, high) = (size["low"].as_f64()?, size["high"].as_f64()?);
    let write = |value: f64| match &size["unit"] {
        Value::String(unit) if unit == "change" => format!("{} %", signed(&number((value * 100.0).round()), value)),
        Value::String(unit) if unit == "share" => format!("{} %", number((value * 100.0).round())),
        Value::Object(unit) => money(value, unit.get("money").and_then(Value::as_str).unwrap_or_default()),
        _ => number(value),
    };
    let line = line.say(", ").figure(id("/size/value"), &write(value));
    let line = line.say(" (").figure(id("/size/low"), &write(low)).say(" to ").figure(id("/size/high"), &write(high));
    let line = match size["confidence"].as_f64() {
        Some(sure) => line.say(", ").figure(id("/size/confidence"), &chance(sure)).say(" interval"),
        None => line,
    };
    Some(line.say(")"))
}

/// The figures that an action rests on: a line for each.
pub(super) fn basis(id: ActionId, proposal: &Proposal) -> Vec<Line> {
    let line = |(at, basis): (usize, &Basis)| {
        let of = match (&basis.first, &basis.last) {
            (None, None) => String::new(),
            (first, last) => format!(" ({})", days(first.as_deref(), last.as_deref())),
        };
        let place = figure::promised(id, &format!("/basis/{at}/value"));
        let name = Line::from(format!("{}: ", name(&basis.name)));
        name.figure(Some(place), &rests_on(basis, &proposal.currency)).say(&of)
    };
    proposal.basis.iter().enumerate().map(line).collect()
}

/// The value of a figure that an action rests on; money in this currency.
fn rests_on(basis: &Basis, currency: &str) -> String {
    match basis.name.as_str() {
        _ if basis.money() => money(basis.value, currency),
        name if name.starts_with("share_") || name == "break_even_margin" => percent(basis.value),
        _ => number(basis.value),
    }
}

fn days(first: Option<&str>, last: Option<&str>) -> String {
    match (first, last) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(day), _) | (None, Some(day)) => day.to_owned(),
        (None, None) => "days unknown".to_owned(),
    }
}

/// A number of what came of an action as its card shows it, with its value, by its place; none where no such number stands.
pub(crate) fn outcome(measured: &Measured, currency: &str, path: &str) -> Option<(f64, String)> {
    let write = |value: f64| if money_metric(&measured.metric) { money(value, currency) } else { number(value) };
    let effect = |value: f64| (value, signed(&write(value), value));
    Some(match path {
        "/actual" => (measured.actual, write(measured.actual)),
        "/expected" => (measured.expected, write(measured.expected)),
        "/effect" => effect(measured.effect),
        "/low" => effect(measured.low),
        "/high" => effect(measured.high),
        _ => return None,
    })
}

/// What came of an action.
pub(super) fn came(id: ActionId, measured: &Measured, currency: &str) -> Came {
    let write = |path: &str| outcome(measured, currency, path).map(|(_, shown)| shown).unwrap_or_default();
    let figure = |line: Line, path: &str| line.figure(Some(figure::came(id, path)), &write(path));
    let of = days(Some(&measured.first.to_string()), Some(&measured.last.to_string()));
    let happened = figure(Line::from(format!("{}, {of}: ", name(&measured.metric))), "/actual").say(" happened; ");
    let mut made = vec![
        figure(happened, "/expected").say(" would have without it"),
        Line::from(format!("what would have happened is a forecast of the days before ({})", measured.model)),
    ];
    if measured.verdict == Verdict::CannotTell {
        made.push(Line::from(format!(
            "won or lost is said from {SURE_PERCENT} % sure on, and this is less sure, also where the interval above has no zero in it"
        )));
    }
    match measured.together_with.len() {
        0 => {}
        1 => made.push("another action was done at this client in these days: the effect is of both together".into()),
        more => made.push(Line::from(format!(
            "{more} other actions were done at this client in these days: the effect is of all of them together"
        ))),
    }
    Came { verdict: measured.verdict, effect: write("/effect"), low: write("/low"), high: write("/high"), made }
}

/// How often a kind did what it was done for.
pub(super) fn rate(rate: &HitRate) -> Rate {
    let HitRate { kind, won, lost, cannot_tell } = *rate;
    let parts = [(won, "won"), (lost, "lost"), (cannot_tell, "cannot be told")];
    let parts: Vec<_> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")).collect();
    Rate { title: kind.title().to_owned(), words: parts.join(", ") }
}

/// Whether a metric is an amount of money.
fn money_metric(metric: &str) -> bool {
    ["revenue", "contribution", "spend", "refunds", "margin"].iter().any(|word| metric.contains(word))
}

/// A metric or figure in words, as a sentence begins.
fn name(key: &str) -> String {
    sentence(&spelled(key))
}

/// How probable something is.
pub(super) fn chance(share: f64) -> String {
    decimal(share).map_or_else(|| "unknown".to_owned(), probability)
}

/// A part of a whole.
fn percent(share: f64) -> String {
    match share * 100.0 {
        most if most > 99.0 && most < 100.0 => "over 99 %".to_owned(),
        few if few > 0.0 && few < 1.0 => "under 1 %".to_owned(),
        whole => format!("{} %", number(whole.round())),
    }
}

fn decimal(value: f64) -> Option<Decimal> {
    Decimal::from_f64_retain(value)
}

fn money(value: f64, currency: &str) -> String {
    decimal(value).map_or_else(|| "an amount too large to write".to_owned(), |value| amount(value, currency))
}

/// A number with as many decimals as tell something.
fn number(value: f64) -> String {
    let most = if value != 0.0 && value.abs() < 0.1 { 4 } else { 2 };
    decimal(value).map_or_else(|| "a number too large to write".to_owned(), |value| grouped(value, 0, most))
}

/// With a plus before what is above zero; what is below has its minus already.
fn signed(words: &str, value: f64) -> String {
    if value > 0.0 { format!("+{words}") } else { words.to_owned() }
}

#[cfg(test)]
mod tests;
