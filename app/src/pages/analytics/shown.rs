//! What the page's server functions answer: what is counted, and what a brain state says of it.

use model::{
    analytics::{Breakdown, Granularity, Head, Total},
    chart::{Band, Chart, Forecast, Ids, Kind, Mark, Unit},
    dashboard::Beside,
};
use serde::{Deserialize, Serialize};

/// What was counted, as it is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// What it is about.
    pub head: Head,
    /// The main figures.
    pub totals: Vec<Total>,
    /// The course of each metric, by its spelling.
    pub courses: Vec<(String, Chart)>,
    /// Spend and revenue, stacked.
    pub stacks: Vec<Chart>,
    /// Each channel by itself.
    pub channels: Breakdown,
}

/// What is laid over the course of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Over {
    /// The metric's spelling.
    pub key: String,
    /// Of whom it is foretold.
    pub of: String,
    /// In which unit.
    pub unit: Option<Unit>,
    /// What is foretold, day by day.
    pub forecast: Option<Forecast>,
    /// The day before the first that is foretold.
    pub before: Option<String>,
    /// How often such intervals held, and over how many of the last days.
    pub record: Option<(Beside, Beside)>,
    /// The day that those end with, where what came later still grows.
    pub settled: Option<String>,
    /// Why nothing is.
    pub why: Option<String>,
    /// What was noticed.
    pub marks: Vec<Mark>,
}

/// What the spend of a client brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientCurves {
    /// The client.
    pub client: String,
    /// A chart for each channel; `Err` names a channel of which nothing is known, and says why.
    pub curves: Vec<Result<Chart, (String, String)>>,
    /// What to know before believing them.
    pub warnings: Vec<String>,
    /// Why nothing is known of the client.
    pub why: Option<String>,
}

/// What the customers of a shop are worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worths {
    /// The shop.
    pub shop: String,
    /// The chart; `Err` says why there is none.
    pub chart: Result<Chart, String>,
}

/// What a brain state says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thought {
    /// The last day that had ended for it, as 2026-11-03; none while nothing was thought.
    pub day: Option<String>,
    /// Whether all of it is simulated.
    pub simulated: bool,
    /// Whether too many clients are asked for to tell what spend brings and what customers are worth.
    pub narrow: bool,
    /// What is laid over the courses.
    pub over: Vec<Over>,
    /// What spend brings.
    pub curves: Vec<ClientCurves>,
    /// What customers are worth.
    pub worths: Vec<Worths>,
}

impl Thought {
    /// The course of a metric with what is foretold and was noticed of it. Days that are foretold and were counted are left out;
    /// nothing is foretold of weeks and months, which no number of the state is, nor of several channels together.
    pub fn laid_over(&self, head: &Head, key: &str, mut chart: Chart) -> Chart {
        let foretold = self.foretold(key, &chart.unit).filter(|_| head.granularity == Granularity::Day);
        let Kind::Lines(lines) = &mut chart.kind else { return chart };
        let last = head.days.1.as_str();
        let inside = |mark: &&Mark| (head.days.0.as_str()..=last).contains(&mark.day.as_str());
        // What is about no metric is about all of them.
        let marks = self.of(key).chain(self.of("")).flat_map(|over| &over.marks);
        lines.marks.extend(marks.filter(inside).cloned());
        if let Some((over, forecast)) = foretold {
            lines.forecast = after(forecast, over.before.as_deref(), last);
        }
        chart
    }

    fn of<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Over> {
        self.over.iter().filter(move |over| over.key == key)
    }

    /// What is foretold of a metric in the unit of its course, if that is one thing.
    fn foretold<'a>(&'a self, key: &'a str, unit: &Unit) -> Option<(&'a Over, &'a Forecast)> {
        let mut all = self.of(key).filter_map(|over| Some((over, over.forecast.as_ref()?)));
        let first = all.next().filter(|(over, _)| over.unit.as_ref() == Some(unit));
        if all.next().is_none() { first } else { None }
    }

    /// How often intervals like those that are drawn held, and over how many of the last days.
    pub fn record(&self, key: &str, unit: &Unit) -> Option<(Beside, Beside, Option<String>)> {
        let (over, _) = self.foretold(key, unit)?;
        let (held, days) = over.record.clone()?;
        Some((held, days, over.settled.clone()))
    }

    /// Why nothing is foretold of a metric in the unit of its course.
    pub fn lack(&self, key: &str, unit: &Unit) -> Option<String> {
        if self.foretold(key, unit).is_some() {
            return None;
        }
        let other = |over: &Over| over.forecast.is_some() && over.unit.as_ref() != Some(unit);
        if self.of(key).any(other) {
            return Some("it is foretold in another currency than is shown here".to_owned());
        }
        if self.of(key).any(|over| over.forecast.is_some()) {
            return Some("each of these is foretold by itself. Choose one of them to see it".to_owned());
        }
        self.of(key).find_map(|over| over.why.clone())
    }
}

/// The part of a forecast that lies after this day; none where it does not go on from there.
fn after(forecast: &Forecast, before: Option<&str>, last: &str) -> Option<Forecast> {
    let known = forecast.spans.iter().take_while(|span| span.first.as_str() <= last).count();
    if known == forecast.spans.len() || (known == 0 && before != Some(last)) {
        return None;
    }
    let ids = |ids: &Ids| match ids {
        Ids::Each(each) => Ids::Each(each.iter().skip(known).cloned().collect()),
        other => other.clone(),
    };
    let values = |values: &[f64]| values.iter().skip(known).copied().collect();
    let band = |band: &Band| Band {
        sure: band.sure,
        low: values(&band.low),
        high: values(&band.high),
        low_ids: ids(&band.low_ids),
        high_ids: ids(&band.high_ids),
    };
    Some(Forecast {
        name: forecast.name.clone(),
        spans: forecast.spans.iter().skip(known).cloned().collect(),
        middle: values(&forecast.middle),
        ids: ids(&forecast.ids),
        bands: forecast.bands.iter().map(band).collect(),
    })
}

#[cfg(test)]
mod tests {
    use model::chart::Span;

    use super::*;

    fn forecast(days: &[&str]) -> Forecast {
        let ids = || Ids::Each(days.iter().map(|day| Some(format!("s.{day}"))).collect());
        let values = || (0..days.len()).map(|at| at as f64).collect::<Vec<_>>();
        let band = Band { sure: 80, low: values(), high: values(), low_ids: ids(), high_ids: ids() };
        Forecast {
            name: "Forecast".into(),
            spans: days.iter().map(|day| Span::day(*day)).collect(),
            middle: values(),
            ids: ids(),
            bands: vec![band],
        }
    }

    #[test]
    fn what_is_foretold_goes_on_where_the_course_ends() {
        let days = ["2026-11-21", "2026-11-22", "2026-11-23"];
        let of = |last: &str| after(&forecast(&days), Some("2026-11-20"), last);
        assert_eq!(of("2026-11-20"), Some(forecast(&days)), "from the next day on");
        assert_eq!(of("2026-11-19"), None, "a day between them is not known");
        assert_eq!(of("2026-11-23"), None, "all of it was counted");
        let rest = of("2026-11-21").unwrap();
        assert_eq!((rest.spans.len(), rest.middle.as_slice()), (2, [1.0, 2.0].as_slice()));
        assert_eq!(rest.bands[0].low_ids, Ids::Each(vec![Some("s.2026-11-22".into()), Some("s.2026-11-23".into())]));
        assert_eq!(rest.ids.at(0, &rest.spans[0]).as_deref(), Some("s.2026-11-22"));
    }
}
