//! All metrics of some sources in some days: a channel's, a client's, the agency's, by the sources that are given.

use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    Absent, Currency, Days, Figure, Measure, Metric, Part, Rates, Source, Unit,
    metric::Formula,
    total::{Money, matched, total},
};

/// In what and with what figures are made.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The currency of amounts; without one, that of the rows, which must be one only.
    pub display: Option<Currency>,
    /// The daily rates.
    pub rates: &'a Rates,
    /// What is left of a unit of revenue after the goods, from 0 to 1, if somebody set it.
    pub margin: Option<Decimal>,
}

/// The figures, in the order of [`Metric::ALL`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The days.
    pub days: Days,
    /// Each metric with its figure, or why there is none.
    pub figures: Vec<(Metric, Result<Figure, Absent>)>,
}

impl Report {
    /// The figure of a metric.
    ///
    /// # Errors
    /// Why there is none.
    pub fn get(&self, metric: Metric) -> Result<&Figure, &Absent> {
        match &self.figures[metric as usize].1 {
            Ok(figure) => Ok(figure),
            Err(absent) => Err(absent),
        }
    }
}

/// Every metric of these sources in these days.
///
/// A sum with gaps is a figure that names them. A quotient of one source's own measures is made of the days on which both are
/// known, of the sources that report both, and names the others; it is absent where too much would be left out. A quotient of
/// what different sources report would be wrong with gaps and is absent.
pub fn report(sources: &[&Source], days: Days, setting: &Setting<'_>) -> Report {
    Report { days, figures: Metric::ALL.map(|metric| (metric, figure(metric, sources, days, setting))).into() }
}

/// One metric.
pub(crate) fn figure(metric: Metric, sources: &[&Source], days: Days, setting: &Setting<'_>) -> Result<Figure, Absent> {
    made(metric, sources, days, setting, true)
}

/// The value of one metric, where all rows of all days went into it.
pub(crate) fn whole_value(metric: Metric, sources: &[&Source], days: Days, setting: &Setting<'_>) -> Option<Decimal> {
    let made = made(metric, sources, days, setting, false).ok()?;
    made.whole().then_some(made.value)
}

fn made(metric: Metric, sources: &[&Source], days: Days, setting: &Setting<'_>, named: bool) -> Result<Figure, Absent> {
    let money = Money { display: setting.display, rates: setting.rates, named };
    let sum = |sources: &[&Source], measure| total(sources, days, measure, money);
    let made =
        |value: Decimal, unit, parts| Figure { value: value.normalize(), unit, formula: metric.formula(), parts };
    let amount = |sources: &[&Source]| {
        // Money that was added up has a currency; a read range without any row shows its zero in the display currency.
        money.currency(sources, days).map(|currency| currency.map_or(Unit::Count, Unit::Money))
    };
    match metric.made() {
        Formula::Sum(measure) => {
            let part = sum(sources, measure)?;
            Ok(made(part.value, if measure.money() { amount(sources)? } else { Unit::Count }, vec![part]))
        }
        Formula::Ratio { over, under, times, own } => {
            let [over, under] = if own {
                matched(sources, days, [over, under], money)?
            } else {
                [whole(sum(sources, over)?)?, whole(sum(sources, under)?)?]
            };
            if under.value <= Decimal::ZERO {
                return Err(Absent::NoDenominator { measure: under.measure });
            }
            let value = over.value.checked_mul(times.into()).and_then(|value| value.checked_div(under.value));
            let unit = match (over.measure.money(), under.measure.money()) {
                (true, false) if own => amount(&both(sources, over.measure, under.measure))?,
                (true, false) => amount(sources)?,
                _ => Unit::Ratio,
            };
            Ok(made(value.ok_or(Absent::TooLarge)?, unit, vec![over, under]))
        }
        Formula::Margin => {
            let margin = setting.margin.ok_or(Absent::NoMargin)?;
            let (revenue, spend) = (sum(sources, Measure::LedgerRevenue)?, sum(sources, Measure::Spend)?);
            let (revenue, spend) = (whole(revenue)?, whole(spend)?);
            let value = revenue.value.checked_mul(margin).and_then(|value| value.checked_sub(spend.value));
            Ok(made(value.ok_or(Absent::TooLarge)?, amount(sources)?, vec![revenue, spend]))
        }
        Formula::Refunds => {
            let [refunds, revenue] = matched(sources, days, [Measure::Refunds, Measure::LedgerRevenue], money)?;
            let before = revenue.value.checked_add(refunds.value).ok_or(Absent::TooLarge)?;
            if before <= Decimal::ZERO {
                return Err(Absent::NoDenominator { measure: Measure::LedgerRevenue });
            }
            let value = refunds.value.checked_div(before).ok_or(Absent::TooLarge)?;
            Ok(made(value, Unit::Ratio, vec![refunds, revenue]))
        }
    }
}

fn both<'a>(sources: &[&'a Source], one: Measure, other: Measure) -> Vec<&'a Source> {
    sources.iter().copied().filter(|source| source.reports(one) && source.reports(other)).collect()
}

/// Refuses a sum with gaps.
fn whole(part: Part) -> Result<Part, Absent> {
    if part.gaps.is_empty() {
        return Ok(part);
    }
    Err(Absent::Incomplete { measure: part.measure, beside: None, gaps: part.gaps })
}

#[cfg(test)]
mod tests;
