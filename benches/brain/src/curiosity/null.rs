//! Actions that did nothing, in simulated agencies: what is said of them four weeks later.
//!
//! A budget move is marked done at every client of a world and nothing changes, so that every uplift that is told is an error.
//! In each world that is on a day of November from which the four weeks cross Black Friday and Advent, a quarter before it, and
//! one and two after. Before that November lie a year and five weeks, so that one other was seen, or, in every third world, 250
//! days, so that none was. Clients at which demand truly changes in those weeks are left out: nobody can tell that from an
//! action by one series.

use brain::{
    curiosity::{Kind, Proposal},
    cycle::{Choices, Done, measured},
    effect::Verdict,
    finding::{Entity, Level},
};
use rehearsal::{Kind as Truth, World};
use time::{Date, Duration, macros::date};

use super::{AFTER, SETTLING, done};
use crate::{Figure, rehearsed::known};

/// Days of history before the November that is looked at.
const HISTORIES: [i64; 3] = [400, 400, 250];
/// Days from that November to when something is marked done.
const APART: [i64; 4] = [-91, 0, 91, 182];

#[derive(Default)]
struct Tally {
    all: u32,
    held: u32,
    won: u32,
    lost: u32,
    silent: u32,
}

/// The figures of so many worlds.
pub(super) fn run_worlds(worlds: u64) -> anyhow::Result<Vec<Figure>> {
    let (mut all, mut november, mut never_seen) = (Tally::default(), Tally::default(), Tally::default());
    for seed in 0..worlds {
        let middle = date!(2025 - 11 - 12) + Duration::days((5 * seed % 16).cast_signed());
        let history = HISTORIES[(seed % 3) as usize];
        let first = middle - Duration::days(history);
        let today = middle + Duration::days(APART[3] + AFTER + SETTLING);
        let world = World::since(seed, first, today)?;
        let input = known::on(&world, today, Choices::new())?;
        for apart in APART {
            let day = middle + Duration::days(apart);
            let done: Vec<Done> = (0..world.clients().len())
                .filter(|client| !changes(&world, *client, day))
                .map(|client| {
                    let target = Entity { level: Level::Client, id: known::client_id(client) };
                    let moved = Proposal::new(Kind::MoveBudget, target, world.clients()[client].currency);
                    done(&moved, client, day)
                })
                .collect();
            for (at, found) in measured(&input, &done, &[]) {
                let mut tallies = vec![&mut all];
                match (apart, history) {
                    (0, 400..) => tallies.push(&mut november),
                    (0, _) => tallies.push(&mut never_seen),
                    _ => {}
                }
                for tally in tallies {
                    let Ok(found) = &found else {
                        tally.silent += 1;
                        continue;
                    };
                    tally.all += 1;
                    tally.held += u32::from((found.low..=found.high).contains(&0.0));
                    tally.won += u32::from(found.verdict == Verdict::Won);
                    tally.lost += u32::from(found.verdict == Verdict::Lost);
                }
                if let Ok(found) = &found
                    && found.verdict != Verdict::CannotTell
                {
                    let (client, share) = (&done[at].client, found.effect / found.actual);
                    crate::note(&format!("null: seed {seed} {client} {day}: {:?} by {share:.2}", found.verdict));
                }
            }
        }
    }
    // A share of nothing is no number, which no bound takes for good.
    let share = |part: u32, tally: &Tally| f64::from(part) / f64::from(tally.all);
    let figure = |key, what, value| Figure { key, what, value };
    Ok(vec![
        figure(
            "agency_null_won",
            "simulated agencies: moves that did nothing and are called won",
            share(all.won, &all),
        ),
        figure("agency_null_lost", "simulated agencies: the same, called lost", share(all.lost, &all)),
        figure("agency_null_held", "simulated agencies: 80 % interval of such moves holds zero", share(all.held, &all)),
        figure("agency_null_november_won", "the same before Black Friday: won", share(november.won, &november)),
        figure("agency_null_november_held", "the same before Black Friday: held", share(november.held, &november)),
        figure(
            "agency_null_unseen_won",
            "the same where none was seen before: won",
            share(never_seen.won, &never_seen),
        ),
        figure(
            "agency_null_unseen_held",
            "the same where none was seen before: held",
            share(never_seen.held, &never_seen),
        ),
        figure("agency_null_silent", "moves that did nothing of which nothing is said", f64::from(all.silent)),
    ])
}

/// Whether demand itself changes in the four weeks.
fn changes(world: &World, client: usize, day: Date) -> bool {
    let last = day + Duration::days(AFTER - 1);
    let among = |at: Option<Date>| at.is_some_and(|at| (day..=last).contains(&at));
    world.planted().iter().any(|event| {
        event.client == client
            && matches!(event.kind, Truth::ChangePoint | Truth::Collapse)
            && (among(event.first) || among(event.last))
    })
}
