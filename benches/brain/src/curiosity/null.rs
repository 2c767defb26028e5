//! Actions that did nothing, in simulated agencies: what is said of them four weeks later.
//!
//! A budget move is marked done at every client of a world and nothing changes, so that every uplift that is told is an error.
//! The days are such that the four weeks after cross Black Friday and Advent, and days a quarter and two later and one before;
//! the history before the first of them is of a year and five weeks, or, in every third world, of 250 days, so that no
//! November was ever seen. Clients at which demand truly changes in those weeks are left out: nobody can tell that from an
//! action by one series.

use brain::{
    cycle::{Choices, Done, measured},
    curiosity::Kind,
    effect::Verdict,
    finding::{Entity, Level},
};
use rehearsal::{Kind as Truth, World};
use time::{Date, Duration, macros::date};

use crate::{Figure, rehearsed::known};

/// Days that are measured, and those in which they settle.
const AFTER: i64 = 28;
const SETTLING: i64 = 14;
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
                .map(|client| done(&world, client, day))
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
                if let Ok(found) = &found && found.verdict != Verdict::CannotTell {
                    let (client, share) = (&done[at].client, found.effect / found.actual);
                    crate::note(&format!("null: seed {seed} {client} {day}: {:?} by {share:.2}", found.verdict));
                }
            }
        }
    }
    let share = |part: u32, tally: &Tally| f64::from(part) / f64::from(tally.all.max(1));
    let figure = |key, what, value| Figure { key, what, value };
    Ok(vec![
        figure("agency_null_won", "simulated agencies: moves that did nothing and are called won", share(all.won, &all)),
        figure("agency_null_lost", "simulated agencies: the same, called lost", share(all.lost, &all)),
        figure("agency_null_held", "simulated agencies: 80 % interval of such moves holds zero", share(all.held, &all)),
        figure("agency_null_november_won", "the same before Black Friday: won", share(november.won, &november)),
        figure("agency_null_november_held", "the same before Black Friday: held", share(november.held, &november)),
        figure("agency_null_unseen_won", "the same where none was seen before: won", share(never_seen.won, &never_seen)),
        figure("agency_null_unseen_held", "the same where none was seen before: held", share(never_seen.held, &never_seen)),
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

fn done(world: &World, client: usize, day: Date) -> Done {
    let own = world.channels().iter().filter(|channel| channel.client == client && channel.platform.ads());
    let changes: Vec<String> = own.map(|channel| known::channel_id(channel.index)).collect();
    let id = known::client_id(client);
    Done {
        key: format!("null {id} {day}"),
        kind: Kind::MoveBudget,
        client: id.clone(),
        channel: None,
        target: Entity { level: Level::Client, id },
        changes,
        currency: world.clients()[client].currency.to_owned(),
        margin: None,
        day,
        last: day + Duration::days(AFTER - 1),
        undone: None,
    }
}
