//! `/app/events`: tells open pages what has changed, on whichever server it was changed.
//!
//! One stream a browser, as server-sent events: `change` with what changed, one `kind id` a line (`model::event`); `beat` when it was
//! quiet, so that nothing in between takes the line for dead; `end` when the session has ended. Before anything is told, the
//! session is looked at again, and the database says what its member may know. What nobody told a page is told as a gap.

mod hub;

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response, Sse, sse},
};
use futures_util::stream;
use http::{HeaderName, header};
use model::event::Event;
use service::{
    Service,
    event::{Change, visible},
    session::{self, Live},
};
use time::OffsetDateTime;
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    time::Instant,
};

pub use self::hub::Hub;
use self::hub::Note;
use crate::{cookie::ThisSession, state::AppState};

/// After so much silence something is said: proxies end what is silent for a minute.
const BEAT: Duration = Duration::from_secs(25);
/// What changes at about the same time is told at once.
const GATHER: Duration = Duration::from_millis(200);

/// The stream of whoever is signed in; `since` is the moment, in milliseconds, up to which the page knows what changed.
pub(crate) async fn stream(
    State(state): State<AppState>,
    ThisSession(live): ThisSession,
    RawQuery(query): RawQuery,
) -> Response {
    let (heard, missed) = state.events.subscribe(query.as_deref().and_then(since));
    let mut reader = Reader {
        service: state.service.clone(),
        live,
        heard,
        closing: state.events.closing(),
        changes: Vec::new(),
        gap: false,
        ended: false,
        queue: VecDeque::new(),
        beat_at: Instant::now(),
    };
    missed.into_iter().for_each(|note| reader.note(note));
    let headers = [(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];
    (headers, Sse::new(stream::unfold(reader, Reader::next))).into_response()
}

/// The moment that the address names; what is none is as if it were not there.
fn since(query: &str) -> Option<OffsetDateTime> {
    let millis: i128 = query.split('&').find_map(|pair| pair.strip_prefix("since="))?.parse().ok()?;
    OffsetDateTime::from_unix_timestamp_nanos(millis.checked_mul(1_000_000)?).ok()
}

/// A browser that hears what changes.
struct Reader {
    service: Service,
    live: Live,
    heard: Receiver<Note>,
    closing: watch::Receiver<bool>,
    /// What was heard and not told yet.
    changes: Vec<Change>,
    gap: bool,
    ended: bool,
    /// What is to be written.
    queue: VecDeque<sse::Event>,
    beat_at: Instant,
}

impl Reader {
    async fn next(mut self) -> Option<(Result<sse::Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some((Ok(event), self));
            }
            if self.ended {
                return None;
            }
            self.wait().await;
            if !self.ended {
                self.tell().await;
            }
        }
    }

    /// Waits until something is to be told, and a moment for what comes with it.
    async fn wait(&mut self) {
        while !self.ended && !self.gap && self.changes.is_empty() {
            tokio::select! {
                () = closed(&mut self.closing) => self.ended = true,
                () = tokio::time::sleep_until(self.beat_at) => return,
                heard = self.heard.recv() => self.take(heard),
            }
        }
        let until = Instant::now() + GATHER;
        while !self.ended {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                heard = self.heard.recv() => self.take(heard),
            }
        }
    }

    fn take(&mut self, heard: Result<Note, RecvError>) {
        match heard {
            Ok(note) => self.note(note),
            Err(RecvError::Lagged(_)) => self.gap = true,
            Err(RecvError::Closed) => self.ended = true,
        }
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Gap => self.gap = true,
            Note::Change(change) if change.organization_id == self.live.actor.organization_id => {
                self.changes.push(change);
            }
            Note::Change(_) => {}
        }
    }

    /// Writes what the member may know, if the session still lives.
    async fn tell(&mut self) {
        let (changes, gap) = (std::mem::take(&mut self.changes), std::mem::take(&mut self.gap));
        let told = match session::look_again(&self.service, &self.live).await {
            Ok(Some(live)) => {
                self.live = live;
                match (gap, changes.as_slice()) {
                    (true, _) => Ok(vec![Event::GAP]),
                    (false, []) => Ok(Vec::new()),
                    (false, changes) => visible(&self.service, &self.live.actor, changes).await,
                }
            }
            Ok(None) => {
                self.ended = true;
                return self.write("end", "end");
            }
            Err(error) => Err(error),
        };
        match told {
            Ok(events) if !events.is_empty() => {
                let lines: Vec<String> = events.iter().map(Event::to_string).collect();
                self.write("change", &lines.join("\n"));
            }
            Ok(_) if Instant::now() >= self.beat_at => self.write("beat", "beat"),
            Ok(_) => {}
            // The browser comes again, and is then told that it missed something.
            Err(error) => {
                tracing::warn!(%error, "what changed could not be told to an open page");
                self.ended = true;
            }
        }
    }

    fn write(&mut self, name: &str, data: &str) {
        let now = self.service.clock.now().unix_timestamp_nanos() / 1_000_000;
        self.queue.push_back(sse::Event::default().event(name).id(now.to_string()).data(data));
        self.beat_at = Instant::now() + BEAT;
    }
}

/// Ends when this server does.
async fn closed(closing: &mut watch::Receiver<bool>) {
    let _ = closing.wait_for(|closing| *closing).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_a_moment_or_none() {
        let at = |query: &str| since(query).map(OffsetDateTime::unix_timestamp);
        assert_eq!(at("since=1700000000000"), Some(1_700_000_000));
        assert_eq!(at("x=1&since=0"), Some(0));
        for rubbish in ["", "since=", "since=now", "since=99999999999999999999999999999999999999", "since=-1e9"] {
            assert_eq!(at(rubbish), None, "{rubbish}");
        }
    }
}
