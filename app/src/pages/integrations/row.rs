//! One connection: how it stands and why, what it does now, and what can be done with it.

use leptos::prelude::*;
use model::{
    connection::{Fault, RunState},
    id::ConnectionId,
    moment::Moment,
};
use serde::{Deserialize, Serialize};

use super::{
    deed::{Controls, Deeds},
    run::{RunRow, Running},
    trouble::Troubles,
    watch::{Activity, Watch},
};
use crate::components::{
    badge::{Badge, Shade},
    number::counted,
    page::When,
};

/// A connection as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRow {
    pub(crate) id: ConnectionId,
    pub(crate) provider: String,
    pub(crate) label: String,
    pub(crate) state: State,
    pub(crate) simulated: bool,
    pub(crate) last: Option<Moment>,
    /// Its figures are older than a day, or it should have been read a day ago for the first time.
    pub(crate) stale: bool,
    pub(crate) next: Option<Moment>,
    pub(crate) test: Option<(Moment, Answer)>,
    pub(crate) accounts: i64,
    pub(crate) unmapped: i64,
    /// How many of its messages could not be read.
    pub(crate) missing: i64,
    /// Features that are missing because a permission was denied.
    pub(crate) denied: Vec<String>,
    /// Whether the server could lead to the provider's page.
    pub(crate) ready: bool,
    /// Whether its credential is a token that somebody typed.
    pub(crate) typed: bool,
    /// Why the operator has switched its provider off for everybody.
    pub(crate) switched_off: Option<String>,
    pub(crate) failures: i32,
    pub(crate) activity: Option<Activity>,
    pub(crate) latest: Option<RunRow>,
}

/// Whether a connection works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It works.
    Connected,
    /// Somebody must consent again, for the provider's reason.
    Reconnect(String),
    /// A person switched it off.
    Paused,
    /// It failed too often in a row and rests until then.
    Resting(Moment),
}

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub(super) millis: i32,
    pub(super) fault: Option<String>,
}

impl Answer {
    /// In words.
    pub(crate) fn words(&self) -> String {
        match &self.fault {
            None => format!("It works: the provider answered in {} ms", self.millis),
            Some(fault) => format!("It does not work: {fault}"),
        }
    }
}

/// Older figures are stale.
#[cfg(feature = "ssr")]
const FRESH: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Reads a connection for a page.
#[cfg(feature = "ssr")]
pub(crate) fn read(
    seen: &service::connection::Overview,
    offer: &service::Offer,
    words: &service::moment::Words,
) -> ConnectionRow {
    use model::connection::ConnectionState as S;
    let connection = &seen.connection;
    let mapped = seen.accounts > seen.unmapped;
    let since = connection.last_sync_at.or_else(|| mapped.then_some(connection.created_at));
    let known = !connection.scopes.is_empty();
    let denied = if known { offer.descriptor.missing(&connection.scopes) } else { Vec::new() };
    ConnectionRow {
        id: connection.id,
        provider: connection.provider.clone(),
        label: connection.label.clone(),
        state: match &connection.state {
            S::Connected => State::Connected,
            S::Reconnect { reason } => State::Reconnect(reason.clone()),
            S::Paused => State::Paused,
            S::Resting { until } => State::Resting(words.write(*until)),
        },
        simulated: connection.simulated,
        last: connection.last_sync_at.map(|at| words.write(at)),
        stale: since.is_some_and(|at| words.now() - at > FRESH),
        next: connection.next_sync_at.filter(|at| *at > words.now()).map(|at| words.write(at)),
        test: connection
            .test
            .as_ref()
            .map(|test| (words.write(test.at), Answer { millis: test.millis, fault: test.fault.clone() })),
        accounts: seen.accounts,
        unmapped: seen.unmapped,
        missing: seen.missing,
        denied: denied.into_iter().map(|scope| scope.gives.to_owned()).collect(),
        ready: offer.missing.is_empty(),
        typed: connection.given == model::connection::Given::Token,
        switched_off: seen.switched_off.clone(),
        failures: connection.failures,
        activity: super::watch::activity(seen, words),
        latest: seen.latest.as_ref().map(|run| super::run::read(run, words)),
    }
}

impl ConnectionRow {
    pub(super) fn page(&self) -> String {
        format!("/settings/integrations/{}", self.id)
    }

    /// Whether a run could begin now.
    pub(super) fn syncs(&self) -> bool {
        self.switched_off.is_none()
            && matches!(self.state, State::Connected | State::Resting(_))
            && self.accounts > self.unmapped
    }

    /// Why the last run failed, while nothing newer is known.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let failed = self.latest.as_ref().filter(|run| run.state == RunState::Failed)?;
        matches!(self.state, State::Connected | State::Resting(_)).then(|| failed.fault.clone()).flatten()
    }

    /// `edits`: whoever does not connect may see a part of the accounts only, or none.
    fn badge(&self, edits: bool) -> (Shade, &'static str) {
        match &self.state {
            _ if self.switched_off.is_some() => (Shade::Warn, "Switched off by the operator"),
            State::Reconnect(_) => (Shade::Bad, "Reconnect needed"),
            State::Paused => (Shade::Warn, "Switched off"),
            State::Resting(_) => (Shade::Bad, "Rests after failures"),
            State::Connected => match self.fault() {
                Some(fault) if fault.kind == "unavailable" => (Shade::Bad, "Provider unreachable"),
                Some(_) => (Shade::Bad, "Last sync failed"),
                None if edits && self.accounts == 0 => (Shade::Warn, "Reaches no account"),
                None if edits && self.accounts == self.unmapped => (Shade::Warn, "No client chosen"),
                None => (Shade::Good, "Connected"),
            },
        }
    }
}

/// A connection in a list, or alone on its page.
#[component]
pub(crate) fn Row(
    row: ConnectionRow,
    provider: String,
    edits: bool,
    alone: bool,
    deeds: Deeds,
    watch: Watch,
) -> impl IntoView {
    let (id, label, drawn) = (row.id, row.label.clone(), row.activity.clone());
    if drawn.is_some() {
        Effect::new(move |_| watch.begin(id));
    }
    let (shade, words) = row.badge(edits);
    let active = Memo::new(move |_| watch.of(id, drawn.clone()));
    let progress = move || {
        match active.get() {
        Some(Activity::Running(run)) => view! { <Running run=*run label=label.clone() /> }.into_any(),
        Some(Activity::Waiting) => view! {
            <p class="text-muted" data-test="waiting"><strong>"Queued"</strong>" · begins as soon as a worker is free"</p>
        }.into_any(),
        None => ().into_any(),
    }
    };
    let named = row.label.clone();
    let title = if alone {
        ().into_any()
    } else {
        view! { <a class="min-w-0 break-words font-medium" href=row.page()>{row.label.clone()}</a> }.into_any()
    };
    let class = if alone {
        "flex flex-col gap-3"
    } else {
        "flex flex-col gap-3 border-t border-line py-4 first:border-t-0 first:pt-0 last:pb-0"
    };
    let body = view! {
        <div class="flex flex-col gap-1">
            <p class="flex flex-wrap items-center gap-2">{title}
                <Badge shade=shade words=words />
                {row.stale.then(|| view! { <Badge shade=Shade::Warn words="Stale" /> })}
                {row.simulated.then(|| view! { <Badge shade=Shade::Plain words="Simulated" /> })}
            </p>
            <Facts row=row.clone() edits=edits />
        </div>
        <Troubles row=row.clone() provider=provider.clone() edits=edits alone=alone />
        {progress}
        {edits.then(|| view! { <Controls row=row provider=provider alone=alone active=active deeds=deeds /> })}
        {move || (deeds.of.get() == Some(id)).then(|| deeds.outcomes())}
    };
    if alone {
        view! { <section class=class aria-label="Connection" data-test="connection">{body}</section> }.into_any()
    } else {
        view! { <li class=class data-test=format!("connection {named}")>{body}</li> }.into_any()
    }
}

/// Last sync, next sync, accounts, last test: one line.
#[component]
fn Facts(row: ConnectionRow, edits: bool) -> impl IntoView {
    let works = row.switched_off.is_none() && row.state == State::Connected;
    let accounts = match (row.accounts, row.unmapped) {
        (0, _) if edits => "no accounts".to_owned(),
        (0, _) => "none of its accounts is a client's of yours".to_owned(),
        (all, 0) => counted(all, "account", "accounts"),
        (all, unmapped) => format!("{}, {} without a client", counted(all, "account", "accounts"), unmapped),
    };
    view! {
        <p class="text-xs text-muted" data-test="facts">
            {match row.last {
                Some(at) => view! { "Last sync " <When at=at /> }.into_any(),
                None => "Never synced".into_any(),
            }}
            {row.next.filter(|_| works).map(|at| view! { " · next " <When at=at /> })}
            " · " <span data-literal="">{accounts}</span>
            {row.test.map(|(at, answer)| {
                let works = answer.fault.is_none();
                view! { " · tested " <When at=at /> {works.then(|| view! { ": works, " <span data-literal="">{answer.millis}</span> " ms" })} }
            })}
        </p>
    }
}
