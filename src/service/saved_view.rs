//! Saved views: a member keeps questions about figures, and choices of conversations, under a name, for itself alone.
//!
//! What a question names may be gone when it is opened: then it is answered without it, and says so (`analytics`), or says that it is not
//! there (the inbox).

use model::{
    access::Action,
    actor::Actor,
    id::SavedViewId,
    input::Invalid,
    saved_view::{self, MOST, Page, SavedView},
};
use serde_json::json;
use store::saved_view as kept;

use crate::{Error, Result, Service, access, moment::Words};

/// One's own views of a page, by name.
///
/// # Errors
/// The database failed.
pub async fn list(service: &Service, actor: &Actor, page: Page) -> Result<Vec<SavedView>> {
    access::allow(service, actor, Action::EditSelf).await?;
    let words = Words::of(service, actor).await?;
    let found = kept::list(&mut service.db.tenant(actor).await?, page).await?;
    Ok(found.into_iter().map(|view| told(view, &words)).collect())
}

/// One of them.
///
/// # Errors
/// Missing when it is not one's own.
pub async fn get(service: &Service, actor: &Actor, id: SavedViewId) -> Result<SavedView> {
    access::allow(service, actor, Action::EditSelf).await?;
    let words = Words::of(service, actor).await?;
    Ok(told(kept::get(&mut service.db.tenant(actor).await?, id).await?, &words))
}

fn told(view: kept::Kept, words: &Words) -> SavedView {
    let kept::Kept { id, page, name, query, updated_at } = view;
    SavedView { id, page, name, query, changed_at: words.write(updated_at) }
}

/// Keeps a question of a page under a name.
///
/// # Errors
/// A name or a question that cannot be accepted, or a name that another view has.
pub async fn save(service: &Service, actor: &Actor, page: Page, name: &str, query: &str) -> Result<SavedView> {
    access::allow(service, actor, Action::EditSelf).await?;
    let (name, query) = (saved_view::name(name)?, saved_view::query(page, query)?);
    let words = Words::of(service, actor).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let count = i64::try_from(kept::list(&mut tx, page).await?.len()).unwrap_or(i64::MAX);
    if count >= MOST {
        return Err(Invalid::new("name", format!("you keep {MOST} views already. Remove one first")).into());
    }
    let view = kept::Kept { id: store::id::new(now), page, name, query, updated_at: now };
    kept::insert(&mut tx, &view).await.map_err(taken)?;
    access::done_to(service, &mut tx, Action::EditSelf, (view.id, &view.name), json!({ "view": "saved" })).await?;
    tx.commit().await?;
    Ok(told(view, &words))
}

/// Gives a view another name, another question, or both; what is not given stays.
///
/// # Errors
/// Missing when it is not one's own; a name or a question that cannot be accepted, or a name that another view has.
pub async fn change(
    service: &Service,
    actor: &Actor,
    id: SavedViewId,
    name: Option<&str>,
    query: Option<&str>,
) -> Result<SavedView> {
    access::allow(service, actor, Action::EditSelf).await?;
    let words = Words::of(service, actor).await?;
    let mut tx = service.db.tenant(actor).await?;
    let mut view = kept::get(&mut tx, id).await?;
    let before = view.clone();
    if let Some(name) = name {
        view.name = saved_view::name(name)?;
    }
    if let Some(query) = query {
        view.query = saved_view::query(view.page, query)?;
    }
    if view == before {
        return Ok(told(view, &words));
    }
    view.updated_at = service.clock.now();
    kept::update(&mut tx, &view).await.map_err(taken)?;
    let detail = json!({ "view": "changed", "before": before.name });
    access::done_to(service, &mut tx, Action::EditSelf, (view.id, &view.name), detail).await?;
    tx.commit().await?;
    Ok(told(view, &words))
}

/// Throws a view away.
///
/// # Errors
/// Missing when it is not one's own.
pub async fn remove(service: &Service, actor: &Actor, id: SavedViewId) -> Result<()> {
    access::allow(service, actor, Action::EditSelf).await?;
    let mut tx = service.db.tenant(actor).await?;
    let name = kept::remove(&mut tx, id).await?;
    access::done_to(service, &mut tx, Action::EditSelf, (id, &name), json!({ "view": "removed" })).await?;
    Ok(tx.commit().await?)
}

fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Conflict(_) => Error::Conflict {
            code: "view_exists",
            message: "you have another view of this name. Choose another name; nothing was changed".to_owned(),
        },
        other => other.into(),
    }
}
