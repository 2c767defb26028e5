//! What can be done with a connection: sync, test, switch off and on, reconnect, disconnect.

use leptos::prelude::*;
use model::id::ConnectionId;

use super::{
    row::{Answer, ConnectionRow, State},
    watch::{Activity, Watch},
};
use crate::{
    components::{
        button::{Button, Kind},
        dialog::Dialog,
        form::ActionForm,
        menu::Menu,
        outcome::{Outcome, on_success, successes},
        toast::{Next, Toasts},
    },
    error::AppError,
};

/// Has a connection read now.
#[server(prefix = "/app", endpoint = "sync_connection", output = crate::codec::Json)]
pub async fn sync_connection(id: ConnectionId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::connection::sync_now(&service, &actor, id).await?)
}

/// Has the provider asked whether a connection works.
#[server(prefix = "/app", endpoint = "test_connection", output = crate::codec::Json)]
pub async fn test_connection(id: ConnectionId) -> Result<Answer, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let test = service::connection::tested(&service, &actor, id).await?;
    Ok(Answer { millis: test.millis, fault: test.fault })
}

/// Switches a connection off or on; gives back what was done.
#[server(prefix = "/app", endpoint = "switch_connection", output = crate::codec::Json)]
pub async fn switch_connection(id: ConnectionId, paused: bool) -> Result<(ConnectionId, bool), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::connection::set_paused(&service, &actor, id, paused).await?;
    Ok((id, paused))
}

/// Ends a connection.
#[server(prefix = "/app", endpoint = "disconnect_connection", output = crate::codec::Json)]
pub async fn disconnect_connection(id: ConnectionId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::connection::disconnect(&service, &actor, id).await?)
}

/// What can be done with connections; the pages that show them share it.
#[derive(Clone, Copy)]
pub(crate) struct Deeds {
    pub sync: ServerAction<SyncConnection>,
    pub test: ServerAction<TestConnection>,
    pub switch: ServerAction<SwitchConnection>,
    pub disconnect: ServerAction<DisconnectConnection>,
    /// The connection whose button was pressed last: what goes wrong is said beside it.
    pub of: RwSignal<Option<ConnectionId>>,
    /// Whose end is being considered, its name and its provider's, and whether its token was typed.
    pub ending: RwSignal<Option<(ConnectionId, String, String, bool)>>,
    /// Whether the dialog about it is open.
    pub asking: RwSignal<bool>,
    /// Counts up when something was taken back.
    pub again: RwSignal<usize>,
}

impl Deeds {
    pub fn new() -> Self {
        let deeds = Self {
            sync: ServerAction::new(),
            test: ServerAction::new(),
            switch: ServerAction::new(),
            disconnect: ServerAction::new(),
            of: RwSignal::new(None),
            ending: RwSignal::new(None),
            asking: RwSignal::new(false),
            again: RwSignal::new(0),
        };
        deeds.announce();
        deeds
    }

    /// Counts what changes connections.
    pub fn changes(self) -> Signal<usize> {
        let counts = [successes(self.sync), successes(self.test), successes(self.switch), successes(self.disconnect)];
        Signal::derive(move || counts.iter().map(|count| count.get()).sum::<usize>() + self.again.get())
    }

    /// Has what was asked to be read watched, even if it is read before the page was drawn again.
    pub fn followed_by(self, watch: Watch) {
        on_success(self.sync, move |()| {
            if let Some(id) = self.of.get_untracked() {
                watch.begin(id);
            }
        });
    }

    /// Says what was done, and offers the way back.
    fn announce(self) {
        let Some(toasts) = Toasts::of_page() else { return };
        on_success(self.sync, move |()| toasts.show("The sync is queued", Next::Nothing));
        on_success(self.test, move |answer: Answer| toasts.show(answer.words(), Next::Nothing));
        on_success(self.switch, move |(id, paused)| {
            let words = if paused { "Switched off: nothing is read" } else { "Switched on: it is read again" };
            toasts.with_undo(words.to_owned(), self.again, move || switch_connection(id, !paused));
        });
        on_success(self.disconnect, move |()| {
            self.asking.set(false);
            toasts.show("Disconnected. What was read stays", Next::Nothing);
        });
    }

    /// What went wrong with the last deed, where no connection is known: the page was not live yet.
    pub fn refusals(self) -> impl IntoView {
        let unknown = move || self.of.get().is_none();
        move || unknown().then(|| self.outcomes())
    }

    /// What went wrong with the last deed.
    pub fn outcomes(self) -> impl IntoView {
        view! {
            <Outcome action=self.sync />
            <Outcome action=self.test />
            <Outcome action=self.switch />
            <Outcome action=self.disconnect />
        }
    }
}

/// The buttons of a connection.
#[component]
pub(super) fn Controls(
    row: ConnectionRow,
    provider: String,
    alone: bool,
    active: Memo<Option<Activity>>,
    deeds: Deeds,
) -> impl IntoView {
    let (id, label) = (row.id, row.label.clone());
    let (syncs, paused) = (row.syncs(), row.state == State::Paused);
    let broken = matches!(row.state, State::Reconnect(_));
    let of = move |_| deeds.of.set(Some(id));
    let (asking, active) = (deeds.sync.pending(), Signal::derive(move || active.with(Option::is_some)));
    let busy = Signal::derive(move || asking.get() || active.get());
    let named = |what: &str| format!("{what} {label}");
    let (sync, test, on, off, again, end, more, open) = (
        named("Sync"),
        named("Test"),
        named("Switch on"),
        named("Switch off"),
        named("Reconnect"),
        format!("Disconnect {label}…"),
        named("More about"),
        named("Accounts and history of"),
    );
    let switch = move |words: &'static str, named: String, class: &'static str, paused: bool| {
        view! {
            <ActionForm action=deeds.switch on:submit=of>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="paused" value=paused.to_string() />
                <button type="submit" class=class aria-label=named>{words}</button>
            </ActionForm>
        }
    };
    let reconnect = {
        let (action, page) = (format!("/integrations/{}/connect", row.provider), format!("{}#token", row.page()));
        let typed = row.typed && !row.simulated;
        move |class: &'static str| {
            if typed {
                return view! { <a class=class href=page.clone() aria-label=again.clone()>"Reconnect"</a> }.into_any();
            }
            view! {
                <form method="post" action=action.clone()>
                    <input type="hidden" name="connection_id" value=id.to_string() />
                    <button type="submit" class=class aria-label=again.clone()>"Reconnect"</button>
                </form>
            }
            .into_any()
        }
    };
    let ready = row.ready || row.typed;
    let ending = (id, row.label.clone(), provider, row.typed);
    let ask = move |_| {
        deeds.disconnect.clear();
        deeds.of.set(Some(id));
        deeds.ending.set(Some(ending.clone()));
        deeds.asking.set(true);
    };
    view! {
        <div class="flex flex-wrap items-center gap-2">
            {(broken && ready).then(|| reconnect.clone()(Kind::Primary.class()))}
            {syncs.then(|| view! {
                <ActionForm action=deeds.sync on:submit=of>
                    <input type="hidden" name="id" value=id.to_string() />
                    <Button id=format!("sync-{id}") named=sync pending=busy>"Sync now"</Button>
                </ActionForm>
            })}
            {paused.then(|| switch("Switch on", on, Kind::Plain.class(), false))}
            <ActionForm action=deeds.test on:submit=of>
                <input type="hidden" name="id" value=id.to_string() />
                <Button id=format!("test-{id}") named=test pending=deeds.test.pending()>"Test"</Button>
            </ActionForm>
            {(!alone).then(|| view! { <a class=Kind::Quiet.class() href=row.page() aria-label=open>"Accounts and history"</a> })}
            <Menu id=format!("more-{id}") named=more>
                {(!paused).then(|| switch("Switch off", off, "choice", true))}
                {(ready && !broken).then(|| reconnect("choice"))}
                <button type="button" class="choice text-bad" aria-label=end on:click=ask>"Disconnect…"</button>
            </Menu>
        </div>
    }
}

/// The dialog that ends a connection: what goes, and what stays.
#[component]
pub(crate) fn Disconnect(deeds: Deeds) -> impl IntoView {
    let label =
        move || deeds.ending.with(|ending| ending.as_ref().map(|(_, label, ..)| label.clone()).unwrap_or_default());
    let provider =
        move || deeds.ending.with(|ending| ending.as_ref().map(|(_, _, name, _)| name.clone()).unwrap_or_default());
    let typed = move || deeds.ending.with(|ending| ending.as_ref().is_some_and(|(.., typed)| *typed));
    let goes = move || {
        if typed() {
            format!(
                "the token that was typed is thrown away here. It works until somebody takes it back at {}.",
                provider()
            )
        } else {
            let name = provider();
            format!(
                "{name} is asked to take its permission back, and the stored sign-in is thrown away in any case. Where \
                 other connections came of the same permission, {name} is asked when the last of them goes. What stays at \
                 {name}, and what to do about it, is said in the audit log."
            )
        }
    };
    let id = move || deeds.ending.with(|ending| ending.as_ref().map(|(id, ..)| id.to_string()).unwrap_or_default());
    view! {
        <Dialog open=deeds.asking title=Signal::derive(move || format!("Disconnect {}", label()))>
            <p><strong>"What goes: "</strong>"nothing is read any more, and " {goes}</p>
            <p><strong>"What stays: "</strong>"every figure that was read, with its source, and its clients."</p>
            <p class="text-muted">"Connecting again later makes a new connection, whose accounts are given to clients anew. To stop for a while only, switch it off instead."</p>
            <Outcome action=deeds.disconnect />
            <ActionForm action=deeds.disconnect attr:class="flex flex-wrap justify-end gap-2">
                <input type="hidden" name="id" prop:value=id value=id />
                <Button does="button" press=move |_| deeds.asking.set(false)>"Keep it"</Button>
                <Button kind=Kind::Danger pending=deeds.disconnect.pending()>"Disconnect"</Button>
            </ActionForm>
        </Dialog>
    }
}
