//! Files that a member added to what they write: looked at and thrown away before they go. They are their member's alone.

use model::{access::Action, actor::Actor, id::UploadId};
pub use store::draft::Upload;
use store::draft;

use crate::{Error, Result, Service, access};

/// A file of the member, with what is in it.
///
/// # Errors
/// Missing when it is another's or was thrown away, or the rule that forbids it.
pub async fn get(service: &Service, actor: &Actor, id: UploadId) -> Result<Upload> {
    access::allow(service, actor, Action::EditConversations).await?;
    Ok(draft::get_upload(&mut service.db.tenant(actor).await?, id).await?)
}

/// Throws a file of the member away. One that goes with a message, or went with it, stays.
///
/// # Errors
/// Missing, a file that a message goes with, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, id: UploadId) -> Result<()> {
    access::allow(service, actor, Action::EditConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    match draft::remove_upload(&mut tx, id).await {
        Err(store::Error::Conflict(_)) => {
            let message = "this file goes with a message, and stays with it. Take the message back first".to_owned();
            Err(Error::Conflict { code: "file_is_used", message })
        }
        done => {
            done?;
            Ok(tx.commit().await?)
        }
    }
}
