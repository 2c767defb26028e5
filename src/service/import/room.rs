//! What files on their way in may take: how many come at a time, and how much of the disk one agency's fill.
//!
//! How many come is counted by each server for itself; how much lies there is read from the folder, which all servers
//! share, so that what is half written counts and nobody has to keep books.

use std::{
    collections::HashMap,
    io::ErrorKind,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::id::OrganizationId;
use time::Duration;

use crate::{Error, Result};

/// How many files one server takes in at a time.
pub const AT_ONCE: usize = 12;
/// How many of them may be one agency's.
pub const AT_ONCE_OF_ONE: usize = 3;
/// When it is worth trying again.
const AGAIN: Duration = Duration::seconds(15);

/// The files that come in at this moment, by agency.
#[derive(Debug, Default)]
pub(super) struct Coming(Mutex<HashMap<OrganizationId, usize>>);

impl Coming {
    fn counts(&self) -> MutexGuard<'_, HashMap<OrganizationId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, which is given back when it is dropped.
    pub(super) fn enter(self: &Arc<Self>, organization: OrganizationId) -> Result<Place> {
        let mut counts = self.counts();
        let own = counts.get(&organization).copied().unwrap_or_default();
        let who = if own >= AT_ONCE_OF_ONE {
            format!("{AT_ONCE_OF_ONE} files of your agency are being uploaded")
        } else if counts.values().sum::<usize>() >= AT_ONCE {
            "this server takes in as many files as it can".to_owned()
        } else {
            counts.insert(organization, own + 1);
            return Ok(Place { coming: self.clone(), organization });
        };
        let message = format!("{who}. Nothing of this one was kept; upload it again in a moment");
        Err(Error::TooMany { message, retry_after: AGAIN })
    }
}

/// A place among the files that come in.
#[derive(Debug)]
pub(super) struct Place {
    coming: Arc<Coming>,
    organization: OrganizationId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.coming.counts();
        if let Some(count) = counts.get_mut(&self.organization) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.organization);
            }
        }
    }
}

/// How many bytes lie in an agency's folder, without the file `but`.
pub(super) fn taken(folder: &Path, but: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path() != but).filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum()
}

/// The agency's files fill what they may.
pub(super) fn full(room: u64) -> Error {
    let message = format!(
        "the files of your agency that wait to be imported fill the {} MB that they may. Nothing of this one was kept. \
         Import some of them or give them up, and upload it again",
        room / 1_000_000
    );
    Error::Conflict { code: "no_room", message }
}

/// What failed while a file was written: no room on the disk is told in words, all else is ours.
pub(super) fn failed(error: std::io::Error) -> Error {
    if !matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return Error::Internal(Box::new(error));
    }
    tracing::error!(%error, "there is no room for uploads: make room in the folder of the data");
    let words = "the server's disk is full. Nothing of this file was kept, and what was imported before is as it was. \
                 Tell your operator, and upload it again when there is room";
    Error::NoRoom(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization() -> OrganizationId {
        uuid::Uuid::now_v7().into()
    }

    #[test]
    fn an_agency_and_a_server_take_so_many_at_a_time_and_places_come_back() {
        let coming = Arc::<Coming>::default();
        let busy = organization();
        let mut held: Vec<_> = (0..AT_ONCE_OF_ONE).map(|_| coming.enter(busy).unwrap()).collect();
        let Err(Error::TooMany { message, retry_after }) = coming.enter(busy) else { panic!("one too many") };
        assert!(message.contains("of your agency") && retry_after.is_positive(), "{message}");
        held.extend((held.len()..AT_ONCE).map(|_| coming.enter(organization()).unwrap()));
        let Err(Error::TooMany { message, .. }) = coming.enter(organization()) else { panic!("one too many") };
        assert!(message.contains("this server"), "{message}");
        held.remove(0);
        coming.enter(busy).unwrap();
        drop(held);
        assert!(coming.counts().is_empty(), "nothing is remembered of those who left");
    }
}
