//! What the brain noticed, each event once: what happened, where and when, and who sees to it. Who is mailed about what is
//! in `settings`.

mod asked;
mod card;
mod desk;
mod row;
mod rule;
pub mod settings;

use asked::{Asked, Narrow, States};
pub(crate) use card::{Controls, NoticedView, Stand};
pub(crate) use desk::{Head, desk};
use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{
    alert::AlertState,
    event,
    id::{AlertId, ClientId},
};
pub use row::{Noticed, Standing};
#[cfg(feature = "ssr")]
pub(crate) use row::{noticed, standing};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::Kind,
        live::changes_of,
        outcome::{on_success, successes},
        part::{again, kept},
        toast::{Next, Toasts},
    },
    error::AppError,
};

/// As many alerts as the page shows.
#[cfg(feature = "ssr")]
const SHOWN: i64 = 25;

/// An alert as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    noticed: Noticed,
    standing: Standing,
}

/// A page of alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertList {
    rows: Vec<AlertRow>,
    /// Where the older ones begin.
    older: Option<String>,
    /// The clients that they can be narrowed to.
    clients: Vec<(ClientId, String)>,
    /// The day until which the brain knows; none before anything was thought.
    day: Option<String>,
    /// The first day that an alert can wait until.
    earliest: String,
    may_edit: bool,
}

/// Alerts that stand so, open ones if nothing is said, of what the member sees or of one client.
#[server(prefix = "/app", endpoint = "list_alerts", output = crate::codec::Json)]
pub async fn list_alerts(state: String, client_id: String, cursor: String) -> Result<AlertList, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client = (!client_id.is_empty()).then(|| client_id.parse().map_err(|_| service::Error::Missing)).transpose()?;
    let filter = service::alert::Filter { state: Some(asked::state(&state)), client_id: client, ..Default::default() };
    let cursor = Some(cursor.as_str()).filter(|cursor| !cursor.is_empty());
    Ok(shown(service::alert::board(&service, &actor, &filter, SHOWN, cursor).await?))
}

#[cfg(feature = "ssr")]
fn shown(board: service::alert::Board) -> AlertList {
    let row = |alert: model::alert::Alert| AlertRow {
        noticed: row::noticed(&alert, alert.client_id, alert.state_id),
        standing: row::standing(&alert, &board.moments),
    };
    AlertList {
        rows: board.alerts.items.into_iter().map(row).collect(),
        older: board.alerts.next_cursor,
        clients: board.clients,
        day: board.day.map(|day| day.to_string()),
        earliest: board.earliest.to_string(),
        may_edit: board.may_edit,
    }
}

/// Says that somebody has seen to an alert.
#[server(prefix = "/app", endpoint = "acknowledge_alert", output = crate::codec::Json)]
pub async fn acknowledge_alert(id: AlertId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::alert::acknowledge(&service, &actor, id).await.map(|_| ())?)
}

/// Lets an alert wait: until `tomorrow`, for a `week`, or until a day.
#[server(prefix = "/app", endpoint = "snooze_alert", output = crate::codec::Json)]
pub async fn snooze_alert(id: AlertId, until: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::alert::snooze_until(&service, &actor, id, &until).await.map(|_| ())?)
}

/// Opens an alert again that was acknowledged or waits.
#[server(prefix = "/app", endpoint = "reopen_alert", output = crate::codec::Json)]
pub async fn reopen_alert(id: AlertId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::alert::reopen(&service, &actor, id).await.map(|_| ())?)
}

/// What can be done with alerts; the cards of the page share it.
#[derive(Clone, Copy)]
pub(crate) struct Deeds {
    acknowledge: ServerAction<AcknowledgeAlert>,
    snooze: ServerAction<SnoozeAlert>,
    reopen: ServerAction<ReopenAlert>,
    /// The alert whose button was pressed last: what goes wrong is said beside it.
    of: RwSignal<Option<AlertId>>,
}

impl Deeds {
    /// What this page's buttons do; how it went is said in its toasts.
    pub(crate) fn new() -> Self {
        let deeds = Self {
            acknowledge: ServerAction::new(),
            snooze: ServerAction::new(),
            reopen: ServerAction::new(),
            of: RwSignal::new(None),
        };
        if let Some(toasts) = Toasts::of_page() {
            let say = move |words: &'static str| move |()| toasts.show(words, Next::Nothing);
            on_success(deeds.acknowledge, say("Acknowledged: nobody is mailed about it any more"));
            on_success(deeds.snooze, say("It waits, and is open again after that"));
            on_success(deeds.reopen, say("It is open again"));
        }
        deeds
    }

    /// Counts the deeds after which alerts stand otherwise.
    pub(crate) fn changes(self) -> Signal<usize> {
        let counts = [successes(self.acknowledge), successes(self.snooze), successes(self.reopen)];
        Signal::derive(move || counts.iter().map(|count| count.get()).sum())
    }
}

/// The alerts, with what they are narrowed to in the address.
#[component]
pub fn AlertsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Asked::read));
    let deeds = Deeds::new();
    let list = Resource::new(move || asked.get(), read);
    let draw = move |list| view! { <Shown list=list asked=asked.get_untracked() deeds=deeds /> };
    let head = Head {
        title: "Alerts",
        beside: ("/findings", "All that was noticed"),
        about: "What the brain noticed and somebody should look at, each event once. While one is acknowledged or snoozed, nobody is mailed about it.",
    };
    desk(head, view! { <States asked=asked /> }, "The alerts", list, draw)
}

/// Reads what the address asks for.
async fn read(asked: Asked) -> Result<AlertList, AppError> {
    let Asked { state, client, cursor } = asked;
    list_alerts(state, client, cursor).await
}

/// The list drawn. What is done to an alert has it read again into the cards that are there: what is being typed in the others
/// stays.
#[component]
fn Shown(list: AlertList, asked: Asked, deeds: Deeds) -> impl IntoView {
    let (state, narrowed, later) = (asked.state(), !asked.client.is_empty(), !asked.cursor.is_empty());
    let newest = Asked { cursor: String::new(), ..asked.clone() }.href();
    let (clients, may_edit) = (list.clients.clone(), list.may_edit);
    let (list, whole) = (RwSignal::new(list), StoredValue::new(asked.clone()));
    let (done, told) = (deeds.changes(), changes_of(&[event::Kind::Brain, event::Kind::Alert]));
    let when = Signal::derive(move || done.get() + told.get());
    let rows = Memo::new(move |_| list.with(|list| list.rows.clone()));
    let nothing = Memo::new(move |_| list.with(|list| list.rows.is_empty()));
    let earliest = Memo::new(move |_| list.with(|list| list.earliest.clone()));
    let older = Memo::new(move |_| list.with(|list| list.older.clone()));
    let href = move |cursor: String| whole.with_value(|asked| Asked { cursor, ..asked.clone() }.href());
    let day = move || list.with_untracked(|list| list.day.clone());
    // An alert that stands otherwise has other forms.
    let key = |row: &AlertRow| (row.standing.id, row.standing.state);
    let draw =
        move |row: Memo<AlertRow>| view! { <AlertCard row=row earliest=earliest may_edit=may_edit deeds=deeds /> };
    view! {
        {(clients.len() > 1 || narrowed).then(|| view! { <Narrow clients=clients asked=asked /> })}
        {again("The alerts", "heading", when, move || read(whole.get_value()), list)}
        {move || (nothing.get() && later).then(|| view! { <p class="text-muted" data-test="nothing">"There are no older ones any more."</p> })}
        {move || (nothing.get() && !later).then(|| view! { <Nothing state=state narrowed=narrowed day=day() /> })}
        <div class="flex flex-col gap-3" data-test="alerts">
            {kept(rows, key, draw)}
        </div>
        <p class="flex flex-wrap gap-2">
            {later.then(|| view! { <a class=Kind::Plain.class() href=newest>"Show the newest"</a> })}
            {move || older.get().map(|cursor| view! { <a class=Kind::Plain.class() href=href(cursor)>"Show older"</a> })}
        </p>
    }
}

/// An alert in a frame. What it says follows newer figures; its forms stay as they are.
#[component]
fn AlertCard(row: Memo<AlertRow>, earliest: Memo<String>, may_edit: bool, deeds: Deeds) -> impl IntoView {
    let (id, state) = row.with_untracked(|row| (row.standing.id, row.standing.state));
    let noticed = Memo::new(move |_| row.with(|row| row.noticed.clone()));
    let standing = Memo::new(move |_| row.with(|row| row.standing.clone()));
    let label = move || noticed.with(Noticed::label);
    let controls = (may_edit && state != AlertState::Ended).then(|| {
        view! { <Controls id=id state=state place=id.to_string() label=noticed.with_untracked(Noticed::label) earliest=earliest deeds=deeds /> }
    });
    view! {
        <article class="panel flex flex-col gap-2" aria-label=label data-test=format!("alert {}", state.key()) id=format!("alert-{id}")>
            {move || view! { <NoticedView noticed=noticed.get() /> }}
            {move || view! { <Stand standing=standing.get() /> }}
            {controls}
        </article>
    }
}

/// Why none are there.
#[component]
fn Nothing(state: AlertState, narrowed: bool, day: Option<String>) -> impl IntoView {
    let Some(day) = day else {
        return view! {
            <p class="text-muted" data-test="nothing">"Nothing has been analysed yet. The brain looks at what is stored after every reading and each night; what it notices stands here then."</p>
        }
        .into_any();
    };
    let whose = if narrowed { "this client" } else { "your clients" };
    let words = match state {
        AlertState::Open => format!("Nothing about {whose} is open"),
        AlertState::Acknowledged => format!("Nothing about {whose} is acknowledged"),
        AlertState::Snoozed => format!("Nothing about {whose} waits for a day"),
        AlertState::Ended => format!("Nothing about {whose} has ended: what is not found for a week will stand here"),
    };
    view! {
        <p class="text-muted" data-test="nothing">{words} ". What was read until " <span data-literal="">{day}</span> " was looked at; every new day is, too."</p>
    }
    .into_any()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct AlertsRoute;

#[lazy_route]
impl LazyRoute for AlertsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <AlertsPage /> }.into_any()
    }
}
