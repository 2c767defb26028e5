//! What is planted in a world and is to be found by whoever looks at its numbers. The product never reads this.
//!
//! Six of the eight clients have one story each and one creative that wears out; two have none. All dates lie 150 to 350
//! days after the first, so that the last 400 days always show what was before and after. To plant another kind of event,
//! add a role or plant it beside one, and give it to the test below.
//!
//! What is to be found is there to be found: nothing tells what more money would bring to a channel that never had more, nor
//! what a creative sells that hardly anybody saw. So nobody looks after the budgets of the channel that has too little, but
//! more was tried on it several times for a fortnight, as agencies do before they dare; and the hidden winner runs where most
//! is spent. Both are at clients that sell much.

use serde::Serialize;
use time::{Date, Duration};

use crate::{
    account::{Account, Ad, Fatigue, Platform, Trial, respond},
    client::CLIENTS,
    plan::Plan,
    random::Stream,
    season::Shift,
};

/// The story of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Change,
    Outage,
    Collapse,
    Saturated,
    UnderFunded,
    Winner,
    Null,
}

impl Role {
    /// Whether its client is one of the agency's large ones.
    pub const fn large(self) -> bool {
        matches!(self, Self::UnderFunded | Self::Winner)
    }
}

/// One for each client, before they are shuffled.
pub(crate) const ROLES: [Role; CLIENTS] = [
    Role::Change,
    Role::Outage,
    Role::Collapse,
    Role::Saturated,
    Role::UnderFunded,
    Role::Winner,
    Role::Null,
    Role::Null,
];

/// What kind of thing was planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A creative's click rate falls from the first day on. `size` is the days in which it halves.
    Fatigue,
    /// Orders of the whole client are fewer or more from the first day on, for good. `size` is the factor.
    ChangePoint,
    /// The platform learns of no conversion on these days, while the shop sells as before. `size` is what it reports: 0.
    TrackingOutage,
    /// The shop truly sells less on these days, whatever brought the people. `size` is the factor.
    Collapse,
    /// The channel is spent far more on than it can use, always. `size` is its spend over half saturation.
    Saturated,
    /// The channel would return far more than it costs if it had more money, always; its `trials` in the truth are when it
    /// had. `size` as for `Saturated`.
    UnderFunded,
    /// A creative sells better than all others but gets little money, always. `size` is the factor on orders for a click.
    HiddenWinner,
    /// Nothing happens at this client, and no creative of a channel sells worth mentioning more or less than its others.
    /// There is no size.
    Null,
}

/// A planted event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Planted {
    /// What it is.
    pub kind: Kind,
    /// The client's place.
    pub client: usize,
    /// The channel's place, if it is in one channel only.
    pub channel: Option<usize>,
    /// The platform's id of the ad, if it is about one ad only.
    pub entity: Option<String>,
    /// The first day on which it acts; none if it always does.
    #[serde(serialize_with = "crate::clock::iso_option")]
    pub first: Option<Date>,
    /// The last day on which it acts; none if it goes on.
    #[serde(serialize_with = "crate::clock::iso_option")]
    pub last: Option<Date>,
    /// How large it is, in the unit of its kind.
    pub size: Option<f64>,
}

/// How often more money was tried on the channel that has too little, and for how many days.
const TRIALS: i64 = 6;
const TRIAL: i64 = 14;
/// The days of the world in which that was: seen in the last 400, and long over at their end.
const TRIED: (i64, i64) = (120, 342);
/// Days between two trials at the least.
const APART: i64 = 7;

/// Plants every story into the plan.
pub(crate) fn plant(plan: &mut Plan, roles: &[Role; CLIENTS], first: Date) {
    for (client, role) in roles.iter().enumerate() {
        let mut stream = plan.key.name("planted").number(client as u64).stream();
        let mine: Vec<_> = plan.accounts(client).map(|(channel, _)| channel.index).collect();
        let channel = *stream.pick(&mine);
        let mut event =
            Planted { kind: Kind::Null, client, channel: None, entity: None, first: None, last: None, size: None };
        let date = |stream: &mut Stream, low, high| first + Duration::days(stream.whole(low, high));
        let last = |stream: &mut Stream, from: Date, low, high| from + Duration::days(stream.whole(low, high) - 1);
        match role {
            Role::Change => {
                let fewer = stream.chance(0.5);
                let factor = if fewer { stream.between(0.66, 0.76) } else { stream.between(1.30, 1.45) };
                let from = date(&mut stream, 170, 300);
                plan.clients[client].demand.shifts.push(Shift { first: from, last: None, factor });
                event = Planted { kind: Kind::ChangePoint, first: Some(from), size: Some(factor), ..event };
            }
            Role::Collapse => {
                let factor = stream.between(0.25, 0.40);
                let from = date(&mut stream, 200, 330);
                let last = Some(last(&mut stream, from, 12, 20));
                plan.clients[client].demand.shifts.push(Shift { first: from, last, factor });
                event = Planted { kind: Kind::Collapse, first: Some(from), last, size: Some(factor), ..event };
            }
            Role::Outage => {
                let from = date(&mut stream, 200, 340);
                let last = last(&mut stream, from, 6, 10);
                if let Some(account) = &mut plan.channels[channel].account {
                    account.outage = Some((from, last));
                }
                let (first, last, size) = (Some(from), Some(last), Some(0.0));
                event = Planted { kind: Kind::TrackingOutage, channel: Some(channel), first, last, size, ..event };
            }
            Role::Saturated => event = respending(plan, &mut stream, channel, Kind::Saturated, event),
            Role::UnderFunded => {
                event = respending(plan, &mut stream, channel, Kind::UnderFunded, event);
                if let Some(account) = &mut plan.channels[channel].account {
                    account.steady = true;
                    account.trials = trials(&mut stream, first);
                }
            }
            Role::Winner => {
                let spend = |at: &usize| plan.channels[*at].account.as_ref().map_or(0.0, |account| account.spend);
                let most = mine.iter().copied().max_by(|one, other| spend(one).total_cmp(&spend(other)));
                let channel = most.unwrap_or(channel);
                let size = stream.between(2.2, 2.8);
                let shared = plan.channels[channel].account.as_ref().map(shared).unwrap_or_default();
                let ad = ad(plan, &mut stream, channel, |ad| shared[ad.group]);
                if let Some(ad) = ad {
                    (ad.weight, ad.quality) = (0.10, size);
                    let entity = Some(ad.external_id.clone());
                    event =
                        Planted { kind: Kind::HiddenWinner, channel: Some(channel), entity, size: Some(size), ..event };
                }
            }
            Role::Null => {}
        }
        plan.planted.push(event);
        if *role != Role::Null {
            // People are not tired of what they searched for: every client advertises in a feed too.
            let platform = |channel: usize| plan.channels[channel].platform;
            let feeds: Vec<_> = mine.into_iter().filter(|at| platform(*at) != Platform::GoogleAds).collect();
            let channel = *stream.pick(&feeds);
            let from = date(&mut stream, 150, 330);
            let half_life = stream.between(12.0, 20.0);
            // Not the winner, which has little weight.
            if let Some(ad) = ad(plan, &mut stream, channel, |ad| ad.weight > 0.5) {
                ad.weight = 1.4;
                ad.fatigue = Some(Fatigue { first: from, half_life, floor: 0.3 });
                let (kind, entity) = (Kind::Fatigue, Some(ad.external_id.clone()));
                let (channel, first) = (Some(channel), Some(from));
                plan.planted.push(Planted { kind, client, channel, entity, first, last: None, size: Some(half_life) });
            }
        }
    }
}

/// One of the ads that always run.
fn ad<'a>(plan: &'a mut Plan, stream: &mut Stream, channel: usize, fit: impl Fn(&Ad) -> bool) -> Option<&'a mut Ad> {
    let ads = plan.channels[channel].account.as_mut()?.ads.iter_mut();
    let mut ads: Vec<_> = ads.filter(|ad| ad.launched.is_none() && ad.ended.is_none() && fit(ad)).collect();
    (!ads.is_empty()).then(|| ads.swap_remove(stream.below(ads.len())))
}

/// Of each group, whether its campaign has several ads that always run. One alone has its campaign's money whatever it weighs.
fn shared(account: &Account) -> Vec<bool> {
    let campaign = |group: usize| account.groups[group].campaign;
    let always = account.ads.iter().filter(|ad| ad.launched.is_none() && ad.ended.is_none());
    let beside = |group: usize| always.clone().filter(|ad| campaign(ad.group) == campaign(group)).count();
    (0..account.groups.len()).map(|group| beside(group) > 1).collect()
}

/// When more money was tried, about as much as others have: one fortnight in each part of the time.
fn trials(stream: &mut Stream, first: Date) -> Vec<Trial> {
    let part = (TRIED.1 - TRIED.0) / TRIALS;
    (0..TRIALS)
        .map(|at| {
            let from = TRIED.0 + part * at + stream.whole(0, part - TRIAL - APART);
            let from = first + Duration::days(from);
            Trial { first: from, last: from + Duration::days(TRIAL - 1), factor: stream.between(3.0, 3.8) }
        })
        .collect()
}

/// Gives a channel far too much or too little money, with the response that goes with it.
fn respending(plan: &mut Plan, stream: &mut Stream, channel: usize, kind: Kind, event: Planted) -> Planted {
    let (money, relative, slope, roas) = match kind {
        Kind::Saturated => (2.4, stream.between(3.5, 5.0), stream.between(1.2, 1.6), stream.between(1.8, 2.2)),
        _ => (0.35, stream.between(0.15, 0.25), stream.between(1.1, 1.4), stream.between(3.4, 4.2)),
    };
    let client = &plan.clients[event.client];
    if let Some(account) = &mut plan.channels[channel].account {
        account.spend *= money;
        account.claims.view_share *= money.min(1.0);
        account.campaigns.iter_mut().for_each(|campaign| campaign.budget *= money);
        account.response = respond(client, account.spend, relative, slope, roas, account.response.decay);
    }
    Planted { kind, channel: Some(channel), size: Some(relative), ..event }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    /// What each kind changes is held against the plan itself, and against all that is not planted.
    #[test]
    fn in_fifty_worlds_everything_is_planted_and_acts_where_it_says() {
        let first = date!(2025 - 01 - 01);
        for seed in 0..50 {
            let plan = Plan::new(seed, first);
            let count = |kind| plan.planted.iter().filter(|event| event.kind == kind).count();
            for kind in [
                Kind::ChangePoint,
                Kind::TrackingOutage,
                Kind::Collapse,
                Kind::Saturated,
                Kind::UnderFunded,
                Kind::HiddenWinner,
            ] {
                assert_eq!(count(kind), 1, "seed {seed}, {kind:?}");
            }
            assert_eq!((count(Kind::Fatigue), count(Kind::Null)), (6, 2), "seed {seed}");
            let mut marginals = vec![];
            for channel in &plan.channels {
                let Some(account) = &channel.account else { continue };
                let returned = account.response.marginal(account.spend) * plan.clients[channel.client].order_value;
                marginals.push((channel.index, returned));
            }
            for event in &plan.planted {
                let demand = &plan.clients[event.client].demand;
                let account = event.channel.and_then(|channel| plan.channels[channel].account.as_ref());
                let ad = account.and_then(|a| a.ads.iter().find(|ad| Some(&ad.external_id) == event.entity.as_ref()));
                let from = event.first.unwrap_or(first);
                let before = from - Duration::days(1);
                if let Some(from) = event.first {
                    assert!((150..=350).contains(&(from - first).whole_days()), "seed {seed}");
                }
                let others = marginals.iter().filter(|(channel, _)| Some(*channel) != event.channel);
                let mine = marginals.iter().find(|(channel, _)| Some(*channel) == event.channel).map(|(_, back)| *back);
                match event.kind {
                    Kind::ChangePoint | Kind::Collapse => {
                        let factor = demand.on(from) / demand.usual(from);
                        assert!((factor - event.size.unwrap()).abs() < 1e-9 && (factor - 1.0).abs() > 0.2);
                        assert!((demand.on(before) / demand.usual(before) - 1.0).abs() < 1e-9);
                        let after = event.last.map_or(1.0, |last| {
                            demand.on(last + Duration::days(1)) / demand.usual(last + Duration::days(1))
                        });
                        assert!((after - 1.0).abs() < 1e-9);
                    }
                    Kind::TrackingOutage => assert_eq!(account.unwrap().outage, event.first.zip(event.last)),
                    Kind::Saturated => {
                        assert!(mine.unwrap() < 0.5, "seed {seed}: {mine:?}");
                        assert!(others.clone().all(|(_, back)| *back > 0.6), "seed {seed}");
                    }
                    Kind::UnderFunded => {
                        // It pays even where half of what is sold goes for goods, and returns.
                        assert!(mine.unwrap() > 3.0, "seed {seed}: {mine:?}");
                        assert!(others.clone().all(|(_, back)| *back < mine.unwrap()), "seed {seed}");
                        let account = account.unwrap();
                        assert!(account.steady && account.trials.len() == 6);
                        let day = |day: Date| (day - first).whole_days();
                        for trial in &account.trials {
                            assert!(day(trial.first) >= 120 && day(trial.last) < 345, "seed {seed}");
                            let [before, after] = [trial.first - Duration::days(1), trial.last + Duration::days(1)];
                            assert_eq!([before, after].map(|day| account.tried(day)), [1.0, 1.0]);
                            assert_eq!([trial.first, trial.last].map(|day| account.tried(day)), [trial.factor; 2]);
                            assert!((2.5..4.0).contains(&trial.factor));
                        }
                    }
                    Kind::HiddenWinner => {
                        let (ad, account) = (ad.unwrap(), account.unwrap());
                        let rest = account.ads.iter().filter(|other| other.external_id != ad.external_id);
                        assert!(
                            rest.clone()
                                .all(|other| other.quality * 1.5 < ad.quality && other.weight > ad.weight * 3.0)
                        );
                        let campaign = |ad: &Ad| account.groups[ad.group].campaign;
                        let beside = rest.filter(|other| campaign(other) == campaign(ad));
                        assert!(beside.map(|other| other.weight).sum::<f64>() > 6.0 * ad.weight, "seed {seed}");
                        let mut accounts = plan.accounts(event.client);
                        assert!(accounts.all(|(_, other)| other.spend <= account.spend), "seed {seed}");
                    }
                    Kind::Fatigue => {
                        let ad = ad.unwrap();
                        assert!((ad.freshness(before) - 1.0).abs() < 1e-9 && ad.freshness(from) < 1.0);
                        assert!(ad.freshness(from + Duration::days(60)) < 0.35);
                    }
                    Kind::Null => {
                        assert!(demand.shifts.is_empty() && demand.trend.abs() < 1e-12);
                        for (_, account) in plan.accounts(event.client) {
                            assert!(account.steady && account.outage.is_none());
                            let quiet = |ad: &Ad| ad.fatigue.is_none() && ad.launched.is_none() && ad.ended.is_none();
                            assert!(account.ads.iter().all(quiet) && account.trials.is_empty());
                            let sells = account.ads.iter().map(|ad| ad.ctr * ad.quality);
                            assert!(
                                sells.clone().all(|one| sells.clone().all(|other| one < 1.2 * other)),
                                "seed {seed}"
                            );
                        }
                    }
                }
            }
        }
    }
}
