//! Who is to hear of which alert, once: a row for each alert and member, from waiting to sent.
//!
//! A mail is written down with its id before it goes, and as sent after it went: a worker that is killed in between leaves it
//! to the next one, which sends it under the same id. A mail that does not go waits a while and keeps no other back; one that
//! never will is set aside.

use model::{
    alert::Way,
    id::{AlertId, AlertMailId, MemberId, OrganizationId},
};
use sqlx::types::Uuid;
use time::{Duration, OffsetDateTime};

use super::word;
use crate::{Result, SystemTx, TenantTx, id};

/// Has these members hear of an alert, each in their way. Who has a mail about it, or is about to, hears no more, unless they are
/// to hear of it once `more`. If they are to hear of it at once now, so do those whom a digest was to tell of it, or has told, and
/// those who could not be told before.
///
/// # Errors
/// The database failed.
pub async fn queue(
    tx: &mut TenantTx,
    alert: AlertId,
    to: &[(MemberId, Way)],
    more: bool,
    now: OffsetDateTime,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    let members: Vec<Uuid> = to.iter().map(|(id, _)| id.0).collect();
    let ways: Vec<String> = to.iter().map(|(_, way)| way.key().to_owned()).collect();
    sqlx::query!(
        "insert into alert_mail as m (organization_id, alert_id, member_id, way, state, queued_at)
         select $1, $2, t.member_id, t.way, 'waiting', $5 from unnest($3::uuid[], $4::text[]) t (member_id, way)
         on conflict (organization_id, alert_id, member_id) do update set state = 'waiting',
             way = case when m.way = 'mail' and m.state in ('waiting', 'sending') then m.way else excluded.way end,
             queued_at = excluded.queued_at, released_at = null, mail_id = null, refusals = 0, retry_at = null, sent_at = null
           where $6 or (excluded.way = 'mail' and (m.way = 'digest' or m.state in ('dropped', 'refused')))",
        organization.0,
        alert.0,
        &members,
        &ways,
        now,
        more
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Has everybody who was told of an event, or is about to be, stand so with a part of it.
pub(super) async fn inherit(tx: &mut TenantTx, from: AlertId, part: AlertId) -> Result<()> {
    sqlx::query!(
        "insert into alert_mail (organization_id, alert_id, member_id, way, state, queued_at, released_at, sent_at)
         select organization_id, $2, member_id, way, case state when 'sending' then 'waiting' else state end, queued_at,
           released_at, sent_at
         from alert_mail where alert_id = $1",
        from.0,
        part.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A mail that is being sent: its id, and the alerts in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The same for every attempt.
    pub id: AlertMailId,
    /// What it tells of.
    pub alerts: Vec<AlertId>,
}

/// The next mail to a member, if it is not their quiet hours: one whose sending did not end, then one that did not go and may be
/// tried again, then all else that waits for them in one; none if there is nothing to tell. What was acknowledged, snoozed or has
/// ended meanwhile waits, as does what is of an archived client, and what digests may not have yet.
///
/// # Errors
/// The database failed.
pub async fn take(tx: &mut TenantTx, member: MemberId, way: Way, now: OffsetDateTime) -> Result<Option<Sending>> {
    // Whether a mail whose sending broke off went nobody knows: it goes again under its id, if it still may go.
    sqlx::query!(
        "update alert_mail set state = 'waiting' where member_id = $1 and way = $2 and state = 'sending'",
        member.0,
        way.key()
    )
    .execute(&mut **tx)
    .await?;
    // What did not go goes under the same id again.
    let new: AlertMailId = id::new(now);
    let rows = sqlx::query!(
        r#"with due as (
             select m.alert_id, m.mail_id from alert_mail m
               join alert a on a.organization_id = m.organization_id and a.id = m.alert_id
               join organization o on o.organization_id = m.organization_id
               left join client c on c.organization_id = a.organization_id and c.id = a.client_id
               left join alert_setting s on s.organization_id = m.organization_id and s.member_id = m.member_id
             where m.member_id = $1 and m.way = $2 and m.state = 'waiting' and ($2 = 'mail' or m.released_at is not null)
               and coalesce(m.retry_at <= $3, true) and c.archived_at is null
               and a.ended_at is null and a.acknowledged_at is null and coalesce(a.snoozed_until <= $3, true)
               and not in_quiet_hours(s.quiet_from, s.quiet_until, coalesce(s.time_zone, o.time_zone), $3)
           ), one as (select mail_id from due order by mail_id nulls last limit 1)
           update alert_mail m set state = 'sending', tried_at = $3, mail_id = coalesce(d.mail_id, $4)
           from due d, one
           where m.member_id = $1 and m.alert_id = d.alert_id and d.mail_id is not distinct from one.mail_id
           returning m.alert_id as "alert_id!", m.mail_id as "mail_id!""#,
        member.0,
        way.key(),
        now,
        new.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let mail = rows.first().map(|row| row.mail_id);
    Ok(mail.map(|id| Sending { id: id.into(), alerts: rows.iter().map(|row| row.alert_id.into()).collect() }))
}

/// Notes that these alerts are not for this member to see, so that they hear nothing of them.
///
/// # Errors
/// The database failed.
pub async fn set_dropped(tx: &mut TenantTx, member: MemberId, alerts: &[AlertId]) -> Result<()> {
    let alerts: Vec<Uuid> = alerts.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update alert_mail set state = 'dropped' where member_id = $1 and alert_id = any($2) and state <> 'sent'",
        member.0,
        &alerts
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How an attempt to send a mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// The mail server took it.
    Sent,
    /// No mail goes at the moment, whatever it says.
    Failed,
    /// The mail server does not take this mail.
    Refused,
    /// It cannot be built.
    Malformed,
}

/// How often a mail is refused, an hour apart, before it is set aside: whoever runs the server has half a day to mend what
/// makes it refuse every mail.
const REFUSALS: i16 = 12;

/// Notes how an attempt to send a mail ended. What did not go is tried again later, unless it never will: then it is set aside,
/// and how often it did not go is returned. What the mail was to tell and did not, as it was snoozed meanwhile, is told in
/// another one; so is what is to be told once more since it began, and a mail of which nothing else is left is not set aside.
///
/// # Errors
/// The database failed.
pub async fn settle(tx: &mut TenantTx, mail: AlertMailId, went: Went, now: OffsetDateTime) -> Result<Option<i16>> {
    let before = sqlx::query_scalar!(
        r#"select coalesce(max(refusals), 0::smallint) as "refusals!" from alert_mail
           where mail_id = $1 and state = 'sending'"#,
        mail.0
    );
    let refusals = before.fetch_one(&mut **tx).await? + i16::from(went == Went::Refused);
    let (state, pause) = match went {
        Went::Sent => ("sent", None),
        Went::Malformed => ("refused", None),
        Went::Refused if refusals >= REFUSALS => ("refused", None),
        Went::Refused => ("waiting", Some(Duration::HOUR)),
        Went::Failed => ("waiting", Some(Duration::minutes(5))),
    };
    let settled = sqlx::query!(
        "update alert_mail set state = $2, sent_at = case when $2 = 'sent' then $3::timestamptz end
         where mail_id = $1 and state = 'sending'",
        mail.0,
        state,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update alert_mail set mail_id = case when $2 then mail_id end, refusals = $3, retry_at = $4
         where mail_id = $1 and state = 'waiting'",
        mail.0,
        pause.is_some(),
        if pause.is_some() { refusals } else { 0 },
        pause.map(|pause| now + pause)
    )
    .execute(&mut **tx)
    .await?;
    let aside = state == "refused" && settled.rows_affected() > 0;
    Ok(aside.then_some(refusals + i16::from(went == Went::Malformed)))
}

/// Whether a mail to a member is set aside.
///
/// # Errors
/// The database failed.
pub async fn any_refused(tx: &mut TenantTx, member: MemberId) -> Result<bool> {
    let any = sqlx::query_scalar!(
        r#"select exists (select from alert_mail where member_id = $1 and state = 'refused') as "any!""#,
        member.0
    );
    Ok(any.fetch_one(&mut **tx).await?)
}

/// Has the mails to a member go again that are set aside, and says in which ways. One that is refused once more is set aside at
/// once.
///
/// # Errors
/// The database failed.
pub async fn take_up(tx: &mut TenantTx, member: MemberId) -> Result<Vec<Way>> {
    let rows = sqlx::query_scalar!(
        "update alert_mail set state = 'waiting', refusals = $2, retry_at = null
         where member_id = $1 and state = 'refused' returning way",
        member.0,
        REFUSALS - 1
    );
    let ways: Result<Vec<Way>> = rows.fetch_all(&mut **tx).await?.iter().map(|way| word(way, Way::parse)).collect();
    let mut ways = ways?;
    ways.sort_unstable();
    ways.dedup();
    Ok(ways)
}

/// Lets the digests of those agencies go whose Monday 08:00 it is, each Monday's once, whatever became of the zone meanwhile; who
/// wants none has none. An agency's first Monday is the first that it was there for. Simulated ones mail nobody.
///
/// # Errors
/// The database failed.
pub async fn release_digests(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"with due as (
             select o.organization_id, monday.day from organization o
             cross join lateral (
               select date_trunc('week', $1::timestamptz at time zone o.time_zone - interval '8 hours')::date as day) monday
             where o.mode = 'live' and monday.day > coalesce(o.digest_on, '-infinity')
               and (monday.day + interval '8 hours') at time zone o.time_zone > o.created_at
             for update of o skip locked
           ), told as (
             update organization o set digest_on = d.day from due d where d.organization_id = o.organization_id
             returning o.organization_id
           )
           update alert_mail m set released_at = $1,
             state = case when exists (select from alert_setting s where s.organization_id = m.organization_id
               and s.member_id = m.member_id and not s.digest) then 'dropped' else m.state end
           from told t, alert a left join client c on c.organization_id = a.organization_id and c.id = a.client_id
           where m.organization_id = t.organization_id and m.way = 'digest' and m.state = 'waiting'
             and m.released_at is null and a.organization_id = m.organization_id and a.id = m.alert_id
             and a.ended_at is null and a.acknowledged_at is null and coalesce(a.snoozed_until <= $1, true)
             and c.archived_at is null"#,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Members for whom a mail can go now: something waits, or is not known to have gone an hour after it was tried, and it is not
/// their quiet hours.
///
/// # Errors
/// The database failed.
pub async fn list_due(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<(OrganizationId, MemberId, Way)>> {
    let rows = sqlx::query!(
        r#"select distinct m.organization_id as "organization_id!", m.member_id as "member_id!", m.way as "way!"
           from alert_mail m
           join alert a on a.organization_id = m.organization_id and a.id = m.alert_id
           join organization o on o.organization_id = m.organization_id
           left join client c on c.organization_id = a.organization_id and c.id = a.client_id
           left join alert_setting s on s.organization_id = m.organization_id and s.member_id = m.member_id
         where m.state in ('waiting', 'sending') and (m.way = 'mail' or m.released_at is not null)
           and case when m.state = 'sending' then coalesce(m.tried_at < $1::timestamptz - interval '1 hour', true)
             else coalesce(m.retry_at <= $1, true) end and c.archived_at is null
           and a.ended_at is null and a.acknowledged_at is null and coalesce(a.snoozed_until <= $1, true)
           and not in_quiet_hours(s.quiet_from, s.quiet_until, coalesce(s.time_zone, o.time_zone), $1)
         order by m.organization_id, m.member_id, m.way"#,
        now
    );
    rows.fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| Ok((row.organization_id.into(), row.member_id.into(), word(&row.way, Way::parse)?)))
        .collect()
}
