//! What is really true of a world, for judges: everything planted, every parameter, and the sums of every channel and day.
//!
//! It is computed from the same draws that providers' answers are made of. Amounts are whole cents of the client's currency.

use serde::Serialize;
use time::{Date, Duration, OffsetDateTime};

use crate::{
    account::{Account, Claims, Trial},
    ads::{AdDay, History},
    plan::Channel,
    planted::Planted,
    response::Response,
    rows::AdSums,
    talk::Mood,
    world::World,
};

/// The truth of a world on a day.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    seed: u64,
    #[serde(serialize_with = "crate::clock::iso")]
    first: Date,
    #[serde(serialize_with = "crate::clock::iso")]
    today: Date,
    model: [&'static str; 8],
    planted: Vec<Named>,
    clients: Vec<ClientTruth>,
    channels: Vec<ChannelTruth>,
    shops: Vec<ShopTruth>,
    messages: Vec<MessageTruth>,
}

/// How to read the figures.
const MODEL: [&str; 8] = [
    "each day's budgets = planned_spend, times the factor on the days of a trial; where it is not steady also times a log-normal of 0.25 drawn for each campaign and 21 days (0.55 to 1.7) and 1 + half of what the calendar adds to demand (0.6 to 1.8)",
    "adstock(t) = sum over ages 0..13 of decay^age * spend(t - age) / sum of decay^age; before the first day spend is that of the first (Jin et al. 2017)",
    "orders brought(t) ~ Poisson(ceiling / (1 + (adstock / half_saturation)^-slope) * mix(t) * demand(t)); they are among the shop's orders of the same day",
    "orders by themselves(t) ~ Poisson(organic * demand(t)); demand = weekday * year * holidays * trend * planted shifts",
    "impressions ~ negative binomial with variance mean + mean^2 / 60; clicks ~ binomial(impressions, click rate)",
    "claims after clicks ~ binomial(clicks) with mean click_factor * brought, after views ~ Poisson(view_share * mean orders by themselves * impressions / (planned_spend / cost_per_thousand * 1000)); they stand on the day of the click and are reported later by a lag",
    "reported sums are as of the end of today; final sums are what will be reported when the window has closed",
    "ledger_cents = goods - refunds, taxes_cents and shipping_cents are net of refunds, test orders are left out, each refund stands on its own day",
];

#[derive(Clone, Debug, Serialize)]
struct Named {
    #[serde(flatten)]
    planted: Planted,
    client_name: String,
    platform: Option<&'static str>,
    account: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct ClientTruth {
    index: usize,
    name: String,
    trade: &'static str,
    currency: &'static str,
    zone: &'static str,
    quiet: bool,
    organic: f64,
    order_value: f64,
    order_spread: f64,
    returning_share: f64,
    week: [f64; 7],
    yearly_trend: f64,
}

#[derive(Clone, Debug, Serialize)]
struct ChannelTruth {
    index: usize,
    client: usize,
    platform: &'static str,
    external_id: String,
    response: Response,
    claims: Claims,
    planned_spend: f64,
    /// Whether nobody moves the budgets but for trials, and these.
    steady: bool,
    trials: Vec<Trial>,
    cost_per_thousand: f64,
    /// Mean adstock of the last 28 days, in currency units a day, and what holds there on a day with demand 1.
    adstock: f64,
    average_return: f64,
    marginal_return: f64,
    /// Claimed conversions for each order truly brought, over all days, when all windows have closed.
    over_claim: Option<f64>,
    ads: Vec<AdTruth>,
    days: Vec<ChannelDay>,
}

#[derive(Clone, Debug, Serialize)]
struct AdTruth {
    external_id: String,
    click_rate: f64,
    quality: f64,
    #[serde(serialize_with = "crate::clock::iso_option")]
    launched: Option<Date>,
    #[serde(serialize_with = "crate::clock::iso_option")]
    ended: Option<Date>,
    #[serde(serialize_with = "crate::clock::iso_option")]
    fatigued: Option<Date>,
    /// All days, windows closed.
    #[serde(flatten)]
    sums: AdSums,
}

#[derive(Clone, Debug, Serialize)]
struct ChannelDay {
    #[serde(serialize_with = "crate::clock::iso")]
    day: Date,
    #[serde(flatten)]
    reported: AdSums,
    expected_impressions: f64,
    final_conversions_hundredths: i64,
    final_revenue_cents: i64,
    adstock: f64,
    mix: f64,
    expected_orders: f64,
    brought_orders: i64,
}

#[derive(Clone, Debug, Serialize)]
struct ShopTruth {
    channel: usize,
    client: usize,
    external_id: String,
    days: Vec<ShopDay>,
}

/// A day of a shop's books.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ShopDay {
    #[serde(serialize_with = "crate::clock::iso")]
    pub day: Date,
    pub orders: i64,
    pub goods_cents: i64,
    pub refunds_cents: i64,
    pub ledger_cents: i64,
    pub taxes_cents: i64,
    pub shipping_cents: i64,
    pub by_themselves: i64,
    pub demand: f64,
    pub expected_orders: f64,
}

#[derive(Clone, Debug, Serialize)]
struct MessageTruth {
    id: String,
    client: usize,
    mood: Mood,
    about: Option<usize>,
}

/// When every window has closed.
fn closed(today: Date) -> Date {
    today + Duration::days(400)
}

pub(crate) fn sum(history: &History, day: Date, ad: &AdDay, as_of: Date) -> AdSums {
    let (impressions, clicks, spend_cents) = (ad.impressions.into(), ad.clicks.into(), ad.spend_cents.into());
    let mut sum = AdSums { impressions, clicks, spend_cents, ..AdSums::default() };
    history.claimed(day, ad, as_of).for_each(|claim| sum += claim);
    sum
}

impl World {
    /// Everything that a judge needs. Draws the whole world.
    pub fn truth(&self) -> Truth {
        let planted = self.planted().iter().map(|planted| {
            let channel = planted.channel.map(|channel| &self.channels()[channel]);
            Named {
                planted: planted.clone(),
                client_name: self.clients()[planted.client].name.clone(),
                platform: channel.map(|channel| channel.platform.key()),
                account: channel.map(|channel| channel.external_id.clone()),
            }
        });
        let clients = self.clients().iter().map(|client| ClientTruth {
            index: client.index,
            name: client.name.clone(),
            trade: client.trade.key,
            currency: client.currency,
            zone: client.zone.iana(),
            quiet: client.quiet,
            organic: client.organic,
            order_value: client.order_value,
            order_spread: client.trade.spread,
            returning_share: client.trade.loyalty,
            week: client.demand.week,
            yearly_trend: client.demand.trend,
        });
        let accounts = self
            .channels()
            .iter()
            .filter_map(|channel| Some(self.channel_truth(channel, channel.account.as_ref()?, self.history(channel)?)));
        let shops = self.channels().iter().filter(|channel| !channel.platform.ads()).map(|channel| ShopTruth {
            channel: channel.index,
            client: channel.client,
            external_id: channel.external_id.clone(),
            days: self.shop_days(channel),
        });
        let all = |client| self.messages(client, OffsetDateTime::UNIX_EPOCH, self.end_of(client, self.today()));
        let messages = self.clients().iter().flat_map(all).map(|message| MessageTruth {
            id: message.id,
            client: message.client,
            mood: message.mood,
            about: message.about,
        });
        Truth {
            seed: self.seed(),
            first: self.first(),
            today: self.today(),
            model: MODEL,
            planted: planted.collect(),
            clients: clients.collect(),
            channels: accounts.collect(),
            shops: shops.collect(),
            messages: messages.collect(),
        }
    }

    fn channel_truth(&self, channel: &Channel, account: &Account, history: &History) -> ChannelTruth {
        let client = self.client_of(channel);
        let (today, closed) = (self.today(), closed(self.today()));
        let shop = self.channels().iter().find(|other| other.client == channel.client && !other.platform.ads());
        let books = shop.and_then(|shop| self.books(shop));
        let mut ads: Vec<_> = account
            .ads
            .iter()
            .map(|ad| AdTruth {
                external_id: ad.external_id.clone(),
                click_rate: account.ctr * ad.ctr,
                quality: ad.quality,
                launched: ad.launched,
                ended: ad.ended,
                fatigued: ad.fatigue.map(|fatigue| fatigue.first),
                sums: AdSums::default(),
            })
            .collect();
        let mut days = Vec::with_capacity(history.days.len());
        for (at, day) in history.days.iter().enumerate() {
            let (mut reported, mut last) = (AdSums::default(), AdSums::default());
            for (ad, truth) in day.ads.iter().zip(&mut ads) {
                reported += sum(history, day.day, ad, today);
                let closed = sum(history, day.day, ad, closed);
                last += closed;
                truth.sums += closed;
            }
            let brought = |books: &crate::shop::Books| {
                books.day(at).iter().filter(|order| order.brought_by == Some(channel.index)).count() as i64
            };
            days.push(ChannelDay {
                day: day.day,
                reported,
                expected_impressions: day.ads.iter().map(|ad| ad.expected).sum(),
                final_conversions_hundredths: last.conversions_hundredths,
                final_revenue_cents: last.revenue_cents,
                adstock: day.adstock,
                mix: day.mix,
                expected_orders: day.brought,
                brought_orders: books.map_or(0, brought),
            });
        }
        let recent = &history.days[history.days.len().saturating_sub(28)..];
        let adstock = recent.iter().map(|day| day.adstock).sum::<f64>() / recent.len() as f64;
        let claimed: i64 = days.iter().map(|day| day.final_conversions_hundredths).sum();
        let brought: i64 = days.iter().map(|day| day.brought_orders).sum();
        ChannelTruth {
            index: channel.index,
            client: channel.client,
            platform: channel.platform.key(),
            external_id: channel.external_id.clone(),
            response: account.response,
            claims: account.claims,
            planned_spend: account.spend,
            steady: account.steady,
            trials: account.trials.clone(),
            cost_per_thousand: account.cpm,
            adstock,
            average_return: account.response.orders(adstock) / adstock * client.order_value,
            marginal_return: account.response.marginal(adstock) * client.order_value,
            over_claim: (brought > 0).then(|| claimed as f64 / 100.0 / brought as f64),
            ads,
            days,
        }
    }

    /// The days of a shop's books as of the end of today.
    pub(crate) fn shop_days(&self, channel: &Channel) -> Vec<ShopDay> {
        let Some(books) = self.books(channel) else { return vec![] };
        let (client, end) = (self.client_of(channel), self.end_of(self.client_of(channel), self.today()));
        let histories: Vec<_> =
            self.plan.accounts(channel.client).filter_map(|(channel, _)| self.history(channel)).collect();
        let mut days: Vec<ShopDay> = crate::clock::days(self.first(), self.today())
            .enumerate()
            .map(|(at, day)| {
                let demand = client.demand.on(day);
                let brought: f64 = histories.iter().map(|history| history.days[at].brought).sum();
                let expected_orders = client.organic * demand + brought;
                ShopDay {
                    day,
                    orders: 0,
                    goods_cents: 0,
                    refunds_cents: 0,
                    ledger_cents: 0,
                    taxes_cents: 0,
                    shipping_cents: 0,
                    by_themselves: 0,
                    demand,
                    expected_orders,
                }
            })
            .collect();
        let place = |day: Date| (day - self.first()).whole_days() as usize;
        for order in books.orders.iter().filter(|order| !order.test) {
            let day = &mut days[place(client.zone.day(order.placed_at))];
            day.orders += 1;
            day.by_themselves += i64::from(order.brought_by.is_none());
            day.goods_cents += order.goods_cents();
            day.ledger_cents += order.goods_cents();
            day.taxes_cents += order.tax_cents();
            day.shipping_cents += order.shipping_cents;
            for refund in order.refunds.iter().filter(|refund| refund.made_at <= end) {
                let day = &mut days[place(client.zone.day(refund.made_at))];
                day.refunds_cents += refund.goods_cents;
                day.ledger_cents -= refund.goods_cents;
                day.taxes_cents -= refund.tax_cents;
                day.shipping_cents -= refund.shipping_cents;
            }
        }
        days
    }
}
