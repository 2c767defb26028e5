//! Follows syncs while one waits or runs, and asks for nothing otherwise.
//!
//! One question for all connections of the page, every second and a half; none while nobody looks at the page.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use model::id::ConnectionId;
use serde::{Deserialize, Serialize};

use super::run::RunRow;
use crate::{
    components::toast::{Next, Toasts},
    error::AppError,
};

/// What a connection does at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// A run begins as soon as a worker is free.
    Waiting,
    /// It is being read.
    Running(Box<RunRow>),
}

/// A connection that is being read or waits for it, or whose run ended a moment ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    id: ConnectionId,
    label: String,
    activity: Option<Activity>,
    latest: Option<RunRow>,
}

/// An ended run is told about for so long.
#[cfg(feature = "ssr")]
const TOLD: Duration = Duration::from_secs(60);

/// What the agency's connections do at the moment; those that do nothing are left out.
#[server(prefix = "/app", endpoint = "watch_syncs", output = crate::codec::Json)]
pub async fn watch_syncs() -> Result<Vec<Watched>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let words = service::moment::Words::of(&service, &actor).await?;
    let watched = |seen: service::connection::Overview| {
        let activity = activity(&seen, &words);
        let ended = seen.latest.as_ref().and_then(|run| run.finished_at).is_some_and(|at| words.now() - at <= TOLD);
        (activity.is_some() || ended).then(|| Watched {
            id: seen.connection.id,
            label: seen.connection.label.clone(),
            activity,
            latest: seen.latest.as_ref().map(|run| super::run::read(run, &words)),
        })
    };
    Ok(service::connection::overview(&service, &actor).await?.into_iter().filter_map(watched).collect())
}

/// What a connection does at the moment; nothing most of the time.
#[cfg(feature = "ssr")]
pub(crate) fn activity(seen: &service::connection::Overview, words: &service::moment::Words) -> Option<Activity> {
    match &seen.latest {
        Some(run) if seen.running() => Some(Activity::Running(Box::new(super::run::read(run, words)))),
        _ => seen.waiting(words.now()).then_some(Activity::Waiting),
    }
}

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(1500);

/// What is known about syncs; cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Watch {
    found: RwSignal<Option<Vec<Watched>>>,
    ended: RwSignal<usize>,
    looking: StoredValue<bool>,
    /// Those that were begun with and not looked at yet.
    begun: StoredValue<Vec<ConnectionId>>,
    toasts: Option<Toasts>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let (found, ended) = (RwSignal::new(None), RwSignal::new(0));
        let (looking, begun) = (StoredValue::new(false), StoredValue::new(Vec::new()));
        Self { found, ended, looking, begun, toasts: Toasts::of_page() }
    }

    /// Counts the runs that ended, for what is to be read again then.
    pub(crate) fn ended(self) -> usize {
        self.ended.get()
    }

    /// What the connection does, as far as it was looked at since the page was drawn.
    pub(crate) fn of(self, id: ConnectionId, drawn: Option<Activity>) -> Option<Activity> {
        self.found.with(|found| match found {
            Some(found) => found.iter().find(|watched| watched.id == id).and_then(|watched| watched.activity.clone()),
            None => drawn,
        })
    }

    /// Begins to look at a connection that waits or is being read. For effects: in the browser only.
    pub(crate) fn begin(self, id: ConnectionId) {
        self.begun.try_update_value(|begun| begun.push(id));
        if self.looking.try_get_value() == Some(false) {
            self.looking.set_value(true);
            self.found.set(None);
            self.later();
        }
    }

    fn later(self) {
        set_timeout(move || self.look(), PAUSE);
    }

    fn look(self) {
        // The page was left meanwhile.
        if self.looking.try_get_value().is_none() {
            return;
        }
        if document().hidden() {
            return self.later();
        }
        spawn_local(async move {
            let answer = watch_syncs().await;
            if self.looking.try_get_value().is_none() {
                return;
            }
            match answer {
                Ok(found) => self.take(found),
                Err(AppError::SignedOut | AppError::Forbidden { .. }) => self.looking.set_value(false),
                Err(_) => self.later(),
            }
        });
    }

    fn take(self, found: Vec<Watched>) {
        let does = |id: &ConnectionId| found.iter().find(|watched| watched.id == *id);
        let active = |id: &ConnectionId| does(id).is_some_and(|watched| watched.activity.is_some());
        let mut over = self.begun.try_update_value(std::mem::take).unwrap_or_default();
        self.found.with_untracked(|before| {
            let before = before.iter().flatten().filter(|watched| watched.activity.is_some());
            over.extend(before.map(|watched| watched.id));
        });
        over.sort_unstable();
        over.dedup();
        over.retain(|id| !active(id));
        for watched in over.iter().filter_map(does) {
            let words = watched.latest.as_ref().and_then(|run| run.ended(&watched.label));
            if let (Some(words), Some(toasts)) = (words, self.toasts) {
                toasts.show(words, Next::Nothing);
            }
        }
        let goes_on = found.iter().any(|watched| watched.activity.is_some());
        self.found.set(Some(found));
        if !over.is_empty() {
            self.ended.update(|ended| *ended += 1);
        }
        match goes_on {
            true => self.later(),
            false => self.looking.set_value(false),
        }
    }
}
