//! Imports of files and pushed rows: what people and programs do with them. The file's bytes lie in a folder beside the
//! database while they are needed; jobs read them, nothing of a file is ever held in memory.
//!
//! An import is looked at, mapped, checked and started, each by a person; its rows are then kept in one transaction. Bad
//! rows are left out only when the person says so, and are written down with the import.

mod mapping;
mod push;
mod room;
mod source;
mod upload;

use model::{
    access::Action,
    actor::Actor,
    id::{ChannelId, ImportId},
    import::{Chosen, Import, Mapping, State},
    input::Invalid,
    job::Job,
    page::Page,
};
use serde_json::json;
use store::{TenantTx, cursor::Cursor, import, import_source, member, queue, sync};

pub use mapping::{list as mappings, pick, remove as remove_mapping, save as save_mapping};
pub use push::{BATCH, Push, push};
pub use source::{New, add as add_source, get as source, list as sources};
pub use upload::{Upload, Uploads, begin as begin_upload};

use crate::{Error, Result, Service, access};

/// Imports that somebody started or may start, newest first; of one source, or of all in sight.
///
/// # Errors
/// A malformed cursor, or the rule that forbids it.
pub async fn list(
    service: &Service,
    actor: &Actor,
    source: Option<ChannelId>,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Import>> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    Ok(import::list(&mut service.db.tenant(actor).await?, source, cursor, limit).await?)
}

/// One import with its preview and its wrong rows.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: ImportId) -> Result<Import> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    Ok(import::get(&mut service.db.tenant(actor).await?, id).await?)
}

fn conflict<T>(code: &'static str, message: impl Into<String>) -> Result<T> {
    Err(Error::Conflict { code, message: message.into() })
}

/// An import that is still open to changes.
async fn open(tx: &mut TenantTx, id: ImportId) -> Result<Import> {
    let found = import::get(tx, id).await?;
    if found.state.open() {
        return Ok(found);
    }
    conflict("not_open", format!("this import can no longer be changed: {}", found.state.label().to_lowercase()))
}

/// Somebody was quicker: what was open a moment ago is not.
fn overtaken(error: store::Error) -> Error {
    match error {
        store::Error::Missing => {
            let message = "somebody changed this import meanwhile. Look at it again; nothing was changed".to_owned();
            Error::Conflict { code: "changed_meanwhile", message }
        }
        other => other.into(),
    }
}

async fn enqueue(tx: &mut TenantTx, id: ImportId) -> Result<()> {
    let job = Job::RunImport { organization_id: tx.actor().organization_id, import_id: id };
    Ok(queue::enqueue(tx, &job, None).await?)
}

/// Has the file looked at again, with the encoding, delimiter, sheet or line of names that a person chose.
///
/// # Errors
/// Missing, a conflict when it is not open any more, or the rule that forbids it.
pub async fn look_again(service: &Service, actor: &Actor, id: ImportId, chosen: Chosen) -> Result<Import> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = open(&mut tx, id).await?;
    let holds = import_source::get(&mut tx, found.source_id).await?.holds;
    let chosen = Chosen { kind: Some(holds), ..chosen };
    import::set_chosen(&mut tx, id, &chosen, service.clock.now()).await.map_err(overtaken)?;
    enqueue(&mut tx, id).await?;
    let after = import::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Says how the file is read, and has every row of it checked.
///
/// # Errors
/// Missing; a mapping that contradicts itself or does not fit the source; a conflict when it is not open any more; or the
/// rule that forbids it.
pub async fn set_mapping(service: &Service, actor: &Actor, id: ImportId, mapping: &Mapping) -> Result<Import> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = open(&mut tx, id).await?;
    let holds = import_source::get(&mut tx, found.source_id).await?.holds;
    if mapping.kind != holds {
        let words = format!("the source {} holds other rows: {}", found.source, holds.label().to_lowercase());
        return Err(Invalid::new("kind", words).into());
    }
    if let Err(mut wrong) = mapping.check() {
        return Err(wrong.swap_remove(0).into());
    }
    import::set_mapping(&mut tx, id, mapping, service.clock.now()).await.map_err(overtaken)?;
    enqueue(&mut tx, id).await?;
    let after = import::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Starts a checked import. With `skip_wrong` its wrong rows are left out and written down; without, there must be none.
///
/// # Errors
/// Missing; a conflict when it is not checked, has no row that can be kept, or has wrong ones; or the rule that forbids it.
pub async fn start(service: &Service, actor: &Actor, id: ImportId, skip_wrong: bool) -> Result<Import> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = import::get(&mut tx, id).await?;
    let checked = match (found.state, &found.found) {
        (State::Checked, Some(checked)) => checked.clone(),
        (State::Importing | State::Done, _) => return conflict("started", "this import was started already"),
        _ => return conflict("not_checked", "this import is not checked yet. Choose its columns first"),
    };
    if checked.rows == 0 {
        return conflict("no_rows", "no row of this file can be kept. Correct the file, or choose its columns again");
    }
    if checked.wrong > 0 && !skip_wrong {
        let are = if checked.wrong == 1 { "row is" } else { "rows are" };
        let words = format!("{} {are} wrong. Correct the file, or import the others", checked.wrong);
        return conflict("rows_wrong", words);
    }
    import::set_started(&mut tx, id, skip_wrong, service.clock.now()).await.map_err(overtaken)?;
    let detail =
        json!({ "import": "started", "source": found.source, "rows": checked.rows, "left_out": checked.wrong });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &found.file_name), detail).await?;
    enqueue(&mut tx, id).await?;
    let after = import::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Gives up an import that was not started; its file goes with it.
///
/// # Errors
/// Missing, a conflict when it was started, or the rule that forbids it.
pub async fn give_up(service: &Service, actor: &Actor, id: ImportId) -> Result<()> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    open(&mut tx, id).await?;
    import::set_given_up(&mut tx, id, service.clock.now()).await.map_err(overtaken)?;
    tx.commit().await?;
    service.uploads.remove(actor.organization_id, id).await;
    Ok(())
}

/// Why an import cannot be undone before a later one.
pub fn repeated(later: &str) -> String {
    format!("the later import {later} says the same of some days. Undo that one first; nothing was changed")
}

/// Takes a finished import back: its source reads what it would without it. Nothing is deleted; "as of" a moment between
/// still shows what was imported.
///
/// # Errors
/// Missing; a conflict when it is not done, or a later import says rows of it again; or the rule that forbids it.
pub async fn undo(service: &Service, actor: &Actor, id: ImportId) -> Result<Import> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = import::get(&mut tx, id).await?;
    match found.state {
        State::Done => {}
        State::Undone | State::Undoing => return conflict("undone", "this import was undone already"),
        _ => return conflict("not_done", "nothing of this import was kept, so there is nothing to undo"),
    }
    // Nothing is imported into the source meanwhile: what it would say again, the undo could not know.
    import_source::lock(&mut tx, found.source_id).await?;
    let source = import_source::get(&mut tx, found.source_id).await?;
    if sync::find_running(&mut tx, source.channel.connection_id).await?.is_some() {
        return conflict("running", "a file is being imported into this source. Undo when that is done");
    }
    if let Some((name, _)) = import::find_repeating(&mut tx, id).await? {
        return conflict("repeated", repeated(&name));
    }
    let who = member::get(&mut tx, actor.member_id).await?.name;
    import::set_undoing(&mut tx, id, &who, service.clock.now()).await.map_err(overtaken)?;
    let detail = json!({ "import": "undone", "source": found.source });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &found.file_name), detail).await?;
    enqueue(&mut tx, id).await?;
    let after = import::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}
