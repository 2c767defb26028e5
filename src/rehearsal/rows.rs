//! Ad accounts as their platforms tell of them: what there is, and what was reported of each day, at every level.
//!
//! Every level is the sum of the ads below it. An ad that did not run on a day has no row.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use crate::{
    account::Account,
    ads::{Day, History},
    daytime::Known,
    plan::Channel,
    truth,
    world::World,
};

/// How deep a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The whole account.
    Account,
    /// A campaign.
    Campaign,
    /// An ad group or ad set.
    Group,
    /// One ad.
    Ad,
}

/// Every level, from the account down.
pub const LEVELS: [Level; 4] = [Level::Account, Level::Campaign, Level::Group, Level::Ad];

/// A campaign, group or ad.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entity {
    /// Which of them.
    pub level: Level,
    /// The platform's id: digits.
    pub external_id: String,
    /// The id of the campaign or group that it is in; none for a campaign.
    pub parent_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether its own switch is on today; what it is in may be paused.
    pub active: bool,
    /// The day's budget in cents on a usual day; campaigns only.
    pub budget_cents: Option<i64>,
    /// The first day on which it ran.
    #[serde(serialize_with = "crate::clock::iso")]
    pub since: Date,
}

/// What was reported of one entity on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdRow {
    /// The day in the client's zone.
    #[serde(serialize_with = "crate::clock::iso")]
    pub day: Date,
    /// How deep it looks.
    pub level: Level,
    /// The platform's id; the account's own at [`Level::Account`].
    pub external_id: String,
    /// The counts and amounts.
    #[serde(flatten)]
    pub sums: AdSums,
}

/// Counts, and amounts in cents of the client's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AdSums {
    /// How often it was shown.
    pub impressions: i64,
    /// How often it was clicked.
    pub clicks: i64,
    /// Its cost in cents.
    pub spend_cents: i64,
    /// Hundredths of conversions that the platform claims, after clicks and views together.
    pub conversions_hundredths: i64,
    /// Hundredths of those which are claimed after a view only.
    pub view_hundredths: i64,
    /// Cents of revenue that the platform claims.
    pub revenue_cents: i64,
}

impl std::ops::AddAssign for AdSums {
    fn add_assign(&mut self, other: Self) {
        self.impressions += other.impressions;
        self.clicks += other.clicks;
        self.spend_cents += other.spend_cents;
        self.conversions_hundredths += other.conversions_hundredths;
        self.view_hundredths += other.view_hundredths;
        self.revenue_cents += other.revenue_cents;
    }
}

/// The place of an ad's ancestor at a level.
fn place(account: &Account, ad: usize, level: Level) -> usize {
    let group = account.ads[ad].group;
    match level {
        Level::Account => 0,
        Level::Campaign => account.groups[group].campaign,
        Level::Group => group,
        Level::Ad => ad,
    }
}

/// For so many days a platform has not settled what it says.
const UNSETTLED: i64 = 28;

/// What is reported of an ad's day.
fn reported(history: &History, day: &Day, ad: usize, known: &Known) -> AdSums {
    if day.day == known.day && known.share < 1.0 {
        return history.by(day, ad, known.share);
    }
    let age = (known.day - day.day).whole_days();
    if known.early && (1..=UNSETTLED).contains(&age) {
        // Conversions of the last days are missing, and clicks that will be found invalid are still counted.
        let as_of = day.day.max(known.day - Duration::days(3));
        let early = truth::sum(history, day.day, &day.ads[ad], as_of);
        let (clicks, spend_cents) = (early.clicks + early.clicks / 50, early.spend_cents + early.spend_cents / 50);
        return AdSums { clicks: clicks.min(early.impressions), spend_cents, ..early };
    }
    truth::sum(history, day.day, &day.ads[ad], known.day)
}

impl World {
    /// What the platform reports of these days at a level, as it was known at the end of the day `as_of`: conversions that
    /// come later are missing. Days after `as_of` or today have no rows. By day, then by entity. Empty for a shop.
    pub fn ad_rows(&self, channel: &Channel, days: RangeInclusive<Date>, level: Level, as_of: Date) -> Vec<AdRow> {
        let known = Known::end_of(self.client_of(channel), as_of.min(self.today()));
        self.rows_known(channel, days, level, &known)
    }

    /// The same, as far as it is known.
    pub(crate) fn rows_known(
        &self,
        channel: &Channel,
        days: RangeInclusive<Date>,
        level: Level,
        known: &Known,
    ) -> Vec<AdRow> {
        let (Some(account), Some(history)) = (&channel.account, self.history(channel)) else { return vec![] };
        let mut rows = vec![];
        for day in history.days[self.within(&days)].iter().filter(|day| day.day <= known.day) {
            let mut sums: BTreeMap<usize, AdSums> = BTreeMap::new();
            for at in 0..day.ads.len() {
                let reported = reported(history, day, at, known);
                if reported.impressions > 0 {
                    *sums.entry(place(account, at, level)).or_default() += reported;
                }
            }
            rows.extend(sums.into_iter().map(|(place, sums)| {
                let external_id = match level {
                    Level::Account => &channel.external_id,
                    Level::Campaign => &account.campaigns[place].external_id,
                    Level::Group => &account.groups[place].external_id,
                    Level::Ad => &account.ads[place].external_id,
                };
                AdRow { day: day.day, level, external_id: external_id.clone(), sums }
            }));
        }
        rows
    }

    /// The campaigns, groups and ads of an account that there are today; those that ended are there too. Empty for a shop.
    pub fn entities(&self, channel: &Channel) -> Vec<Entity> {
        let Some(account) = &channel.account else { return vec![] };
        let since = self.first();
        let set = self.set_now(channel);
        let tried = account.tried(self.today());
        let campaigns = account.campaigns.iter().enumerate().map(|(at, campaign)| Entity {
            level: Level::Campaign,
            external_id: campaign.external_id.clone(),
            parent_id: None,
            name: campaign.name.clone(),
            active: set.switch(Level::Campaign, at).unwrap_or(true),
            budget_cents: Some(set.budget(at).unwrap_or_else(|| (campaign.budget * tried * 100.0).round() as i64)),
            since,
        });
        let groups = account.groups.iter().enumerate().map(|(at, group)| Entity {
            level: Level::Group,
            external_id: group.external_id.clone(),
            parent_id: Some(account.campaigns[group.campaign].external_id.clone()),
            name: group.name.clone(),
            active: set.switch(Level::Group, at).unwrap_or(true),
            budget_cents: None,
            since,
        });
        let there = account.ads.iter().enumerate();
        let there = there.filter(|(_, ad)| ad.launched.is_none_or(|launched| launched <= self.today()));
        let ads = there.map(|(at, ad)| Entity {
            level: Level::Ad,
            external_id: ad.external_id.clone(),
            parent_id: Some(account.groups[ad.group].external_id.clone()),
            name: ad.name.clone(),
            active: set.switch(Level::Ad, at).unwrap_or_else(|| ad.runs(self.today())),
            budget_cents: None,
            since: ad.launched.unwrap_or(since),
        });
        campaigns.chain(groups).chain(ads).collect()
    }
}
