//! The form of a rule: its name, how bad, how they hear of it, and what is chosen among what it can name.

use leptos::prelude::*;
use model::alert::{Rule, Severity, Way};

use super::{Deeds, Group, named};
use crate::{
    components::{
        button::{Button, Kind},
        field::{Field, Select},
        form::ActionForm,
        notice::{Failed, sentence},
        outcome::{at, failure, reset_when_done},
    },
    refused::Typed,
};

/// The form of a rule, or of a new one.
#[component]
pub(super) fn RuleForm(rule: Option<Rule>, groups: StoredValue<Vec<Group>>, deeds: Deeds) -> impl IntoView {
    let id = rule.as_ref().map(|rule| rule.id);
    let action = if id.is_some() { deeds.change } else { deeds.add };
    let own = id.map(|id| id.to_string()).unwrap_or_default();
    let typed = Typed::of(action).only("id", &own);
    let form = NodeRef::new();
    if id.is_none() {
        reset_when_done(action, deeds.added, form);
    }
    let back = untrack(|| typed.fields());
    let came_back = !back.is_empty();
    let all = failure(action);
    // Every form of a rule runs the same function: what went wrong is said in the one that was sent.
    let this = own.clone();
    let here = move || deeds.of.get().map_or(came_back, |sent| sent == this);
    let failure = Signal::derive(move || all.get().filter(|_| here()));
    let this = own.clone();
    let fields = rule.map(|rule| rule.fields);
    let text = |name: &str, stored: Option<&str>, otherwise: &str| typed.first(name, stored.unwrap_or(otherwise));
    let name = text("name", fields.as_ref().map(|fields| fields.name.as_str()), "");
    let way = text("way", fields.as_ref().map(|fields| fields.way.key()), Way::Mail.key());
    let least =
        text("least_severity", fields.as_ref().map(|fields| fields.least_severity.key()), Severity::Medium.key());
    let chosen: Vec<String> = if came_back {
        back.into_iter().filter(|(field, _)| field.starts_with("named[")).map(|(_, value)| value).collect()
    } else {
        fields.as_ref().map(named).unwrap_or_default()
    };
    let key = if own.is_empty() { "new".to_owned() } else { own.clone() };
    let words = if id.is_some() { "Save rule" } else { "Add rule" };
    let [name_id, least_id, way_id, save_id] =
        ["name", "least", "way", "save"].map(|what| format!("rule-{what}-{key}"));
    let whole = move || failure.get().filter(|error| !["name", "roles"].iter().any(|field| error.at(field).is_some()));
    let whom = at(failure, "roles");
    let ways = Way::ALL.iter().map(|way| (way.key().to_owned(), way.label().to_owned())).collect();
    let severities = Severity::ALL.iter().rev().map(|one| {
        let words = if *one == Severity::High { one.label().to_owned() } else { format!("{} or worse", one.label()) };
        (one.key().to_owned(), words)
    });
    let boxes = groups.with_value(|groups| {
        let draw = |group: Group| view! { <Boxes group=group chosen=chosen.clone() form=key.clone() /> };
        let groups = groups.iter().map(|group| group.with(&chosen));
        groups.filter(|group| !group.items.is_empty()).map(draw).collect_view()
    });
    view! {
        <div on:submit=move |_| deeds.of.set(Some(this.clone()))>
        <ActionForm action=action node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
            <input type="hidden" name="id" value=own />
            <Field name="name" id=name_id label="Name of the rule" value=name error=at(failure, "name") />
            <div class="grid gap-4 sm:grid-cols-2">
                <Select name="least_severity" id=least_id label="How bad" options=severities.collect() value=least />
                <Select name="way" id=way_id label="How they hear of it" options=ways value=way />
            </div>
            <div class="flex flex-col gap-1">{boxes}</div>
            <p class="field-error" role="alert" hidden=move || whom.get().is_none()>{move || whom.get().map(|words| sentence(&words))}</p>
            <div><Button kind=Kind::Primary id=save_id pending=action.pending()>{words}</Button></div>
        </ActionForm>
        </div>
        {move || whole().map(|error| view! { <Failed error=error /> })}
    }
}

/// Things of one sort of which some are chosen. Roles are in sight; the others when they are opened, or one is chosen.
#[component]
fn Boxes(group: Group, chosen: Vec<String>, form: String) -> impl IntoView {
    let Group { key, title, items } = group;
    let count = items.iter().filter(|(value, _)| chosen.contains(value)).count();
    let legend = title.clone();
    let boxes = items.into_iter().map(move |(value, words)| {
        let on = chosen.contains(&value);
        view! { <label class="box"><input type="checkbox" name="named[]" autocomplete="off" value=value checked=on /><span class="min-w-0">{words}</span></label> }
    });
    if key == "role" {
        return view! { <fieldset class="boxes"><legend class="font-medium">{legend}</legend>{boxes.collect_view()}</fieldset> }.into_any();
    }
    view! {
        <details open={count > 0} data-test=format!("{key} {form}")>
            <summary class="disclosure">{title}{(count > 0).then(|| view! { " (" <span data-literal="">{count}</span> " chosen)" })}</summary>
            <fieldset class="boxes"><legend class="sr-only">{legend}</legend>{boxes.collect_view()}</fieldset>
        </details>
    }
    .into_any()
}
