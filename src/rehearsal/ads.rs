//! What an ad account delivered and what its platform claims: drawn for each ad and day, so that all levels add up.
//!
//! Money is planned by campaign and shared among the ads that run. Impressions are negative binomial around what the money
//! buys, clicks binomial in them, and the cost follows what was delivered. Orders that advertising truly brings follow the
//! account's spend as delivered ([`Response`](crate::response::Response)); the platform claims more of them than there
//! are, and adds people who only saw an ad. A claim is reported with a lag and stands on the day of the click, so that past
//! days are restated. (Platforms report by the day of the click; lag as a discrete delay: Chapelle 2014.)

use std::ops::Range;

use time::{Date, Duration, OffsetDateTime};

use crate::{
    account::Account,
    client::Client,
    clock,
    random::{Key, Stream},
    response::REACH,
    rows::AdSums,
    writes::{Cut, Set},
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
    /// On a day on which somebody changed something: whole days as they would have been, of which parts make up this one.
    pub pieces: Vec<Piece>,
}

/// A whole day under one setting, of which only a part counts.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Since when; none for what was set when the day began.
    pub at: Option<OffsetDateTime>,
    /// How much of the day was over then.
    pub from: f64,
    pub ads: Vec<AdDay>,
    pub brought: f64,
    adstock: f64,
    mix: f64,
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

impl Day {
    /// The parts of the day: from which to which share of it, and the whole day under the setting of that time.
    fn parts(&self) -> impl Iterator<Item = (f64, f64, &[AdDay])> {
        let to = |at: usize| self.pieces.get(at + 1).map_or(1.0, |next| next.from);
        let plain = self.pieces.is_empty().then_some((0.0, 1.0, self.ads.as_slice()));
        let cut = self.pieces.iter().enumerate().map(move |(at, piece)| (piece.from, to(at), piece.ads.as_slice()));
        plain.into_iter().chain(cut)
    }
}

/// What there was of a count by a share of its day.
fn part(count: u32, share: f64) -> u32 {
    (f64::from(count) * share) as u32
}

impl History {
    /// Draws the days from the world's first to `today`; `cuts` are what people changed, the first first.
    pub fn new(key: Key, account: &Account, client: &Client, today: Date, cuts: &[Cut]) -> Self {
        let mut history = Self { days: vec![], claims: vec![] };
        let (mut spends, plain) = (vec![], Set::default());
        for day in clock::days(client.demand.first, today) {
            let before = cuts.iter().rfind(|cut| cut.day < day).map_or(&plain, |cut| &cut.set);
            let mut draw = |at, from, set| history.draw(key, account, client, day, &spends, (at, from, set));
            let mut pieces = vec![draw(None, 0.0, before)];
            pieces.extend(cuts.iter().filter(|cut| cut.day == day).map(|cut| draw(Some(cut.at), cut.share, &cut.set)));
            let drawn = history.join(day, pieces);
            let cents: u64 = drawn.ads.iter().map(|ad| u64::from(ad.spend_cents)).sum();
            spends.push(cents as f64 / 100.0);
            history.days.push(drawn);
        }
        history
    }

    /// A whole day under one setting; `spends` are those of the days before.
    fn draw(
        &mut self,
        key: Key,
        account: &Account,
        client: &Client,
        day: Date,
        spends: &[f64],
        (at, from, set): (Option<OffsetDateTime>, f64, &Set),
    ) -> Piece {
        let planned = planned(key, account, client, day, set);
        let key = key.name("ad").number(number(day));
        let mut ads: Vec<_> =
            (0..).zip(planned).map(|(ad, spend)| deliver(key.number(ad), account, ad, spend, day)).collect();
        let cents: u64 = ads.iter().map(|ad| u64::from(ad.spend_cents)).sum();
        let mut recent = spends[spends.len().saturating_sub(REACH - 1)..].to_vec();
        recent.push(cents as f64 / 100.0);
        let adstock = account.response.adstock(&recent);
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
            let from = self.claims.len() as u32;
            claim(
                &mut self.claims,
                key.number(at as u64).name("claims"),
                (account, client),
                (ad, at, day),
                (clicked, seen),
            );
            ad.claims = from..self.claims.len() as u32;
        }
        Piece { at, from, ads, brought, adstock, mix }
    }

    /// The day that its parts make up.
    fn join(&mut self, day: Date, mut pieces: Vec<Piece>) -> Day {
        if pieces.len() == 1 {
            let Piece { ads, brought, adstock, mix, .. } = pieces.remove(0);
            return Day { day, ads, adstock, mix, brought, pieces };
        }
        let mut joined = Day { day, ads: vec![], adstock: 0.0, mix: 0.0, brought: 0.0, pieces };
        let widths: Vec<_> = joined.parts().map(|(from, to, _)| to - from).collect();
        for (piece, width) in joined.pieces.iter().zip(widths) {
            joined.adstock += width * piece.adstock;
            joined.mix += width * piece.mix;
            joined.brought += width * piece.brought;
        }
        for at in 0..joined.pieces[0].ads.len() {
            let first = self.claims.len() as u32;
            let mut ad = AdDay { expected: 0.0, impressions: 0, clicks: 0, spend_cents: 0, claims: first..first };
            for (from, to, ads) in joined.parts() {
                let whole = &ads[at];
                let cut = |count| part(count, to) - part(count, from);
                ad.expected += (to - from) * whole.expected;
                ad.impressions += cut(whole.impressions);
                ad.clicks += cut(whole.clicks);
                ad.spend_cents += cut(whole.spend_cents);
                self.claims.extend_from_within(within(&whole.claims, from, to));
            }
            ad.claims = first..self.claims.len() as u32;
            joined.ads.push(ad);
        }
        joined
    }

    /// What was reported of an ad's day by the time that a share of it was over.
    pub fn by(&self, day: &Day, ad: usize, share: f64) -> AdSums {
        let mut sums = AdSums::default();
        for (from, to, ads) in day.parts().filter(|(from, ..)| *from < share) {
            let (whole, to) = (&ads[ad], to.min(share));
            let cut = |count| i64::from(part(count, to) - part(count, from));
            sums.impressions += cut(whole.impressions);
            sums.clicks += cut(whole.clicks);
            sums.spend_cents += cut(whole.spend_cents);
            let claims = &self.claims[within(&whole.claims, from, to)];
            claims.iter().filter(|claim| claim.lag == 0).for_each(|claim| sums += *claim);
        }
        sums
    }

    /// The claims of an ad's day as reported at the end of the day `as_of`.
    pub fn claimed(&self, day: Date, ad: &AdDay, as_of: Date) -> impl Iterator<Item = Claim> {
        let age = (as_of - day).whole_days();
        let all = &self.claims[ad.claims.start as usize..ad.claims.end as usize];
        all.iter().copied().filter(move |claim| i64::from(claim.lag) <= age)
    }
}

/// The part of a day's claims that lies between two shares of it.
fn within(claims: &Range<u32>, from: f64, to: f64) -> Range<usize> {
    let place = |share| (claims.start + part(claims.end - claims.start, share)) as usize;
    place(from)..place(to)
}

impl std::ops::AddAssign<Claim> for AdSums {
    fn add_assign(&mut self, claim: Claim) {
        let credit = i64::from(claim.credit);
        self.conversions_hundredths += credit;
        self.view_hundredths += if claim.view { credit } else { 0 };
        self.revenue_cents += i64::from(claim.value_cents);
    }
}

/// A day's number in keys.
pub(crate) fn number(day: Date) -> u64 {
    day.to_julian_day().unsigned_abs().into()
}

/// Currency units that each ad is planned to spend.
fn planned(key: Key, account: &Account, client: &Client, day: Date, set: &Set) -> Vec<f64> {
    let since = (day - client.demand.first).whole_days();
    let budget = |at: usize| {
        if let Some(cents) = set.budget(at) {
            return cents as f64 / 100.0;
        }
        let usual = account.campaigns[at].budget * account.tried(day);
        if account.steady {
            return usual;
        }
        let key = key.name("budget").number(at as u64);
        let decided = key.number((since / DECISION).unsigned_abs()).stream().log_normal(1.0, 0.25).clamp(0.55, 1.7);
        let follows = (1.0 + 0.5 * (client.demand.calendar(day) - 1.0)).clamp(0.6, 1.8);
        usual * decided * follows
    };
    let budgets: Vec<_> = (0..account.campaigns.len()).map(budget).collect();
    let weight = |ad: usize| if set.shows(account, ad, day) { account.ads[ad].weight } else { 0.0 };
    let mut weights = vec![0.0; budgets.len()];
    for (at, ad) in account.ads.iter().enumerate() {
        weights[account.groups[ad.group].campaign] += weight(at);
    }
    let share = |(at, ad): (usize, &crate::account::Ad)| {
        let campaign = account.groups[ad.group].campaign;
        if weights[campaign] > 0.0 { budgets[campaign] * weight(at) / weights[campaign] } else { 0.0 }
    };
    account.ads.iter().enumerate().map(share).collect()
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
