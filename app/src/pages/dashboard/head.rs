//! Above the cards: that the page speaks of the past, and what of its address cannot be read.

use leptos::prelude::*;
use model::summary::Persona;

use super::asked::{Asked, Wrong};
use crate::components::{
    focus,
    notice::{Notice, Tone},
};

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
