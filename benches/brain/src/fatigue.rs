//! Creative fatigue in generated worlds: whether the probability for 7 days tells who will tire, and is as large as it says.
//!
//! A world is an agency with staggered creatives of very different volume. In three worlds a creative tires when people have
//! seen it too often, or too long, or either, each at a point of its own; in one on a day that nothing foretells, which is
//! shown apart, for only the fall itself can be seen there; in one never. Clicks are
//! Poisson around a rate that scatters from day to day. The truth is the planted curve without noise: the first day on which
//! it lies below the product's limit. A model learns from half of the creatives until the cut and is asked about the other
//! half on later days, each time with nothing but the days until then.

use std::path::Path;

use brain::{
    draw,
    fatigue::{Creative, CreativeDay, FALL, State, fit, outlook},
    random::stream,
};
use time::{Date, Duration, macros::date};

use crate::Figure;

const FIRST: Date = date!(2025 - 01 - 01);
/// Days of a world, and the last day from which is learned.
const DAYS: i64 = 420;
const CUT: i64 = 230;
const CREATIVES: u64 = 600;

/// What makes a world's creatives tire.
#[derive(Clone, Copy)]
enum Cause {
    /// How often people have seen it.
    Frequency,
    /// How long it has run.
    Age,
    /// How often, and for how long it has run; three in ten never tire.
    Mixed,
    /// Anything: a day that nothing foretells; half never tire.
    Chance,
    /// Nothing.
    Never,
}

struct Planted {
    creative: Creative,
    days: Vec<CreativeDay>,
    /// The first day on which its true rate begins to fall.
    begins: Option<Date>,
    /// The first day on which it lies below the limit.
    tired: Option<Date>,
}

fn plant(seed: u64, number: u64, cause: Cause) -> anyhow::Result<Planted> {
    let mut random = stream(seed, &format!("creative {number}"));
    let random = &mut random;
    let between = draw::between;
    let audience = 80_000.0 * libm::exp(0.8 * draw::normal(random));
    let shown = 4_000.0 * libm::exp(0.7 * draw::normal(random));
    let rate = 0.013 * libm::exp(0.35 * draw::normal(random));
    let (price, lasts) = (between(random, 5.0, 12.0), between(random, 25.0, 140.0) as i64);
    let launch = between(random, 0.0, (DAYS - 20) as f64) as i64;
    let (scatter, reports) = (between(random, 0.05, 0.20), between(random, 0.0, 1.0) < 0.8);
    let patience = 3.5 * libm::exp(0.35 * draw::normal(random));
    let age = 45.0 * libm::exp(0.4 * draw::normal(random));
    let immune = match cause {
        Cause::Frequency | Cause::Age => false,
        Cause::Mixed => draw::unit(random) < 0.3,
        Cause::Chance => draw::unit(random) < 0.5,
        Cause::Never => true,
    };
    let any_day = between(random, 15.0, 120.0);
    let (half, floor) = (between(random, 8.0, 32.0), between(random, 0.25, 0.5));
    let (mut total, mut began, mut tired) = (0.0, None, None);
    let mut days = vec![];
    for at in 0..lasts.min(DAYS - launch) {
        let day = FIRST + Duration::days(launch + at);
        let impressions = draw::scattered(random, shown, 0.25);
        total += impressions as f64;
        let reach = audience * -libm::expm1(-total / audience);
        let frequency = total / reach.max(1.0);
        let starts = match cause {
            Cause::Frequency => frequency > patience,
            Cause::Age => at as f64 > age,
            Cause::Mixed => frequency > patience || at as f64 > age,
            Cause::Chance => at as f64 > any_day,
            Cause::Never => false,
        };
        if starts && !immune && began.is_none() {
            began = Some(at);
        }
        let left = began.map_or(1.0, |began| libm::exp2(-((at - began + 1) as f64) / half).max(floor));
        if left < FALL && tired.is_none() {
            tired = Some(day);
        }
        let clicks = draw::scattered(random, impressions as f64 * rate * left, scatter).min(impressions);
        let conversions = draw::poisson(random, clicks as f64 * 0.03 * left.sqrt()) as f64;
        // An auction asks more for what nobody clicks.
        let spend = impressions as f64 / 1000.0 * price * libm::pow(left, -0.3) * between(random, 0.9, 1.1);
        let reach = reports.then_some(reach as u64);
        days.push(CreativeDay { day, impressions, clicks, conversions: Some(conversions), spend: Some(spend), reach });
    }
    let channel = format!("channel {}", number % 5);
    let begins = began.map(|began| FIRST + Duration::days(launch + began));
    Ok(Planted { creative: Creative::new(number.to_string(), channel, days.clone())?, days, begins, tired })
}

/// A probability that was given, and what happened.
struct Told {
    probability: f64,
    fortnight: f64,
    within: bool,
    within_fortnight: bool,
    /// Whether the rate did not lie below the limit yet.
    fresh: bool,
    /// Whether the rate had not begun to fall when it was told.
    before: bool,
    begins: bool,
}

/// Adds what is told of the world; the share of states that are called tired and are not, and the share of tired ones that
/// are not called so a week later.
fn world(seed: u64, cause: Cause, told: &mut Vec<Told>, states: &mut [f64; 4]) -> anyhow::Result<()> {
    let all = (0..CREATIVES).map(|number| plant(seed, number, cause)).collect::<anyhow::Result<Vec<_>>>()?;
    let learned: Vec<&Creative> = all.iter().step_by(2).map(|planted| &planted.creative).collect();
    let model = fit(&learned, FIRST + Duration::days(CUT));
    let asked: Vec<&Planted> = all.iter().skip(1).step_by(2).collect();
    for at in (CUT + 1..DAYS - 14).step_by(5) {
        let today = FIRST + Duration::days(at);
        let until = |planted: &&Planted| -> Option<Creative> {
            let days: Vec<_> = planted.days.iter().copied().filter(|day| day.day <= today).collect();
            Creative::new(&planted.creative.id, &planted.creative.channel, days).ok()
        };
        let known: Vec<(&Planted, Creative)> =
            asked.iter().filter_map(|planted| Some((*planted, until(planted)?))).collect();
        let creatives: Vec<&Creative> = known.iter().map(|(_, creative)| creative).collect();
        let found = outlook(&creatives, today, model.as_ref().map_err(Clone::clone));
        for ((planted, _), found) in known.iter().zip(found) {
            let Ok(found) = found else { continue };
            let called = f64::from(u8::from(matches!(found.state, State::Tired { .. })));
            match planted.tired.map(|tired| (today - tired).whole_days()) {
                Some(late) if late >= 7 => (states[2], states[3]) = (states[2] + 1.0 - called, states[3] + 1.0),
                Some(late) if late >= 0 => {}
                _ => (states[0], states[1]) = (states[0] + called, states[1] + 1.0),
            }
            let State::Fresh { within: Ok([week, fortnight]) } = found.state else { continue };
            // What ends before it is known whether it tired tells nothing.
            let ends = planted.days.last().map_or(today, |day| day.day);
            if ends < today + Duration::days(14) {
                continue;
            }
            let by = |day: Option<Date>, days| day.is_some_and(|day| day <= today + Duration::days(days));
            told.push(Told {
                probability: week,
                fortnight,
                within: by(planted.tired, 7),
                within_fortnight: by(planted.tired, 14),
                fresh: !by(planted.tired, 0),
                before: !by(planted.begins, 0),
                begins: by(planted.begins, 7),
            });
        }
    }
    Ok(())
}

/// The probability that one who tired was given more than one who did not (ties count half).
fn area(told: &[(f64, bool)]) -> f64 {
    let mut sorted = told.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank, mut sum, mut events) = (0.0, 0.0, 0.0);
    for same in sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let middle = rank + (same.len() as f64 + 1.0) / 2.0;
        let here = same.iter().filter(|one| one.1).count() as f64;
        sum += here * middle;
        events += here;
        rank += same.len() as f64;
    }
    (sum - events * (events + 1.0) / 2.0) / (events * (rank - events))
}

/// Expected calibration error: in ten equal parts of the scale, the mean distance of what was told from what happened.
fn calibration(told: &[(f64, bool)]) -> f64 {
    let mut bins = [[0.0; 2]; 10];
    for (probability, happened) in told {
        let bin = &mut bins[((probability * 10.0) as usize).min(9)];
        bin[0] += probability;
        bin[1] += f64::from(u8::from(*happened));
    }
    bins.iter().map(|[told, happened]| (told - happened).abs()).sum::<f64>() / told.len() as f64
}

/// The part `fatigue`.
pub fn run(_data: &Path) -> anyhow::Result<Vec<Figure>> {
    let causes = [Cause::Frequency, Cause::Age, Cause::Mixed, Cause::Chance, Cause::Never];
    let (mut told, mut chance, mut quiet, mut states) = (vec![], vec![], vec![], [0.0; 4]);
    for (seed, cause) in (1..).zip(causes) {
        let told = match cause {
            Cause::Never => &mut quiet,
            Cause::Chance => &mut chance,
            _ => &mut told,
        };
        world(seed, cause, told, &mut states)?;
    }
    let by_chance: Vec<_> = chance.iter().map(|told| (told.probability, told.within)).collect();
    let of = |pick: fn(&Told) -> (f64, bool)| told.iter().map(pick).collect::<Vec<_>>();
    let week = of(|told| (told.probability, told.within));
    let fortnight = of(|told| (told.fortnight, told.within_fortnight));
    let before: Vec<_> = told.iter().filter(|told| told.before).map(|told| (told.probability, told.begins)).collect();
    let fresh: Vec<_> = told.iter().filter(|told| told.fresh).map(|told| (told.probability, told.within)).collect();
    let happened = week.iter().filter(|told| told.1).count() as f64;
    let figure = |key, what, value| Figure { key, what, value };
    Ok(vec![
        figure("fatigue_auc", "planted fatigue within 7 days: area under the curve", area(&week)),
        figure("fatigue_calibration", "its expected calibration error", calibration(&week)),
        figure("fatigue_auc_fresh", "the same, only of those whose true rate is not below the limit yet", area(&fresh)),
        figure("fatigue_calibration_fresh", "its expected calibration error", calibration(&fresh)),
        figure("fatigue_auc_14", "the same within 14 days", area(&fortnight)),
        figure("fatigue_calibration_14", "its expected calibration error", calibration(&fortnight)),
        figure("fatigue_auc_begin", "before any fall: who begins to fall within 7 days", area(&before)),
        figure("fatigue_told", "probabilities told", week.len() as f64),
        figure("fatigue_share", "share of them that came true", happened / week.len() as f64),
        figure("fatigue_false", "share of creatives called tired that are not", states[0] / states[1]),
        figure(
            "fatigue_missed",
            "share of creatives tired for a week or longer that are not called so",
            states[2] / states[3],
        ),
        figure("fatigue_auc_chance", "within 7 days where nothing foretells the day", area(&by_chance)),
        figure("fatigue_calibration_chance", "its expected calibration error", calibration(&by_chance)),
        figure("fatigue_quiet", "probabilities told in a world that never tires", quiet.len() as f64),
    ])
}
