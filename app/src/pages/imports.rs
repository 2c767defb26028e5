//! Importing files of daily metrics: the sources, the upload, what was imported, and one import from its columns to its
//! end. The upload itself is a form that the browser posts, so that a large file needs no WASM.

mod columns;
mod history;
mod one;
mod sources;

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};
use model::{
    event,
    import::{Kind as Holds, State},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::Kind,
        card::Card,
        field::Select,
        live::changes_of,
        notice::{Failed, sentence},
        outcome::successes,
        page::Heading,
        part::part,
    },
    error::AppError,
    pages::settings::SettingsTabs,
    refused::posted,
};

pub use one::ImportRoute;

/// Where this page is.
pub(crate) const PAGE: &str = "/settings/integrations/import";

/// A source as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    id: String,
    name: String,
    holds: Holds,
    platform: String,
    currency: String,
    time_zone: String,
    client: Option<String>,
}

/// An import as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    id: String,
    file_name: String,
    pushed: bool,
    source: String,
    member: String,
    at: Moment,
    state: State,
    rows: [i64; 4],
    fault: Option<String>,
    undone: Option<(String, Moment)>,
}

/// Everything that the page needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    sources: Vec<SourceRow>,
    imports: Vec<ImportRow>,
    more: Option<String>,
    saved: Vec<(String, String)>,
    clients: Vec<(String, String)>,
    platforms: Vec<(String, String)>,
    zones: Vec<String>,
    zone: String,
    currency: String,
    limit: u64,
    editable: bool,
    /// Whether the agency is simulated: it takes no files.
    simulated: bool,
}

/// The sources, the newest imports and the saved mappings.
#[server(prefix = "/app", endpoint = "get_imports", output = crate::codec::Json)]
pub async fn get_imports(cursor: String) -> Result<Desk, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let (agency, _) = service::organization::get(&service, &actor).await?;
    let may = model::access::may(actor.role, model::access::Action::EditIntegrations);
    let editable = may && !agency.simulated;
    let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
    let page = service::import::list(&service, &actor, None, 25, cursor.as_deref()).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let clients = sources::clients(&service, &actor).await?;
    let name = |key: &Option<String>| {
        let offer = service.offers.iter().find(|offer| Some(offer.descriptor.key) == key.as_deref());
        offer.map_or_else(|| "Other".to_owned(), |offer| offer.descriptor.name.to_owned())
    };
    let source = |source: model::import::Source| SourceRow {
        id: source.channel.id.to_string(),
        client: source
            .channel
            .client_id
            .and_then(|id| clients.iter().find(|(known, _)| *known == id.to_string()).map(|(_, name)| name.clone())),
        name: source.channel.account.name,
        holds: source.holds,
        platform: name(&source.platform),
        currency: source.channel.account.currency,
        time_zone: source.channel.account.time_zone,
    };
    let saved = service::import::mappings(&service, &actor).await?;
    let offers = service.offers.iter().map(|offer| (offer.descriptor.key.to_owned(), offer.descriptor.name.to_owned()));
    Ok(Desk {
        sources: service::import::sources(&service, &actor).await?.into_iter().map(source).collect(),
        imports: page.items.into_iter().map(|import| history::row(import, &words)).collect(),
        more: page.next_cursor,
        saved: saved.into_iter().map(|saved| (saved.id.to_string(), saved.name)).collect(),
        platforms: [(String::new(), "Another".to_owned())].into_iter().chain(offers).collect(),
        zones: if editable { service::moment::zones() } else { Vec::new() },
        zone: agency.time_zone,
        currency: agency.currency,
        limit: service.uploads.limit / 1_000_000,
        clients,
        editable,
        simulated: agency.simulated,
    })
}

/// What a state's colour is.
fn shade(state: State) -> Shade {
    match state {
        State::Done => Shade::Good,
        State::Failed => Shade::Bad,
        State::Open | State::Checked => Shade::Warn,
        _ => Shade::Plain,
    }
}

#[component]
fn StateBadge(state: State) -> impl IntoView {
    view! { <Badge shade=shade(state) words=state.label() /> }
}

/// Uploading, what was imported, the sources and the saved mappings.
#[component]
pub fn ImportsPage() -> impl IntoView {
    let add = ServerAction::<sources::AddSource>::new();
    let forget = ServerAction::<history::RemoveMapping>::new();
    let undo = ServerAction::<history::UndoImport>::new();
    let changes = [successes(add), successes(forget), successes(undo)];
    let again = RwSignal::new(0);
    // Imports of others and what programs push are runs of a source's connection.
    let told = changes_of(&[event::Kind::Connection]);
    let query = leptos_router::hooks::use_query_map();
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor")).unwrap_or_default());
    let desk = Resource::new(
        move || (cursor.get(), changes.map(|change| change.get()), again.get(), told.get()),
        |(cursor, ..)| get_imports(cursor),
    );
    let draw = move |desk: Desk| {
        history::look_again_while(desk.imports.iter().any(|import| import.state.at_work()), again);
        view! {
            {desk.simulated.then(|| view! {
                <p data-test="no-files">"A simulated agency takes no files, so that real figures never stand among simulated ones."</p>
            })}
            {desk.editable.then(|| view! { <Upload sources=desk.sources.clone() limit=desk.limit /> })}
            <history::History imports=desk.imports.clone() more=desk.more.clone() first=cursor.get_untracked().is_empty() undo=undo
                editable=desk.editable />
            <sources::Sources desk=desk.clone() add=add />
            <history::Saved saved=desk.saved.clone() forget=forget editable=desk.editable />
        }
    };
    view! {
        <div class="flex max-w-5xl flex-col gap-6">
            <Heading text="Import files" />
            <SettingsTabs here="/settings/integrations" />
            <p class="text-muted">"Daily figures of accounts that nothing else reports: CSV or XLSX files, row by row. Nothing is kept before you have seen how a file is read."</p>
            {part("The imports", "heading", desk, draw)}
        </div>
    }
}

#[component]
fn Upload(sources: Vec<SourceRow>, limit: u64) -> impl IntoView {
    if sources.is_empty() {
        return view! {
            <p data-test="empty">"Your imports will stand here. First "<a href="#add-source" rel="external">"add a source"</a>": the account whose figures the files hold."</p>
        }
        .into_any();
    }
    let label = |source: SourceRow| {
        let of = source.client.map(|client| format!(" – {client}")).unwrap_or_default();
        (source.id, format!("{}{of} ({}, {})", source.name, source.holds.label().to_lowercase(), source.currency))
    };
    let options = sources.into_iter().map(label).collect::<Vec<_>>();
    let (error, typed) = posted("/imports/upload").unzip();
    let chosen = typed.unwrap_or_default().into_iter().find(|(name, _)| name == "source_id").map(|(_, id)| id);
    let at = |name: &str| error.as_ref().and_then(|error: &AppError| error.at(name).map(str::to_owned));
    let (source_wrong, file_wrong) = (at("source_id"), at("file"));
    let whole = error.clone().filter(|_| source_wrong.is_none() && file_wrong.is_none());
    let (invalid, described) =
        (file_wrong.is_some(), file_wrong.as_ref().map_or("file-help", |_| "file-help file-error"));
    // A source that somebody has chosen stays chosen, whatever others do meanwhile.
    let chosen_here = RwSignal::new(false);
    view! {
        <Card title="Upload a file" about="You see its first rows and choose its columns next.">
            <form action="/imports/upload" method="post" enctype="multipart/form-data" class="grid gap-4 sm:grid-cols-2"
                data-busy=move || chosen_here.get().then_some("") on:change=move |_| chosen_here.set(true)>
                {whole.map(|error| view! { <div class="sm:col-span-2"><Failed error=error /></div> })}
                <Select name="source_id" label="Source" options=options value=chosen.unwrap_or_default() error=Signal::stored(source_wrong) />
                <div class="flex min-w-0 flex-col gap-1">
                    <label for="file" class="font-medium">"File"</label>
                    <input id="file" name="file" type="file" class="control" required=true
                        aria-invalid=invalid.then_some("true") aria-describedby=described
                        accept=".csv,.tsv,.txt,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" />
                    <p id="file-help" class="text-xs text-muted">"CSV or XLSX, up to "<span data-literal="">{limit}</span>" MB."</p>
                    {file_wrong.map(|words| view! { <p id="file-error" class="field-error" role="alert">{sentence(&words)}</p> })}
                </div>
                <div><button type="submit" id="upload" class=Kind::Primary.class()>"Upload file"</button></div>
            </form>
        </Card>
    }
    .into_any()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ImportsRoute;

#[lazy_route]
impl LazyRoute for ImportsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ImportsPage /> }.into_any()
    }
}
