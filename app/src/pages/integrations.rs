//! Settings › Integrations: what can be connected, what is, and how each connection stands.
//!
//! One card a provider, drawn from its description; a new provider needs nothing here. Connecting is a form that the
//! browser posts itself, since it leads to the provider's own page; `arrival` says how that went. Where a provider gives
//! tokens by hand, `token` takes one. A page waits for no provider: jobs speak to them, and `watch` follows what they do.

pub(super) mod account;
mod arrival;
pub(super) mod deed;
pub(super) mod row;
pub(super) mod run;
pub(super) mod token;
pub(super) mod trouble;
pub(super) mod watch;

use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{
    access::{Action, may},
    event,
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::Field,
        live::changes_of,
        notice::{Notice, Tone, sentence},
        page::Heading,
        part::part,
    },
    error::AppError,
    pages::{settings::SettingsTabs, simulation::TrueOutcome},
};
use account::Accounts;
use arrival::Arrival;
use deed::{Deeds, Disconnect};
use row::{ConnectionRow, Row};
use token::{TokenField, TokenForm};
use watch::Watch;

/// Everything the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrations {
    providers: Vec<ProviderCard>,
    role: Role,
    /// Whether all this is simulated: then nothing else is connected.
    simulated: bool,
}

/// A provider as its card shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderCard {
    key: String,
    name: String,
    gives: String,
    way: Way,
    /// What is typed of a token that was made by hand; empty where there is no such way.
    fields: Vec<TokenField>,
    /// What is asked for: the feature, the provider's spelling, and whether connecting makes no sense without it.
    scopes: Vec<(String, String, bool)>,
    /// The server's settings that are not set, and what each is.
    missing: Vec<(String, String)>,
    /// Why the operator has switched it off for everybody.
    switched_off: Option<String>,
    connections: Vec<ConnectionRow>,
}

/// How a person lets us in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// By consent on the provider's page.
    Consent,
    /// By consent on the page of one shop, whose address is asked for first.
    Shop,
    /// Not from this page.
    Elsewhere,
}

/// The providers and the agency's connections to them.
#[server(prefix = "/app", endpoint = "get_integrations", output = crate::codec::Json)]
pub async fn get_integrations() -> Result<Integrations, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let seen = service::connection::overview(&service, &actor).await?;
    let off = service::connection::switched_off(&service).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let (organization, _) = service::organization::get(&service, &actor).await?;
    let card = |offer: &service::Offer| {
        let of = |seen: &&service::connection::Overview| seen.connection.provider == offer.descriptor.key;
        let switched_off = off.iter().find(|(key, _)| key == offer.descriptor.key).map(|(_, reason)| reason.clone());
        let connections = seen.iter().filter(of).map(|seen| row::read(seen, offer, &words)).collect();
        let mut card = card(offer, switched_off, connections);
        if organization.simulated {
            // What the operator sets is for real providers, and nobody makes tokens by hand at others.
            card.missing.clear();
            card.fields.clear();
            // Whatever it is connected by elsewhere, here a click does.
            if card.way == Way::Elsewhere {
                card.way = Way::Consent;
            }
        }
        card
    };
    let providers = service.offers.iter().map(card).collect();
    Ok(Integrations { providers, role: actor.role, simulated: organization.simulated })
}

#[cfg(feature = "ssr")]
fn card(offer: &service::Offer, switched_off: Option<String>, connections: Vec<ConnectionRow>) -> ProviderCard {
    use model::provider::CredentialKind as K;
    let described = offer.descriptor;
    let unset = described.settings.iter().filter(|setting| offer.missing.contains(&setting.variable));
    ProviderCard {
        key: described.key.to_owned(),
        name: described.name.to_owned(),
        gives: described.gives.to_owned(),
        way: match described.credential {
            K::OAuth2 => Way::Consent,
            K::ShopOAuth2 => Way::Shop,
            K::Fields => Way::Elsewhere,
        },
        fields: token::fields(offer),
        scopes: described.scopes.iter().map(|s| (s.gives.to_owned(), s.name.to_owned(), s.required)).collect(),
        missing: unset.map(|setting| (setting.variable.to_owned(), setting.what.to_owned())).collect(),
        switched_off,
        connections,
    }
}

/// Providers, each with its connections.
#[component]
pub fn IntegrationsPage() -> impl IntoView {
    let deeds = Deeds::new();
    let watch = Watch::new();
    let changes = deeds.changes();
    deeds.followed_by(watch);
    let told = changes_of(&[event::Kind::Connection]);
    let found = Resource::new(move || (changes.get(), watch.ended(), told.get()), |_| get_integrations());
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Arrival::read));
    let draw = move |found: Integrations| {
        let edits = may(found.role, Action::EditIntegrations);
        let simulated = found.simulated;
        let nothing = found.providers.iter().all(|provider| provider.connections.is_empty());
        let shop = StoredValue::new(asked.with_untracked(Arrival::shop));
        let scopes =
            found.providers.iter().flat_map(|provider| provider.scopes.iter().map(|(_, name, _)| name.clone()));
        let known: Vec<_> = scopes.collect();
        view! {
            {move || asked.get().refusal(&known).map(|words| view! { <Notice tone=Tone::Bad>{words}</Notice> })}
            {nothing.then(|| view! {
                <p class="text-muted" data-test="empty">"Nothing is connected yet. Connect an ad account or a shop: what it cost and brought is then read by itself, several times a day. Nothing is ever changed there."</p>
            })}
            {(!edits).then(|| view! { <p class="text-muted">{sentence(Action::EditIntegrations.explanation())} "."</p> })}
            {simulated.then(|| view! {
                <p class="text-muted" data-test="all-simulated">"These simulated accounts are all there are. Nothing else is connected here and no file imported, so that real figures never stand among simulated ones."</p>
            })}
            {found.providers.into_iter().map(|provider| {
                // One whose accounts were all disconnected can be connected again.
                let connects = edits && (!simulated || provider.connections.is_empty());
                view! { <Provider provider=provider edits=edits connects=connects nothing=nothing shop=shop deeds=deeds watch=watch /> }
            }).collect_view()}
            {(!simulated).then(|| view! {
                <Card title="Files" about="Daily figures from anywhere else: CSV or Excel, with a look before anything is kept, and a way back.">
                    <p><a class=Kind::Plain.class() href="/settings/integrations/import">{if edits { "Import a file" } else { "See imported files" }}</a></p>
                </Card>
            })}
        }
    };
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Integrations" />
            <SettingsTabs here="/settings/integrations" />
            {deeds.refusals()}
            {move || asked.get().connected().map(|id| view! {
                <Accounts id=Signal::stored(id.to_string()) greets=true changed=deeds.again />
            })}
            <TrueOutcome />
            {part("The integrations", "heading", found, draw)}
            <Disconnect deeds=deeds />
        </div>
    }
}

#[component]
fn Provider(
    provider: ProviderCard,
    edits: bool,
    /// Whether more can be connected.
    connects: bool,
    nothing: bool,
    shop: StoredValue<Option<(String, bool)>>,
    deeds: Deeds,
    watch: Watch,
) -> impl IntoView {
    let ProviderCard { key, name, gives, way, fields, scopes, missing, switched_off, connections } = provider;
    // What is switched off is connected by nobody; a form that came back keeps what was typed.
    let came_back = way == Way::Shop && shop.with_value(Option::is_some);
    let ready = missing.is_empty() && (switched_off.is_none() || came_back) && way != Way::Elsewhere;
    let typed = edits && (switched_off.is_none() || token::came_back(&key, None)) && !fields.is_empty();
    let instead = if ready { " instead" } else { "" };
    let (tokens_of, called) = (key.clone(), name.clone());
    let words = if way == Way::Elsewhere {
        format!("Connect {called}")
    } else {
        format!("Connect {called} with a token{instead}")
    };
    let another = !connections.is_empty();
    let provider = name.clone();
    view! {
        <Card title=name.clone() about=format!("{gives}.")>
            {switched_off.clone().map(|reason| view! {
                <Notice tone=Tone::Plain><p data-test="switched-off">
                    <strong>"Switched off by the operator of this server: "</strong>{reason}". Nothing is read until it is switched on again; what was read stays."
                </p></Notice>
            })}
            <Unset missing=missing name=name.clone() typed=typed edits=edits />
            {another.then(|| view! {
                <ul class="flex flex-col" data-test=format!("connections {key}")>
                    {connections.into_iter().map(|row| view! {
                        <Row row=row provider=provider.clone() edits=edits alone=false deeds=deeds watch=watch />
                    }).collect_view()}
                </ul>
            })}
            {(connects && ready).then(|| view! { <Connect key=key name=name.clone() way=way another=another first=nothing shop=shop /> })}
            {typed.then(|| view! {
                <TokenForm provider=tokens_of words=words called=called fields=fields of=None open=false />
            })}
            <details>
                <summary class="disclosure">{format!("What {provider} is asked for")}</summary>
                <ul class="flex flex-col gap-2 pb-2">
                    {scopes.into_iter().map(|(gives, scope, required)| view! {
                        <li><p>{sentence(&gives)}{(!required).then_some(" (can be refused)")}</p><code class="break-all text-xs text-muted">{scope}</code></li>
                    }).collect_view()}
                </ul>
            </details>
        </Card>
    }
}

/// The settings of the server without which nobody can connect.
#[component]
fn Unset(missing: Vec<(String, String)>, name: String, typed: bool, edits: bool) -> impl IntoView {
    if missing.is_empty() {
        return ().into_any();
    }
    let names: Vec<_> = missing.iter().map(|(variable, _)| variable.as_str()).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let names = names.join(", ");
    let way = if typed { " on its own page" } else { "" };
    view! {
        <Notice tone=Tone::Plain>
            <div class="flex flex-col gap-2" data-test="unset">
                <p class="break-words">{format!("{name} cannot be connected{way} on this server yet: {names} {verb} not set. Ask your operator.")}</p>
                <dl class="flex flex-col gap-1 text-xs text-muted">{missing.into_iter().filter(|_| edits).map(|(variable, what)| view! {
                    <div><dt class="break-all font-medium">{variable}</dt><dd class="max-w-prose">{what}"."</dd></div>
                }).collect_view()}</dl>
            </div>
        </Notice>
    }
    .into_any()
}

/// The form that leads to the provider's page; the browser posts it.
#[component]
fn Connect(
    key: String,
    name: String,
    way: Way,
    another: bool,
    first: bool,
    shop: StoredValue<Option<(String, bool)>>,
) -> impl IntoView {
    let kind = if first { Kind::Primary } else { Kind::Plain };
    let words = if another { format!("Connect another {name} account") } else { format!("Connect {name}") };
    let (typed, wrong) = shop.get_value().unwrap_or_default();
    let wrong = wrong.then(|| "enter the shop's address as your-shop.myshopify.com".to_owned());
    view! {
        <form method="post" action=format!("/integrations/{key}/connect") class="flex flex-col gap-3">
            {(way == Way::Shop).then(|| view! {
                <div class="w-full sm:w-96"><Field name="shop" label="The shop's address" help="Its own one at Shopify, such as your-shop.myshopify.com"
                    value=typed error=Signal::stored(wrong) /></div>
            })}
            <div><Button kind=kind>{words}</Button></div>
        </form>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct IntegrationsRoute;

#[lazy_route]
impl LazyRoute for IntegrationsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <IntegrationsPage /> }.into_any()
    }
}
