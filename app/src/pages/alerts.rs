//! What the brain noticed, each event once: what happened, where and when, and who sees to it. Who is mailed about what is
//! in `settings`.

mod asked;
mod card;
mod rule;
pub mod settings;

use asked::{Asked, Narrow, States};
use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{
    alert::{AlertState, Severity},
    event,
    id::{AlertId, BrainStateId, ClientId},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::Kind,
        live::changes_of,
        outcome::{on_success, successes},
        page::Heading,
        part::{again, drawing, part_or},
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
    id: AlertId,
    state: AlertState,
    severity: Severity,
    title: String,
    client_id: Option<ClientId>,
    /// Client, channel and ad; empty for the agency as a whole.
    place: String,
    detail: String,
    /// What its figures were made from, in words.
    basis: Vec<String>,
    /// The newest state of the brain that has it.
    state_id: BrainStateId,
    /// How sure it is, where the finding says it.
    sure: Option<String>,
    first_seen: Moment,
    last_seen: Moment,
    /// When it was not found any more.
    ended: Option<Moment>,
    /// When and by whom it was acknowledged.
    acknowledged: Option<(Moment, String)>,
    /// Until when it waits, and by whom.
    snoozed: Option<(Moment, String)>,
}

impl AlertRow {
    /// What and where, to tell it from others.
    fn label(&self) -> String {
        if self.place.is_empty() { self.title.clone() } else { format!("{}, {}", self.title, self.place) }
    }
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
    let write = |at| board.moments.write(at);
    let row = |alert: model::alert::Alert| {
        let (state, words) = (alert.state(board.moments.now()), service::alert::words::of(&alert));
        AlertRow {
            id: alert.id,
            state,
            severity: words.severity,
            title: words.title,
            client_id: alert.client_id,
            place: words.place,
            detail: words.detail,
            basis: service::alert::words::basis(&alert),
            state_id: alert.state_id,
            sure: words.sure,
            first_seen: write(alert.first_seen_at),
            last_seen: write(alert.last_seen_at),
            ended: alert.ended_at.map(write),
            acknowledged: alert.acknowledged.map(|deed| (write(deed.at), deed.by)),
            snoozed: alert.snoozed.map(|deed| (write(deed.at), deed.by)),
        }
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
struct Deeds {
    acknowledge: ServerAction<AcknowledgeAlert>,
    snooze: ServerAction<SnoozeAlert>,
    reopen: ServerAction<ReopenAlert>,
    /// The alert whose button was pressed last: what goes wrong is said beside it.
    of: RwSignal<Option<AlertId>>,
}

impl Deeds {
    fn new() -> Self {
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

    fn changes(self) -> Signal<usize> {
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
    let missing = |error: &AppError| {
        (*error == AppError::Missing)
            .then(|| view! { <p class="text-muted">"There is no such client in your sight."</p> }.into_any())
    };
    let draw = move |list| view! { <Shown list=list asked=asked.get_untracked() deeds=deeds /> };
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Alerts">
                <a class=Kind::Plain.class() href="/settings/alerts">"Rules and quiet hours"</a>
            </Heading>
            <p class="max-w-prose text-muted">"What the brain noticed and somebody should look at, each event once. While one is acknowledged or snoozed, nobody is mailed about it."</p>
            <States asked=asked />
            {part_or("The alerts", "heading", list, draw, missing)}
        </div>
    }
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
    let (list, whole, drawing) = (RwSignal::new(list), StoredValue::new(asked.clone()), drawing());
    let (done, told) = (deeds.changes(), changes_of(&[event::Kind::Brain, event::Kind::Alert]));
    let when = Signal::derive(move || done.get() + told.get());
    let rows = Memo::new(move |_| list.with(|list| list.rows.clone()));
    let nothing = Memo::new(move |_| list.with(|list| list.rows.is_empty()));
    let earliest = Memo::new(move |_| list.with(|list| list.earliest.clone()));
    let older = Memo::new(move |_| list.with(|list| list.older.clone()));
    let href = move |cursor: String| whole.with_value(|asked| Asked { cursor, ..asked.clone() }.href());
    let day = move || list.with_untracked(|list| list.day.clone());
    // An alert that stands otherwise has other forms.
    let key = move |row: &AlertRow| (drawing, row.id, row.state);
    let draw = move |row: AlertRow| {
        let now = Memo::new(move |before: Option<&AlertRow>| {
            let found = rows.with(|rows| rows.iter().find(|now| key(now) == key(&row)).cloned());
            found.unwrap_or_else(|| before.unwrap_or(&row).clone())
        });
        view! { <card::CardView row=now earliest=earliest may_edit=may_edit deeds=deeds /> }
    };
    view! {
        {(clients.len() > 1 || narrowed).then(|| view! { <Narrow clients=clients asked=asked /> })}
        {again("The alerts", "heading", when, move || read(whole.get_value()), list)}
        {move || (nothing.get() && later).then(|| view! { <p class="text-muted" data-test="nothing">"There are no older ones any more."</p> })}
        {move || (nothing.get() && !later).then(|| view! { <Nothing state=state narrowed=narrowed day=day() /> })}
        <div class="flex flex-col gap-3" data-test="alerts">
            <For each=move || rows.get() key=key children=draw />
        </div>
        <p class="flex flex-wrap gap-2">
            {later.then(|| view! { <a class=Kind::Plain.class() href=newest>"Show the newest"</a> })}
            {move || older.get().map(|cursor| view! { <a class=Kind::Plain.class() href=href(cursor)>"Show older"</a> })}
        </p>
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
