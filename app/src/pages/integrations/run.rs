//! A run as pages show it: how far it is while it reads, what it changed when it has ended.

use leptos::prelude::*;
use model::{
    connection::{Cause, Fault, RunState},
    id::SyncRunId,
    moment::Moment,
    number::whole,
};
use serde::{Deserialize, Serialize};

use crate::components::{
    badge::{Badge, Shade},
    number::counted,
};

/// A run in words and numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    pub(crate) id: SyncRunId,
    pub(crate) cause: Cause,
    pub(crate) state: RunState,
    pub(crate) started: Moment,
    /// How long it took, or takes until now.
    pub(crate) took: String,
    pub(crate) step: String,
    pub(crate) days_done: i32,
    pub(crate) days_total: i32,
    pub(crate) pages: i64,
    pub(crate) new: i64,
    pub(crate) changed: i64,
    pub(crate) unchanged: i64,
    pub(crate) withdrawn: i64,
    pub(crate) fault: Option<Fault>,
    /// How long it still takes, at its pace until now.
    pub(crate) left: Option<String>,
}

/// Reads a run for a page.
#[cfg(feature = "ssr")]
pub(crate) fn read(run: &model::connection::SyncRun, words: &service::moment::Words) -> RunRow {
    let took = (run.finished_at.unwrap_or(words.now()) - run.started_at).whole_seconds().max(0);
    let (done, total) = (i64::from(run.progress.days_done), i64::from(run.progress.days_total));
    let paced = run.state == RunState::Running && done > 0 && total > done;
    RunRow {
        id: run.id,
        cause: run.cause,
        state: run.state,
        started: words.write(run.started_at),
        took: span(took),
        step: run.progress.step.clone(),
        days_done: run.progress.days_done,
        days_total: run.progress.days_total,
        pages: run.progress.pages,
        new: run.progress.rows_new,
        changed: run.progress.rows_changed,
        unchanged: run.progress.rows_unchanged,
        withdrawn: run.progress.rows_withdrawn,
        fault: run.fault.clone(),
        left: paced.then(|| rough(took * (total - done) / done)),
    }
}

/// `41 s`, `3 min 20 s`, `1 h 5 min`.
#[cfg(feature = "ssr")]
fn span(seconds: i64) -> String {
    match seconds {
        0 => "less than 1 s".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3600 => parts((seconds / 60, "min"), (seconds % 60, "s")),
        _ => parts((seconds / 3600, "h"), (seconds % 3600 / 60, "min")),
    }
}

#[cfg(feature = "ssr")]
fn parts((whole, unit): (i64, &str), (rest, less): (i64, &str)) -> String {
    if rest == 0 { format!("{whole} {unit}") } else { format!("{whole} {unit} {rest} {less}") }
}

/// `less than 10 s left`, `about 40 s left`, `about 3 min left`.
#[cfg(feature = "ssr")]
fn rough(seconds: i64) -> String {
    match seconds {
        ..10 => "less than 10 s left".to_owned(),
        10..90 => format!("about {} s left", (seconds + 5) / 10 * 10),
        90..5400 => format!("about {} min left", (seconds + 30) / 60),
        _ => format!("about {} h left", (seconds + 1800) / 3600),
    }
}

/// Why a run began, in words.
pub(crate) const fn why(cause: Cause) -> &'static str {
    match cause {
        Cause::Manual => "Sync now",
        Cause::Schedule => "Schedule",
        Cause::Webhook => "Change reported",
        Cause::First => "First sync",
        Cause::Import => "File import",
    }
}

impl RunRow {
    /// What it changed: `12 rows new, 3 changed, 40 unchanged`.
    pub(crate) fn changes(&self) -> String {
        if self.new + self.changed + self.withdrawn == 0 {
            return format!("nothing new, {} unchanged", counted(self.unchanged, "row", "rows"));
        }
        let mut parts = vec![format!("{} new", counted(self.new, "row", "rows"))];
        parts.push(format!("{} changed", whole(self.changed)));
        parts.push(format!("{} unchanged", whole(self.unchanged)));
        if self.withdrawn > 0 {
            parts.push(format!("{} withdrawn", whole(self.withdrawn)));
        }
        parts.join(", ")
    }

    /// How it ended, for a toast; none while it reads.
    pub(crate) fn ended(&self, label: &str) -> Option<String> {
        match (self.state, &self.fault) {
            (RunState::Running, _) => None,
            (RunState::Failed, Some(fault)) => Some(format!("{label} could not be synced: {}", fault.message)),
            (RunState::Failed, None) => Some(format!("{label} could not be synced")),
            (RunState::Succeeded, _) => Some(format!("{label} is synced: {}", self.changes())),
        }
    }
}

/// The badge of a run's state.
pub(crate) fn badge(state: RunState) -> impl IntoView {
    let (shade, words) = match state {
        RunState::Running => (Shade::Plain, "Running"),
        RunState::Succeeded => (Shade::Good, "Done"),
        RunState::Failed => (Shade::Bad, "Failed"),
    };
    view! { <Badge shade=shade words=words /> }
}

/// How far a run is.
#[component]
pub(crate) fn Running(run: RunRow, label: String) -> impl IntoView {
    let days = (run.days_total > 0).then(|| {
        let (done, total) = (i64::from(run.days_done), i64::from(run.days_total));
        format!("{} of {}", whole(done), counted(total, "day", "days"))
    });
    let parts = [days, Some(counted(run.pages, "page", "pages")), Some(run.changes()), run.left.clone()];
    let figures = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let named = format!("Progress of {label}");
    let step = if run.step.is_empty() { "Asking for the accounts".to_owned() } else { run.step };
    view! {
        <div class="flex flex-col gap-1" data-test="progress">
            <p class="break-words"><strong>"Syncing"</strong>" · " <span data-literal="">{step}</span></p>
            {if run.days_total > 0 {
                view! { <progress class="progress" aria-label=named value=run.days_done.to_string() max=run.days_total.to_string()></progress> }.into_any()
            } else {
                view! { <progress class="progress" aria-label=named></progress> }.into_any()
            }}
            <p class="figure text-xs text-muted" data-literal="">{figures}</p>
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_they_are_known() {
        assert_eq!([0, 59, 180, 200].map(span), ["less than 1 s", "59 s", "3 min", "3 min 20 s"]);
        assert_eq!([3600, 3900].map(span), ["1 h", "1 h 5 min"]);
        let left = ["less than 10 s left", "about 50 s left", "about 2 min left", "about 2 h left"];
        assert_eq!([9, 46, 100, 5500].map(rough), left);
    }
}
