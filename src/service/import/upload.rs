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

use super::room::{self, Coming, Place, failed};
use crate::{Error, Result, Service, access, simulation};

/// How many files of one agency may wait at a time.
const MOST_OPEN: i64 = 20;
/// After so many bytes it is looked again whether there is room.
const LOOK: u64 = 4 << 20;

/// Where files lie until they are imported or given up, and how large they may be. Workers must see the same folder.
#[derive(Clone, Debug)]
pub struct Uploads {
    /// The folder; made when it is first needed.
    pub folder: Arc<Path>,
    /// How large one file may be, in bytes.
    pub limit: u64,
    /// How much the files of one agency may fill, in bytes; what comes at the same time may pass it by a few megabytes.
    pub room: u64,
    coming: Arc<Coming>,
}

impl Uploads {
    /// A folder with room for files of `limit` bytes each, and `room` bytes of one agency.
    pub fn new(folder: Arc<Path>, limit: u64, room: u64) -> Self {
        Self { folder, limit, room, coming: Arc::default() }
    }

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
    /// At this size it is looked again whether there is room.
    look: u64,
    limit: u64,
    room: u64,
    _place: Place,
}

/// The name as people see it: without folders and what cannot be seen.
fn shown(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(200).collect();
    let clean = clean.trim().to_owned();
    if clean.is_empty() { "file".to_owned() } else { clean }
}

/// Begins to take a file for a source.
///
/// # Errors
/// Missing, too many files that wait or come at the same time, no room, or the rule that forbids it.
pub async fn begin(service: &Service, actor: &Actor, source_id: ChannelId, file_name: &str) -> Result<Upload> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    simulation::check_live(&mut tx).await?;
    let source = import_source::get(&mut tx, source_id).await?;
    if import::count_open(&mut tx).await? >= MOST_OPEN {
        let message = format!("{MOST_OPEN} files wait to be imported. Import some of them, or give them up");
        return Err(Error::Conflict { code: "too_many_open", message });
    }
    drop(tx);
    let place = service.uploads.coming.enter(actor.organization_id)?;
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
    let (limit, room) = (service.uploads.limit, service.uploads.room);
    let (hash, file_name) = (Sha256::new(), shown(file_name));
    Ok(Upload {
        id,
        source_id,
        holds: source.holds,
        file_name,
        part,
        file,
        hash,
        size: 0,
        look: 0,
        limit,
        room,
        _place: place,
    })
}

impl Upload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// Too large, or there is no room.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            let words =
                format!("the file is larger than {} MB. Split it, or ask your operator", self.limit / 1_000_000);
            return Err(Error::TooLarge(words));
        }
        if self.size >= self.look {
            self.check_room().await?;
            self.look = self.size + LOOK;
        }
        self.hash.update(bytes);
        self.file.write_all(bytes).await.map_err(failed)
    }

    /// Looks whether the agency's files leave room for what came so far.
    async fn check_room(&self) -> Result<()> {
        let part = self.part.clone();
        let others = tokio::task::spawn_blocking(move || part.parent().map_or(0, |folder| room::taken(folder, &part)));
        let others = others.await.map_err(|error| Error::Internal(Box::new(error)))?;
        if others.saturating_add(self.size) > self.room { Err(room::full(self.room)) } else { Ok(()) }
    }

    /// The file is whole: it becomes an import that is looked at next.
    ///
    /// # Errors
    /// It is empty, there is no room, or the database failed.
    pub async fn finish(mut self, service: &Service, actor: &Actor) -> Result<Import> {
        if self.size == 0 {
            return Err(Invalid::new("file", "the file is empty. Choose another").into());
        }
        self.check_room().await?;
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
    use super::*;

    /// An upload whose bytes go where there is never room.
    async fn onto_a_full_disk(part: &Path) -> Upload {
        std::fs::write(part, "").unwrap();
        let organization = store::id::new(time::OffsetDateTime::UNIX_EPOCH);
        Upload {
            id: store::id::new(time::OffsetDateTime::UNIX_EPOCH),
            source_id: store::id::new(time::OffsetDateTime::UNIX_EPOCH),
            holds: Kind::Ads,
            file_name: "a.csv".to_owned(),
            part: part.to_owned(),
            file: fs::OpenOptions::new().write(true).open("/dev/full").await.unwrap(),
            hash: Sha256::new(),
            size: 0,
            look: 0,
            limit: 1 << 30,
            room: 1 << 30,
            _place: Arc::<Coming>::default().enter(organization).unwrap(),
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_told_in_words_and_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("audienceos-full-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let part = folder.join("a.part");
        let mut upload = onto_a_full_disk(&part).await;
        // The system says so when it writes, which may be a piece later.
        let mut end = Ok(());
        for _ in 0..3 {
            end = end.and(upload.write(&[b'x'; 4 << 20]).await);
        }
        let Err(Error::NoRoom(words)) = end else { panic!("{end:?}") };
        assert!(words.contains("disk is full") && words.contains("Nothing of this file was kept"), "{words}");
        drop(upload);
        assert!(!part.exists());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn names_are_shown_without_folders_and_control_characters() {
        assert_eq!(shown("C:\\files\\März 2026.csv"), "März 2026.csv");
        assert_eq!(shown("../../etc/passwd"), "passwd");
        assert_eq!(shown("a\0b\r\n.csv"), "ab.csv");
        assert_eq!(shown("/"), "file");
        assert_eq!(shown(&"x".repeat(300)).len(), 200);
    }
}
