//! Campaigns, groups and ads, so that figures have a name.

use model::{
    figure::PartId,
    id::ChannelId,
    metric::{Entity, Level},
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{Result, TenantTx};

/// Keeps what was reported of them last. An entity that occurs twice among `entities` is kept as it came last.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, channel: ChannelId, entities: &[Entity], now: OffsetDateTime) -> Result<()> {
    let organization = tx.actor().organization_id;
    let text = |pick: fn(&Entity) -> &str| entities.iter().map(|entity| pick(entity).to_owned()).collect::<Vec<_>>();
    let parents: Vec<Option<String>> = entities.iter().map(|entity| entity.parent_id.clone()).collect();
    let creatives: Vec<Option<String>> = entities.iter().map(|entity| entity.creative.clone()).collect();
    sqlx::query!(
        "insert into ad_entity as e (organization_id, channel_id, level, external_id, parent_id, name, status, creative, updated_at)
         select distinct on (s.level, s.external_id) $1, $2, s.level, s.external_id, s.parent_id, s.name, s.status, s.creative, $9
         from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
           with ordinality as s (level, external_id, parent_id, name, status, creative, place)
         order by s.level, s.external_id, s.place desc
         on conflict (organization_id, channel_id, level, external_id) do update
           set parent_id = coalesce(excluded.parent_id, e.parent_id), name = coalesce(nullif(excluded.name, ''), e.name),
             status = coalesce(nullif(excluded.status, ''), e.status), creative = coalesce(excluded.creative, e.creative),
             updated_at = excluded.updated_at
           where (e.parent_id, e.name, e.status, e.creative)
             is distinct from (coalesce(excluded.parent_id, e.parent_id), coalesce(nullif(excluded.name, ''), e.name),
                               coalesce(nullif(excluded.status, ''), e.status), coalesce(excluded.creative, e.creative))",
        organization.0,
        channel.0,
        &text(|entity| entity.level.key()),
        &text(|entity| &entity.external_id),
        &parents as _,
        &text(|entity| &entity.name),
        &text(|entity| &entity.status),
        &creatives as _,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The entities of a channel at `level`, by name.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, channel: ChannelId, level: Level) -> Result<Vec<Entity>> {
    Ok(sqlx::query!(
        "select external_id, parent_id, name, status, creative from ad_entity
         where channel_id = $1 and level = $2 order by name, external_id",
        channel.0,
        level.key()
    )
    .map(|row| Entity {
        level,
        external_id: row.external_id,
        parent_id: row.parent_id,
        name: row.name,
        status: row.status,
        creative: row.creative,
    })
    .fetch_all(&mut **tx)
    .await?)
}

/// An entity, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where it runs, and the platform's id of it.
    pub id: PartId,
    /// What it is.
    pub entity: Entity,
    /// The campaign it belongs to, as far as the platform said it; of a campaign itself.
    pub campaign_id: Option<String>,
}

/// The entities of these channels at `level` by name, so many at most: those of these ids, or all if none is named.
///
/// # Errors
/// The database failed.
pub async fn list_placed(
    tx: &mut TenantTx,
    channels: &[ChannelId],
    level: Level,
    ids: &[String],
    limit: i64,
) -> Result<Vec<Placed>> {
    let channels: Vec<Uuid> = channels.iter().map(|id| id.0).collect();
    let ids = ids.to_vec();
    let rows = sqlx::query!(
        r#"select e.channel_id, e.external_id, e.parent_id, e.name, e.status, e.creative,
             case when e.level = 'campaign' then e.external_id
               when e.level = 'ad' then coalesce(g.parent_id, c.external_id) end as "campaign_id?"
           from ad_entity e
           left join ad_entity g on g.organization_id = e.organization_id and g.channel_id = e.channel_id and g.level = 'group'
             and g.external_id = e.parent_id
           left join ad_entity c on c.organization_id = e.organization_id and c.channel_id = e.channel_id and c.level = 'campaign'
             and c.external_id = e.parent_id
           where e.channel_id = any($1) and e.level = $2 and (cardinality($3::text[]) = 0 or e.external_id = any($3))
           order by e.name, e.channel_id, e.external_id limit $4"#,
        &channels,
        level.key(),
        &ids,
        limit
    );
    let rows = rows.fetch_all(&mut **tx).await?;
    Ok(rows
        .into_iter()
        .map(|row| Placed {
            id: PartId::new(row.channel_id.into(), row.external_id.clone()),
            entity: Entity {
                level,
                external_id: row.external_id,
                parent_id: row.parent_id,
                name: row.name,
                status: row.status,
                creative: row.creative,
            },
            campaign_id: row.campaign_id,
        })
        .collect())
}
