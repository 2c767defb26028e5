//! What is known about a client: a form for those who can change it, plain facts for those who cannot.

use leptos::prelude::*;
use model::currency;
#[cfg(feature = "ssr")]
use model::id::ClientId;

use super::{Choices, ClientView};
use crate::{
    components::{
        button::{Button, Kind},
        field::{Field, Select, TextArea},
        form::ActionForm,
        outcome::{Outcome, at, failure, reset_when_done},
    },
    error::AppError,
    refused::Typed,
};

/// The fields of the form, in the order of `read`.
const FIELDS: [&str; 9] =
    ["name", "website", "industry", "currency", "time_zone", "margin_percent", "tags", "notes", "owner_id"];

/// Changes of a client what was changed in the form; tags are separated by commas, an empty owner is nobody. `read` is
/// the client's id and then what the form was filled with: what differs from it was typed, and is written only where
/// nobody else wrote meanwhile.
#[server(prefix = "/app", endpoint = "update_client", output = crate::codec::Json)]
pub async fn update_client(
    name: String,
    website: String,
    industry: String,
    currency: String,
    time_zone: String,
    margin_percent: String,
    tags: String,
    notes: String,
    owner_id: String,
    read: Vec<String>,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let [id, read @ ..] = <[String; 10]>::try_from(read).map_err(|_| service::Error::Missing)?;
    let id: ClientId = id.parse().map_err(|_| service::Error::Missing)?;
    let read = edit(read)?;
    let change = edit([name, website, industry, currency, time_zone, margin_percent, tags, notes, owner_id])?
        .changed_from(&read);
    service::client::update(&service, &actor, id, change, read).await?;
    Ok(())
}

/// The texts of a form as parts of a client.
#[cfg(feature = "ssr")]
fn edit(texts: [String; 9]) -> Result<model::client::Edit, AppError> {
    let [name, website, industry, currency, time_zone, margin_percent, tags, notes, owner] = texts;
    let tags = tags.split(',').map(str::to_owned).collect();
    let fields = model::client::Fields { name, website, industry, currency, time_zone, tags, notes, margin_percent };
    let owner: Option<model::id::MemberId> = match owner.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| model::input::Invalid::new("owner_id", "choose a member of the agency"))?),
    };
    Ok(model::client::Edit::whole(fields, owner))
}

/// What is known about the client.
#[component]
pub fn About(view: ClientView, update: ServerAction<UpdateClient>, seen: StoredValue<usize>) -> impl IntoView {
    match view.choices.clone() {
        Some(choices) => view! { <FieldsForm view=view choices=choices update=update seen=seen /> }.into_any(),
        None => view! { <Facts view=view /> }.into_any(),
    }
}

/// Each value with itself as its words.
pub fn plain(values: impl IntoIterator<Item = impl ToString>) -> Vec<(String, String)> {
    values.into_iter().map(|value| (value.to_string(), value.to_string())).collect()
}

#[component]
fn FieldsForm(
    view: ClientView,
    choices: Choices,
    update: ServerAction<UpdateClient>,
    seen: StoredValue<usize>,
) -> impl IntoView {
    let failure = failure(update);
    let form = NodeRef::new();
    reset_when_done(update, seen, form);
    let fields = view.fields.clone();
    // After a refusal somebody has seen what stands there now: saving again may replace it.
    let seen_now = |error: Option<AppError>| match error {
        Some(AppError::Changed { held, .. }) => held.into_iter().map(|(field, now, _)| (field, now)).collect(),
        _ => Vec::new(),
    };
    let held = RwSignal::new(seen_now(failure.get_untracked()));
    Effect::new(move |_| held.update(|held| held.extend(seen_now(failure.get()))));
    let typed = Typed::of(update);
    let owner = view.owner_id.map(|id| id.to_string()).unwrap_or_default();
    let filled = [
        fields.name,
        fields.website,
        fields.industry,
        fields.currency,
        fields.time_zone,
        fields.margin_percent,
        fields.tags.join(", "),
        fields.notes,
        owner,
    ];
    let read = FIELDS.into_iter().zip(filled.clone()).enumerate().map(|(place, (name, filled))| {
        let value = move || {
            let seen = held.with(|held| held.iter().rfind(|(field, _)| field == name).map(|(_, now)| now.clone()));
            // What was read stays what was read when the page is drawn again with what was typed.
            seen.or_else(|| typed.text(&format!("read[{}]", place + 1))).unwrap_or_else(|| filled.clone())
        };
        view! { <input type="hidden" autocomplete="off" name=format!("read[{}]", place + 1) value=value /> }
    });
    let read = read.collect_view();
    let mut values = FIELDS.into_iter().zip(filled).map(|(name, filled)| typed.first(name, filled));
    let mut value = || values.next().unwrap_or_default();
    let [name, website, industry, currency, time_zone, margin, tags, notes, owner] = [(); 9].map(|()| value());
    let mut owners = vec![(String::new(), "Nobody yet".to_owned())];
    // An owner whom one does not see, or who was deactivated, stays chosen until another is.
    if let Some(owner) = view.owner_id.filter(|owner| choices.owners.iter().all(|(id, _)| id != owner)) {
        owners.push((owner.to_string(), view.owner.unwrap_or_else(|| "Another member".to_owned())));
    }
    owners.extend(choices.owners.into_iter().map(|(id, name)| (id.to_string(), name)));
    view! {
        <section class="panel flex flex-col gap-4" aria-label="About the client">
            <ActionForm action=update node_ref=form attr:class="grid gap-4 sm:grid-cols-2" attr:novalidate=true>
                <input type="hidden" name="read[0]" value=view.id.to_string() />
                {read}
                <Field name="name" label="Name" value=name error=at(failure, "name") key=("e", "Edit the client") />
                <Select name="owner_id" label="Owner" options=owners value=owner error=at(failure, "owner_id") />
                <Field name="website" label="Website" value=website error=at(failure, "website") />
                <Field name="industry" label="Industry" value=industry error=at(failure, "industry") />
                <Select name="currency" label="Currency" options=plain(currency::ALL) value=currency error=at(failure, "currency") />
                <Select name="time_zone" label="Time zone" options=plain(choices.zones) value=time_zone error=at(failure, "time_zone") />
                <Field name="margin_percent" label="Margin in %" help="What stays of revenue after goods and delivery. Leave it empty if you do not know." value=margin error=at(failure, "margin_percent") />
                <div class="sm:col-span-2"><Field name="tags" label="Tags" help="Separated by commas." value=tags error=at(failure, "tags") /></div>
                <div class="sm:col-span-2"><TextArea name="notes" label="Notes" value=notes error=at(failure, "notes") /></div>
                <div><Button kind=Kind::Primary id="save-client" pending=update.pending()>"Save"</Button></div>
            </ActionForm>
            <Outcome action=update fields=&["name", "website", "industry", "tags", "currency", "time_zone", "margin_percent", "notes", "owner_id"] done="Saved." />
        </section>
    }
}

/// The same to read: nothing in it looks as if it could be typed into.
#[component]
fn Facts(view: ClientView) -> impl IntoView {
    let fields = view.fields;
    let owner = match (view.owner, view.owner_id) {
        (Some(name), _) => name,
        (None, Some(_)) => "Another member".to_owned(),
        (None, None) => String::new(),
    };
    let fact = |name: &'static str, value: String, class: &'static str| {
        let value = if value.is_empty() {
            view! { <dd class="text-muted">"–"<span class="sr-only">" not filled in"</span></dd> }.into_any()
        } else {
            view! { <dd class="whitespace-pre-line break-words">{value}</dd> }.into_any()
        };
        view! { <div class=class><dt class="text-xs text-muted">{name}</dt>{value}</div> }
    };
    view! {
        <section class="flex flex-col gap-4" aria-label="About the client" data-test="facts">
            <dl class="grid gap-4 sm:grid-cols-2">
                {fact("Owner", owner, "")}
                {fact("Website", fields.website, "")}
                {fact("Industry", fields.industry, "")}
                {fact("Tags", fields.tags.join(", "), "")}
                {fact("Currency", fields.currency, "")}
                {fact("Time zone", fields.time_zone, "")}
                {fact("Margin in %", fields.margin_percent, "")}
                {fact("Notes", fields.notes, "sm:col-span-2")}
            </dl>
        </section>
    }
}
