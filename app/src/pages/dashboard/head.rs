//! Above the cards: as of when the page speaks, and what of its address cannot be read.

use leptos::prelude::*;
use model::summary::Persona;

use super::asked::{Asked, Wrong};
use crate::components::{
    button::{Button, Kind},
    focus,
    notice::{Notice, Tone},
};

/// Asks for the page as it was known at a moment, in UTC as on the page of a figure. A form without a script of its own.
#[component]
pub(super) fn AsOf(asked: Memo<Asked>) -> impl IntoView {
    let past = Memo::new(move |_| asked.with(|asked| !asked.as_of.is_empty()));
    let persona = Memo::new(move |_| asked.with(|asked| asked.persona.clone()));
    let now = move || asked.with(Asked::now);
    // The link goes when it is followed, and the focus would go with it.
    let stay = move |_| {
        focus::to("heading");
    };
    view! {
        <form method="get" class="no-print flex flex-wrap items-end gap-2" aria-label="As of when" data-test="as-of">
            {move || (!persona.get().is_empty()).then(|| view! { <input type="hidden" name="persona" value=persona.get() /> })}
            <label class="flex flex-col gap-1 text-xs text-muted">"As it was known at (UTC)"
                <input type="datetime-local" name="as_of" class="control" value=move || asked.with(Asked::typed) /></label>
            <Button>"Show"</Button>
            {move || past.get().then(|| view! { <a class=Kind::Quiet.class() href=now on:click=stay>"Now"</a> })}
        </form>
    }
}

/// That the page is of the past, and what of it is not.
#[component]
pub(super) fn Past(asked: Memo<Asked>) -> impl IntoView {
    let moment = Memo::new(move |_| asked.with(Asked::moment));
    move || {
        moment.get().map(|moment| {
            view! {
                <Notice tone=Tone::Plain><p data-test="past">"Everything is as it was known at " <span data-literal="">{moment}</span>
                    ", but actions and sources are those of now."</p></Notice>
            }
        })
    }
}

/// What of the address cannot be read, what is shown instead, and the way to the page of now.
#[component]
pub(super) fn WrongAddress(wrong: Memo<Wrong>, asked: Memo<Asked>) -> impl IntoView {
    let now = move || asked.with(Asked::now);
    let stay = move |_| {
        focus::to("heading");
    };
    let moment = || {
        view! {
            "The moment in the address cannot be read: write it as " <code data-literal="">"2026-11-03T12:00:00Z"</code>
            ". What is known now is shown. "
        }
    };
    let persona = || {
        view! {
            "The address names nobody for whom the page can speak, so it speaks for the " {Persona::default().label()}
            "; choose another above. "
        }
    };
    move || {
        let wrong = wrong.get();
        wrong.any().then(|| {
            view! {
                <Notice tone=Tone::Bad>
                    <p data-test="wrong-address">{wrong.as_of.then(moment)}{wrong.persona.then(persona)}
                        <a class="underline" href=now on:click=stay>"Show the page of now"</a></p>
                </Notice>
            }
        })
    }
}
