//! What an ad account delivered and what its platform claims: drawn for each ad and day, so that all levels add up.
//!
//! Money is planned by campaign and shared among the ads that run. Impressions are negative binomial around what the money
//! buys, clicks binomial in them, and the cost follows what was delivered. Orders that advertising truly brings follow the
//! account's spend as delivered ([`Response`](crate::response::Response)); the platform claims more of them than there
//! are, and adds people who only saw an ad. A claim is reported with a lag and stands on the day of the click, so that past
//! days are restated. (Platforms report by the day of the click; lag as a discrete delay: Chapelle 2014.)

use std::ops::Range;

use time::{Date, Duration};

use crate::{
    account::Account,
    client::Client,
    clock,
    random::{Key, Stream},
    response::REACH,
};

/// How widely impressions scatter: their variance is `mean + mean² / DELIVERY`.
pub(crate) const DELIVERY: f64 = 60.0;
/// Days between two decisions on a campaign's budget.
const DECISION: i64 = 21;

/// Everything that an ad account did since the first day.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub days: Vec<Day>,
    claims: Vec<Claim>,
}

/// What an account did on a day.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    pub day: Date,
    /// In the order of the account's ads.
    pub ads: Vec<AdDay>,
    /// Currency units a day, smoothed by carry-over.
    pub adstock: f64,
    /// The mean quality of what was shown, weighted by spend: a factor on orders.
    pub mix: f64,
    /// Orders that this channel is expected to truly bring to the shop on this day.
    pub brought: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct AdDay {
    /// The mean of the impressions, before chance.
    pub expected: f64,
    pub impressions: u32,
    pub clicks: u32,
    pub spend_cents: u32,
    claims: Range<u32>,
}

/// A conversion that the platform claims.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// Days from the click or view until it is reported.
    pub lag: u8,
    /// Whether the ad was only seen.
    pub view: bool,
    /// Hundredths of a conversion.
    pub credit: u8,
    /// The revenue claimed with it.
    pub value_cents: u32,
}

impl History {
    /// Draws the days from the world's first to `today`.
    pub fn new(key: Key, account: &Account, client: &Client, today: Date) -> Self {
        let (mut days, mut claims, mut spends) = (vec![], vec![], vec![]);
        for day in clock::days(client.demand.first, today) {
            let planned = planned(key, account, client, day);
            let key = key.name("ad").number(number(day));
            let mut ads: Vec<_> =
                (0..).zip(planned).map(|(ad, spend)| deliver(key.number(ad), account, ad, spend, day)).collect();
            let cents: u64 = ads.iter().map(|ad| u64::from(ad.spend_cents)).sum();
            spends.push(cents as f64 / 100.0);
            let adstock = account.response.adstock(&spends[spends.len().saturating_sub(REACH)..]);
            let values: Vec<_> = ads
                .iter()
                .zip(&account.ads)
                .map(|(ad, set)| f64::from(ad.spend_cents) * set.ctr * set.quality * set.freshness(day))
                .collect();
            let value: f64 = values.iter().sum();
            let mix = if cents == 0 { 1.0 } else { value / cents as f64 };
            let brought = account.response.orders(adstock) * mix * client.demand.on(day);
            let usually_shown = account.spend / account.cpm * 1000.0;
            let viewers = account.claims.view_share * client.organic * client.demand.on(day) / usually_shown;
            for (at, ad) in ads.iter_mut().enumerate() {
                if ad.impressions == 0 || value <= 0.0 {
                    continue;
                }
                let clicked = account.claims.click_factor * brought * values[at] / value;
                let seen = viewers * f64::from(ad.impressions);
                let from = claims.len() as u32;
                claim(
                    &mut claims,
                    key.number(at as u64).name("claims"),
                    (account, client),
                    (ad, at, day),
                    (clicked, seen),
                );
                ad.claims = from..claims.len() as u32;
            }
            days.push(Day { day, ads, adstock, mix, brought });
        }
        Self { days, claims }
    }

    /// The claims of an ad's day as reported at the end of the day `as_of`.
    pub fn claimed(&self, day: Date, ad: &AdDay, as_of: Date) -> impl Iterator<Item = Claim> {
        let age = (as_of - day).whole_days();
        let all = &self.claims[ad.claims.start as usize..ad.claims.end as usize];
        all.iter().copied().filter(move |claim| i64::from(claim.lag) <= age)
    }
}

/// A day's number in keys.
pub(crate) fn number(day: Date) -> u64 {
    day.to_julian_day().unsigned_abs().into()
}

/// Currency units that each ad is planned to spend.
fn planned(key: Key, account: &Account, client: &Client, day: Date) -> Vec<f64> {
    let since = (day - client.demand.first).whole_days();
    let budget = |at: usize| {
        let key = key.name("budget").number(at as u64);
        if account.steady {
            return account.campaigns[at].budget;
        }
        let decided = key.number((since / DECISION).unsigned_abs()).stream().log_normal(1.0, 0.25).clamp(0.55, 1.7);
        let follows = (1.0 + 0.5 * (client.demand.calendar(day) - 1.0)).clamp(0.6, 1.8);
        account.campaigns[at].budget * decided * follows
    };
    let budgets: Vec<_> = (0..account.campaigns.len()).map(budget).collect();
    let weight = |ad: &crate::account::Ad| if ad.runs(day) { ad.weight } else { 0.0 };
    let mut weights = vec![0.0; budgets.len()];
    for ad in &account.ads {
        weights[account.groups[ad.group].campaign] += weight(ad);
    }
    let share = |ad: &crate::account::Ad| {
        let campaign = account.groups[ad.group].campaign;
        if weights[campaign] > 0.0 { budgets[campaign] * weight(ad) / weights[campaign] } else { 0.0 }
    };
    account.ads.iter().map(share).collect()
}

fn deliver(key: Key, account: &Account, ad: u64, spend: f64, day: Date) -> AdDay {
    let mut stream = key.name("delivery").stream();
    let expected = spend / account.cpm * 1000.0;
    let impressions = if expected > 0.0 { stream.negative_binomial(expected, DELIVERY) } else { 0 };
    let rate = click_rate(account, ad as usize, day);
    let clicks = stream.binomial(impressions, rate);
    let cost = impressions as f64 * account.cpm / 10.0 * stream.log_normal(1.0, 0.04);
    AdDay {
        expected,
        impressions: impressions as u32,
        clicks: clicks as u32,
        spend_cents: cost.round() as u32,
        claims: 0..0,
    }
}

fn click_rate(account: &Account, ad: usize, day: Date) -> f64 {
    (account.ctr * account.ads[ad].ctr * account.ads[ad].freshness(day)).min(0.5)
}

type Place<'a> = (&'a AdDay, usize, Date);

/// Draws what is claimed for an ad's day; `clicked` and `seen` are the means of both kinds.
fn claim(
    claims: &mut Vec<Claim>,
    key: Key,
    (account, client): (&Account, &Client),
    (ad, at, day): Place<'_>,
    (clicked, seen): (f64, f64),
) {
    let mut stream = key.stream();
    let clicks = f64::from(ad.impressions) * click_rate(account, at, day);
    let after_click = stream.binomial(ad.clicks.into(), (clicked / clicks).min(0.5));
    let after_view = stream.poisson(seen);
    for at in 0..after_click + after_view {
        let lag = lag(&mut stream, account);
        let credit = if account.claims.fractional && stream.chance(0.35) { stream.whole(15, 95) } else { 100 };
        let value = stream.log_normal(client.order_value, client.trade.spread) * credit as f64;
        let reported = day + Duration::days(i64::from(lag));
        let unknown = account.outage.is_some_and(|(first, last)| first <= reported && reported <= last);
        if lag <= account.claims.window && !unknown {
            let (view, value_cents) = (at >= after_click, value.round() as u32);
            claims.push(Claim { lag: lag as u8, view, credit: credit as u8, value_cents });
        }
    }
}

fn lag(stream: &mut Stream, account: &Account) -> u32 {
    let claims = &account.claims;
    if stream.chance(claims.same_day) { 0 } else { 1 + stream.geometric(1.0 / claims.mean_lag) }
}
