//! The board: clients as cards in the columns of the agency's stages. Cards are dragged, or moved with their button.

mod moves;

use leptos::{ev::DragEvent, prelude::*};
use leptos_router::{LazyRoute, lazy_route};
use model::{
    access::{Action, may},
    event::Kind,
    id::{ClientId, StageId},
    role::Role,
    stage::Stage,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::HealthBadge,
        dialog::Dialog,
        focus,
        icon::{Icon, IconView},
        live::changes_of,
        notice::{Notice, Tone},
        page::Heading,
        part::{again, part},
        toast::Toasts,
    },
    error::AppError,
    pages::clients::{ClientRow, ViewTabs},
};
use moves::Moves;

/// The board and its cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    stages: Vec<Stage>,
    rows: Vec<ClientRow>,
    role: Role,
}

/// The board with every client in one's sight.
#[server(prefix = "/app", endpoint = "get_board", output = crate::codec::Json)]
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
#[server(prefix = "/app", endpoint = "move_client", output = crate::codec::Json)]
pub async fn move_client(client_id: ClientId, stage_id: StageId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::client::set_stage(&service, &actor, client_id, stage_id).await?;
    Ok(())
}

/// The board.
#[component]
pub fn BoardPage() -> impl IntoView {
    let whole = RwSignal::new(0);
    let board = Resource::new(move || whole.get(), |_| get_board());
    view! {
        <div class="board-page">
            <Heading text="Board"><ViewTabs here="/clients/board" /></Heading>
            {part("The board", "heading", board, move |board| view! { <Columns board=board whole=whole /> })}
        </div>
    }
}

/// What the columns and cards share.
#[derive(Clone, Copy)]
struct Shared {
    moves: Moves,
    rows: RwSignal<Vec<ClientRow>>,
    /// What the names are searched for, in lower case.
    search: RwSignal<String>,
    /// The card whose next stage is being chosen.
    choosing: RwSignal<Option<(ClientId, String)>>,
    choice: RwSignal<bool>,
    editable: bool,
}

/// The id of a card's button, by which the focus finds the card in its new column.
fn button_id(id: ClientId) -> String {
    format!("move-{id}")
}

#[component]
fn Columns(
    board: Board,
    /// Counts up for a board to be drawn that had no card.
    whole: RwSignal<usize>,
) -> impl IntoView {
    let changed = changes_of(&[Kind::Client]);
    if board.rows.is_empty() {
        Effect::new(move |before: Option<usize>| {
            let now = changed.get();
            if before.is_some_and(|before| before != now) {
                whole.update(|whole| *whole += 1);
            }
            now
        });
        return view! { <p class="text-muted" data-test="empty">"Clients stand here as cards, each in its stage. "<a href="/clients">"Add the first one in the list"</a>"."</p> }.into_any();
    }
    let rows = RwSignal::new(board.rows.clone());
    let stages = StoredValue::new(board.stages.clone());
    let toasts = Toasts::of_page();
    let settled = Callback::new(move |(id, stage): (ClientId, StageId)| {
        let client = rows.with_untracked(|rows| rows.iter().find(|row| row.id == id).map(|row| row.name.clone()));
        let stage =
            stages.with_value(|stages| stages.iter().find(|each| each.id == stage).map(|each| each.name.clone()));
        if let (Some(toasts), Some(client), Some(stage)) = (toasts, client, stage) {
            toasts.tell(format!("{client} stands in {stage}"));
        }
        // The card is drawn anew in its column, and takes the focus along.
        let held = focus::held();
        request_animation_frame(move || {
            if held.is_some_and(|held| held.is_empty() || held == button_id(id)) || focus::held().is_none() {
                focus::to(&button_id(id));
            }
        });
    });
    let moves = Moves::new(
        rows.with_untracked(|rows| rows.iter().map(|row| (row.id, row.stage_id)).collect::<Vec<_>>()).into_iter(),
        settled,
    );
    // What somebody else moved or changed is read into the cards that are there.
    let read = RwSignal::new(board.clone());
    Effect::new(move |before: Option<()>| {
        let found = read.with(|board| board.rows.clone());
        if before.is_some() {
            moves.follow(found.iter().map(|row| (row.id, row.stage_id)));
            rows.set(found);
        }
    });
    let shared = Shared {
        moves,
        rows,
        search: RwSignal::new(String::new()),
        choosing: RwSignal::new(None),
        choice: RwSignal::new(false),
        editable: may(board.role, Action::EditClient),
    };
    view! {
        <label class="flex w-full flex-col gap-1 sm:w-72"><span class="text-xs text-muted">"Search"</span>
            <input class="control" type="search" autocomplete="off" data-key="/" data-does="Search the board"
                on:input=move |event| shared.search.set(event_target_value(&event).trim().to_lowercase()) />
        </label>
        {again("The board", "heading", changed, get_board, read)}
        {move || moves.failure.get().map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
        <div class="board" tabindex="0" role="group" aria-label="Stages; scroll sideways for more" data-test="board"
            data-busy=move || moves.busy().then_some("")>
            {board.stages.into_iter().map(|stage| view! { <Column stage=stage shared=shared /> }).collect_view()}
        </div>
        <Choice shared=shared stages=stages />
    }
    .into_any()
}

#[component]
fn Column(stage: Stage, shared: Shared) -> impl IntoView {
    let over = RwSignal::new(false);
    let (id, moves) = (stage.id, shared.moves);
    let cards = Memo::new(move |_| {
        let search = shared.search.get();
        let here = |row: &&ClientRow| moves.stage_of(row.id) == Some(id) && row.name.to_lowercase().contains(&search);
        shared.rows.with(|rows| rows.iter().filter(here).cloned().collect::<Vec<_>>())
    });
    let on_over = move |event: DragEvent| {
        if shared.editable && moves.dragged.with_untracked(Option::is_some) {
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
        <section class="column" aria-label=stage.name.clone() data-over=move || over.get().to_string()
            on:dragover=on_over on:dragleave=move |_| over.set(false) on:drop=on_drop>
            <h2 class="column-title">
                <span class="min-w-0 truncate" title=stage.name.clone()>{stage.name.clone()}</span>
                <span class="text-xs font-normal text-muted" data-literal="">{move || cards.with(Vec::len)}</span>
            </h2>
            <ul class="column-cards">
                <For each=move || cards.get() key=|row| format!("{row:?}") children=move |row| view! { <Card row=row shared=shared /> } />
            </ul>
        </section>
    }
}

#[component]
fn Card(row: ClientRow, shared: Shared) -> impl IntoView {
    let (id, moves) = (row.id, shared.moves);
    let name = row.name.clone();
    let choose = move |_| {
        shared.choosing.set(Some((id, name.clone())));
        shared.choice.set(true);
    };
    let drag = move |event: DragEvent| {
        // Without something to carry, some browsers do not begin to drag.
        if let Some(carried) = event.data_transfer() {
            let _ = carried.set_data("text/plain", &id.to_string());
        }
        moves.dragged.set(Some(id));
    };
    view! {
        <li class="card flex flex-col gap-2" draggable=shared.editable.to_string() data-test="card"
            on:dragstart=drag on:dragend=move |_| moves.dragged.set(None)>
            <a href=format!("/clients/{id}") class="break-words font-medium text-ink" draggable="false">{row.name.clone()}</a>
            <div class="flex flex-wrap items-center justify-between gap-2">
                <span class="flex flex-wrap items-center gap-2"><HealthBadge health=row.health />
                    <span class="text-xs text-muted"><span data-literal="">{row.days}</span>{if row.days == 1 { " day" } else { " days" }}</span></span>
                {shared.editable.then(|| view! {
                    <button type="button" id=button_id(id) class="button button-quiet button-icon needs-live" aria-label=format!("Move {}", row.name) aria-haspopup="dialog" on:click=choose>
                        <IconView icon=Icon::Move />
                    </button>
                })}
            </div>
        </li>
    }
}

/// The stages that the chosen card can go to: one dialog for all cards.
#[component]
fn Choice(shared: Shared, stages: StoredValue<Vec<Stage>>) -> impl IntoView {
    let name =
        move || shared.choosing.with(|choosing| choosing.as_ref().map(|(_, name)| name.clone())).unwrap_or_default();
    let present = move || {
        shared.choosing.with(|choosing| choosing.as_ref().map(|(id, _)| *id)).and_then(|id| shared.moves.stage_of(id))
    };
    let options = stages.with_value(|stages| {
        stages
            .iter()
            .map(|stage| {
                let id = stage.id;
                let go = move |_| {
                    shared.choice.set(false);
                    if let Some((client, _)) = shared.choosing.get_untracked() {
                        shared.moves.start(client, id);
                    }
                };
                view! {
                    <li><button type="button" class="choice w-full text-left" aria-current=move || (present() == Some(id)).then_some("true") on:click=go>{stage.name.clone()}</button></li>
                }
            })
            .collect_view()
    });
    view! { <Dialog open=shared.choice title=Signal::derive(move || format!("Move {}", name()))><ul class="flex flex-col">{options}</ul></Dialog> }
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
