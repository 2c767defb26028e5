//! What changed in all agencies, heard once by a server and handed to all streams of it. It begins to listen when the first page
//! asks; what it heard in the last minutes is kept for pages that come, or come back, a little later.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use service::{
    Service,
    event::{self, Change, Listener},
};
use time::OffsetDateTime;
use tokio::{
    sync::{broadcast, watch},
    task::AbortHandle,
    time::{sleep, timeout},
};

/// Until the database is asked again after it was lost.
const AGAIN: Duration = Duration::from_secs(1);
/// After so much silence the connection is tried.
const SILENCE: Duration = Duration::from_secs(30);
/// For so long it may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// So long, and so many changes at most, are kept.
const KEPT: time::Duration = time::Duration::minutes(5);
const MOST: usize = 2000;
/// Pages say until when they know in the time of a server whose clock may differ by so much, and a change is told when it is
/// committed, not when it was made.
const MARGIN: time::Duration = time::Duration::seconds(10);
/// A stream that is so far behind has a gap.
const BEHIND: usize = 256;

/// What streams are told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    /// A change.
    Change(Change),
    /// What happened for a while was not heard.
    Gap,
}

/// Hears what changes.
#[derive(Debug)]
pub struct Hub {
    shared: Arc<Shared>,
    task: OnceLock<AbortHandle>,
}

#[derive(Debug)]
struct Shared {
    service: Service,
    notes: broadcast::Sender<Note>,
    kept: Mutex<Kept>,
    closing: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Kept {
    /// All changes after this moment are here; none while nothing is heard.
    since: Option<OffsetDateTime>,
    changes: VecDeque<(OffsetDateTime, Change)>,
}

impl Kept {
    fn add(&mut self, at: OffsetDateTime, change: Change) {
        self.changes.push_back((at, change));
        let old = |(then, _): &(OffsetDateTime, Change)| at - *then > KEPT;
        while self.changes.len() > MOST || self.changes.front().is_some_and(old) {
            self.since = self.changes.pop_front().map(|(then, _)| then);
        }
    }

    /// What who knows everything until a moment has missed.
    fn missed(&self, until: OffsetDateTime) -> Vec<Note> {
        let until = until.checked_sub(MARGIN).unwrap_or(until);
        match self.since {
            // Who hears again tells everybody of the gap.
            None => Vec::new(),
            Some(since) if until <= since => vec![Note::Gap],
            Some(_) => {
                self.changes.iter().filter(|(at, _)| *at >= until).map(|(_, change)| Note::Change(*change)).collect()
            }
        }
    }
}

impl Hub {
    pub(crate) fn new(service: Service) -> Self {
        let (notes, closing) = (broadcast::Sender::new(BEHIND), watch::Sender::new(false));
        let shared = Shared { service, notes, kept: Mutex::default(), closing };
        Self { shared: Arc::new(shared), task: OnceLock::new() }
    }

    /// What changes from now on, and what a page missed that knows everything until `since`.
    pub(super) fn subscribe(&self, since: Option<OffsetDateTime>) -> (broadcast::Receiver<Note>, Vec<Note>) {
        self.task.get_or_init(|| tokio::spawn(hear(self.shared.clone())).abort_handle());
        let kept = self.shared.kept();
        (self.shared.notes.subscribe(), since.map(|since| kept.missed(since)).unwrap_or_default())
    }

    /// Whether this server ends.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.shared.closing.subscribe()
    }

    /// Ends all streams, and hears nothing any more: a server that ends waits for requests under way, and these would never end by
    /// themselves.
    pub fn close(&self) {
        self.shared.closing.send_replace(true);
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody, in one order with who begins to hear. That nobody hears is no fault.
    fn tell(&self, note: Note) {
        let now = self.service.clock.now();
        let mut kept = self.kept();
        match note {
            Note::Gap => *kept = Kept { since: Some(now), changes: VecDeque::new() },
            Note::Change(change) => kept.add(now, change),
        }
        let _ = self.notes.send(note);
    }
}

/// Hears for ever. Whatever may have been missed before it begins is a gap.
async fn hear(shared: Arc<Shared>) {
    loop {
        let fault = match event::listen(&shared.service).await {
            Ok(listener) => {
                shared.tell(Note::Gap);
                follow(&shared, listener).await
            }
            Err(error) => error.into(),
        };
        tracing::warn!(error = format!("{fault:#}"), "open pages are not told what changes until the database answers");
        *shared.kept() = Kept::default();
        sleep(AGAIN).await;
    }
}

/// Tells what is heard until the connection is lost, and why it was.
async fn follow(shared: &Shared, mut listener: Listener) -> anyhow::Error {
    loop {
        match timeout(SILENCE, listener.next()).await {
            Ok(Ok(Some(change))) => shared.tell(Note::Change(change)),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => return error.into(),
            Err(_) => match timeout(ANSWER, listener.ask()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(_) => return anyhow::anyhow!("the database has stopped answering"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use service::event::What;
    use time::macros::datetime;

    use super::*;

    const BEGUN: OffsetDateTime = datetime!(2026 - 11 - 22 08:00 UTC);

    fn change(id: u128) -> Change {
        let id = uuid::Uuid::from_u128(id);
        Change { organization_id: id.into(), what: What::Brain, id }
    }

    /// What was missed since so many seconds after it began; none for a gap.
    fn missed(kept: &Kept, seconds: i64) -> Option<Vec<u128>> {
        let missed = kept.missed(BEGUN + time::Duration::seconds(seconds));
        let id = |note: &Note| match note {
            Note::Change(change) => Some(change.id.as_u128()),
            Note::Gap => None,
        };
        missed.iter().map(id).collect()
    }

    #[test]
    fn who_comes_later_is_told_what_was_missed_or_that_it_is_not_known() {
        let mut kept = Kept::default();
        assert_eq!(missed(&kept, 0), Some(Vec::new()), "it is told of the gap once somebody hears");
        kept.since = Some(BEGUN);
        for second in [20, 60, 100] {
            kept.add(BEGUN + time::Duration::seconds(second), change(second.unsigned_abs().into()));
        }
        assert_eq!(missed(&kept, 5), None, "before it was listened");
        assert_eq!(missed(&kept, 15), Some(vec![20, 60, 100]));
        assert_eq!(missed(&kept, 65), Some(vec![60, 100]), "clocks differ by some seconds");
        assert_eq!(missed(&kept, 200), Some(Vec::new()));
        kept.add(BEGUN + time::Duration::seconds(330), change(330));
        assert_eq!(missed(&kept, 25), None, "what is kept goes no further back");
        assert_eq!(missed(&kept, 61), Some(vec![60, 100, 330]));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut kept = Kept { since: Some(BEGUN), changes: VecDeque::new() };
        for number in 0..=MOST {
            kept.add(BEGUN + time::Duration::milliseconds(i64::try_from(number).unwrap()), change(1));
        }
        assert_eq!((kept.changes.len(), kept.since), (MOST, Some(BEGUN)));
    }
}
