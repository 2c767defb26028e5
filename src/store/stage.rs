//! Stages of the board.

use model::{
    id::StageId,
    stage::{Stage, StageEdit},
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{OnConstraint, Result, TenantTx, id};

/// The stages in the board's order.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Stage>> {
    Ok(sqlx::query!("select id, name from stage order by position")
        .map(|row| Stage { id: row.id.into(), name: row.name })
        .fetch_all(&mut **tx)
        .await?)
}

/// The first stage, where new clients stand.
///
/// # Errors
/// The database failed.
pub async fn first(tx: &mut TenantTx) -> Result<Stage> {
    let row = sqlx::query!("select id, name from stage order by position limit 1").fetch_one(&mut **tx).await?;
    Ok(Stage { id: row.id.into(), name: row.name })
}

/// One stage.
///
/// # Errors
/// Missing, also when it is another tenant's.
pub async fn get(tx: &mut TenantTx, id: StageId) -> Result<Stage> {
    let row = sqlx::query!("select id, name from stage where id = $1", id.0).fetch_one(&mut **tx).await?;
    Ok(Stage { id: row.id.into(), name: row.name })
}

/// Makes the board look like `stages`: renames, adds, reorders, and removes what is not among them.
///
/// # Errors
/// Missing for an id that is no stage here; `Conflict("client_organization_id_stage_id_fkey")` when a removed stage
/// still holds clients.
pub async fn replace(tx: &mut TenantTx, stages: &[StageEdit], now: OffsetDateTime) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    let kept: Vec<Uuid> = stages.iter().filter_map(|stage| stage.id.map(|id| id.0)).collect();
    sqlx::query!("delete from stage where id <> all($1)", &kept)
        .execute(&mut **tx)
        .await
        .on_constraint("client_organization_id_stage_id_fkey")?;
    for (position, stage) in (0..).zip(stages) {
        match stage.id {
            Some(id) => {
                let done =
                    sqlx::query!("update stage set name = $2, position = $3 where id = $1", id.0, stage.name, position)
                        .execute(&mut **tx)
                        .await?;
                if done.rows_affected() == 0 {
                    return Err(crate::Error::Missing);
                }
            }
            None => {
                sqlx::query!(
                    "insert into stage (organization_id, id, name, position) values ($1, $2, $3, $4)",
                    organization_id.0,
                    id::new::<Uuid>(now),
                    stage.name,
                    position
                )
                .execute(&mut **tx)
                .await?;
            }
        }
    }
    Ok(())
}
