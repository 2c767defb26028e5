//! What goes into a cycle: all that is stored of an agency at one moment, and its hash.

use std::collections::BTreeMap;

use anyhow::Context as _;
use model::{
    fact::{AdDay, Bits, Channel, Client, DayOf, LiftTest, Order, Rate, UnderWay},
    id::ChannelId,
    metric::Level,
};
use serde::Serialize;
use service::{brain as brain_service, moment};
use sha2::{Digest, Sha256};
use store::{TenantTx, action, brain, fact, organization};
use time::{Date, Duration, OffsetDateTime};

/// How far back the brain looks, in days: two years show a yearly season, and the third whether it helps to know it.
const LOOKS_BACK: i64 = 1_096;
/// How far back advertisements are looked at, in days: hardly one runs for longer, and its first weeks are what it is held against.
const ADS_LOOK_BACK: i64 = 400;

/// Everything that is known of an agency at one moment.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    /// The last day that had ended in the agency's zone.
    pub day: Date,
    /// The first day from which days were looked at; of those before nothing is known here.
    pub from: Date,
    /// The currency in which the agency counts.
    pub currency: String,
    pub channels: Vec<Channel>,
    pub days: Vec<DayOf>,
    pub ads: Vec<AdDay>,
    pub orders: Vec<Order>,
    pub clients: Vec<Client>,
    pub rates: Vec<Rate>,
    pub lift_tests: Vec<LiftTest>,
    /// The method chosen for each series.
    pub choices: BTreeMap<String, String>,
    /// How often actions of each kind won and lost.
    pub hits: BTreeMap<String, (u32, u32)>,
    /// What people approved or did, of which it is not known yet what came.
    pub under_way: Vec<UnderWay>,
    /// What channels report on days whose rows were not read; a cycle reads them all.
    #[serde(skip)]
    pub reported: BTreeMap<ChannelId, Bits>,
    /// When the oldest of the choices was made; no part of the input.
    #[serde(skip)]
    pub chosen_at: Option<OffsetDateTime>,
}

impl Facts {
    /// Reads them in a transaction that stands still.
    pub async fn read(tx: &mut TenantTx, now: OffsetDateTime) -> anyhow::Result<Self> {
        let agency = organization::get(tx).await?;
        let there = now + agency.ahead;
        let today = moment::day(&agency.time_zone, there).context("the agency counts in an unknown zone")?;
        let day = today.previous_day().context("the first day of time")?;
        let mut channels = fact::channels(tx).await?;
        brain_service::only_whole_days(&mut channels, day, there);
        let last: BTreeMap<_, _> = channels.iter().map(|channel| (channel.id, channel.last_day)).collect();
        let whole = |channel, day| last.get(&channel).is_some_and(|last| day <= *last);
        let mut days = fact::days(tx, &fact::Span::since(day - Duration::days(LOOKS_BACK - 1), &channels)).await?;
        days.retain(|row| whole(row.channel_id, row.day));
        let mut ads = fact::parts(tx, Level::Ad, day - Duration::days(ADS_LOOK_BACK - 1)).await?;
        ads.retain(|ad| whole(ad.channel_id, ad.day));
        let mut orders = fact::orders(tx).await?;
        orders.retain(|order| whole(order.channel_id, order.day));
        for order in &mut orders {
            let channel = order.channel_id;
            order.refunds.retain(|(day, _)| whole(channel, *day));
        }
        let choices = brain::list_choices(tx).await?;
        Ok(Self {
            day,
            from: day - Duration::days(LOOKS_BACK - 1),
            currency: agency.currency,
            channels,
            days,
            ads,
            orders,
            clients: fact::clients(tx).await?,
            rates: fact::rates(tx, day - Duration::days(LOOKS_BACK + 30)).await?,
            lift_tests: fact::lift_tests(tx).await?,
            hits: action::hit_rates(tx)
                .await?
                .into_iter()
                .map(|rate| (rate.kind.key().to_owned(), (rate.won, rate.lost)))
                .collect(),
            under_way: action::under_way(tx).await?,
            reported: BTreeMap::new(),
            chosen_at: choices.iter().map(|(.., at)| *at).min(),
            choices: choices.into_iter().map(|(series, choice, _)| (series, choice)).collect(),
        })
    }

    /// SHA-256 over all of it: the same facts give the same hash.
    pub fn hash(&self) -> anyhow::Result<Vec<u8>> {
        let mut hash = Sha256::new();
        serde_json::to_writer(&mut hash, self)?;
        Ok(hash.finalize().to_vec())
    }
}
