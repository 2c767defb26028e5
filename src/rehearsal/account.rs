//! Ad accounts: campaigns, groups and ads with their budgets, and how the platform delivers, counts and claims.

use serde::Serialize;
use time::{Date, Duration};

use crate::{
    client::Client,
    random::{Key, Stream},
    response::Response,
};

/// Where a channel or a mailbox lives. The keys are those of the product's providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Google Ads.
    GoogleAds,
    /// Meta (Facebook and Instagram).
    MetaAds,
    /// TikTok Ads.
    #[serde(rename = "tiktok_ads")]
    TikTokAds,
    /// A Shopify shop.
    Shopify,
    /// A mailbox at Google.
    Gmail,
    /// A mailbox at Microsoft.
    Outlook,
}

impl Platform {
    /// Its key, as in the truth.
    pub const fn key(self) -> &'static str {
        match self {
            Self::GoogleAds => "google_ads",
            Self::MetaAds => "meta_ads",
            Self::TikTokAds => "tiktok_ads",
            Self::Shopify => "shopify",
            Self::Gmail => "gmail",
            Self::Outlook => "outlook",
        }
    }

    /// Whether it is advertised there.
    pub const fn ads(self) -> bool {
        matches!(self, Self::GoogleAds | Self::MetaAds | Self::TikTokAds)
    }
}

/// What an ad account is set to and what its platform does; rates are those of a usual day.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub response: Response,
    /// Currency units a day that all campaigns together are planned to spend on a usual day.
    pub spend: f64,
    /// Currency units for 1000 impressions.
    pub cpm: f64,
    /// Clicks for an impression.
    pub ctr: f64,
    pub claims: Claims,
    /// Whether nobody moves the budgets: they stay as they are, but for trials.
    pub steady: bool,
    /// Days on which other budgets were tried, the first first.
    pub trials: Vec<Trial>,
    pub campaigns: Vec<Campaign>,
    pub groups: Vec<Group>,
    pub ads: Vec<Ad>,
    /// Days on which the platform learns of no conversion.
    pub outage: Option<(Date, Date)>,
}

/// Days on which somebody tried other budgets and then went back to the usual ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Trial {
    #[serde(serialize_with = "crate::clock::iso")]
    pub first: Date,
    #[serde(serialize_with = "crate::clock::iso")]
    pub last: Date,
    /// How many times its usual budget each campaign had.
    pub factor: f64,
}

impl Account {
    /// How many times its usual budget each campaign has on a day.
    pub fn tried(&self, day: Date) -> f64 {
        let trial = self.trials.iter().find(|trial| trial.first <= day && day <= trial.last);
        trial.map_or(1.0, |trial| trial.factor)
    }
}

/// How a platform counts conversions.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Claims {
    /// Click-through claims, also those with part of the credit, for each order that advertising truly brought.
    pub click_factor: f64,
    /// Share of the orders that come by themselves which is claimed because the ad had been seen, when as many ads are
    /// shown as the account's usual spend buys.
    pub view_share: f64,
    /// Share of claims that are reported on the day of the click.
    pub same_day: f64,
    /// Mean further days of the others, before the window cuts.
    pub mean_lag: f64,
    /// The longest lag in days; later conversions are not attributed.
    pub window: u32,
    /// Whether credit is given in hundredths of a conversion.
    pub fractional: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    pub external_id: String,
    pub name: String,
    /// Currency units a day.
    pub budget: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub external_id: String,
    pub name: String,
    pub campaign: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Ad {
    pub external_id: String,
    pub name: String,
    pub group: usize,
    /// Share of its campaign's money, before it is divided among the ads that run.
    pub weight: f64,
    /// Factor on the account's click rate.
    pub ctr: f64,
    /// Factor on orders for a click.
    pub quality: f64,
    pub launched: Option<Date>,
    /// The first day on which it no longer runs.
    pub ended: Option<Date>,
    pub fatigue: Option<Fatigue>,
}

/// A creative that people have seen too often: its click rate halves every so many days, down to a floor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fatigue {
    pub first: Date,
    pub half_life: f64,
    pub floor: f64,
}

impl Ad {
    /// Whether it is switched on.
    pub fn runs(&self, day: Date) -> bool {
        self.launched.is_none_or(|launched| launched <= day) && self.ended.is_none_or(|ended| day < ended)
    }

    /// What fatigue leaves of its click rate.
    pub fn freshness(&self, day: Date) -> f64 {
        self.fatigue.map_or(1.0, |fatigue| {
            let days = ((day - fatigue.first).whole_days() + 1).max(0) as f64;
            libm::exp2(-days / fatigue.half_life).max(fatigue.floor)
        })
    }
}

/// Ranges in which a platform's rates lie: cost of a click, click rate, click-through claims, view-through share.
const fn ranges(platform: Platform) -> [(f64, f64); 4] {
    match platform {
        Platform::GoogleAds => [(0.45, 0.95), (0.035, 0.060), (1.26, 1.50), (0.005, 0.02)],
        Platform::MetaAds => [(0.40, 0.85), (0.010, 0.017), (1.15, 1.45), (0.03, 0.08)],
        _ => [(0.28, 0.60), (0.007, 0.012), (1.10, 1.55), (0.03, 0.10)],
    }
}

/// An account with `creatives` ads, one for each.
pub(crate) fn make(key: Key, platform: Platform, client: &Client, first: Date, creatives: usize) -> Account {
    let mut stream = key.stream();
    let draw = |stream: &mut Stream, (low, high): (f64, f64)| stream.between(low, high);
    let [click, rate, over, view] = ranges(platform);
    let (click, ctr) = (draw(&mut stream, click), draw(&mut stream, rate));
    let spend = client.organic * client.order_value * stream.between(0.10, 0.17);
    let (same_day, mean_lag, window) = match platform {
        Platform::GoogleAds => (stream.between(0.50, 0.60), stream.between(4.0, 6.0), 30),
        _ => (stream.between(0.62, 0.74), stream.between(1.8, 2.6), 7),
    };
    let claims = Claims {
        click_factor: draw(&mut stream, over),
        view_share: draw(&mut stream, view),
        same_day,
        mean_lag,
        window,
        fractional: platform == Platform::GoogleAds,
    };
    let (relative, slope) = (stream.between(0.6, 1.1), stream.between(0.9, 1.5));
    let response = respond(client, spend, relative, slope, stream.between(1.6, 2.4), stream.between(0.2, 0.75));
    let mut account = Account {
        response,
        spend,
        cpm: click * ctr * 1000.0,
        ctr,
        claims,
        steady: client.quiet,
        trials: vec![],
        campaigns: vec![],
        groups: vec![],
        ads: vec![],
        outage: None,
    };
    fill(&mut account, &mut stream, platform, client, first, creatives);
    account
}

/// The response whose average return at `spend` is `roas`, `spend` being `relative` to half saturation.
pub(crate) fn respond(client: &Client, spend: f64, relative: f64, slope: f64, roas: f64, decay: f64) -> Response {
    let reached = 1.0 / (1.0 + libm::pow(relative, -slope));
    let ceiling = roas * spend / client.order_value / reached;
    Response { decay, half_saturation: spend / relative, slope, ceiling }
}

const fn words(platform: Platform) -> ([&'static str; 3], [&'static str; 6]) {
    match platform {
        Platform::GoogleAds => (
            ["Search | Generic", "Search | Brand", "Demand Gen"],
            ["Exact", "Phrase", "Competitors", "Categories", "Customer match", "In-market"],
        ),
        Platform::MetaAds => (
            ["Prospecting", "Retargeting", "Catalogue"],
            ["Broad", "Lookalike 1%", "Interests", "Visitors 30d", "Cart 14d", "Lookalike 5%"],
        ),
        _ => (
            ["Reach new people", "Spark Ads", "Web conversions"],
            ["Broad 18-44", "Interest", "Behaviour", "Creators", "Custom audience", "Lookalike"],
        ),
    }
}

fn fill(
    account: &mut Account,
    stream: &mut Stream,
    platform: Platform,
    client: &Client,
    first: Date,
    creatives: usize,
) {
    let mut id = Ids::new(stream, platform);
    let (campaigns, groups) = words(platform);
    let mut products = client.trade.products;
    stream.shuffle(&mut products);
    // Three campaigns with four groups; each group has an ad before any has two.
    let shares = [stream.between(0.45, 0.55), stream.between(0.25, 0.30)];
    for (at, name) in campaigns.into_iter().enumerate() {
        let share = shares.get(at).copied().unwrap_or(1.0 - shares[0] - shares[1]);
        account.campaigns.push(Campaign {
            external_id: id.next(stream),
            name: name.into(),
            budget: account.spend * share,
        });
    }
    for (at, campaign) in [0, 0, 1, 2].into_iter().enumerate() {
        account.groups.push(Group { external_id: id.next(stream), name: groups[at].into(), campaign });
    }
    // Creatives differ, but not so much at a client at which nothing happens that one of them had better be changed.
    let (rate, quality) = if client.quiet { (0.04, 0.03) } else { (0.12, 0.10) };
    for at in 0..creatives {
        let group = at % account.groups.len();
        let second = at >= account.groups.len();
        // The first ad of a group runs always; of the others some come later and some end.
        let some_day = |stream: &mut Stream| Some(first + Duration::days(stream.whole(30, 360)));
        let launched = if second && !account.steady && stream.chance(0.3) { some_day(stream) } else { None };
        let ends = second && !account.steady && launched.is_none() && stream.chance(0.2);
        account.ads.push(Ad {
            external_id: id.next(stream),
            name: format!("{} {:02}", products[at % products.len()], at + 1),
            group,
            weight: stream.between(0.7, 1.3),
            ctr: stream.between(1.0 - rate, 1.0 + rate),
            quality: stream.between(1.0 - quality, 1.0 + quality),
            launched,
            ended: if ends { some_day(stream) } else { None },
            fatigue: None,
        });
    }
}

/// Ids with as many digits as the platform's have, each higher than the one before.
struct Ids(u64);

impl Ids {
    fn new(stream: &mut Stream, platform: Platform) -> Self {
        let first = match platform {
            Platform::GoogleAds => 20_000_000_000,
            Platform::MetaAds => 120_200_000_000_000_000,
            _ => 1_780_000_000_000_000_000,
        };
        Self(first + stream.below(9_000_000_000) as u64)
    }

    fn next(&mut self, stream: &mut Stream) -> String {
        self.0 += stream.whole(1_000, 90_000) as u64;
        self.0.to_string()
    }
}
