//! A fall of conversions: did people stop buying, or did the counting stop?
//!
//! Conversions of a channel are a thinned part of its clicks. If tracking breaks, clicks and spend go on as before and
//! conversions do not, of every channel that shares the tag at once; if a channel stops delivering, its own clicks fall
//! as well and the others go on; if fewer people buy, conversions fall by a part, not to nothing. The days in question are
//! compared with the days before them: conversions per click as a share of their usual rate, by the beta-binomial
//! predictive distribution (each channel's own rate, as uncertain as its days make it), clicks and sessions as
//! a count with the overdispersion of their own past. What both allow is not called anything.

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::gamma::ln_gamma;

use crate::{NotEnough, Series};

/// Days before the ones in question: four of each weekday at least.
const NEEDED: usize = 28;
/// Days that are looked back at, at most: rates of half a year ago are another season's.
const MEMORY: usize = 84;
/// A chance below this is no chance: as for alarms, one in a thousand.
const RARE: f64 = 1e-3;
/// A fall to at most this share is a collapse; of conversions per click, what a broken tag leaves.
const LEFT: f64 = 0.2;

/// A channel's days. The series begin on the same day and end on the same day.
#[derive(Clone, Copy, Debug)]
pub struct Channel<'a> {
    /// What the answer calls it.
    pub name: &'a str,
    /// Clicks per day, or sessions where there are no clicks.
    pub clicks: &'a Series,
    /// Spend per day in the account's currency, if it is known.
    pub spend: Option<&'a Series>,
    /// Conversions (or orders) per day, as tracking counts them.
    pub conversions: &'a Series,
}

/// What happened to a client's conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Clicks go on, conversions do not, in every channel or in the shop's own count as well.
    TrackingOutage,
    /// One channel's clicks go on without conversions while other channels convert: its own tag or landing page.
    ChannelTracking,
    /// A channel stopped delivering.
    DeliveryCollapse,
    /// Clicks or what follows from them really fell.
    RealFall,
}

/// Something that happened to conversions on the days in question.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Verdict {
    /// What it is.
    pub cause: Cause,
    /// The channels it is about.
    pub channels: Vec<String>,
    /// Conversions there were.
    pub conversions: f64,
    /// Conversions that the clicks of these days used to bring.
    pub expected: f64,
    /// Chance of so few, were nothing changed.
    pub p: f64,
}

/// What is known of one channel on the days in question.
struct Look<'a> {
    name: &'a str,
    clicks: Fall,
    spend: Option<Fall>,
    conversions: f64,
    /// Conversions expected of the clicks there were, and of the clicks that were usual.
    of_clicks: f64,
    usual: f64,
    p_rate: f64,
}

#[derive(Clone, Copy)]
struct Fall {
    share: f64,
    p: f64,
}

/// Judges the last `days` days (1 to 28) of a client's channels: what fell, and why. Nothing fell: an empty answer.
///
/// # Errors
/// [`NotEnough::TooShort`] if no channel has four weeks before those days, [`NotEnough::Negative`] for clicks or conversions
/// below zero.
pub fn causes(channels: &[Channel<'_>], days: usize) -> Result<Vec<Verdict>, NotEnough> {
    causes_when(channels, days, 1.0)
}

/// The same where only this share (0 to 1) of the conversions of those days is known at least, because platforms tell of
/// the others later: fewer than so many are to be missing before anything is said of them.
///
/// # Errors
/// As of [`causes`].
pub fn causes_when(channels: &[Channel<'_>], days: usize, known: f64) -> Result<Vec<Verdict>, NotEnough> {
    let days = days.clamp(1, 28);
    let known = if known.is_finite() { known.clamp(0.0, 1.0) } else { 1.0 };
    let mut looks = Vec::new();
    let mut most = 0;
    for channel in channels {
        for series in [channel.clicks, channel.conversions] {
            if let Some(at) = series.values().iter().position(|value| value.is_some_and(|value| value < 0.0)) {
                return Err(NotEnough::Negative { at });
            }
        }
        match look(channel, days, known) {
            Ok(look) => looks.push(look),
            Err(has) => most = most.max(has),
        }
    }
    if looks.is_empty() {
        return Err(NotEnough::TooShort { has: most, needs: NEEDED });
    }
    Ok(judge(&looks))
}

fn judge(looks: &[Look<'_>]) -> Vec<Verdict> {
    let silent = |look: &Look<'_>| look.p_rate < RARE && look.conversions <= LEFT * look.of_clicks;
    let verdict = |cause, about: &[&Look<'_>], p: f64, usual: bool| Verdict {
        cause,
        channels: about.iter().map(|look| look.name.to_owned()).collect(),
        conversions: about.iter().map(|look| look.conversions).sum(),
        expected: about.iter().map(|look| if usual { look.usual } else { look.of_clicks }).sum(),
        p,
    };
    let mut answer = Vec::new();
    let collapsed = |look: &Look<'_>| {
        let spend = look.spend.is_none_or(|spend| spend.p < RARE && spend.share <= LEFT);
        look.clicks.p < RARE && look.clicks.share <= LEFT && spend
    };
    for look in looks.iter().filter(|look| collapsed(look)) {
        answer.push(verdict(Cause::DeliveryCollapse, &[look], look.clicks.p, true));
    }
    // Channels that still have clicks, of which conversions can be expected at all: three of them would come with 95 %.
    let going: Vec<&Look<'_>> = looks.iter().filter(|look| !collapsed(look)).collect();
    let telling: Vec<&Look<'_>> = going.iter().copied().filter(|look| look.of_clicks >= 3.0).collect();
    let out: Vec<&Look<'_>> = telling.iter().copied().filter(|look| silent(look)).collect();
    let together = |about: &[&Look<'_>]| about.iter().map(|look| look.p_rate).fold(1.0, f64::min) * about.len() as f64;
    let all: (f64, f64) = going.iter().fold((0.0, 0.0), |sum, look| (sum.0 + look.conversions, sum.1 + look.of_clicks));
    // Every channel of which something can be expected is silent, or nearly all: then it is what they share.
    if !out.is_empty()
        && 4 * out.len() >= 3 * telling.len()
        && all.0 <= LEFT * all.1
        && telling.len() + 1 > looks.len() / 2
    {
        answer.push(verdict(Cause::TrackingOutage, &out, together(&out).min(1.0), false));
        return answer;
    }
    for look in &out {
        answer.push(verdict(Cause::ChannelTracking, &[look], look.p_rate, false));
    }
    for look in going.iter().filter(|look| !silent(look)) {
        let p = look.p_rate.min(look.clicks.p);
        if p < RARE && look.conversions < look.usual {
            answer.push(verdict(Cause::RealFall, &[look], p, true));
        }
    }
    answer
}

fn look<'a>(channel: &Channel<'a>, days: usize, known: f64) -> Result<Look<'a>, usize> {
    let pairs: Vec<(f64, f64)> = channel
        .clicks
        .values()
        .iter()
        .zip(channel.conversions.values())
        .map(|(clicks, conversions)| match (clicks, conversions) {
            (Some(clicks), Some(conversions)) => (*clicks, *conversions),
            _ => (f64::NAN, f64::NAN),
        })
        .collect();
    let split = pairs.len().saturating_sub(days);
    let whole = |part: &[(f64, f64)]| part.iter().copied().filter(|pair| !pair.0.is_nan()).collect::<Vec<_>>();
    let before = whole(&pairs[split.saturating_sub(MEMORY)..split]);
    let now = whole(&pairs[split..]);
    if before.len() < NEEDED || now.is_empty() {
        return Err(before.len());
    }
    let sum = |part: &[(f64, f64)]| part.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    let ((clicks, conversions), (clicks_now, conversions_now)) = (sum(&before), sum(&now));
    let rate = if clicks > 0.0 { conversions / clicks } else { 0.0 };
    // Clicks there were beside those that counted: the rate's own uncertainty. Days differ by more than chance, which
    // weakens the past as evidence by as much as they do.
    let strength = (1.0 / dispersion(&before, rate)).min(1.0);
    let (kept, lost) = (conversions * strength + 0.5, (clicks - conversions).max(0.0) * strength + 0.5);
    let p_rate = few(conversions_now, clicks_now, kept * known, lost + kept * (1.0 - known));
    let rate = rate * known;
    let usual = clicks / before.len() as f64 * now.len() as f64;
    let values = |series: &Series| (fall(series, days), ());
    let Some(fallen) = values(channel.clicks).0 else { return Err(before.len()) };
    Ok(Look {
        name: channel.name,
        clicks: fallen,
        spend: channel.spend.and_then(|spend| fall(spend, days)),
        conversions: conversions_now,
        of_clicks: rate * clicks_now,
        usual: rate * usual,
        p_rate,
    })
}

/// How many times as much the days' conversions differ as chance alone lets them (Pearson's χ² per day), 1 at least.
fn dispersion(days: &[(f64, f64)], rate: f64) -> f64 {
    if rate <= 0.0 || rate >= 1.0 {
        return 1.0;
    }
    let terms: Vec<f64> = days
        .iter()
        .filter(|(clicks, _)| *clicks > 0.0)
        .map(|(clicks, conversions)| (conversions - rate * clicks).powi(2) / (rate * (1.0 - rate) * clicks))
        .collect();
    if terms.len() < 2 { 1.0 } else { (terms.iter().sum::<f64>() / (terms.len() - 1) as f64).clamp(1.0, 1e6) }
}

/// Chance of at most so many conversions of so many clicks, if their rate is Beta(a, b).
fn few(conversions: f64, clicks: f64, a: f64, b: f64) -> f64 {
    let (conversions, clicks) = (conversions.floor(), clicks.floor());
    if conversions >= clicks || clicks <= 0.0 {
        return 1.0;
    }
    let mean = clicks * a / (a + b);
    if conversions >= mean {
        return 1.0;
    }
    // Terms fall off from the largest downward, so the sum ends long before zero is reached.
    let beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let (mut sum, mut k) = (0.0, conversions);
    loop {
        let choose = ln_gamma(clicks + 1.0) - ln_gamma(k + 1.0) - ln_gamma(clicks - k + 1.0);
        let term = (choose + beta(k + a, clicks - k + b) - beta(a, b)).exp();
        sum += term;
        k -= 1.0;
        if k < 0.0 || !term.is_finite() || term < 1e-12 * sum || conversions - k > 1e5 {
            break;
        }
    }
    if sum.is_finite() { sum.clamp(0.0, 1.0) } else { 1.0 }
}

/// What share of its usual the mean of the last days is, by weekday, and the chance of so little.
fn fall(series: &Series, days: usize) -> Option<Fall> {
    let values = series.values();
    let split = values.len().checked_sub(days)?;
    let from = split.saturating_sub(MEMORY);
    let mut weekday = [(0.0, 0.0); 7];
    for (day, value) in values.iter().enumerate().take(split).skip(from) {
        if let Some(value) = value {
            weekday[day % 7] = (weekday[day % 7].0 + value, weekday[day % 7].1 + 1.0);
        }
    }
    let usual = |day: usize| Some(weekday[day % 7]).filter(|(_, days)| *days > 0.0).map(|(sum, days)| sum / days);
    let shares = |range: std::ops::Range<usize>| -> Vec<f64> {
        range
            .filter_map(|day| Some((values[day]? / usual(day).filter(|usual| *usual > 0.0)?).clamp(-1e3, 1e3)))
            .collect()
    };
    let (before, now) = (shares(from..split), shares(split..values.len()));
    if before.len() < NEEDED || now.is_empty() {
        return None;
    }
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (centre, share) = (mean(&before), mean(&now));
    // Seven weekdays were learned of the same days.
    let freedom = (before.len() - 7) as f64;
    let variance = before.iter().map(|one| (one - centre).powi(2)).sum::<f64>() / freedom;
    let error = (variance * (1.0 / now.len() as f64 + 1.0 / before.len() as f64)).sqrt().max(1e-9);
    let p = StudentsT::new(0.0, 1.0, freedom).ok()?.cdf((share - centre) / error);
    Some(Fall { share: share / centre.max(1e-9), p })
}
