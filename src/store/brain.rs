//! Cycles of the brain, the states that came out, and the methods that were chosen for each series. A state is written once;
//! what it says is read in `outcome.rs`.

mod outcome;

use std::{collections::BTreeMap, time::Duration};

use model::{
    brain::{Cycle, CycleState, Outcome, State, Trigger},
    id::{BrainCycleId, BrainStateId, OrganizationId},
    job::Job,
};
use sqlx::{PgConnection, types::Uuid};
use time::{Date, OffsetDateTime};

pub use self::outcome::{Ground, get as get_outcome, grounds, list, list_about, list_wholes, list_wholes_in_short};
use crate::{Error, Result, SystemTx, TenantTx, id, queue};

struct Row {
    id: Uuid,
    cause: String,
    state: String,
    asked_at: OffsetDateTime,
    cut_off: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
    error: Option<String>,
    state_id: Option<Uuid>,
}

impl Row {
    fn cycle(self) -> Result<Cycle> {
        let unknown = |word: &str| Error::Database(sqlx::Error::Decode(format!("unknown word {word}").into()));
        Ok(Cycle {
            id: self.id.into(),
            cause: Trigger::parse(&self.cause).ok_or_else(|| unknown(&self.cause))?,
            state: CycleState::parse(&self.state).ok_or_else(|| unknown(&self.state))?,
            asked_at: self.asked_at,
            cut_off: self.cut_off,
            finished_at: self.finished_at,
            error: self.error,
            state_id: self.state_id.map(Into::into),
        })
    }
}

/// Asks for a cycle: the one that waits already, or a new one. After a reading it lets others end for so long; at once, if nothing
/// is named.
///
/// # Errors
/// The database failed.
pub async fn ask(
    tx: &mut TenantTx,
    cause: Trigger,
    now: OffsetDateTime,
    wait: Option<Duration>,
) -> Result<BrainCycleId> {
    let organization_id = tx.actor().organization_id;
    ask_for(tx, organization_id, cause, now, wait).await
}

/// The same for an organization whose turn has come.
///
/// # Errors
/// The database failed.
pub async fn ask_daily(tx: &mut SystemTx, organization: OrganizationId, now: OffsetDateTime) -> Result<BrainCycleId> {
    ask_for(tx, organization, Trigger::Daily, now, None).await
}

async fn ask_for(
    tx: &mut PgConnection,
    organization_id: OrganizationId,
    cause: Trigger,
    now: OffsetDateTime,
    wait: Option<Duration>,
) -> Result<BrainCycleId> {
    // What waits reads everything that is stored when it begins, this transaction's changes included.
    let waiting = sqlx::query!(
        r#"insert into brain_cycle as c (organization_id, id, cause, state, asked_at) values ($1, $2, $3, 'waiting', $4)
           on conflict (organization_id) where state = 'waiting'
             do update set cause = case when excluded.cause = 'manual' then excluded.cause else c.cause end
           returning id, cause, asked_at"#,
        organization_id.0,
        id::new::<BrainCycleId>(now).0,
        cause.key(),
        now
    )
    .fetch_one(&mut *tx)
    .await?;
    let id = BrainCycleId::from(waiting.id);
    let job = Job::RunBrain { organization_id, brain_cycle_id: id };
    match wait.filter(|_| waiting.cause == Trigger::Sync.key()) {
        Some(wait) => {
            // However often it is asked again, it does not wait longer than from the first time on.
            let waited = Duration::try_from(now - waiting.asked_at).unwrap_or_default();
            queue::enqueue_in(tx, &job, wait.saturating_sub(waited)).await?;
        }
        None => queue::enqueue(tx, &job, None).await?,
    }
    Ok(id)
}

/// Organizations whose daily cycle has come, each told once: the next is at 03:00 in its own zone. Simulated ones are
/// thought about while somebody looks.
///
/// # Errors
/// The database failed.
pub async fn take_daily(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<OrganizationId>> {
    let rows = sqlx::query_scalar!(
        r#"with due as (
             select o.organization_id, o.brain_next_at is null as first from organization o
             where coalesce(o.brain_next_at, $1) <= $1
               and (o.mode = 'live' or exists (select from session s
                      where s.organization_id = o.organization_id and s.seen_at > $1::timestamptz - interval '1 hour'))
             for update skip locked
           ), told as (
             update organization o set brain_next_at =
               (date_trunc('day', $1::timestamptz at time zone o.time_zone - interval '3 hours') + interval '1 day 3 hours') at time zone o.time_zone
             from due d where d.organization_id = o.organization_id
             returning o.organization_id, d.first
           )
           select organization_id from told where not first"#,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One cycle.
///
/// # Errors
/// Missing, or the database failed.
pub async fn get(tx: &mut TenantTx, id: BrainCycleId) -> Result<Cycle> {
    sqlx::query_as!(
        Row,
        "select id, cause, state, asked_at, cut_off, finished_at, error, state_id from brain_cycle where id = $1",
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::Missing)?
    .cycle()
}

/// Begins a cycle, or begins it again. `false` for one that is done or gone.
///
/// # Errors
/// The database failed.
pub async fn begin(tx: &mut TenantTx, id: BrainCycleId) -> Result<bool> {
    let row = sqlx::query_scalar!(
        "update brain_cycle set state = 'running', error = null, finished_at = null where id = $1 and state <> 'done' returning id",
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.is_some())
}

/// From here on all that this transaction reads is of one moment, which is returned. Must be its first call.
///
/// # Errors
/// The database failed.
pub async fn freeze(tx: &mut TenantTx) -> Result<OffsetDateTime> {
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut **tx).await?;
    tx.reads_much().await?;
    Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "moment!""#).fetch_one(&mut **tx).await?)
}

/// Ends a cycle with what came out of what was stored by `cut_off`, and those asked for a day before that were killed
/// and never came again: this one has looked at all they would have. `false` where another worker ended it before: what this one
/// made of it is not to be kept.
///
/// # Errors
/// The database failed.
pub async fn finish(
    tx: &mut TenantTx,
    id: BrainCycleId,
    state: BrainStateId,
    cut_off: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update brain_cycle set state = 'done', state_id = $2, cut_off = $3, finished_at = $4, error = null
         where id = $1 and state <> 'done'",
        id.0,
        state.0,
        cut_off,
        now
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "update brain_cycle set state = 'failed', finished_at = $2, error = 'stopped before its end; a later cycle did its work'
         where state = 'running' and asked_at < $2::timestamptz - interval '1 day' and id <> $1",
        id.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// Ends a cycle that came to nothing.
///
/// # Errors
/// The database failed.
pub async fn fail(tx: &mut TenantTx, id: BrainCycleId, error: &str, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update brain_cycle set state = 'failed', finished_at = $3, error = $2 where id = $1 and state <> 'done'",
        id.0,
        error,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The state that came out of this input with this code, if it was thought about before.
///
/// # Errors
/// The database failed.
pub async fn find_state(tx: &mut TenantTx, input_hash: &[u8], code_version: &str) -> Result<Option<BrainStateId>> {
    let found = sqlx::query_scalar!(
        "select id from brain_state where input_hash = $1 and code_version = $2",
        input_hash,
        code_version
    );
    Ok(found.fetch_optional(&mut **tx).await?.map(Into::into))
}

/// A state to be kept.
#[derive(Debug)]
pub struct New<'a> {
    /// The last day that had ended.
    pub day: Date,
    /// SHA-256 of everything that went in.
    pub input_hash: &'a [u8],
    /// SHA-256 of everything that came out.
    pub output_hash: &'a [u8],
    /// The version of the code.
    pub code_version: &'a str,
    /// What it says, in order.
    pub outcomes: &'a [Outcome],
}

/// Keeps a state; the one that is there already when another cycle was faster.
///
/// # Errors
/// The database failed.
pub async fn insert_state(tx: &mut TenantTx, new: New<'_>, now: OffsetDateTime) -> Result<BrainStateId> {
    let organization = tx.actor().organization_id;
    let state: BrainStateId = id::new(now);
    let inserted = sqlx::query!(
        "insert into brain_state (organization_id, id, day, input_hash, output_hash, code_version, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint brain_state_once do nothing",
        organization.0,
        state.0,
        new.day,
        new.input_hash,
        new.output_hash,
        new.code_version,
        now
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return find_state(tx, new.input_hash, new.code_version).await?.ok_or(Error::Missing);
    }
    let column = |pick: fn(&Outcome) -> &str| new.outcomes.iter().map(pick).collect::<Vec<_>>();
    let clients: Vec<_> = new.outcomes.iter().map(|outcome| outcome.client_id.map(|id| id.0)).collect();
    let channels: Vec<_> = new.outcomes.iter().map(|outcome| outcome.channel_id.map(|id| id.0)).collect();
    let numbers: Vec<i32> = new.outcomes.iter().map(|outcome| outcome.number).collect();
    sqlx::query!(
        "insert into brain_result (organization_id, state_id, number, kind, client_id, channel_id, body)
         select $1, $2, r.* from unnest($3::int[], $4::text[], $5::uuid[], $6::uuid[], $7::text[]) r",
        organization.0,
        state.0,
        &numbers,
        &column(|outcome| &outcome.kind) as _,
        &clients as _,
        &channels as _,
        &column(|outcome| &outcome.body) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(state)
}

struct StateRow {
    id: Uuid,
    day: Date,
    input_hash: Vec<u8>,
    output_hash: Vec<u8>,
    code_version: String,
    created_at: OffsetDateTime,
    cut_off: OffsetDateTime,
}

impl StateRow {
    /// The state, and the moment whose rows it speaks of.
    fn state(self) -> (State, OffsetDateTime) {
        let state = State {
            id: self.id.into(),
            day: self.day,
            input_hash: self.input_hash,
            output_hash: self.output_hash,
            code_version: self.code_version,
            created_at: self.created_at,
        };
        (state, self.cut_off)
    }
}

/// The newest state as of a moment (now, if none is given), with the cut-off moment of the cycle that gave it.
///
/// # Errors
/// The database failed.
pub async fn find_as_of(tx: &mut TenantTx, as_of: Option<OffsetDateTime>) -> Result<Option<(State, OffsetDateTime)>> {
    let row = sqlx::query_as!(
        StateRow,
        r#"select s.id, s.day, s.input_hash, s.output_hash, s.code_version, s.created_at, c.cut_off as "cut_off!"
           from brain_cycle c join brain_state s on s.organization_id = c.organization_id and s.id = c.state_id
           where c.state = 'done' and ($1::timestamptz is null or c.cut_off <= $1)
           order by c.cut_off desc, c.id desc limit 1"#,
        as_of
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(StateRow::state))
}

/// A state, and the moment whose rows it speaks of: the first, where later ones had the same rows.
///
/// # Errors
/// Missing, also when it is another tenant's.
pub async fn get_state(tx: &mut TenantTx, id: BrainStateId) -> Result<(State, OffsetDateTime)> {
    let row = sqlx::query_as!(
        StateRow,
        r#"select s.id, s.day, s.input_hash, s.output_hash, s.code_version, s.created_at,
             coalesce((select min(c.cut_off) from brain_cycle c
                       where c.organization_id = s.organization_id and c.state_id = s.id and c.state = 'done'), s.created_at) as "cut_off!"
           from brain_state s where s.id = $1"#,
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::Missing)?;
    Ok(row.state())
}

/// The method chosen for each series, as it was written, and when.
///
/// # Errors
/// The database failed.
pub async fn list_choices(tx: &mut TenantTx) -> Result<Vec<(String, String, OffsetDateTime)>> {
    let rows = sqlx::query!("select series, choice, chosen_at from brain_choice order by series");
    Ok(rows.fetch_all(&mut **tx).await?.into_iter().map(|row| (row.series, row.choice, row.chosen_at)).collect())
}

/// Keeps the methods chosen for these series; `anew` forgets all others.
///
/// # Errors
/// The database failed.
pub async fn upsert_choices(
    tx: &mut TenantTx,
    choices: &BTreeMap<String, String>,
    anew: bool,
    now: OffsetDateTime,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    let (series, chosen): (Vec<_>, Vec<_>) = choices.iter().map(|(series, choice)| (&**series, &**choice)).unzip();
    if anew {
        sqlx::query!("delete from brain_choice").execute(&mut **tx).await?;
    }
    sqlx::query!(
        "insert into brain_choice (organization_id, series, choice, chosen_at)
         select $1, c.series, c.choice, $4 from unnest($2::text[], $3::text[]) c (series, choice)
         on conflict (organization_id, series) do update set choice = excluded.choice, chosen_at = excluded.chosen_at",
        organization.0,
        &series as _,
        &chosen as _,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
