//! Opening a figure: its value, how it is made, the rows that it is made of, and the runs that heard them.
//!
//! What is opened is made by the same functions as what is shown (`counted` for stored days, `summary` for what a brain state
//! says), so that the two cannot differ. Who may not see something gets the answer of what is not there.

mod came;
pub(crate) mod counted;
pub(crate) mod missing;
mod of_client;
mod rows;
mod said;
pub(crate) mod scope;

use model::{
    access::Action,
    actor::Actor,
    figure::{FigureId, OfDays, Opened, Part, Scope},
    metric::{Days, spelled},
};
use rust_decimal::Decimal;
use serde_json::Value;
use store::{TenantTx, brain, organization};
use time::OffsetDateTime;

use self::{
    counted::{Number, Reading},
    scope::named,
};
use crate::{Error, Result, Service, access, moment, performance::words};

/// How a figure is opened.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// As it was known at this moment; now, if none is named.
    pub as_of: Option<OffsetDateTime>,
    /// So many rows at once.
    pub limit: i64,
    /// Where the rows go on.
    pub cursor: Option<String>,
}

/// A figure with what it is made of.
///
/// # Errors
/// What is no id, a malformed cursor, or missing: of another agency, of a client out of sight, or not there.
pub async fn open(service: &Service, actor: &Actor, id: &str, asked: &Asked) -> Result<Opened> {
    access::allow(service, actor, Action::ReadClients).await?;
    let id: FigureId = id.parse()?;
    let of_client = match &id {
        FigureId::Counted(of) | FigureId::Changed(of) if !of.metric.of_days() => {
            Some(of_client::compared(service, actor, of, asked).await?)
        }
        FigureId::Beside(of, _) if !of.metric.of_days() => return Err(Error::Missing),
        _ => None,
    };
    let mut tx = service.db.tenant(actor).await?;
    brain::freeze(&mut tx).await?;
    let agency = organization::get(&mut tx).await?;
    let mut opening =
        Opening { service, words: moment::Words::in_zone(&agency.time_zone, service.clock.now()), tx, actor, asked };
    match (&id, &of_client) {
        (FigureId::Counted(of), Some(body)) => opening.of_client(&id, of, body, false).await,
        (FigureId::Changed(of), Some(body)) => opening.of_client(&id, of, body, true).await,
        (FigureId::Counted(of), None) => opening.counted(&id, of).await,
        (FigureId::Changed(of), None) => {
            let before = of.before().ok_or(Error::Missing)?;
            opening.changed(&id, of, before).await
        }
        (FigureId::Beside(of, earlier), _) => opening.changed(&id, of, *earlier).await,
        (FigureId::Said { state, outcome, path }, _) => opening.said(&id, *state, *outcome, path).await,
        (FigureId::Promised { action, path }, _) => opening.promised(&id, *action, path).await,
        (FigureId::Came { action, path }, _) => opening.came(&id, *action, path).await,
    }
}

/// What opening takes.
struct Opening<'a> {
    service: &'a Service,
    actor: &'a Actor,
    tx: TenantTx,
    words: moment::Words,
    asked: &'a Asked,
}

impl Opening<'_> {
    /// What a scope is called; missing where it is not in sight.
    async fn named(&mut self, scope: &Scope) -> Result<String> {
        named(&mut self.tx, self.actor, scope).await
    }

    async fn counted(&mut self, id: &FigureId, of: &OfDays) -> Result<Opened> {
        let scope = self.named(&of.scope).await?;
        let reading = Reading { rows: true, by_day: false, as_of: self.asked.as_of };
        let asked = [counted::asked(of.scope.clone(), &of.currency, of.days, vec![of.metric], reading)];
        let counted = counted::make(self.service, &mut self.tx, asked.into(), reading).await?;
        let made = counted.only(0)?;
        let mut rows = self.rows_of(&counted.channels, &of.scope).await?;
        let read = counted::read(of.metric, made, &of.currency);
        let (parts, lacks) = match &read {
            Ok(number) => {
                rows.add(number, made, "");
                (parts(number, ""), number.lacks(&rows.names()))
            }
            Err(_) => (Vec::new(), Vec::new()),
        };
        let (formula, unit) = read
            .as_ref()
            .map_or_else(|_| (String::new(), String::new()), |number| (number.formula.clone(), number.unit.clone()));
        let (page, runs) = self.page(rows, self.asked.as_of).await?;
        Ok(Opened {
            id: id.to_string(),
            name: words::name(of.metric.key()),
            of: scope,
            days: Some((of.days.first.to_string(), of.days.last.to_string())),
            as_of: self.asked.as_of.map(|at| self.words.write(at)),
            shown: read.as_ref().ok().map(|number| number.shown.clone()),
            value: read.map(|number| number.value.to_string()).map_err(|(_, why)| why),
            unit,
            formula,
            parts,
            lacks,
            rows: page,
            runs,
            evidence: None,
        })
    }

    async fn changed(&mut self, id: &FigureId, of: &OfDays, before: Days) -> Result<Opened> {
        let scope = self.named(&of.scope).await?;
        let reading = Reading { rows: true, by_day: false, as_of: self.asked.as_of };
        let asked = [of.days, before]
            .map(|days| counted::asked(of.scope.clone(), &of.currency, days, vec![of.metric], reading));
        let counted = counted::make(self.service, &mut self.tx, asked.into(), reading).await?;
        let (made, earlier) = (counted.only(0)?, counted.only(1)?);
        let read = (counted::read(of.metric, made, &of.currency), counted::read(of.metric, earlier, &of.currency));
        let mut rows = self.rows_of(&counted.channels, &of.scope).await?;
        let (mut all, mut lacks, mut formula) = (Vec::new(), Vec::new(), String::new());
        let value = match &read {
            (Ok(now), Ok(then)) => {
                rows.add(now, made, "");
                rows.add(then, earlier, BEFORE);
                all = [parts(now, ""), parts(then, BEFORE)].concat();
                let names = rows.names();
                lacks = [now.lacks(&names), then.lacks(&names)].concat();
                words::unique(&mut lacks);
                formula = of_change(now);
                changed_by(now, then)
            }
            (Err((_, why)), _) => Err(why.clone()),
            (_, Err((_, why))) => Err(format!("of the days before, {why}")),
        };
        let (page, runs) = self.page(rows, self.asked.as_of).await?;
        Ok(Opened {
            id: id.to_string(),
            name: format!("Change of {}", spelled(of.metric.key())),
            of: scope,
            days: Some((of.days.first.to_string(), of.days.last.to_string())),
            as_of: self.asked.as_of.map(|at| self.words.write(at)),
            shown: value.as_ref().ok().map(|share| in_percent(*share)),
            value: value.map(|share| share.to_string()),
            unit: "change".to_owned(),
            formula,
            parts: all,
            lacks,
            rows: page,
            runs,
            evidence: None,
        })
    }
}

/// What the parts of the days before are called besides their own name.
const BEFORE: &str = "_before";

/// A change as a share of what was before; none of what was not above zero.
pub(crate) fn change(now: Decimal, before: Decimal) -> Option<Decimal> {
    let share = now.checked_sub(before)?.checked_div(before);
    share.filter(|_| before > Decimal::ZERO).map(|share| share.normalize())
}

/// The change from one figure to another of the same accounts and days; `Err` says why there is none.
fn changed_by(now: &Number, before: &Number) -> std::result::Result<Decimal, String> {
    if !now.alike(before) {
        return Err(missing::UNLIKE.to_owned());
    }
    change(now.value, before.value).ok_or_else(|| "what was before is not above zero".to_owned())
}

/// A change as it stands on pages.
pub(crate) fn in_percent(share: Decimal) -> String {
    share.checked_mul(Decimal::ONE_HUNDRED).map(words::signed).unwrap_or_default()
}

fn parts(number: &Number, suffix: &str) -> Vec<Part> {
    let one = |part: &Value| {
        let (measure, exact) = (part["measure"].as_str()?, words::decimal(&part["value"])?);
        let text = |end: &str| part["days"][end].as_str().unwrap_or_default().to_owned();
        Some(Part {
            name: format!("{measure}{suffix}"),
            value: exact.to_string(),
            shown: match number.money(measure) {
                Some(currency) => words::amount(exact, currency),
                None => model::number::grouped(exact, 0, 2),
            },
            first: text("first"),
            last: text("last"),
            rows: part["rows"].as_i64().unwrap_or_default(),
        })
    };
    number.parts.iter().filter_map(one).collect()
}

/// The formula of a change: that of the figure, of both ranges.
fn of_change(number: &Number) -> String {
    let measures: Vec<&str> = number.parts.iter().filter_map(|part| part["measure"].as_str()).collect();
    let mut before = String::new();
    for word in number.formula.split_inclusive(|letter: char| !(letter.is_ascii_lowercase() || letter == '_')) {
        let end = word.trim_end_matches(|letter: char| !(letter.is_ascii_lowercase() || letter == '_')).len();
        let (name, rest) = word.split_at(end);
        before.push_str(name);
        if measures.contains(&name) {
            before.push_str(BEFORE);
        }
        before.push_str(rest);
    }
    if number.parts.len() > 1 {
        format!("({}) / ({before}) − 1", number.formula)
    } else {
        format!("{} / {before} − 1", number.formula)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn number(formula: &str, measures: &[&str]) -> Number {
        Number {
            value: Decimal::ONE,
            unit: "ratio".into(),
            shown: "1.00".into(),
            formula: formula.into(),
            parts: measures.iter().map(|measure| json!({"measure": measure, "value": "1"})).collect(),
            currency: "EUR".into(),
        }
    }

    #[test]
    fn a_change_is_told_of_both_ranges() {
        assert_eq!(of_change(&number("spend", &["spend"])), "spend / spend_before − 1");
        assert_eq!(
            of_change(&number("refunds / (ledger_revenue + refunds)", &["refunds", "ledger_revenue"])),
            "(refunds / (ledger_revenue + refunds)) / (refunds_before / (ledger_revenue_before + refunds_before)) − 1"
        );
        assert_eq!(
            of_change(&number("1000 × spend / impressions", &["spend", "impressions"])),
            "(1000 × spend / impressions) / (1000 × spend_before / impressions_before) − 1"
        );
    }

    #[test]
    fn nothing_changes_from_zero() {
        let of = |now: i64, before: i64| change(now.into(), before.into()).map(in_percent);
        assert_eq!([of(112, 100), of(1, 2), of(5, 5)].map(Option::unwrap), ["+12 %", "−50 %", "0 %"]);
        assert_eq!([of(1, 0), of(0, 0), of(1, -1)], [None, None, None]);
    }
}
