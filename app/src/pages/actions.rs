//! What the brain proposes to do, best first; what was approved, what was done, and what came of it beside what was promised.

mod asked;
mod card;
mod narrow;
mod promise;
mod shown;

use asked::Asked;
pub(crate) use card::Controls;
use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{action::Ledger, id::ActionId};
pub(crate) use promise::{Expected, Steps};
use shown::Shown;

use crate::{
    components::{
        figure::{FigureDrawer, Opening},
        outcome::{on_success, settled},
        page::Heading,
        part::part_or,
        toast::{Next, Toasts},
    },
    error::AppError,
    pages::simulation::{CarryOutAction, Truths},
};

/// The actions of what the member sees, or of one client, of all kinds or of one: the best proposals or all, and on demand what was dismissed; or one
/// `list` alone, from `cursor` on.
#[server(prefix = "/app", endpoint = "list_actions", output = crate::codec::Json)]
pub async fn list_actions(
    client_id: String,
    all: bool,
    past: bool,
    list: String,
    cursor: String,
    #[server(default)] kind: String,
) -> Result<Ledger, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client = (!client_id.is_empty()).then(|| client_id.parse().map_err(|_| service::Error::Missing)).transpose()?;
    let only = model::action::Stand::parse(&list).map(|stand| (stand, Some(cursor).filter(|text| !text.is_empty())));
    let asked =
        service::action::Asked { client_id: client, kind: model::action::ActionKind::parse(&kind), all, past, only };
    Ok(service::action::board(&service, &actor, &asked).await?)
}

/// Wants an action done whose proposal was read in this `version`.
#[server(prefix = "/app", endpoint = "approve_action", output = crate::codec::Json)]
pub async fn approve_action(id: ActionId, version: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::action::approve(&service, &actor, id, &version).await.map(|_| ())?)
}

/// Does not want an action done that stood as `seen` on the page, its proposal in this `version`.
#[server(prefix = "/app", endpoint = "dismiss_action", output = crate::codec::Json)]
pub async fn dismiss_action(
    id: ActionId,
    reason: String,
    #[server(default)] seen: String,
    #[server(default)] version: String,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let state = model::action::ActionState::parse(&seen);
    let seen = service::action::Seen { state, version: Some(version).filter(|text| !text.is_empty()) };
    Ok(service::action::dismiss(&service, &actor, id, &reason, seen).await.map(|_| ())?)
}

/// Says that an action was done on a day; today if none is said.
#[server(prefix = "/app", endpoint = "finish_action", output = crate::codec::Json)]
pub async fn finish_action(id: ActionId, on: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let day = (!on.is_empty()).then(|| model::page::parse_day("on", &on)).transpose().map_err(service::Error::from)?;
    Ok(service::action::done(&service, &actor, id, day).await.map(|_| ())?)
}

/// Says that what was done was taken back; in a simulated agency it is set back in its accounts first.
#[server(prefix = "/app", endpoint = "undo_action", output = crate::codec::Json)]
pub async fn undo_action(id: ActionId, reason: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    if let Some(judge) = use_context::<std::sync::Arc<dyn crate::pages::simulation::Judge>>() {
        return Ok(judge.take_back(actor, id, reason).await?);
    }
    Ok(service::action::undo(&service, &actor, id, &reason).await.map(|_| ())?)
}

/// What can be done with actions; the cards of the page share it.
#[derive(Clone, Copy)]
pub(crate) struct Decisions {
    approve: ServerAction<ApproveAction>,
    dismiss: ServerAction<DismissAction>,
    finish: ServerAction<FinishAction>,
    carry_out: ServerAction<CarryOutAction>,
    undo: ServerAction<UndoAction>,
    /// The action whose button was pressed last: what goes wrong is said beside it.
    of: RwSignal<Option<ActionId>>,
}

impl Decisions {
    /// What this page's buttons do; how it went is said in its toasts.
    pub(crate) fn new() -> Self {
        let decisions = Self {
            approve: ServerAction::new(),
            dismiss: ServerAction::new(),
            finish: ServerAction::new(),
            carry_out: ServerAction::new(),
            undo: ServerAction::new(),
            of: RwSignal::new(None),
        };
        if let Some(toasts) = Toasts::of_page() {
            let say = move |words: &'static str| move |()| toasts.show(words, Next::Nothing);
            on_success(decisions.approve, say("Approved: its prediction is registered"));
            on_success(decisions.dismiss, say("Dismissed: it is not proposed again for four weeks"));
            on_success(decisions.finish, say("Done: what comes of it is measured"));
            on_success(
                decisions.carry_out,
                say("Done in the simulated accounts. Let a week pass to see what comes of it"),
            );
            on_success(decisions.undo, say("Taken back"));
        }
        decisions
    }

    /// Counts the decisions after which the ledger may stand otherwise than it is shown.
    pub(crate) fn settled(self) -> Signal<usize> {
        let counts = [
            settled(self.approve),
            settled(self.dismiss),
            settled(self.finish),
            settled(self.carry_out),
            settled(self.undo),
        ];
        Signal::derive(move || counts.iter().map(|count| count.get()).sum())
    }
}

/// The ledger of actions.
#[component]
pub fn ActionsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Asked::read));
    let decisions = Decisions::new();
    Truths::provide();
    let opening = Opening::provide(Signal::stored(String::new()));
    let ledger = Resource::new(move || asked.get(), read);
    let missing = |error: &AppError| {
        (*error == AppError::Missing)
            .then(|| view! { <p class="text-muted">"There is no such client in your sight."</p> }.into_any())
    };
    let draw = move |ledger| view! { <Shown ledger=ledger asked=asked.get_untracked() decisions=decisions /> };
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Actions" />
            <p class="max-w-prose text-muted">"What to do next, with honest odds. You decide and act; what comes of it is measured and stands beside what was promised."</p>
            {part_or("The actions", "heading", ledger, draw, missing)}
        </div>
        <FigureDrawer opening=opening />
    }
}

/// Reads what the address asks for.
async fn read(asked: Asked) -> Result<Ledger, AppError> {
    let Asked { client, kind, all, past, only } = asked;
    let (list, cursor) = only.map(|(stand, cursor)| (stand.key().to_owned(), cursor)).unwrap_or_default();
    list_actions(client, all, past, list, cursor, kind).await
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ActionsRoute;

#[lazy_route]
impl LazyRoute for ActionsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ActionsPage /> }.into_any()
    }
}
