//! Rows that a program pushes: kept in one transaction with the request, as they are few. The brain thinks about them soon after.

use std::time::Duration;

use model::{
    access::Action,
    actor::Actor,
    brain::Trigger,
    connection::{Cause, Progress},
    id::{ChannelId, ImportId, SyncRunId},
    import::{Found, Import, RowError, State, Way},
    metric::{DayRow, Days, Entity},
};
use serde_json::json;
use store::{ad_entity, brain, connection, import, import_source, member, metric, sync};
use uuid::Uuid;

use super::conflict;
use crate::{Result, Service, access, simulation};

/// How many rows one statement keeps.
pub const BATCH: usize = 5000;

/// Programs push many rows in several requests, one after another: thinking waits so long for the next of them.
const GATHER: Duration = Duration::from_secs(5);

/// Rows that were judged already.
#[derive(Debug)]
pub struct Push<'a> {
    /// Into which source.
    pub source_id: ChannelId,
    /// The key of the provider that was named; `file` for none.
    pub provider: &'a str,
    /// SHA-256 of what was sent.
    pub hash: [u8; 32],
    /// How many bytes were sent.
    pub size: usize,
    /// The rows that can be kept; no key is among them twice.
    pub rows: &'a [DayRow],
    /// What they are about, in order.
    pub entities: &'a [Entity],
    /// The rows that are left out, the first of them.
    pub errors: &'a [RowError],
    /// How many rows are left out.
    pub wrong: usize,
}

/// Keeps pushed rows. The same body again, with nothing between, is the same import: nothing is done, and true says so.
///
/// # Errors
/// Missing; a conflict while the source is being imported into; or the rule that forbids it.
pub async fn push(service: &Service, actor: &Actor, push: &Push<'_>) -> Result<(Import, bool)> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    simulation::check_live(&mut tx).await?;
    let source = import_source::get(&mut tx, push.source_id).await?;
    let connection_id = source.channel.connection_id;
    import_source::lock(&mut tx, push.source_id).await?;
    if let Some((id, State::Done, hash)) = import::find_newest(&mut tx, push.source_id).await?
        && hash == push.hash
    {
        return Ok((import::get(&mut tx, id).await?, true));
    }
    if sync::find_running(&mut tx, connection_id).await?.is_some() {
        return busy();
    }
    let id: ImportId = store::id::new(now);
    let run: SyncRunId = store::id::new(now);
    let who = member::get(&mut tx, actor.member_id).await?.name;
    let new = import::New {
        id,
        source_id: push.source_id,
        way: Way::Push,
        state: State::Importing,
        file_name: push.provider,
        size: i64::try_from(push.size).unwrap_or(i64::MAX),
        hash: &push.hash,
        member: &who,
    };
    import::insert(&mut tx, &new, now).await?;
    let hold = sync::Hold { holder: store::id::new::<Uuid>(now), until: now };
    match sync::insert(&mut tx, run, connection_id, Cause::Import, hold, now).await {
        // A worker was quicker by a moment.
        Err(store::Error::Conflict(_)) => return busy(),
        begun => begun?,
    }
    import::set_run(&mut tx, (id, 0), run).await?;
    ad_entity::upsert(&mut tx, push.source_id, push.entities, now).await?;
    let at = metric::moment(&mut tx, push.source_id).await?;
    let mut counts = metric::Counts::default();
    for rows in push.rows.chunks(BATCH) {
        counts += metric::observe(&mut tx, push.source_id, run, at, rows).await?;
    }
    let days = push.rows.iter().map(|row| row.day);
    let found = Found {
        rows: i64::try_from(push.rows.len()).unwrap_or(i64::MAX),
        wrong: i64::try_from(push.wrong).unwrap_or(i64::MAX),
        left_out: 0,
        days: days.clone().min().zip(days.max()).map(|(first, last)| Days { first, last }),
    };
    import::set_done(&mut tx, id, &found, push.errors, counts, at).await?;
    let progress = Progress {
        step: format!("{} rows pushed", found.rows),
        pages: 1,
        rows_new: counts.new,
        rows_changed: counts.changed,
        rows_unchanged: counts.unchanged,
        ..Progress::default()
    };
    sync::add(&mut tx, run, hold, &progress).await?;
    sync::finish(&mut tx, run, hold.holder, None, now).await?;
    connection::set_synced(&mut tx, connection_id, true, now, None, now).await?;
    let detail = json!({ "import": "pushed", "source": source.channel.account.name, "rows": found.rows,
        "left_out": found.wrong });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, push.provider), detail).await?;
    let kept = import::get(&mut tx, id).await?;
    brain::ask(&mut tx, Trigger::Sync, now, Some(GATHER)).await?;
    tx.commit().await?;
    Ok((kept, false))
}

fn busy<T>() -> Result<T> {
    conflict("running", "a file is being imported into this source. Nothing was kept; push again in a minute")
}
