//! A file on its way in: written to the folder of uploads as it comes, hashed, bounded, and never whole in memory.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{
    access::Action,
    actor::Actor,
    id::{ChannelId, ImportId, OrganizationId},
    import::{Chosen, Import, Kind, State, Way},
    input::Invalid,
};
use sha2::{Digest, Sha256};
use store::{import, import_source, member};
use tokio::{fs, io::AsyncWriteExt};

use crate::{Error, Result, Service, access};

/// How many files of one agency may wait at a time.
const MOST_OPEN: i64 = 20;

/// Where files lie until they are imported or given up, and how large one may be. Workers must see the same folder.
#[derive(Clone, Debug)]
pub struct Uploads {
    /// The folder; made when it is first needed.
    pub folder: Arc<Path>,
    /// In bytes.
    pub limit: u64,
}

impl Uploads {
    /// Where the file of an import lies.
    pub fn path(&self, organization: OrganizationId, id: ImportId) -> PathBuf {
        self.folder.join(organization.to_string()).join(id.to_string())
    }

    /// Throws the file of an import away, if it is there. What cannot be removed now is removed by the daily purge.
    pub async fn remove(&self, organization: OrganizationId, id: ImportId) {
        let _ = fs::remove_file(self.path(organization, id)).await;
    }

    /// Every file here, with the import that it belongs to; what is half written belongs to none.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Option<(OrganizationId, ImportId)>)> {
        let entries = |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let mut files = Vec::new();
        for folder in entries(&self.folder) {
            let organization = name(&folder).and_then(|name| name.parse::<OrganizationId>().ok());
            for file in entries(&folder) {
                let id = name(&file).and_then(|name| name.parse::<ImportId>().ok());
                files.push((file, organization.zip(id)));
            }
        }
        files
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct Upload {
    id: ImportId,
    source_id: ChannelId,
    holds: Kind,
    file_name: String,
    part: PathBuf,
    file: fs::File,
    hash: Sha256,
    size: u64,
    limit: u64,
}

/// The name as people see it: without folders and what cannot be seen.
fn shown(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(200).collect();
    let clean = clean.trim().to_owned();
    if clean.is_empty() { "file".to_owned() } else { clean }
}

fn failed(error: std::io::Error) -> Error {
    Error::Internal(Box::new(error))
}

/// Begins to take a file for a source.
///
/// # Errors
/// Missing, too many files that wait, no room on the disk, or the rule that forbids it.
pub async fn begin(service: &Service, actor: &Actor, source_id: ChannelId, file_name: &str) -> Result<Upload> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let source = import_source::get(&mut tx, source_id).await?;
    if import::count_open(&mut tx).await? >= MOST_OPEN {
        let message = format!("{MOST_OPEN} files wait to be imported. Import some of them, or give them up");
        return Err(Error::Conflict { code: "too_many_open", message });
    }
    drop(tx);
    let id: ImportId = store::id::new(service.clock.now());
    let mut part = service.uploads.path(actor.organization_id, id);
    if let Some(folder) = part.parent() {
        fs::create_dir_all(folder).await.map_err(failed)?;
    }
    part.set_extension("part");
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let file = options.open(&part).await.map_err(failed)?;
    let (hash, limit, holds) = (Sha256::new(), service.uploads.limit, source.holds);
    Ok(Upload { id, source_id, holds, file_name: shown(file_name), part, file, hash, size: 0, limit })
}

impl Upload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// Too large, or the disk is full.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            let words =
                format!("the file is larger than {} MB. Split it, or ask your operator", self.limit / 1_000_000);
            return Err(Error::TooLarge(words));
        }
        self.hash.update(bytes);
        self.file.write_all(bytes).await.map_err(failed)
    }

    /// The file is whole: it becomes an import that is looked at next.
    ///
    /// # Errors
    /// It is empty, or the database failed.
    pub async fn finish(mut self, service: &Service, actor: &Actor) -> Result<Import> {
        if self.size == 0 {
            return Err(Invalid::new("file", "the file is empty. Choose another").into());
        }
        self.file.flush().await.map_err(failed)?;
        self.file.sync_all().await.map_err(failed)?;
        let path = service.uploads.path(actor.organization_id, self.id);
        fs::rename(&self.part, &path).await.map_err(failed)?;
        let kept = self.keep(service, actor).await;
        if kept.is_err() {
            service.uploads.remove(actor.organization_id, self.id).await;
        }
        kept
    }

    async fn keep(&self, service: &Service, actor: &Actor) -> Result<Import> {
        let now = service.clock.now();
        let mut tx = service.db.tenant(actor).await?;
        let who = member::get(&mut tx, actor.member_id).await?.name;
        let new = import::New {
            id: self.id,
            source_id: self.source_id,
            way: Way::File,
            state: State::Reading,
            file_name: &self.file_name,
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            hash: &self.hash.clone().finalize(),
            member: &who,
        };
        import::insert(&mut tx, &new, now).await?;
        let chosen = Chosen { kind: Some(self.holds), ..Chosen::default() };
        import::set_chosen(&mut tx, self.id, &chosen, now).await?;
        super::enqueue(&mut tx, self.id).await?;
        let kept = import::get(&mut tx, self.id).await?;
        tx.commit().await?;
        Ok(kept)
    }
}

impl Drop for Upload {
    /// What was not finished goes.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.part);
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn names_are_shown_without_folders_and_control_characters() {
        assert_eq!(shown("C:\\files\\März 2026.csv"), "März 2026.csv");
        assert_eq!(shown("../../etc/passwd"), "passwd");
        assert_eq!(shown("a\0b\r\n.csv"), "ab.csv");
        assert_eq!(shown("/"), "file");
        assert_eq!(shown(&"x".repeat(300)).len(), 200);
    }
}
