//! After a cycle: the state's findings become events, events that are not found any more end, and whoever the rules name hears
//! of what is new. All of it in the transaction that ends the cycle, so that it is done once, or again as a whole.

use std::collections::BTreeMap;

use model::{
    alert::{Found, Rule, Severity, Way},
    id::{BrainStateId, ChannelId, MemberId},
    job::Job,
    role::Role,
};
use store::{
    TenantTx,
    alert::{self, Known, Seen, mail, rule},
    organization, queue,
};
use time::{Date, Duration, OffsetDateTime};

use super::identity::{GONE, ends_at_once, events, outage};
use crate::Result;

/// How far back ended events are looked at, in days: further than the brain looks for news.
const REMEMBERED: Duration = Duration::days(120);

/// Takes what the state of `day` found. Nobody real runs a simulated agency: there nobody gets mail.
///
/// # Errors
/// The database failed.
pub async fn sync(
    tx: &mut TenantTx,
    state: BrainStateId,
    day: Date,
    found: Vec<Found>,
    now: OffsetDateTime,
) -> Result<()> {
    alert::lock(tx).await?;
    let known = alert::list_known(tx, day - REMEMBERED, day - Duration::days(GONE), now).await?;
    let told = events(&known, found);
    let by_id: BTreeMap<_, &Known> = known.iter().map(|event| (event.id, event)).collect();
    let mut news = Vec::new();
    for one in &told {
        let id = match one.known {
            Some(id) => {
                alert::update(tx, id, &one.found, state, now).await?;
                if one.opens {
                    alert::set_seen(tx, id, Seen::Open, now).await?;
                }
                let before = by_id.get(&id).map_or(Severity::Info, |event| event.severity);
                if one.wider || one.found.severity > before {
                    news.push((id, &one.found, one.wider));
                }
                id
            }
            None => {
                let id = alert::insert(tx, &one.story, &one.found, state, now).await?;
                match one.part_of {
                    Some(event) => alert::inherit(tx, event, id).await?,
                    None => news.push((id, &one.found, false)),
                }
                id
            }
        };
        alert::set_findings(tx, state, &one.numbers, id).await?;
        if outage(&one.found) {
            alert::set_channels(tx, id, &one.found.channels, day).await?;
        }
    }
    let there = |event: &&Known| told.iter().any(|one| one.known == Some(event.id));
    let missing: Vec<&Known> = known.iter().filter(|event| !event.ended && !there(event)).collect();
    let ids = |events: &[&Known]| events.iter().map(|event| event.id).collect::<Vec<_>>();
    alert::set_missing(tx, &ids(&missing), day).await?;
    let gone = |event: &&&Known| {
        ends_at_once(&event.story) || event.missing_since.is_some_and(|since| (day - since).whole_days() >= GONE)
    };
    let gone: Vec<&Known> = missing.iter().filter(gone).copied().collect();
    alert::set_ended(tx, &ids(&gone), now).await?;
    if news.is_empty() || organization::get(tx).await?.simulated {
        return Ok(());
    }
    let (rules, members) = (rule::list(tx).await?, rule::list_members(tx).await?);
    let providers: BTreeMap<ChannelId, String> = rule::list_providers(tx).await?.into_iter().collect();
    let mut at_once = Vec::new();
    for (id, found, more) in news {
        let providers: Vec<String> = found.channels.iter().filter_map(|id| providers.get(id).cloned()).collect();
        let to = recipients(&rules, &members, found, &providers);
        at_once.extend(to.iter().filter(|(_, way)| *way == Way::Mail).map(|(member, _)| *member));
        mail::queue(tx, id, &to, more, now).await?;
    }
    at_once.sort_unstable();
    at_once.dedup();
    let organization_id = tx.actor().organization_id;
    for member_id in at_once {
        queue::enqueue(tx, &Job::MailAlert { organization_id, member_id }, None).await?;
    }
    Ok(())
}

/// Who hears of something, and how: at once, if any rule says so. Whether they may see it is asked when the mail is written.
fn recipients(
    rules: &[Rule],
    members: &[(MemberId, Role)],
    found: &Found,
    providers: &[String],
) -> Vec<(MemberId, Way)> {
    let about: Vec<&Rule> = rules.iter().filter(|rule| rule.fields.matches(found, providers)).collect();
    let way = |(id, role): &(MemberId, Role)| {
        let way = about.iter().filter(|rule| rule.fields.is_for(*id, *role)).map(|rule| rule.fields.way).min();
        way.map(|way| (*id, way))
    };
    members.iter().filter_map(way).collect()
}
