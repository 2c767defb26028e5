//! Opening a metric of a client that takes more than the days of its channels: who its customers are, or its margin. It is made as
//! its page makes it; the rows are those of its parts that are days of channels.

use model::{
    actor::Actor,
    figure::{FigureId, Metric, OfDays, Opened, Scope},
    input::Invalid,
    metric::spelled,
};
use serde_json::Value;

use super::{Asked, BEFORE, Opening, changed_by, counted::Number, in_percent, of_change, parts};
use crate::{
    Error, Result, Service,
    performance::{self, words},
};

/// What the brain makes of a client in these days against those before.
pub(super) async fn compared(service: &Service, actor: &Actor, of: &OfDays, asked: &Asked) -> Result<Value> {
    let (Scope::Client(client), Some(before)) = (&of.scope, of.before()) else { return Err(Error::Missing) };
    if asked.as_of.is_some() {
        let why = "who the customers are and what stays of revenue are known as of now only: ask for this figure without a moment";
        return Err(Invalid::new("as_of", why).into());
    }
    Ok(performance::compared(service, actor, *client, (of.days, before)).await?.unwrap_or_default())
}

impl Opening<'_> {
    /// The figure, or its change.
    pub(super) async fn of_client(
        &mut self,
        id: &FigureId,
        of: &OfDays,
        body: &Value,
        changed: bool,
    ) -> Result<Opened> {
        let scope = self.named(&of.scope).await?;
        let comparison = &body["metrics"][of.metric.key()];
        let [now, then] = ["now", "before"].map(|when| performance::read(of.metric, &comparison[when], &of.currency));
        // In another currency than the client's it is another figure, which there is not.
        let known = |number: &Number| number.unit.len() != 3 || number.unit == of.currency;
        if now.as_ref().is_ok_and(|number| !known(number)) {
            return Err(Error::Missing);
        }
        let metrics: Vec<Metric> = now.iter().flat_map(made_of).collect();
        let rows = self.days_of(&of.scope, &of.currency, of.days, &metrics, None).await?;
        let (page, runs) = self.page(rows, None).await?;
        let all = match (&now, &then) {
            (Ok(now), Ok(then)) if changed => [parts(now, ""), parts(then, BEFORE)].concat(),
            (Ok(now), _) => parts(now, ""),
            _ => Vec::new(),
        };
        let (formula, unit) = match &now {
            Ok(number) if changed => (of_change(number), "change".to_owned()),
            Ok(number) => (number.formula.clone(), number.unit.clone()),
            Err(_) => Default::default(),
        };
        let (value, shown) = match (now, then) {
            (Ok(now), Ok(then)) if changed => {
                let share = changed_by(&now, &then);
                (share.clone().map(|share| share.to_string()), share.ok().map(in_percent))
            }
            (Ok(_), Err(why)) if changed => (Err(format!("of the days before, {why}")), None),
            (Ok(now), _) => (Ok(now.value.to_string()), Some(now.shown)),
            (Err(why), _) => (Err(why), None),
        };
        let name = words::name(of.metric.key());
        Ok(Opened {
            id: id.to_string(),
            name: if changed { format!("Change of {}", spelled(of.metric.key())) } else { name },
            of: scope,
            days: Some((of.days.first.to_string(), of.days.last.to_string())),
            as_of: None,
            value,
            shown,
            unit,
            formula,
            parts: all,
            lacks: Vec::new(),
            rows: page,
            runs,
            evidence: None,
        })
    }
}

/// The parts that are days of channels.
fn made_of(number: &Number) -> Vec<Metric> {
    number.parts.iter().filter_map(|part| Metric::parse(part["measure"].as_str()?)).collect()
}
