//! A message that is to go out, goes, or did not: how long it can be taken back, why it did not go, and what a person decides about it.

use std::time::Duration;

use leptos::prelude::*;
use model::{moment::Moment, outgoing::State};

use super::{
    deeds::Deeds,
    told::{Going, people},
};
use crate::components::{
    button::{Button, Kind},
    form::ActionForm,
    page::{Clock, When},
};

/// Up to so many seconds before it goes they are counted.
const COUNTED: i64 = 60;

/// Such a message.
#[component]
pub(super) fn GoingView(going: Going, at: Moment, may_edit: bool, deeds: Deeds) -> impl IntoView {
    let Going { id, member, to, subject, text, files, state, left, fault } = going;
    let hidden = move || view! { <input type="hidden" name="id" value=id.to_string() /> };
    let take_back = move |words: &'static str, key: Option<&'static str>| {
        view! {
            <ActionForm action=deeds.take_back>
                {hidden()}
                <button type="submit" class=Kind::Plain.class() data-key=key data-does=key.map(|_| "Take the message back")>{words}</button>
            </ActionForm>
        }
    };
    let again = move || {
        view! { <ActionForm action=deeds.again>{hidden()}<Button kind=Kind::Primary pending=deeds.again.pending()>"Send again"</Button></ActionForm> }
    };
    let stands = match state {
        State::Held if left <= COUNTED => view! { <Counting left=left /> }.into_any(),
        State::Held => view! { <p>"It goes out on " <Clock at=at /> "."</p> }.into_any(),
        State::Sending => view! { <p>"It is being sent."</p> }.into_any(),
        State::Sent => view! { <p>"It was sent " <When at=at /> "; the mailbox has not shown it yet."</p> }.into_any(),
        State::Failed => view! { <p><strong>"It did not go."</strong></p> }.into_any(),
        State::Unconfirmed => view! { <p><strong>"Nobody can find out whether it went."</strong></p> }.into_any(),
        State::Withdrawn => ().into_any(),
    };
    let deeds = may_edit.then(|| match state {
        State::Held => take_back("Take it back", Some("z")).into_any(),
        State::Failed => view! { {again()}{take_back("Put it into the box again", None)} }.into_any(),
        State::Unconfirmed => view! {
            {again()}
            <ActionForm action=deeds.confirm>{hidden()}<Button pending=deeds.confirm.pending()>"Mark as sent"</Button></ActionForm>
        }
        .into_any(),
        State::Sending | State::Sent | State::Withdrawn => ().into_any(),
    });
    view! {
        <article class="letter letter-out" aria-label="Message that goes out" data-test=format!("outgoing {}", state.key())>
            <div class="flex flex-wrap items-center justify-between gap-2">
                <div class="min-w-0" role="status">{stands}
                    {fault.map(|fault| view! { <p class="break-words text-bad" data-literal="" data-test="fault">{fault}</p> })}</div>
                <div class="flex flex-wrap gap-2">{deeds}</div>
            </div>
            <p class="break-words text-xs text-muted" data-literal="">{member} " to " {people(&to)} " · " {subject}</p>
            <div class="letter-text" data-literal="">{text}</div>
            {(!files.is_empty()).then(|| view! { <p class="break-words text-xs text-muted" data-literal="">"Files: " {files.join(", ")}</p> })}
        </article>
    }
}

/// How many seconds are left to take it back; who hears the page is told once.
#[component]
fn Counting(left: i64) -> impl IntoView {
    let left = RwSignal::new(left);
    Effect::new(move |_| {
        let tick = move || {
            left.try_update(|left| *left = (*left - 1).max(0));
        };
        if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
    view! {
        <p>"It goes out in a moment, and can be taken back until then."
            <span aria-hidden="true" class="text-muted" data-literal="">{move || format!(" {} s", left.get())}</span></p>
    }
}
