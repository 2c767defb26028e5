//! Findings against the truth of simulated agencies: the whole cycle, asked as it would have been day after day.
//!
//! Each world is drawn by the `rehearsal` crate, which knows nothing of the brain; worlds begin in different seasons. A cycle
//! runs on every fifth day and on those on which something is to be seen, each with nothing but what was known at that
//! day's end ([`known`]). Then what was planted is held against what was said:
//!
//! - *change point*: four weeks after it a change of the shop's orders or revenue is told; how many days its date is off;
//! - *outage*: before it is over it is called an outage of that channel, or of the client, and nobody is told that fewer buy;
//! - *collapse*: told in the cycle after its first day, or after its second;
//! - *fatigue*: the creative is named within eight weeks; when first, and how far its date is off six weeks after;
//! - *null*: findings about the two clients at which nothing happens; each that is told on several days counts once;
//! - *saturated, under-funded, hidden winner*: on the world's last day less or more is proposed for them.
//!
//! What is found elsewhere is not judged: budgets move, advertisements begin and end, and that is news too.

pub(crate) mod known;
pub(crate) mod proposed;

use std::{collections::BTreeSet, path::Path};

use brain::{
    curiosity::Proposal,
    cycle::{About, Choices, choose, run},
    finding::{Finding, Kind, Level},
};
use rehearsal::{Kind as Truth, Planted, World};
use time::{Date, Duration, macros::date};

use crate::Figure;

/// Worlds that are drawn.
const WORLDS: u64 = 5;
/// Days of a world, and the first that is asked: before it nothing is planted.
const DAYS: i64 = 400;
const ASKED: i64 = 150;
/// Findings of one kind about one series are one if no more than so many days lie between them.
const SAME: i64 = 7;

/// A finding and the day on which it was told.
struct Told {
    on: Date,
    about: About,
    finding: Finding,
}

/// What is counted over all worlds.
#[derive(Default)]
struct Tally {
    change: Vec<Option<i64>>,
    change_delay: Vec<i64>,
    outage: Vec<Option<i64>>,
    outage_wrong: Vec<bool>,
    collapse: Vec<Option<i64>>,
    fatigue: Vec<Option<i64>>,
    fatigue_off: Vec<i64>,
    fatigue_false: f64,
    fresh: f64,
    null: f64,
    null_months: f64,
    saturated: Vec<bool>,
    under_funded: Vec<bool>,
    winner: Vec<bool>,
}

/// The part `rehearsal`.
pub fn run_part(_: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut tally = Tally::default();
    crate::note("seed  what          client  planted     found");
    for seed in 0..WORLDS {
        // Two months later each, so that events lie in all seasons.
        let first = date!(2024 - 01 - 01) + Duration::days(61 * seed as i64);
        let world = World::since(seed, first, first + Duration::days(DAYS - 1))?;
        let told = ask(&world)?;
        // Budgets are proposed by curves, which are chosen of all that is known by then.
        let mut last = known::on(&world, world.today(), Choices::new())?;
        last.choices = choose(&last, true);
        tally.judge(&world, &told, &proposed::of(&last)?);
    }
    Ok(tally.figures())
}

/// The days on which a world is asked.
fn asked(world: &World) -> BTreeSet<Date> {
    let mut days: BTreeSet<Date> = (ASKED..DAYS).step_by(5).map(|at| world.first() + Duration::days(at)).collect();
    for event in world.planted() {
        let Some(first) = event.first else { continue };
        let after = match event.kind {
            Truth::ChangePoint => 28..=28,
            Truth::TrackingOutage => 0..=event.last.map_or(0, |last| (last - first).whole_days()),
            Truth::Collapse => 0..=2,
            Truth::Fatigue => 42..=42,
            _ => continue,
        };
        days.extend(after.map(|at| first + Duration::days(at)).filter(|day| *day <= world.today()));
    }
    days
}

fn ask(world: &World) -> anyhow::Result<Vec<Told>> {
    let mut choices: Option<Choices> = None;
    let mut told = Vec::new();
    for day in asked(world) {
        let mut input = known::on(world, day, Choices::new())?;
        // Methods are chosen on the first of the days: what is chosen hardly bears on findings, and costs most.
        input.choices = choices.get_or_insert_with(|| choose(&input, true)).clone();
        for outcome in run(&input).into_iter().filter(|outcome| outcome.kind == "finding") {
            told.push(Told { on: day, about: outcome.about, finding: serde_json::from_str(&outcome.body)? });
        }
    }
    Ok(told)
}

impl Tally {
    fn judge(&mut self, world: &World, told: &[Told], proposals: &[Proposal]) {
        for event in world.planted() {
            let client = known::client_id(event.client);
            let mine: Vec<&Told> =
                told.iter().filter(|one| one.about.client.as_deref() == Some(client.as_str())).collect();
            let words = match event.kind {
                Truth::ChangePoint => self.change(event, &mine),
                Truth::TrackingOutage => self.outage(event, &mine),
                Truth::Collapse => self.collapse(event, &mine),
                Truth::Fatigue => self.fatigue(event, &mine, world.today()),
                Truth::Null => self.null(&mine),
                Truth::Saturated | Truth::UnderFunded | Truth::HiddenWinner => self.opportunity(event, proposals),
            };
            let kind = format!("{:?}", event.kind);
            let first = event.first.map_or("always".to_owned(), |first| first.to_string());
            crate::note(&format!("{:<5} {kind:<14} {:<6} {first:<10}  {words}", world.seed(), event.client));
        }
        let tired: BTreeSet<&str> = told
            .iter()
            .filter(|one| one.finding.kind == Kind::CreativeFatigue)
            .map(|one| one.finding.entity.id.as_str())
            .collect();
        let planted: BTreeSet<&str> = world
            .planted()
            .iter()
            .filter(|event| event.kind == Truth::Fatigue)
            .filter_map(|event| event.entity.as_deref())
            .collect();
        self.fatigue_false += tired.difference(&planted).count() as f64;
        self.fresh += (rehearsal::CREATIVES - planted.len()) as f64;
    }

    fn change(&mut self, event: &Planted, mine: &[&Told]) -> String {
        let Some(first) = event.first else { return String::new() };
        let changes = mine.iter().filter(|one| one.finding.kind == Kind::ChangePoint && of_shop(&one.finding));
        let off = |one: &Told| Some((day_of(&one.finding)? - first).whole_days());
        let asked = first + Duration::days(28);
        let nearest =
            changes.clone().filter(|one| one.on == asked).filter_map(|one| off(one)).min_by_key(|off| off.abs());
        let soonest = changes.filter(|one| off(one).is_some_and(|off| off.abs() <= 7) && one.on >= first);
        let delay = soonest.map(|one| (one.on - first).whole_days()).min();
        self.change.push(nearest);
        self.change_delay.extend(delay);
        format!(
            "{} ({:+.0} %), {}",
            nearest.map_or("not told after 28 days".to_owned(), |off| format!("{off:+} days off")),
            100.0 * (event.size.unwrap_or(1.0) - 1.0),
            delay.map_or("never within 7 days".to_owned(), |delay| format!("first after {delay} days")),
        )
    }

    fn outage(&mut self, event: &Planted, mine: &[&Told]) -> String {
        let (Some(first), Some(last), Some(channel)) = (event.first, event.last, event.channel) else {
            return String::new();
        };
        let channel = known::channel_id(channel);
        let about = |one: &&&Told| one.about.channel.as_deref().is_none_or(|about| about == channel);
        let during: Vec<&&Told> = mine.iter().filter(|one| first <= one.on && one.on <= last).filter(about).collect();
        let called = during.iter().filter(|one| one.finding.kind == Kind::TrackingOutage);
        let delay = called.map(|one| (one.on - first).whole_days()).min();
        // Whoever reads that conversions fell, or delivery did, looks in the wrong place.
        let claims = |one: &Told| one.finding.metric.as_deref().is_some_and(|metric| metric.starts_with("claimed"));
        let falls = [Kind::Drop, Kind::DeliveryCollapse, Kind::LevelShift];
        let wrong =
            during.iter().any(|one| falls.contains(&one.finding.kind) && claims(one) && one.finding.first >= first);
        self.outage.push(delay);
        self.outage_wrong.push(wrong);
        let called =
            delay.map_or("not called an outage".to_owned(), |delay| format!("called so after {} days", delay + 1));
        format!("{called}{}", if wrong { ", a fall as well" } else { "" })
    }

    fn collapse(&mut self, event: &Planted, mine: &[&Told]) -> String {
        let (Some(first), Some(last)) = (event.first, event.last) else { return String::new() };
        let falls = [Kind::Drop, Kind::LevelShift, Kind::DeliveryCollapse];
        let told = mine.iter().filter(|one| falls.contains(&one.finding.kind) && of_shop(&one.finding));
        let new = told.filter(|one| first <= one.on && one.on <= last && one.finding.last >= first);
        let delay = new.map(|one| (one.on - first).whole_days()).min();
        self.collapse.push(delay);
        let size = 100.0 * (event.size.unwrap_or(1.0) - 1.0);
        delay.map_or(format!("({size:+.0} %) not told"), |delay| {
            format!("({size:+.0} %) told at the end of day {}", delay + 1)
        })
    }

    fn fatigue(&mut self, event: &Planted, mine: &[&Told], today: Date) -> String {
        let Some(first) = event.first else { return String::new() };
        let named = mine.iter().filter(|one| {
            one.finding.kind == Kind::CreativeFatigue && Some(&one.finding.entity.id) == event.entity.as_ref()
        });
        let soon = named.clone().filter(|one| first <= one.on && one.on <= first + Duration::weeks(8));
        let delay = soon.map(|one| (one.on - first).whole_days()).min();
        let asked = (first + Duration::days(42)).min(today);
        let off = named.clone().find(|one| one.on == asked).map(|one| (one.finding.first - first).whole_days());
        self.fatigue.push(delay);
        self.fatigue_off.extend(off);
        let early = named.filter(|one| one.on < first).count();
        format!(
            "{}{}{}",
            delay.map_or("not told".to_owned(), |delay| format!("told after {delay} days")),
            off.map_or(String::new(), |off| format!(", its date {off:+} days off")),
            if early > 0 { format!(", and {early} times before") } else { String::new() },
        )
    }

    fn opportunity(&mut self, event: &Planted, proposals: &[Proposal]) -> String {
        let Some(seized) = proposed::seizes(event, proposals) else { return String::new() };
        let (all, what) = match event.kind {
            Truth::Saturated => (&mut self.saturated, "less for it"),
            Truth::UnderFunded => (&mut self.under_funded, "more for it"),
            _ => (&mut self.winner, "more for it"),
        };
        all.push(seized);
        format!("{what} is {}", if seized { "proposed" } else { "not proposed" })
    }

    fn null(&mut self, mine: &[&Told]) -> String {
        let mut different: Vec<Finding> = Vec::new();
        let about = Duration::days(SAME);
        for Told { finding, .. } in mine {
            let same = |other: &&mut Finding| {
                (other.kind, &other.entity, &other.metric) == (finding.kind, &finding.entity, &finding.metric)
                    && finding.first <= other.last + about
                    && other.first <= finding.last + about
            };
            match different.iter_mut().find(same) {
                Some(known) => known.last = known.last.max(finding.last),
                None => different.push(finding.clone()),
            }
        }
        self.null += different.len() as f64;
        self.null_months += (DAYS - ASKED) as f64 / 60.0;
        let words = different.iter().map(|one| {
            let metric = one.metric.as_deref().unwrap_or_default();
            format!("{:?} of {metric} {} ({:.3})", one.kind, one.first, one.probability)
        });
        format!("{} findings: {}", different.len(), words.collect::<Vec<_>>().join("; "))
    }

    fn figures(self) -> Vec<Figure> {
        let share = |of: &[Option<i64>], most: i64| {
            of.iter().filter(|one| one.is_some_and(|one| one.abs() <= most)).count() as f64 / of.len() as f64
        };
        let told = |of: &[Option<i64>]| of.iter().copied().flatten().map(i64::abs).collect::<Vec<_>>();
        let figure = |key, what, value| Figure { key, what, value };
        let seized = |of: &[bool]| of.iter().filter(|seized| **seized).count() as f64 / of.len() as f64;
        let wrong = self.outage_wrong.iter().filter(|wrong| **wrong).count() as f64 / self.outage_wrong.len() as f64;
        vec![
            figure(
                "world_change_found",
                "change points told within 7 days of their date, 4 weeks after",
                share(&self.change, 7),
            ),
            figure("world_change_point_days", "days their dates are off, median", median(told(&self.change))),
            figure("world_change_delay_days", "days until first told so, median", median(self.change_delay)),
            figure(
                "world_outage_called",
                "outages called an outage before they were over",
                share(&self.outage, i64::MAX),
            ),
            figure("world_outage_delay_days", "whole days until then, median", median(told(&self.outage))),
            figure("world_outage_fall", "outages of which a fall was told as well", wrong),
            figure(
                "world_collapse_found",
                "collapses told in the cycle after their first day, or their second",
                share(&self.collapse, 1),
            ),
            figure("world_collapse_first_day", "those after their first day", share(&self.collapse, 0)),
            figure("world_fatigue_found", "tired creatives named within 8 weeks", share(&self.fatigue, i64::MAX)),
            figure(
                "world_fatigue_days",
                "days their dates are off, 6 weeks after, median",
                median(self.fatigue_off.iter().map(|off| off.abs()).collect()),
            ),
            figure(
                "world_fatigue_delay_days",
                "days from the beginning until first told, median",
                median(told(&self.fatigue)),
            ),
            figure(
                "world_fatigue_false",
                "share of other creatives ever called tired",
                self.fatigue_false / self.fresh,
            ),
            figure(
                "world_null_findings",
                "findings per client at which nothing happens and 60 days",
                self.null / self.null_months,
            ),
            figure("world_saturated", "saturated channels that are to get less", seized(&self.saturated)),
            figure("world_under_funded", "under-funded channels that are to get more", seized(&self.under_funded)),
            figure("world_winner", "hidden winners that are to get more", seized(&self.winner)),
        ]
    }
}

/// Whether it is about what a shop sells.
fn of_shop(finding: &Finding) -> bool {
    let level = matches!(finding.entity.level, Level::Channel | Level::Client);
    level && matches!(finding.metric.as_deref(), Some("orders" | "ledger_revenue"))
}

/// The day of a change, not the interval around it: the first of the days since.
fn day_of(finding: &Finding) -> Option<Date> {
    finding.basis.iter().find(|basis| basis.name == "mean_after")?.first
}

/// The middle; no number if there is none.
fn median(mut of: Vec<i64>) -> f64 {
    of.sort_unstable();
    let at = |place: usize| of.get(place).map_or(f64::NAN, |value| *value as f64);
    if of.is_empty() { f64::NAN } else { f64::midpoint(at((of.len() - 1) / 2), at(of.len() / 2)) }
}
