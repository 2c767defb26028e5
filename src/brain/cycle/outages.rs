//! What a fall of a client's conversions means, in a cycle: the counting, the delivery, or the people.

use time::Duration;

use super::{
    About, Client, Input,
    line::{KNOWN_AT_ONCE, sum},
    news::Found,
};
use crate::{
    NotEnough, Series,
    anomaly::outage,
    finding::{Basis, Entity, Finding, Kind, Level, Severity},
    memory::{Measure, Source},
};

/// The last days of conversions that are judged together: a day alone is often noise, and more would come late. Where so few
/// convert that three days say nothing, a week does.
const OUTAGE: [usize; 2] = [3, 7];
/// Conversions that are reported on at least this share of the days with clicks stop when they are not reported any more.
const REPORTED: f64 = 0.9;

/// Adds what fell at every client.
pub(super) fn add(input: &Input, found: &mut Vec<Found>) {
    for client in &input.clients {
        let telling: Vec<&Source> = client
            .of(false, input.day)
            .into_iter()
            .filter(|source| source.reports(Measure::Clicks) && source.reports(Measure::ClaimedConversions))
            .collect();
        // Channels of nobody have no tag in common.
        let together = if client.id.is_some() { telling.len().max(1) } else { 1 };
        for sources in telling.chunks(together) {
            of_client(client, sources, input, found);
        }
    }
}

/// Whether a fall of a client's conversions is the counting or the people.
fn of_client(client: &Client, telling: &[&Source], input: &Input, found: &mut Vec<Found>) {
    let Some(range) = telling.first().map(|first| telling.iter().fold(first.read, |days, one| days.both(one.read)))
    else {
        return;
    };
    let read = |source: &Source, measure| -> Option<Series> {
        let (first, values) = sum(&[source], measure, None, &input.rates)?;
        let skip = usize::try_from((range.first - first).whole_days()).ok()?;
        let count = usize::try_from(range.count()).ok()?;
        Series::new(values.get(skip..skip + count)?.to_vec()).ok()
    };
    let series: Vec<(&Source, Series, Option<Series>, Series)> = telling
        .iter()
        .filter_map(|source| {
            let clicks = read(source, Measure::Clicks)?;
            let conversions = stopped(&clicks, read(source, Measure::ClaimedConversions)?);
            Some((*source, clicks, read(source, Measure::Spend), conversions))
        })
        .collect();
    let channels: Vec<outage::Channel<'_>> = series
        .iter()
        .map(|(source, clicks, spend, conversions)| outage::Channel {
            name: &source.id,
            clicks,
            spend: spend.as_ref(),
            conversions,
        })
        .collect();
    let mut verdicts: Vec<(usize, outage::Verdict)> = Vec::new();
    for days in OUTAGE {
        let judged: Result<Vec<outage::Verdict>, NotEnough> = outage::causes_when(&channels, days, KNOWN_AT_ONCE);
        // What the last days tell needs no week to be told.
        let known: Vec<String> = verdicts.iter().flat_map(|(_, verdict)| verdict.channels.clone()).collect();
        let new = judged.unwrap_or_default().into_iter().filter(|verdict| {
            let silent = matches!(verdict.cause, outage::Cause::TrackingOutage | outage::Cause::ChannelTracking);
            (days == OUTAGE[0] || silent) && !verdict.channels.iter().any(|channel| known.contains(channel))
        });
        verdicts.extend(new.map(|verdict| (days, verdict)));
    }
    for (days, verdict) in verdicts {
        let first = range.last.saturating_sub(Duration::days(days as i64 - 1));
        let kind = match verdict.cause {
            outage::Cause::TrackingOutage | outage::Cause::ChannelTracking => Kind::TrackingOutage,
            outage::Cause::DeliveryCollapse => Kind::DeliveryCollapse,
            outage::Cause::RealFall => Kind::Drop,
        };
        let (entity, about) = match verdict.channels.as_slice() {
            [one] => (Entity { id: one.clone(), level: Level::Channel }, About::channel(client.id.as_deref(), one)),
            _ => (
                Entity { id: client.id.clone().unwrap_or_default(), level: Level::Client },
                About::client(client.id.as_deref()),
            ),
        };
        let days = Some((first, range.last));
        found.push((
            about,
            Finding {
                kind,
                entity,
                channels: verdict.channels,
                metric: Some(Measure::ClaimedConversions.key().to_owned()),
                first,
                last: range.last,
                calendar: None,
                size: None,
                probability: (1.0 - verdict.p).clamp(0.0, 1.0),
                // Blind or broken: money goes out and nobody sees what it brings.
                severity: Severity::High,
                basis: vec![
                    Basis::new("conversions", verdict.conversions, days),
                    Basis::new("expected_of_these_clicks", verdict.expected, days),
                ],
            },
        ));
    }
}

/// Conversions of which nothing is reported any more while clicks go on, as none: some platforms leave out what there was
/// nothing of. For this question alone: no figure takes what was not reported for nothing.
fn stopped(clicks: &Series, conversions: Series) -> Series {
    let clicked = |at: usize| clicks.values()[at].is_some_and(|clicks| clicks > 0.0);
    let values = conversions.values();
    let since = values.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let days = (0..since).filter(|at| clicked(*at)).count();
    let reported = (0..since).filter(|at| clicked(*at) && values[*at].is_some()).count();
    if days == 0 || (reported as f64) < REPORTED * days as f64 || since == values.len() {
        return conversions;
    }
    let filled = values.iter().enumerate().map(|(at, value)| value.or((at >= since && clicked(at)).then_some(0.0)));
    Series::new(filled.collect()).unwrap_or(conversions)
}
