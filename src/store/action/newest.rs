//! Actions by the day on which they came to stand as they do: what was done, measured or decided last comes first.

use model::{
    action::{Action, Measured, Proposal},
    page::Page,
};
use sqlx::types::Json;

use super::{Filter, Row, name};
use crate::{
    Result, TenantTx,
    cursor::{self, Cursor},
};

/// Actions in sight, the newest first, without what happened to them. Of the filter only states and client count.
///
/// # Errors
/// The database failed.
pub async fn list_newest(
    tx: &mut TenantTx,
    filter: &Filter,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Action>> {
    let states: Vec<String> = filter.states.iter().map(|state| state.key().to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id, a.client_id, c.name as client_name, a.channel_id, a.state, a.since, a.state_id,
             a.proposal as "proposal: Json<Proposal>", a.proposed_at, a.done_at, a.done_on,
             a.measured as "measured: Json<Measured>", a.unmeasured
           from action a join client c on c.organization_id = a.organization_id and c.id = a.client_id
           where ($1::text[] = '{}' or a.state = any($1)) and ($2::uuid is null or a.client_id = $2)
             and ($3::date is null or (a.since, a.id) < ($3, $4::uuid))
           order by a.since desc, a.id desc limit $5"#,
        &states,
        filter.client_id.map(|id| id.0),
        cursor.map(|cursor| cursor.created_at.date()),
        cursor.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let items = rows.into_iter().map(Row::action).collect::<Result<Vec<_>>>()?;
    let mut page = cursor::page(items, limit, |action| (action.since.midnight().assume_utc(), action.id.0));
    name(tx, &mut page.items).await?;
    Ok(page)
}
