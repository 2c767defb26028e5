//! The folders of a mailbox, and how far each of them was read.

use std::collections::BTreeMap;

use model::message::Place;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{absent, get, linked, ready, wire};
use crate::{
    Call, Error, Result,
    inbox::{found, part},
};

/// Microsoft's own names of the folders whose place is known, in the order in which they are read.
const WELL_KNOWN: [(&str, Place); 6] = [
    ("inbox", Place::Inbox),
    ("sentitems", Place::Sent),
    ("archive", Place::Archive),
    ("junkemail", Place::Spam),
    ("deleteditems", Place::Trash),
    ("drafts", Place::Draft),
];
/// More folders than this are no mailbox that anybody uses; a list that does not end is broken.
const MOST: usize = 5_000;

/// A folder, and where its reading goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Folder {
    pub id: String,
    pub place: Place,
    /// Path and query of what is asked next; none before the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whether it was read to its end once, so that what comes may be known.
    pub known: bool,
}

/// How far a mailbox was read.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    since: i64,
    folders: Vec<Folder>,
    /// The folder of the next page; none between two rounds.
    at: Option<usize>,
    /// Where messages of each folder lie, those included that are not read.
    places: BTreeMap<String, Place>,
}

impl Cursor {
    pub fn new(since: OffsetDateTime) -> Self {
        Self { since: since.unix_timestamp(), folders: Vec::new(), at: None, places: BTreeMap::new() }
    }

    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|_| Error::CursorExpired)
    }

    pub fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::Malformed(error.to_string()))
    }

    /// Since when messages are wanted, as Microsoft writes it.
    pub fn since(&self) -> Result<String> {
        let since = OffsetDateTime::from_unix_timestamp(self.since).map_err(|_| Error::CursorExpired)?;
        since.format(&Rfc3339).map_err(|_| Error::CursorExpired)
    }

    pub const fn between_rounds(&self) -> bool {
        self.at.is_none()
    }

    pub fn folder(&self) -> Option<&Folder> {
        self.folders.get(self.at?)
    }

    pub const fn places(&self) -> &BTreeMap<String, Place> {
        &self.places
    }

    /// Begins a round over the folders that are there now; those that were read before go on where they stopped.
    pub fn begin(&mut self, now: Vec<(String, Place)>) {
        let mut before: BTreeMap<_, _> = self.folders.drain(..).map(|folder| (folder.id.clone(), folder)).collect();
        self.places = now.iter().cloned().collect();
        let read = now.into_iter().filter(|(_, place)| *place != Place::Draft);
        self.folders = read
            .map(|(id, place)| match before.remove(&id) {
                Some(folder) => Folder { place, ..folder },
                None => Folder { id, place, link: None, known: false },
            })
            .collect();
        let rank = |place: Place| WELL_KNOWN.iter().position(|(_, known)| *known == place);
        self.folders.sort_by_key(|folder| rank(folder.place));
        self.at = Some(0);
    }

    /// Goes on after a page: in its folder, else with the next one, else the round is over.
    pub fn turn(&mut self, next: Option<String>, delta: Option<String>) -> Result<()> {
        let broken = || Error::Malformed("a page says neither where the next is nor where changes will be".into());
        let at = self.at.ok_or_else(broken)?;
        let folder = self.folders.get_mut(at).ok_or_else(broken)?;
        let ended = next.is_none();
        let link = own(&next.or(delta).ok_or_else(broken)?)?;
        if !ended && folder.link.as_ref() == Some(&link) {
            return Err(Error::Malformed("a page names itself as the next".into()));
        }
        folder.link = Some(link);
        if ended {
            folder.known = true;
            self.at = Some(at + 1).filter(|at| *at < self.folders.len());
        }
        Ok(())
    }
}

/// Path and query of a link, from the API's version on. The host is ours, whatever the link names.
pub(super) fn own(link: &str) -> Result<String> {
    let broken = || Error::Malformed("a link of Microsoft's is none".into());
    let url: url::Url = link.parse().map_err(|_| broken())?;
    let path = url.path().find("/v1.0/").and_then(|place| url.path().get(place + 1..)).ok_or_else(broken)?;
    Ok(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

/// The well-known folders by their ids.
pub(super) async fn well_known(call: &Call<'_>) -> Result<BTreeMap<String, Place>> {
    let http = call.http.beside(call.http.base().clone(), absent);
    let mut places = BTreeMap::new();
    for (name, place) in WELL_KNOWN {
        let request = ready(http.get(&format!("v1.0/me/mailFolders/{name}")), call).query("$select", "id");
        // Not every mailbox has each of them.
        if let Some(wire::Id { id }) = found(request.send().await)? {
            places.insert(id, place);
        }
    }
    Ok(places)
}

/// All folders with the place of their messages: their own, else that of the folder they are in. What a person made in the
/// inbox is no inbox: it was put away there.
pub(super) async fn all(call: &Call<'_>) -> Result<Vec<(String, Place)>> {
    let known = well_known(call).await?;
    let (mut all, mut waiting) = (Vec::new(), vec![("me/mailFolders".to_owned(), Place::Archive)]);
    while let Some((path, outer)) = waiting.pop() {
        let fields = "id,childFolderCount";
        let mut list: wire::List<wire::Folder> =
            get(call, &path).query("$select", fields).query("$top", "100").send().await?;
        loop {
            for folder in list.value {
                // A search is no folder: what it finds lies elsewhere.
                if folder.kind.as_deref() == Some("#microsoft.graph.mailSearchFolder") {
                    continue;
                }
                let place = known.get(&folder.id).copied().unwrap_or(outer);
                if folder.child_folder_count > 0 {
                    let inner = if place == Place::Inbox { Place::Archive } else { place };
                    waiting.push((format!("me/mailFolders/{}/childFolders", part(&folder.id)?), inner));
                }
                all.push((folder.id, place));
            }
            if all.len() > MOST {
                return Err(Error::Malformed("the list of folders does not end".into()));
            }
            let Some(next) = list.next else { break };
            list = linked(call, &own(&next)?).await?;
        }
    }
    Ok(all)
}
