//! The bar of a simulated agency: that nothing in it is real, and the ways to let its time pass, begin again and leave.

use leptos::prelude::*;
use model::access::{Action, may};

use super::Around;
use crate::{
    components::{dialog::Dialog, menu::Menu},
    error::AppError,
};

/// Says on every page of a simulated agency that it is one, and what can be done with it.
#[component]
pub(super) fn SimulationBanner(frame: Resource<Result<Around, AppError>>) -> impl IntoView {
    let draw = move |around: Around| {
        let Around { simulated, role, .. } = around;
        let ahead = simulated?;
        let runs = may(role, Action::EditSettings);
        Some(view! {
            <div class="simulated" role="region" aria-label="Simulation" data-test="simulated">
                <p class="min-w-0 max-md:text-xs"><strong>"Rehearsal agency: simulated."</strong><span class="max-md:hidden">" Nobody here is real and no figure is."</span>
                    {(ahead > 0).then(|| view! { <span data-literal="">{format!(" Its time is {ahead} days ahead.")}</span> })}</p>
                {runs.then(|| view! {
                    <div class="flex flex-none gap-2">
                        <form method="post" action="/simulation/forward"><button type="submit" class="button button-plain">"Let a week pass"</button></form>
                        <Ends />
                    </div>
                })}
            </div>
        })
    };
    let unknown = || {
        view! {
            <div class="simulated" role="region" aria-label="Simulation" data-test="unknown">
                <p class="min-w-0"><strong>"It is not known whether this is simulated."</strong>" The agency around this page could not be read, so take no figure here for a real one. "
                    <a href="" rel="external" class="underline">"Read the page again"</a></p>
            </div>
        }
    };
    let read = move || {
        Suspend::new(async move {
            match frame.await {
                Ok(around) => draw(around).into_any(),
                // Nobody is signed in: there is nothing of an agency here.
                Err(AppError::SignedOut) => ().into_any(),
                Err(_) => unknown().into_any(),
            }
        })
    };
    view! { <Suspense>{read}</Suspense> }
}

/// What ends a simulated agency: behind a menu, and each asks first. It is for pages that are live, as is every dialog.
#[component]
fn Ends() -> impl IntoView {
    let (anew, leaving) = (RwSignal::new(false), RwSignal::new(false));
    let item = |words: &'static str, open: RwSignal<bool>| {
        view! { <button type="button" class="choice" aria-haspopup="dialog" on:click=move |_| open.set(true)>{words}</button> }
    };
    let sure = |open: RwSignal<bool>, action: &'static str, words: &'static str| {
        view! {
            <div class="flex flex-wrap justify-end gap-2">
                <button type="button" class="button button-plain" on:click=move |_| open.set(false)>"Keep it"</button>
                <form method="post" action=action><button type="submit" class="button button-danger">{words}</button></form>
            </div>
        }
    };
    view! {
        <div class="needs-live">
            <Menu id="simulation-more" named="More about the simulation">
                {item("Start again…", anew)}
                {item("Leave and delete it…", leaving)}
            </Menu>
        </div>
        <Dialog open=anew title="Start again with a new rehearsal agency?">
            <p>"This one is deleted: its eight clients, what was read of their accounts, every decision about an action and what came of it, and the time that has passed. A new one begins today. It cannot be undone."</p>
            {sure(anew, "/simulation", "Start again")}
        </Dialog>
        <Dialog open=leaving title="Leave this rehearsal agency and delete it?">
            <p>"It is deleted: its eight clients, what was read of their accounts, every decision about an action and what came of it. It cannot be undone. Nothing of a real agency is touched."</p>
            {sure(leaving, "/simulation/leave", "Leave and delete it")}
        </Dialog>
    }
}
