//! What platforms claim against what the ledger holds, and the part that nobody explains.
//!
//! Platforms claim the same order more than once, and orders that would have come anyway. How much of a claim is true cannot
//! be seen from the two sums; what can be seen for certain are bounds: claims beyond the ledger are too many by at least the
//! difference, ledger revenue beyond all claims is brought by nobody who claims. Both are named, neither is split up. Only
//! days that are complete on both sides count.

use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    Absent, Change, Days, Measure, Part, Setting, Source,
    hierarchy::phi,
    noise::{Family, Noise, Seen},
    total::{Money, total},
};

/// One channel's claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The channel's id.
    pub source: String,
    /// What it claims, or why that is not known.
    pub claimed: Result<Part, Absent>,
    /// Its claim as a share of the ledger.
    pub share: Option<Decimal>,
    /// By how much it alone claims more than the whole ledger holds, if it does.
    pub beyond_ledger: Option<Decimal>,
}

/// Claims against the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reconciliation {
    /// The days that are complete on both sides.
    pub days: Days,
    /// How many of the days asked for are left out because one side is not read.
    pub left_out: i64,
    /// What the ledger holds.
    pub ledger: Part,
    /// What all channels claim together.
    pub claimed: Decimal,
    /// Each channel.
    pub claims: Vec<Claim>,
    /// Claims beyond the ledger: at least so much is claimed twice or was never sold. Zero if claims do not reach it.
    pub over_claimed: Decimal,
    /// Ledger beyond the claims: at least so much is brought by nobody who claims. Zero if claims reach it.
    pub unattributed: Decimal,
    /// Claims for a unit of ledger, less one (0.2: a fifth more is claimed than there is), with a 95 % interval for the
    /// usual relation behind these days; none if the days are too few.
    pub excess: Option<Change>,
    /// The probability that platforms usually claim more than there is, from 0 to 1.
    pub over_claim_probability: Option<f64>,
}

/// Holds the claims of `channels` against the books of `shops`: revenue by [`Measure::ClaimedRevenue`], or numbers by
/// [`Measure::ClaimedConversions`]. Amounts are in the setting's display currency.
///
/// # Errors
/// [`Absent`] if either side has no day in common with the other, or another measure is asked for.
pub fn reconcile(
    channels: &[&Source],
    shops: &[&Source],
    days: Days,
    claim: Measure,
    setting: &Setting<'_>,
) -> Result<Reconciliation, Absent> {
    let ledger = match claim {
        Measure::ClaimedRevenue => Measure::LedgerRevenue,
        Measure::ClaimedConversions => Measure::Orders,
        measure => return Err(Absent::NotConnected { measure }),
    };
    let claiming: Vec<&Source> = channels.iter().copied().filter(|source| source.reports(claim)).collect();
    let booking: Vec<&Source> = shops.iter().copied().filter(|source| source.reports(ledger)).collect();
    let common = claiming.iter().chain(&booking).fold(days, |common, source| common.both(source.read));
    let money = Money { display: setting.display, rates: setting.rates, named: true };
    let books = total(&booking, common, ledger, money)?;
    if !books.gaps.is_empty() {
        return Err(Absent::Incomplete { measure: ledger, beside: None, gaps: books.gaps });
    }
    let all = total(&claiming, common, claim, money)?;
    if !all.gaps.is_empty() {
        return Err(Absent::Incomplete { measure: claim, beside: None, gaps: all.gaps });
    }
    let difference = all.value.checked_sub(books.value).ok_or(Absent::TooLarge)?;
    let each = |source: &&Source| {
        let claimed = total(&[source], common, claim, money);
        let value = claimed.as_ref().ok().map(|part| part.value);
        let share = value.filter(|_| books.value > Decimal::ZERO).and_then(|value| value.checked_div(books.value));
        let beyond = value.and_then(|value| value.checked_sub(books.value)).filter(|beyond| *beyond > Decimal::ZERO);
        Claim { source: source.id.clone(), claimed, share: share.map(|share| share.normalize()), beyond_ledger: beyond }
    };
    let relation = relation(&claiming, &booking, common, (claim, ledger), money);
    Ok(Reconciliation {
        days: common,
        left_out: days.count() - common.count(),
        claimed: all.value,
        claims: channels.iter().map(each).collect(),
        over_claimed: difference.max(Decimal::ZERO),
        unattributed: (-difference).max(Decimal::ZERO),
        excess: relation.map(|relation| relation.0),
        over_claim_probability: relation.map(|relation| relation.1),
        ledger: books,
    })
}

/// The relation of claims to the ledger, day by day: claims are the events, the ledger what they are exposed to.
fn relation(
    claiming: &[&Source],
    booking: &[&Source],
    days: Days,
    (claim, ledger): (Measure, Measure),
    money: Money<'_>,
) -> Option<(Change, f64)> {
    let all: Vec<&Source> = claiming.iter().chain(booking).copied().collect();
    let to = money.currency(&all, days).ok()?;
    let count = usize::try_from(days.count()).ok()?;
    let mut sums = vec![[0.0; 2]; count];
    for (side, (sources, measure)) in [(claiming, claim), (booking, ledger)].into_iter().enumerate() {
        for row in sources.iter().flat_map(|source| source.rows(days)) {
            let value = money.value(row, measure, to).ok()??;
            let at = usize::try_from((row.day - days.first).whole_days()).ok()?;
            sums[at][side] += f64::try_from(value).ok()?;
        }
    }
    let seen: Vec<Seen> = (days.first.to_julian_day()..)
        .zip(sums)
        .filter(|(_, [_, exposure])| *exposure > 0.0)
        .map(|(day, [events, exposure])| Seen { day, events, exposure })
        .collect();
    let noise = Noise::measure(&[&seen], Family::Rate, 0.0).ok()?;
    let level = noise.level(&seen, Family::Rate).ok()?;
    let deviation = level.variance.sqrt();
    let at = |z: f64| libm::expm1(level.log + z * deviation);
    let change = Change { value: at(0.0), low: at(-1.959_964), high: at(1.959_964) };
    let sound = change.low.is_finite() && change.high.is_finite();
    sound.then_some((change, phi(level.log / deviation)))
}

#[cfg(test)]
mod tests {
    use time::{Date, Duration, macros::date};

    use super::*;
    use crate::{
        draw,
        memory::{Currency, Day, Rates},
        random::stream,
    };

    const FIRST: Date = date!(2026 - 01 - 01);

    fn source(id: &str, count: i64, measure: Measure, mut value: impl FnMut(i64) -> i64) -> Source {
        let euro = Currency::parse("EUR").unwrap();
        let day = |at| Day::new(FIRST + Duration::days(at), euro).with(measure, Some(Decimal::new(value(at), 2)));
        let read = Days { first: FIRST, last: FIRST + Duration::days(count - 1) };
        Source::new(id, read, (0..count).map(day).collect()).unwrap()
    }

    fn run(channels: &[&Source], shops: &[&Source]) -> Result<Reconciliation, Absent> {
        let rates = Rates::default();
        let setting = Setting { display: None, rates: &rates, margin: None };
        let days = Days { first: FIRST, last: FIRST + Duration::days(59) };
        reconcile(channels, shops, days, Measure::ClaimedRevenue, &setting)
    }

    #[test]
    fn the_unexplained_part_is_named_on_common_days_only() {
        let shop = source("shop", 60, Measure::LedgerRevenue, |_| 10_000);
        let (one, two) = (
            source("one", 60, Measure::ClaimedRevenue, |_| 9_000),
            source("two", 50, Measure::ClaimedRevenue, |_| 4_000),
        );
        let both = run(&[&one, &two], &[&shop]).unwrap();
        assert_eq!((both.days.count(), both.left_out), (50, 10));
        assert_eq!((both.over_claimed, both.unattributed), (Decimal::from(50 * 30), Decimal::ZERO));
        assert_eq!(both.claims[0].share, Some(Decimal::new(9, 1)));
        let alone = run(&[&one], &[&shop]).unwrap();
        assert_eq!((alone.over_claimed, alone.unattributed), (Decimal::ZERO, Decimal::from(60 * 10)));
        assert_eq!(alone.claims[0].beyond_ledger, None);
    }

    #[test]
    fn a_side_that_is_not_connected_is_said() {
        let shop = source("shop", 60, Measure::LedgerRevenue, |_| 10_000);
        let alone = run(&[], &[&shop]).unwrap_err();
        assert_eq!(alone, Absent::NotConnected { measure: Measure::ClaimedRevenue });
    }

    #[test]
    fn the_interval_holds_the_usual_relation() {
        let mut inside = 0;
        for at in 0..100 {
            let mut random = stream(at, "claims");
            let mut sold = vec![];
            let shop = source("shop", 60, Measure::LedgerRevenue, |_| {
                let revenue: f64 =
                    (0..draw::poisson(&mut random, 30.0)).map(|_| draw::gamma(&mut random, 3.0, 5_000.0)).sum();
                sold.push(revenue);
                revenue as i64
            });
            let channel = source("one", 60, Measure::ClaimedRevenue, |day| {
                (sold[day as usize] * 1.2 * (1.0 + 0.1 * draw::normal(&mut random))) as i64
            });
            let excess = run(&[&channel], &[&shop]).unwrap().excess.unwrap();
            inside += usize::from(excess.low <= 0.2 && 0.2 <= excess.high);
        }
        assert!((88..=100).contains(&inside), "{inside} of 100");
    }
}
