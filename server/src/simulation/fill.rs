//! Furnishes a simulated agency: its clients with their contacts, its accounts by the way of every consent, each account
//! with its client; the mailbox at a mail server, which knows no consent, with its password.

use std::{collections::BTreeMap, sync::Arc};

use model::{client, connection::Connection, contact, id::ConnectionId, stage::Thresholds};
use providers::Provider;
use rehearsal::{
    Client, Mailbox, Platform, World,
    protocol::Question,
    server::{Answers, Rehearsal},
};
use service::session::Live;
use time::Duration;
use url::Url;

use crate::{api::error::ApiError, connect, state::AppState};

/// The stages that each client stood in, and how many days ago it came there: an agency that is at work, in which somebody waits
/// and somebody leaves.
const PASTS: [&[(&str, i64)]; 8] = [
    &[("Onboarding", 388), ("Installation", 380), ("Audit", 371), ("Live", 352)],
    &[("Onboarding", 241), ("Installation", 236), ("Audit", 224), ("Live", 210)],
    &[("Onboarding", 176), ("Audit", 168), ("Live", 151), ("Needs Support", 5)],
    &[("Onboarding", 64), ("Installation", 58), ("Audit", 47), ("Live", 33)],
    &[("Onboarding", 21), ("Installation", 15), ("Audit", 4)],
    &[("Onboarding", 9), ("Installation", 2)],
    &[("Onboarding", 312), ("Installation", 304), ("Live", 288), ("Off-boarding", 12)],
    &[("Onboarding", 130), ("Installation", 124), ("Audit", 117), ("Live", 96)],
];
/// From how many days in a stage on a client is slow, and stuck: most are live and stay so.
const THRESHOLDS: Thresholds = Thresholds { yellow_days: 240, red_days: 360 };

/// Simulated rates of exchange are known so far ahead, since nobody brings new ones while the agency's time goes on.
const RATES_AHEAD: Duration = Duration::days(730);

/// Agrees on a simulated provider's page of consent, for the agency or for the shop that is asked for: what comes back.
pub(crate) async fn agree(world: &Arc<Rehearsal>, url: &Url, shop: Option<&str>) -> Option<BTreeMap<String, String>> {
    // The first part of the path is the agency's.
    let path = url.path().trim_start_matches('/').split_once('/').map_or("", |(_, rest)| rest);
    let question = Question {
        method: "GET".to_owned(),
        path: format!("/{path}"),
        query: fields(url.query().unwrap_or_default()),
        ..Question::default()
    };
    let page = Arc::clone(world).reply(question).await.answer.filter(|answer| answer.status == 200)?.body;
    let links = page.split("<li><a href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let choices = links.map(|link| fields(link.replace("&amp;", "&").split_once('?').map_or("", |(_, query)| query)));
    // The agency's own account, which reaches the others, stands last.
    match shop {
        Some(shop) => choices.into_iter().find(|choice| choice.get("shop").is_some_and(|found| found == shop)),
        None => choices.last(),
    }
}

/// Furnishes the agency that `live` is the Owner of.
///
/// # Errors
/// What any of its parts refuses; what was made until then stays.
pub(crate) async fn fill(state: &AppState, world: &Arc<Rehearsal>, live: &Live) -> Result<(), ApiError> {
    let broken = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "a simulated agency could not be furnished");
        let words = "the simulated agency could not be furnished. Nothing of yours was changed; try again";
        ApiError::new(http::StatusCode::INTERNAL_SERVER_ERROR, "internal", words)
    };
    let desk = world.desk().map_err(|error| broken(&error))?;
    let (service, actor) = (&state.service, &live.actor);
    let rates = desk.world.exchange_rates(desk.world.today() + RATES_AHEAD);
    service::exchange_rate::import(service, actor, &rates).await?;
    let consenting = providers::all().iter().copied().filter(|provider| provider.oauth().is_some());
    let (mailboxes, accounts): (Vec<_>, Vec<_>) = consenting.partition(|provider| provider.inbox().is_some());
    for provider in accounts {
        for typed in ways(provider, &desk.world) {
            connect::agreed(state, live, provider, typed).await?;
        }
    }
    let mut reached = Vec::new();
    for connection in service::connection::list(service, actor).await? {
        reached.extend(service::connection::channels(service, actor, connection.id).await?);
    }
    service::organization::update(service, actor, |agency| agency.thresholds = THRESHOLDS, None).await?;
    let now = service.clock.now();
    for client in desk.world.clients() {
        let past = PASTS[client.index % PASTS.len()].iter();
        let past: Vec<_> = past.map(|(stage, days)| (*stage, now - Duration::days(*days))).collect();
        let owner = Some(actor.member_id);
        let made = service::client::create_with_past(service, actor, of(client), owner, &past).await?;
        for person in desk.world.contacts(client) {
            let fields =
                contact::Fields { name: person.name, emails: vec![person.email], ..contact::Fields::default() };
            service::contact::create(service, actor, made.id, fields).await?;
        }
        let own = desk.world.channels().iter().filter(|channel| channel.client == client.index);
        let own: Vec<_> = own.map(|channel| channel.external_id.as_str()).collect();
        for channel in reached.iter().filter(|channel| own.contains(&channel.account.external_id.as_str())) {
            service::connection::map(service, actor, channel.id, Some(made.id)).await?;
        }
    }
    // Mail finds its client by who writes: they are known by now.
    for provider in mailboxes {
        connect::agreed(state, live, provider, BTreeMap::new()).await?;
    }
    let typed = |provider: &&'static dyn Provider| provider.oauth().is_none() && provider.inbox().is_some();
    let typed: Vec<_> = providers::all().iter().copied().filter(typed).collect();
    for provider in typed {
        let key = provider.descriptor().key;
        // Another program may have the ports of the mail server: the agency goes without it.
        if let Err(error) = mailbox(state, live, key, None).await {
            tracing::warn!(provider = key, error = error.message(), "a simulated mailbox was not connected");
        }
    }
    Ok(())
}

/// Connects the mailbox at a mail server, or gives its connection the password anew.
///
/// # Errors
/// As in [`connect::typed::simulated`].
pub(crate) async fn mailbox(
    state: &AppState,
    live: &Live,
    key: &str,
    connection_id: Option<ConnectionId>,
) -> Result<Connection, ApiError> {
    connect::typed::simulated(state, &live.actor, key, given(state, live), connection_id).await
}

/// What somebody would type: the address and the password, and whose world it is.
fn given(state: &AppState, live: &Live) -> BTreeMap<String, String> {
    let address = Mailbox::Imap.address();
    let password = state.worlds.as_ref().map(|worlds| worlds.password().to_owned()).unwrap_or_default();
    BTreeMap::from([
        ("address".to_owned(), address.to_owned()),
        (providers::ACCESS_TOKEN.to_owned(), password),
        ("imap_host".to_owned(), "imap.agency.example".to_owned()),
        ("smtp_host".to_owned(), "smtp.agency.example".to_owned()),
        ("user_name".to_owned(), format!("{}/{address}", live.actor.organization_id)),
    ])
}

/// What is typed before each consent to a provider: nothing, or the address of each shop.
fn ways(provider: &dyn Provider, world: &World) -> Vec<BTreeMap<String, String>> {
    let Some(asks) = provider.asks() else { return vec![BTreeMap::new()] };
    let shops = world.channels().iter().filter(|channel| channel.platform == Platform::Shopify);
    shops.map(|shop| BTreeMap::from([(asks.field.to_owned(), shop.external_id.clone())])).collect()
}

fn fields(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn of(client: &Client) -> client::Fields {
    client::Fields {
        name: client.name.clone(),
        website: format!("https://{}", client.domain()),
        industry: client.trade(),
        currency: client.currency.to_owned(),
        time_zone: client.zone.iana().to_owned(),
        tags: vec!["simulated".to_owned()],
        notes: String::new(),
        margin_percent: client.margin().to_string(),
    }
}
