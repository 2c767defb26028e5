//! What is wrong with a connection, what was kept, and what to do.

use leptos::prelude::*;
use model::connection::Fault;

use super::row::{Answer, ConnectionRow, State};
use crate::components::{notice::sentence, number::counted};

/// What is wrong and what to do, worst first.
#[component]
pub(super) fn Troubles(row: ConnectionRow, provider: String, edits: bool, alone: bool) -> impl IntoView {
    let wrong = |words: String| view! { <p class="break-words text-bad" data-test="trouble">{words}</p> }.into_any();
    let plain = |words: String| view! { <p class="break-words text-muted" data-test="trouble">{words}</p> }.into_any();
    let mut said = Vec::new();
    let who = if edits { "" } else { " An Admin or Owner can do that." };
    if let Some(reason) = row.switched_off.as_ref().filter(|_| alone) {
        let reason = reason.trim_end_matches('.');
        said.push(plain(format!(
            "{provider} is switched off by the operator of this server: {reason}. Nothing is read until it is switched on \
             again; what was read stays."
        )));
    }
    match &row.state {
        State::Reconnect(reason) => said.push(wrong(format!(
            "{provider} no longer accepts this connection: {}. Nothing is read until it is reconnected; what was read stays.{who}",
            reason.trim_end_matches('.')
        ))),
        State::Paused => said.push(plain(format!("Nothing is read until it is switched on; what was read stays.{who}"))),
        State::Resting(until) => said.push(wrong(format!(
            "It failed {} in a row and rests until {}.{}",
            counted(row.failures.into(), "time", "times"),
            until.clock,
            if edits && row.syncs() { " Sync now tries it at once." } else { "" }
        ))),
        State::Connected => {}
    }
    if let Some(fault) = row.fault() {
        let (words, hint) = (fault.message.trim_end_matches('.'), advice(&fault));
        said.push(wrong(format!("The last sync failed: {words}. What was read before is kept. {hint}")));
    }
    if let Some((at, Answer { fault: Some(fault), .. })) = &row.test {
        said.push(wrong(format!("The last test, {}, found: {}.", at.words, fault.trim_end_matches('.'))));
    }
    if row.stale {
        said.push(plain(match &row.last {
            Some(at) => format!("Its figures are of {} and older than a day.", at.clock),
            None => "It was connected more than a day ago and was never synced.".to_owned(),
        }));
    }
    if row.missing > 0 {
        said.push(plain(format!(
            "{} could not be read and must be looked for at {provider}. The next syncs ask for them again.",
            counted(row.missing, "message", "messages")
        )));
    }
    if !row.denied.is_empty() {
        said.push(plain(format!(
            "Not granted, so missing: {}. Reconnect and allow it to have it.",
            row.denied.join("; ")
        )));
    }
    if row.accounts == 0 && edits {
        said.push(plain(format!("This sign-in at {provider} reaches no account. Give it access there and test again, or reconnect with another one.")));
    }
    if row.unmapped > 0 && edits && !alone {
        let href = format!("{}#accounts", row.page());
        let words = if row.unmapped == 1 {
            "1 account belongs to no client, so it is not read.".to_owned()
        } else {
            format!("{} accounts belong to no client, so they are not read.", row.unmapped)
        };
        said.push(view! { <p class="text-muted" data-test="trouble"><span data-literal="">{words}</span>" " <a href=href>"Choose a client"</a></p> }.into_any());
    }
    said.into_iter().collect_view()
}

/// What to do, as a sentence of its own; where nothing is to be done, what happens by itself.
pub(crate) fn advice(fault: &Fault) -> String {
    let hint = fault.hint.trim_end_matches('.');
    format!("{}.", sentence(hint.strip_prefix("Nothing: ").unwrap_or(hint)))
}
