//! The form that has a report made, and what it shares with the form of schedules.

use leptos::prelude::*;
use model::{
    report::{Board, SectionKind},
    summary::Persona,
};

use super::{MakeReport, all_sections};
use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::{Field, Select},
        form::ActionForm,
        outcome::{Outcome, at, failure},
    },
    error::AppError,
    refused::Typed,
};

/// Whose reports can be made: the agency's where that is allowed, and each client's.
pub(super) fn owners(board: &Board) -> Vec<(String, String)> {
    let agency = board.may_agency.then(|| (String::new(), "The whole agency".to_owned()));
    let clients = board.clients.iter().map(|(id, name)| (id.to_string(), name.clone()));
    agency.into_iter().chain(clients).collect()
}

/// What a report says of itself where nothing was typed.
pub(super) struct First {
    pub(super) title: String,
    pub(super) persona: Persona,
    pub(super) sections: Vec<String>,
}

impl Default for First {
    fn default() -> Self {
        Self { title: "Report".to_owned(), persona: Persona::default(), sections: all_sections() }
    }
}

/// What every report says of itself: its title, whose it is, for whom, and its sections.
#[component]
pub(super) fn Told(
    /// What was typed.
    typed: Typed,
    /// What is wrong with it.
    failure: Signal<Option<AppError>>,
    /// What tells the ids of several such forms apart.
    #[prop(into)]
    which: String,
    /// Whose it can be, and whose it is at first; nothing where that stays.
    #[prop(optional)]
    whose: Option<(Vec<(String, String)>, String)>,
    /// What stands there at first.
    #[prop(optional)]
    first: First,
) -> impl IntoView {
    let First { title, persona, sections } = first;
    let back = untrack(|| typed.fields());
    let chosen: Vec<String> = if back.is_empty() {
        sections
    } else {
        back.into_iter().filter(|(name, _)| name.starts_with("sections[")).map(|(_, key)| key).collect()
    };
    let personas = Persona::ALL.iter().map(|one| (one.key().to_owned(), one.label().to_owned())).collect::<Vec<_>>();
    let boxes = SectionKind::ALL.iter().map(|section| {
        let on = chosen.iter().any(|key| key == section.key());
        view! { <label class="box"><input type="checkbox" name="sections[]" autocomplete="off" value=section.key() checked=on /><span class="min-w-0">{section.label()}</span></label> }
    });
    let wrong = at(failure, "sections");
    view! {
        <Field name="title" id=format!("{which}-title") label="Title" value=typed.or("title", title) error=at(failure, "title") required=true />
        {whose.map(|(owners, client)| view! {
            <Select name="client_id" id=format!("{which}-client") label="Of" options=owners value=typed.first("client_id", client) error=at(failure, "client_id") />
        })}
        <Select name="persona" id=format!("{which}-persona") label="For the" options=personas value=typed.first("persona", persona.key()) error=at(failure, "persona") />
        <fieldset class="flex flex-col gap-1 sm:col-span-2">
            <legend class="font-medium">"Sections"</legend>
            <div class="flex flex-wrap gap-x-4 gap-y-1">{boxes.collect_view()}</div>
            <p class="field-error" role="alert" hidden=move || wrong.get().is_none()>{move || wrong.get()}</p>
        </fieldset>
    }
}

/// The form that has a report made.
#[component]
pub(super) fn Make(board: Board, client: String, action: ServerAction<MakeReport>) -> impl IntoView {
    let (typed, failure) = (Typed::of(action), failure(action));
    let whose = (owners(&board), client);
    let (first, last) = board.days;
    view! {
        <Card title="Make a report" about="It is made in the background; you can leave this page meanwhile.">
            <ActionForm action=action attr:class="grid gap-4 sm:grid-cols-2" attr:novalidate=true>
                <Told typed=typed failure=failure which="make" whose=whose />
                <Field name="first" id="make-first" label="First day" kind="date" value=typed.or("first", first) error=at(failure, "first") />
                <Field name="last" id="make-last" label="Last day" kind="date" value=typed.or("last", last) error=at(failure, "last") />
                <div class="flex flex-col gap-2 sm:col-span-2">
                    <Outcome action=action fields=&["title", "client_id", "persona", "sections", "first", "last"] done="The report is being made." />
                    <div><Button kind=Kind::Primary id="make-report" pending=action.pending()>"Make report"</Button></div>
                </div>
            </ActionForm>
        </Card>
    }
}
