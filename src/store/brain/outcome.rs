//! What states say: read by kind and client, and by place where something rests on it. A member reads what is about the clients
//! in sight.

use std::collections::BTreeMap;

use model::{
    brain::Outcome,
    channel::Called,
    id::{BrainStateId, ChannelId, ClientId},
};
use sqlx::types::Uuid;

use crate::{Error, Result, TenantTx};

struct Row {
    number: i32,
    kind: String,
    client_id: Option<Uuid>,
    channel_id: Option<Uuid>,
    body: String,
}

impl Row {
    fn outcome(self) -> Outcome {
        Outcome {
            number: self.number,
            kind: self.kind,
            client_id: self.client_id.map(Into::into),
            channel_id: self.channel_id.map(Into::into),
            body: self.body,
        }
    }
}

/// What a state says of these kinds (of all, if none is named), of one client or of all in sight, after a place in it.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    state: BrainStateId,
    kinds: &[&str],
    client: Option<ClientId>,
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<Outcome>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        "select number, kind, client_id, channel_id, body from brain_result
         where state_id = $1 and ($2::text[] = '{}' or kind = any($2)) and ($3::uuid is null or client_id = $3)
           and ($4::int is null or number > $4)
         order by number limit $5",
        state.0,
        &kinds,
        client.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Row::outcome).collect())
}

/// What a state says of these kinds about these clients as a whole, about these channels, or about the agency as a whole.
///
/// # Errors
/// The database failed.
pub async fn list_about(
    tx: &mut TenantTx,
    state: BrainStateId,
    kinds: &[&str],
    agency: bool,
    clients: &[ClientId],
    channels: &[ChannelId],
) -> Result<Vec<Outcome>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let clients: Vec<Uuid> = clients.iter().map(|id| id.0).collect();
    let channels: Vec<Uuid> = channels.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "select number, kind, client_id, channel_id, body from brain_result
         where state_id = $1 and kind = any($2)
           and (channel_id = any($5) or (channel_id is null and (client_id = any($4) or (client_id is null and $3::bool))))
         order by number",
        state.0,
        &kinds,
        agency,
        &clients,
        &channels
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Row::outcome).collect())
}

/// One thing that a state says.
///
/// # Errors
/// Missing, also when it is about what the acting member does not see.
pub async fn get(tx: &mut TenantTx, state: BrainStateId, number: i32) -> Result<Outcome> {
    let row = sqlx::query_as!(
        Row,
        "select number, kind, client_id, channel_id, body from brain_result where state_id = $1 and number = $2",
        state.0,
        number
    );
    Ok(row.fetch_optional(&mut **tx).await?.ok_or(Error::Missing)?.outcome())
}

/// Something that a state says, on which something else rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// What it is: a finding, a response…
    pub kind: String,
    /// What the channel is called that it is about, beside its client.
    pub channel: Option<String>,
    /// What is said, as JSON.
    pub body: String,
}

/// What states say at these places, as far as the acting member sees it.
///
/// # Errors
/// The database failed.
pub async fn grounds(
    tx: &mut TenantTx,
    places: &[(BrainStateId, i32)],
) -> Result<BTreeMap<(BrainStateId, i32), Ground>> {
    let (states, numbers): (Vec<Uuid>, Vec<i32>) = places.iter().map(|(state, number)| (state.0, *number)).unzip();
    let rows = sqlx::query!(
        r#"select r.state_id, r.number, r.kind, r.body, h.name as "name?", h.external_id as "external_id?",
             coalesce(h.platform, h.provider) as "provider?", h.kind = 'file' as "file?", c.name as "client?"
           from brain_result r
           join unnest($1::uuid[], $2::int[]) p (state_id, number) on r.state_id = p.state_id and r.number = p.number
           left join channel h on h.organization_id = r.organization_id and h.id = r.channel_id
           left join client c on c.organization_id = h.organization_id and c.id = h.client_id"#,
        &states,
        &numbers
    );
    let said = rows.fetch_all(&mut **tx).await?.into_iter().map(|row| {
        let named = (row.provider.as_deref(), row.file, row.name.as_deref(), row.external_id.as_deref());
        let channel = if let (Some(provider), Some(file), Some(name), Some(external_id)) = named {
            Some(Called { provider, file, name, external_id }.beside(row.client.as_deref()))
        } else {
            None
        };
        let ground = Ground { kind: row.kind, channel, body: row.body };
        ((row.state_id.into(), row.number), ground)
    });
    Ok(said.collect())
}

/// What a state says of these kinds, of one client or of all in sight: all of what it noticed, proposes or lacks, and of the
/// rest only what is about the agency or a client as a whole.
///
/// # Errors
/// The database failed.
pub async fn list_wholes(
    tx: &mut TenantTx,
    state: BrainStateId,
    kinds: &[&str],
    client: Option<ClientId>,
) -> Result<Vec<Outcome>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        "select number, kind, client_id, channel_id, body from brain_result
         where state_id = $1 and kind = any($2) and ($3::uuid is null or client_id = $3)
           and (channel_id is null or kind in ('finding', 'action', 'gap'))
         order by number",
        state.0,
        &kinds,
        client.map(|id| id.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Row::outcome).collect())
}

/// The same in short: whole of the kinds that are `told`, and of the others, whose bodies are large, only what there is.
///
/// # Errors
/// The database failed.
pub async fn list_wholes_in_short(
    tx: &mut TenantTx,
    state: BrainStateId,
    kinds: &[&str],
    told: &[&str],
    client: Option<ClientId>,
) -> Result<Vec<Outcome>> {
    let [kinds, told] = [kinds, told].map(|kinds| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>());
    let rows = sqlx::query_as!(
        Row,
        r#"select number, kind, client_id, channel_id, case when kind = any($4) then body else '' end as "body!"
         from brain_result
         where state_id = $1 and kind = any($2) and ($3::uuid is null or client_id = $3)
           and (channel_id is null or kind in ('finding', 'action', 'gap'))
         order by number"#,
        state.0,
        &kinds,
        client.map(|id| id.0),
        &told
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Row::outcome).collect())
}
