//! Questions that members keep, each for itself, and those of each page apart.

use model::{id::SavedViewId, saved_view::Page};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{Error, OnConstraint, Result, TenantTx};

/// A view as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: SavedViewId,
    /// Of which page it is.
    pub page: Page,
    /// What its member calls it.
    pub name: String,
    /// The question.
    pub query: String,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

struct Row {
    id: Uuid,
    page: String,
    name: String,
    query: String,
    updated_at: OffsetDateTime,
}

impl Row {
    fn kept(self) -> Kept {
        let page = Page::parse(&self.page).unwrap_or_default();
        Kept { id: self.id.into(), page, name: self.name, query: self.query, updated_at: self.updated_at }
    }
}

/// The acting member's own of a page, by name.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, page: Page) -> Result<Vec<Kept>> {
    let member_id = tx.actor().member_id;
    let rows = sqlx::query_as!(
        Row,
        "select id, page, name, query, updated_at from saved_view where member_id = $1 and page = $2 order by lower(name), id",
        member_id.0,
        page.key()
    );
    Ok(rows.fetch_all(&mut **tx).await?.into_iter().map(Row::kept).collect())
}

/// One of them.
///
/// # Errors
/// Missing when it is not the acting member's own.
pub async fn get(tx: &mut TenantTx, id: SavedViewId) -> Result<Kept> {
    let row = sqlx::query_as!(Row, "select id, page, name, query, updated_at from saved_view where id = $1", id.0);
    Ok(row.fetch_optional(&mut **tx).await?.ok_or(Error::Missing)?.kept())
}

/// Keeps one of the acting member.
///
/// # Errors
/// Conflict when another one of the member and the page is called so.
pub async fn insert(tx: &mut TenantTx, kept: &Kept) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into saved_view (organization_id, id, member_id, page, name, query, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        actor.organization_id.0,
        kept.id.0,
        actor.member_id.0,
        kept.page.key(),
        kept.name,
        kept.query,
        kept.updated_at
    )
    .execute(&mut **tx)
    .await
    .on_constraint("saved_view_name")?;
    Ok(())
}

/// Changes one's name and question.
///
/// # Errors
/// Missing when it is not the acting member's own; conflict when another one of the member and the page is called so.
pub async fn update(tx: &mut TenantTx, kept: &Kept) -> Result<()> {
    let done = sqlx::query!(
        "update saved_view set name = $2, query = $3, updated_at = $4 where id = $1",
        kept.id.0,
        kept.name,
        kept.query,
        kept.updated_at
    )
    .execute(&mut **tx)
    .await
    .on_constraint("saved_view_name")?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Throws one away, and returns its name.
///
/// # Errors
/// Missing when it is not the acting member's own.
pub async fn remove(tx: &mut TenantTx, id: SavedViewId) -> Result<String> {
    let name = sqlx::query_scalar!("delete from saved_view where id = $1 returning name", id.0);
    name.fetch_optional(&mut **tx).await?.ok_or(Error::Missing)
}
