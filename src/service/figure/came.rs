//! Opening what came of an action: what happened, what a forecast says would have, and the difference with its interval.

use model::{
    action::{Action, Measured},
    figure::{FigureId, Metric, Opened, Part, SURE, Scope, sentence},
    id::ActionId,
    metric::{Days, spelled},
};
use store::action;

use super::Opening;
use crate::{Error, Result, action::outcome};

/// The number beside an interval's lower end: how probable it is that the interval holds what is true.
const FOUR_FIFTHS: f64 = 0.8;

impl Opening<'_> {
    /// A number of what came of an action.
    pub(super) async fn came(&mut self, id: &FigureId, action: ActionId, path: &str) -> Result<Opened> {
        let action = action::get(&mut self.tx, action).await?;
        let measured = action.measured.clone().ok_or(Error::Missing)?;
        let currency = action.proposal.currency.as_str();
        let told = |path: &str| outcome(&measured, currency, path);
        let (value, shown) = match path.strip_suffix(SURE) {
            Some("/low") => (FOUR_FIFTHS, "80 %".to_owned()),
            Some(_) => return Err(Error::Missing),
            None => told(path).ok_or(Error::Missing)?,
        };
        let what = spelled(&measured.metric);
        let (name, formula) = match path {
            "/actual" => (format!("{what} that happened"), format!("{what} of these days, as it was reported")),
            "/expected" => (
                format!("{what} that would have happened"),
                format!("what a forecast of the days before says of these ({})", measured.model),
            ),
            "/effect" => (format!("effect on {what}"), "actual − expected".to_owned()),
            "/low" => (format!("effect on {what} at least"), "the lower end of the interval".to_owned()),
            "/high" => (format!("effect on {what} at most"), "the upper end of the interval".to_owned()),
            _ => ("interval".to_owned(), "the probability with which the interval holds the effect".to_owned()),
        };
        let part = |name: &str| {
            told(&format!("/{name}")).map(|(value, shown)| Part {
                name: name.to_owned(),
                value: value.to_string(),
                shown,
                first: measured.first.to_string(),
                last: measured.last.to_string(),
                rows: 0,
            })
        };
        let parts = if path == "/effect" {
            ["actual", "expected"].iter().filter_map(|name| part(name)).collect()
        } else {
            Vec::new()
        };
        let scope = scope(&action, &measured);
        let of = self.named(&scope).await?;
        // As it was known when it was measured: what is said of these days later is not in it.
        let at = action.events.iter().rev().find(|event| event.state == action.state).map(|event| event.at);
        let of_days = if path == "/actual" { metrics(&measured.metric).unwrap_or_default() } else { Vec::new() };
        let days = Days { first: measured.first, last: measured.last };
        let rows = self.days_of(&scope, currency, days, &of_days, at).await?;
        let (page, runs) = self.page(rows, at).await?;
        Ok(Opened {
            id: id.to_string(),
            name: sentence(&name),
            of,
            days: Some((measured.first.to_string(), measured.last.to_string())),
            as_of: None,
            value: Ok(value.to_string()),
            unit: unit(&shown, currency, path).to_owned(),
            shown: Some(shown),
            formula,
            parts,
            lacks: together(&measured),
            rows: page,
            runs,
            evidence: None,
        })
    }
}

/// What days a measured metric is made of; none where it is of something else.
fn metrics(key: &str) -> Option<Vec<Metric>> {
    let parse = |keys: &[&str]| keys.iter().map(|key| Metric::parse(key)).collect();
    match key {
        "net_contribution" | "half_of_revenue_less_spend" | "revenue_less_spend" => parse(&["ledger_revenue", "spend"]),
        "claimed_net_contribution" | "half_of_claimed_revenue_less_spend" | "claimed_revenue_less_spend" => {
            parse(&["claimed_revenue", "spend"])
        }
        key => parse(&[key]),
    }
}

/// Whose days were measured: the books are the client's, claims those of the channel that was acted in.
fn scope(action: &Action, measured: &Measured) -> Scope {
    let claims = measured.metric.contains("claimed");
    action.channel_id.filter(|_| claims).map_or(Scope::Client(action.client_id), Scope::Channel)
}

fn unit<'a>(shown: &str, currency: &'a str, path: &str) -> &'a str {
    match path {
        _ if path.ends_with(SURE) => "share",
        _ if shown.ends_with(currency) => currency,
        _ => "count",
    }
}

/// That the effect is not of this action alone.
fn together(measured: &Measured) -> Vec<String> {
    match measured.together_with.len() {
        0 => Vec::new(),
        1 => vec!["another action was done at this client in these days: the effect is of both together".to_owned()],
        more => {
            vec![format!("{more} other actions were done at this client in these days: the effect is of all together")]
        }
    }
}
