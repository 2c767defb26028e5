//! A conversation that waits for a client: who is likely meant and why, the choice of another, and what is learned from it. Nothing is put
//! to a client without a person's choice.

use leptos::prelude::*;

use super::{deeds::Deeds, told::Shown};
use crate::{
    components::{
        button::{Button, Kind},
        form::ActionForm,
        notice::{Notice, Tone},
        outcome::{Outcome, at, failure},
    },
    refused::Typed,
};

/// Asks whose a conversation is.
#[component]
pub(super) fn Triage(shown: RwSignal<Shown>, deeds: Deeds) -> impl IntoView {
    let (suggestion, writer) = shown.with_untracked(|shown| (shown.suggestion.clone(), shown.writer.clone()));
    view! {
        <Notice tone=Tone::Plain>
            <div class="flex flex-col gap-3" data-test="triage">
                <p><strong>"Whose is this?"</strong>" No contact and no rule knows " <span class="break-words" data-literal="">{writer}</span>"."
                    {suggestion.is_none().then_some(" Nothing tells which client is meant.")}</p>
                {suggestion.map(|(client, name, why)| {
                    let client = client.to_string();
                    view! {
                        <p data-test="suggestion">"Likely " <strong data-literal="">{name.clone()}</strong>", as " <span data-literal="">{why}</span>"."</p>
                        <Choose shown=shown deeds=deeds likely=Some((client, name)) />
                    }.into_any()
                }).unwrap_or_else(|| view! { <Choose shown=shown deeds=deeds likely=None /> }.into_any())}
            </div>
        </Notice>
    }
}

/// Puts a conversation to a client; also of one that has a client, when that is not the right one.
#[component]
pub(super) fn Choose(
    shown: RwSignal<Shown>,
    deeds: Deeds,
    /// The client that is chosen at first: its id and name.
    likely: Option<(String, String)>,
) -> impl IntoView {
    let (id, clients, writer) =
        shown.with_untracked(|shown| (shown.row.id, shown.clients.clone(), shown.writer.clone()));
    let typed = Typed::of(deeds.put).only("id", &id.to_string());
    let chosen = typed.first("client_id", likely.map(|(client, _)| client).unwrap_or_default());
    let (learn, nobody) = (typed.first("learn", ""), chosen == "nobody");
    let failure = failure(deeds.put);
    let (client_error, learn_error) = (at(failure, "client_id"), at(failure, "learn"));
    let domain = writer.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
    let mut ways = vec![(String::new(), "only for this conversation".to_owned())];
    if !writer.is_empty() {
        ways.push(("address".to_owned(), format!("always for {writer}")));
    }
    if !domain.is_empty() {
        ways.push(("domain".to_owned(), format!("always for everybody at {domain}")));
    }
    view! {
        <ActionForm action=deeds.put attr:class="flex flex-wrap items-end gap-2">
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="writer" value=writer />
            <div class="flex min-w-0 flex-col gap-1">
                <label for="put-client" class="text-xs text-muted">"Client"</label>
                <select id="put-client" name="client_id" class="control control-narrow" autocomplete="off" data-literal="" data-key="t" data-does="Choose the client">
                    <option value="">"Choose a client"</option>
                    {clients.into_iter().map(|(client, name)| {
                        let client = client.to_string();
                        let here = client == chosen;
                        view! { <option value=client selected=here>{name}</option> }
                    }).collect_view()}
                    <option value="nobody" selected=nobody>"Nobody's: it leaves triage"</option>
                </select>
            </div>
            <div class="flex min-w-0 flex-col gap-1">
                <label for="put-learn" class="text-xs text-muted">"Remember it"</label>
                <select id="put-learn" name="learn" class="control control-narrow" autocomplete="off" data-literal="">
                    {ways.into_iter().map(|(way, words)| {
                        let here = way == learn;
                        view! { <option value=way selected=here>{words}</option> }
                    }).collect_view()}
                </select>
            </div>
            <Button kind=Kind::Primary pending=deeds.put.pending()>"Put it there"</Button>
        </ActionForm>
        {move || client_error.get().or_else(|| learn_error.get()).map(|words| view! { <p class="field-error" role="alert">{words}</p> })}
        <Outcome action=deeds.put fields=&["client_id", "learn"] />
    }
}
