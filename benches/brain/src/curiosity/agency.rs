//! Proposals for simulated agencies whose truth is known, and what came of one that was done.
//!
//! - *under-funded, saturated*: the channel is given more, or less, by a proposal about budgets;
//! - *winner*: the creative is proposed to get more;
//! - *quiet*: proposals for the two clients at which nothing happens, on that day or a week, two or three before it: who looks
//!   again and again has more chances to be wrong;
//! - *outcome*: the client with the largest move of budgets makes it, four weeks pass, and the effect on its books is held
//!   against the same four weeks without it, which only a simulation knows.

use std::{collections::BTreeMap, ops::RangeInclusive};

use anyhow::Context as _;
use brain::{
    curiosity::Proposal,
    cycle::{Choices, Input, Measured, choose, measured},
    effect::Verdict,
    memory::Measure,
};
use rehearsal::{Change, Kind as Truth, Level, World, Write};
use rust_decimal::prelude::ToPrimitive;
use time::{Date, Duration, macros::date};

use super::{AFTER, SETTLING, done};
use crate::{
    Figure,
    rehearsed::{known, proposed},
};

/// Days of a world before anything is done.
const DAYS: i64 = 400;
/// Days before the last on which quiet clients are looked at, too.
const LOOKS: [i64; 3] = [7, 14, 21];

#[derive(Default)]
struct Tally {
    under_funded: Vec<f64>,
    saturated: Vec<f64>,
    winner: Vec<f64>,
    quiet: Vec<f64>,
    proposals: Vec<f64>,
    held: Vec<f64>,
    called: Vec<f64>,
}

/// The figures of so many worlds.
pub(super) fn run_worlds(worlds: u64) -> anyhow::Result<Vec<Figure>> {
    let mut tally = Tally::default();
    crate::note("seed  proposals (quiet)  under-funded  saturated  winner  true effect  measured");
    for seed in 0..worlds {
        let first = date!(2024 - 01 - 01) + Duration::days(13 * seed.cast_signed());
        let end = first + Duration::days(DAYS - 1);
        let world = World::since(seed, first, end + Duration::days(AFTER + SETTLING))?;
        tally.judge(seed, &world, end)?;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let figure = |key, what, values: &[f64]| Figure { key, what, value: mean(values) };
    Ok(vec![
        figure(
            "agency_under_funded",
            "simulated agencies: the under-funded channel is to get more",
            &tally.under_funded,
        ),
        figure("agency_saturated", "simulated agencies: the saturated channel is to get less", &tally.saturated),
        figure("agency_winner", "simulated agencies: the hidden winner is to get more", &tally.winner),
        figure(
            "agency_quiet",
            "simulated agencies: proposals for the two quiet clients, on any of four days",
            &tally.quiet,
        ),
        figure("agency_proposals", "simulated agencies: proposals for all clients", &tally.proposals),
        figure("agency_effect_held", "simulated agencies: true effect of a move inside its 80 % interval", &tally.held),
        figure("agency_effect_called", "simulated agencies: such effects called won or lost", &tally.called),
    ])
}

impl Tally {
    fn judge(&mut self, seed: u64, world: &World, end: Date) -> anyhow::Result<()> {
        let mut input = known::on(world, end, Choices::new())?;
        input.choices = choose(&input, true);
        let proposals = proposed::of(&input)?;
        let mut line = [f64::NAN; 3];
        for event in world.planted() {
            let Some(seized) = proposed::seizes(event, &proposals) else { continue };
            let place = match event.kind {
                Truth::UnderFunded => 0,
                Truth::Saturated => 1,
                _ => 2,
            };
            line[place] = f64::from(u8::from(seized));
        }
        let of_quiet =
            |all: &[Proposal]| -> Vec<Proposal> { all.iter().filter(|one| quiet(world, one)).cloned().collect() };
        let mut quiet: BTreeMap<String, (Date, Proposal)> = BTreeMap::new();
        for back in LOOKS {
            let day = end - Duration::days(back);
            // Methods and curves as chosen on the last day: that costs most, and hardly bears on what is said of these clients.
            let earlier = known::on(world, day, input.choices.clone())?;
            let told = of_quiet(&proposed::of(&earlier)?);
            quiet.extend(told.into_iter().map(|one| (one.key.clone(), (day, one))));
        }
        quiet.extend(of_quiet(&proposals).into_iter().map(|one| (one.key.clone(), (end, one))));
        for (key, (day, one)) in &quiet {
            crate::note(&format!("      quiet client on {day}: {key} {:?} {:.3}", one.changes, one.probability));
        }
        self.under_funded.push(line[0]);
        self.saturated.push(line[1]);
        self.winner.push(line[2]);
        self.quiet.push(quiet.len() as f64);
        self.proposals.push(proposals.len() as f64);
        let told = match largest(&proposals) {
            Some(one) => {
                let (truth, effect) = outcome(world, one, end)?;
                self.held.push(f64::from(u8::from((effect.low..=effect.high).contains(&truth))));
                self.called.push(f64::from(u8::from(effect.verdict != Verdict::CannotTell)));
                format!("{truth:>11.0}  {:.0} ({:.0} to {:.0})", effect.effect, effect.low, effect.high)
            }
            None => "-".to_owned(),
        };
        let (all, quiet) = (proposals.len(), quiet.len());
        crate::note(&format!("{seed:<5} {all:>9} ({quiet}) {:>17} {:>10} {:>7}  {told}", line[0], line[1], line[2]));
        Ok(())
    }
}

/// Whether it is about a client at which nothing happens, or something of it.
fn quiet(world: &World, proposal: &Proposal) -> bool {
    let null = world.planted().iter().filter(|event| event.kind == Truth::Null);
    null.into_iter().any(|event| {
        let own = world.channels().iter().filter(|channel| channel.client == event.client);
        own.into_iter().any(|channel| {
            let (id, target) = (known::channel_id(channel.index), &proposal.target.id);
            let ads = world.entities(channel);
            *target == id
                || *target == known::client_id(event.client)
                || ads.iter().any(|ad| ad.level == Level::Ad && ad.external_id == *target)
        })
    })
}

/// The proposal that moves most money.
fn largest(proposals: &[Proposal]) -> Option<&Proposal> {
    let moved = |one: &Proposal| one.changes.iter().map(|change| (change.to - change.from).abs()).sum::<f64>();
    proposals.iter().filter(|one| moved(one) > 0.0).max_by(|one, other| moved(one).total_cmp(&moved(other)))
}

/// The true effect on the client's books less spend over four weeks, and the measured one, in the client's currency.
fn outcome(world: &World, proposal: &Proposal, end: Date) -> anyhow::Result<(f64, Measured)> {
    let channel = |id: &str| world.channels().iter().find(|one| known::channel_id(one.index) == id);
    let first = proposal.changes.first().context("no change")?;
    let client = channel(&first.channel).context("no such channel")?.client;
    let mut writes = Vec::new();
    for change in &proposal.changes {
        let channel = channel(&change.channel).context("no such channel")?;
        let at = world.end_of(world.client_of(channel), end) + Duration::MINUTE;
        // Each campaign's budget changes as the channel's does; what it spends now is its budget.
        let since = end - Duration::days(27);
        let mut spent: BTreeMap<String, i64> = BTreeMap::new();
        for row in world.ad_rows(channel, since..=end, Level::Campaign, end) {
            *spent.entry(row.external_id.clone()).or_default() += row.sums.spend_cents;
        }
        for (campaign, cents) in spent {
            let cents = (cents as f64 / 28.0 * change.to / change.from).round() as i64;
            writes.push(Write {
                at,
                channel: channel.index,
                change: Change::Budget { campaign, cents },
                part_of: None,
            });
        }
    }
    let days = end + Duration::DAY..=end + Duration::days(AFTER);
    let settled = *days.end() + Duration::days(SETTLING);
    let with = known::on(&world.with(writes), settled, Choices::new())?;
    let without = known::on(world, settled, Choices::new())?;
    let (_, found) = measured(&with, &[done(proposal, client, *days.start())], &[]).pop().context("not measured")?;
    let found = found?;
    // Of a raise half of the revenue counts where nobody said a margin.
    let share = if found.metric == "half_of_revenue_less_spend" { 0.5 } else { 1.0 };
    Ok((net(&with, client, &days, share)? - net(&without, client, &days, share)?, found))
}

/// A share of a client's revenue of the books less its spend on these days.
fn net(known: &Input, client: usize, days: &RangeInclusive<Date>, share: f64) -> anyhow::Result<f64> {
    let client = known.clients.get(client).context("no such client")?;
    let mut net = 0.0;
    for channel in &client.channels {
        let Ok(source) = &channel.days else { continue };
        for row in source.rows(brain::memory::Days { first: *days.start(), last: *days.end() }) {
            let amount = |measure| row.get(measure).and_then(|value| value.to_f64()).unwrap_or_default();
            net += if channel.shop { share * amount(Measure::LedgerRevenue) } else { -amount(Measure::Spend) };
        }
    }
    Ok(net)
}
