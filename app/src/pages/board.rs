//! The board: clients as cards in the columns of the agency's stages. Cards are dragged, or moved with their menu.
//!
//! A move shows at once. When the server refuses it the card goes back, unless a newer move of the same card has
//! taken its place meanwhile. Moves of one card are sent one after the other, so that the last one holds.

use std::collections::HashMap;

use leptos::{ev::DragEvent, prelude::*, task::spawn_local};
use leptos_router::{LazyRoute, lazy_route};
use model::{
    access::{Action, may},
    id::{ClientId, StageId},
    role::Role,
    stage::Stage,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::HealthBadge,
        notice::{Notice, Tone},
        page::{Heading, Skeleton, loaded},
    },
    error::AppError,
    pages::clients::{ClientRow, ViewTabs},
};

/// The board and its cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    stages: Vec<Stage>,
    rows: Vec<ClientRow>,
    role: Role,
}

/// The board with every client in one's sight.
#[server(prefix = "/app", endpoint = "get_board")]
pub async fn get_board() -> Result<Board, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let (stages, thresholds) = service::client::board(&service, &actor).await?;
    let (filter, mut rows, mut cursor) = (service::client::Filter::default(), Vec::new(), None);
    loop {
        let limit = model::page::MAX_LIMIT;
        let page = service::client::list(&service, &actor, &filter, limit, cursor.as_deref()).await?;
        rows.extend(page.items.into_iter().map(|client| super::clients::row(client, thresholds, service.clock.now())));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(Board { stages, rows, role: actor.role });
        }
    }
}

/// Moves a client to a stage.
#[server(prefix = "/app", endpoint = "move_client")]
pub async fn move_client(client_id: ClientId, stage_id: StageId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::client::set_stage(&service, &actor, client_id, stage_id).await?;
    Ok(())
}

/// Where a card stands on this screen: the last stage that the server confirmed, the one shown, and whether a move is
/// under way.
#[derive(Clone, Copy)]
struct Place {
    confirmed: StageId,
    shown: StageId,
    moving: bool,
}

#[derive(Clone, Copy)]
struct Moves {
    places: RwSignal<HashMap<ClientId, Place>>,
    failure: RwSignal<Option<String>>,
    dragged: RwSignal<Option<ClientId>>,
}

impl Moves {
    /// Shows the card in its new stage and tells the server, one move of a card at a time; the newest wish wins.
    fn start(self, id: ClientId, to: StageId) {
        let begin = self.places.try_update(|places| {
            let place = places.get_mut(&id)?;
            place.shown = to;
            let begin = !place.moving && place.confirmed != to;
            place.moving |= begin;
            begin.then_some(())
        });
        if begin.flatten().is_none() {
            return;
        }
        self.failure.set(None);
        spawn_local(async move {
            let mut target = to;
            loop {
                let result = move_client(id, target).await;
                let next = self.places.try_update(|places| {
                    let place = places.get_mut(&id)?;
                    match &result {
                        Ok(()) => place.confirmed = target,
                        Err(_) if place.shown == target => place.shown = place.confirmed,
                        Err(_) => {}
                    }
                    place.moving = place.shown != place.confirmed;
                    place.moving.then_some(place.shown)
                });
                if let Err(error) = result {
                    self.failure.set(Some(format!("The move was not kept: {error}")));
                }
                match next.flatten() {
                    Some(newer) => target = newer,
                    None => return,
                }
            }
        });
    }
}

/// The board.
#[component]
pub fn BoardPage() -> impl IntoView {
    let board = Resource::new(|| (), |()| get_board());
    view! {
        <div class="flex flex-col gap-6">
            <Heading text="Board"><ViewTabs here="board" /></Heading>
            <Transition fallback=|| view! { <Skeleton /> }>
                {move || Suspend::new(async move { loaded(board.await, |board| view! { <Columns board=board /> }) })}
            </Transition>
        </div>
    }
}

#[component]
fn Columns(board: Board) -> impl IntoView {
    let place = |row: &ClientRow| Place { confirmed: row.client.stage_id, shown: row.client.stage_id, moving: false };
    let places = board.rows.iter().map(|row| (row.client.id, place(row))).collect();
    let moves = Moves { places: RwSignal::new(places), failure: RwSignal::new(None), dragged: RwSignal::new(None) };
    let editable = may(board.role, Action::EditClient);
    let rows = StoredValue::new(board.rows);
    let stages = StoredValue::new(board.stages.clone());
    view! {
        {move || moves.failure.get().map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
        <div class="board" tabindex="0" role="group" aria-label="Stages; scroll sideways for more" data-test="board">
            {board.stages.into_iter().map(|stage| view! { <Column stage=stage rows=rows stages=stages moves=moves editable=editable /> }).collect_view()}
        </div>
    }
}

#[component]
fn Column(
    stage: Stage,
    rows: StoredValue<Vec<ClientRow>>,
    stages: StoredValue<Vec<Stage>>,
    moves: Moves,
    editable: bool,
) -> impl IntoView {
    let over = RwSignal::new(false);
    let id = stage.id;
    let label = stage.name.clone();
    let cards = move || {
        moves.places.with(|places| {
            let here = |row: &&ClientRow| places.get(&row.client.id).is_some_and(|place| place.shown == id);
            rows.with_value(|rows| rows.iter().filter(here).cloned().collect::<Vec<_>>())
        })
    };
    let count = move || cards().len();
    let on_over = move |event: DragEvent| {
        if editable {
            event.prevent_default();
            over.set(true);
        }
    };
    let on_drop = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        if let Some(client) = moves.dragged.get_untracked() {
            moves.start(client, id);
        }
    };
    view! {
        <section class="column" aria-label=label data-over=move || over.get().to_string()
            on:dragover=on_over on:dragleave=move |_| over.set(false) on:drop=on_drop>
            <h2 class="flex items-center justify-between px-1 pb-2 text-sm">
                <span class="truncate">{stage.name}</span><span class="text-xs font-normal text-muted" data-literal="">{count}</span>
            </h2>
            <ul class="flex flex-col gap-2">
                <For each=cards key=|row| row.client.id children=move |row| view! { <Card row=row here=id stages=stages moves=moves editable=editable /> } />
            </ul>
        </section>
    }
}

#[component]
fn Card(row: ClientRow, here: StageId, stages: StoredValue<Vec<Stage>>, moves: Moves, editable: bool) -> impl IntoView {
    let id = row.client.id;
    let name = row.client.fields.name.clone();
    let chosen = move |event| {
        if let Ok(stage) = event_target_value(&event).parse() {
            moves.start(id, stage);
        }
    };
    view! {
        <li class="card flex flex-col gap-2" draggable=editable.to_string()
            on:dragstart=move |_| moves.dragged.set(Some(id)) on:dragend=move |_| moves.dragged.set(None)>
            <a href=format!("/clients/{id}") class="font-medium text-ink">{row.client.fields.name}</a>
            <div class="flex items-center justify-between gap-2">
                <HealthBadge health=row.health />
                <span class="text-xs text-muted"><span data-literal="">{row.days}</span>" days"</span>
            </div>
            {editable.then(|| view! {
                <select class="control text-xs" aria-label=format!("Stage of {name}") on:change=chosen>
                    {stages.with_value(|stages| stages.iter().map(|stage| {
                        let selected = stage.id == here;
                        view! { <option value=stage.id.to_string() selected=selected>{stage.name.clone()}</option> }
                    }).collect_view())}
                </select>
            })}
        </li>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct BoardRoute;

#[lazy_route]
impl LazyRoute for BoardRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <BoardPage /> }.into_any()
    }
}
