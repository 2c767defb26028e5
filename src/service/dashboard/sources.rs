//! How fresh every source is, what is wrong with it, and where that is mended.

use std::collections::BTreeMap;

use model::{
    access::{self as rules, Action},
    actor::Actor,
    connection::{Connection, ConnectionState},
    dashboard::{Source, Sources},
    id::{ClientId, ConnectionId},
};
use store::{
    channel::{self, Called},
    client, connection,
    figure::{self, Reached},
    organization,
};
use time::{Duration, OffsetDateTime};

use crate::{Result, Service, access, moment};

/// A connection that was not read for so long is late: it is read several times a day.
const LATE: Duration = Duration::DAY;
/// A file's days that ended so long ago are of the past.
const OLD: i64 = 28;

/// What is looked at together.
struct Look<'a> {
    service: &'a Service,
    words: moment::Words,
    /// The agency's clock.
    there: OffsetDateTime,
    clients: BTreeMap<ClientId, String>,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Whether connections are in sight at all.
    sees: bool,
    /// Whether the member mends them; who does not looks at them.
    mends: bool,
}

/// The accounts, shops and files in sight by name, of a client or of all; and connections that reach nothing.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn sources(service: &Service, actor: &Actor, client_id: Option<ClientId>) -> Result<Sources> {
    access::allow(service, actor, Action::ReadClients).await?;
    let may = |action| rules::may(actor.role, action);
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client_id {
        client::get(&mut tx, id).await?;
    }
    let agency = organization::get(&mut tx).await?;
    let sees = may(Action::ReadIntegrations);
    let connections = if sees { connection::list(&mut tx, now).await? } else { Vec::new() };
    let look = Look {
        service,
        words: moment::Words::in_zone(&agency.time_zone, now),
        there: now + agency.ahead,
        clients: client::list_names(&mut tx).await?.into_iter().map(|(id, name, _)| (id, name)).collect(),
        connections: connections.into_iter().map(|one| (one.id, one)).collect(),
        sees,
        mends: may(Action::EditIntegrations),
    };
    let mut reached: BTreeMap<_, _> =
        figure::reached(&mut tx).await?.into_iter().map(|reached| (reached.id, reached)).collect();
    let mut alone = look.connections.clone();
    let (mut sources, mut awaited) = (Vec::new(), Vec::new());
    for channel in channel::list_names(&mut tx).await? {
        let Some(reached) = reached.remove(&channel.id) else { continue };
        alone.remove(&reached.connection_id);
        if client_id.is_none() || channel.client_id == client_id {
            awaited.extend(look.is_read(&channel, &reached).then_some(reached.read_at.is_some()));
            sources.push(look.channel(channel, &reached));
        }
    }
    if client_id.is_none() && may(Action::EditIntegrations) {
        sources.extend(alone.into_values().map(|one| look.alone(&one)));
    }
    sources.sort_by(|one, other| (&one.name, &one.provider).cmp(&(&other.name, &other.provider)));
    let done = awaited.iter().filter(|read| **read).count();
    let reading = (done < awaited.len()).then_some((done, awaited.len()));
    Ok(Sources { sources, more: (0, 0), reading, may_connect: may(Action::EditIntegrations) })
}

impl Look<'_> {
    fn provider(&self, key: &str) -> String {
        let offer = self.service.offers.iter().find(|offer| offer.descriptor.key == key);
        match (offer, key) {
            (Some(offer), _) => offer.descriptor.name.to_owned(),
            (None, "file") => "Files".to_owned(),
            (None, key) => key.to_owned(),
        }
    }

    fn channel(&self, channel: Called, reached: &Reached) -> Source {
        let (trouble, fix) = self.trouble(&channel, reached).unzip();
        let client = channel.client_id.and_then(|id| Some((id, self.clients.get(&id)?.clone())));
        Source {
            provider: self.provider(&channel.provider),
            name: channel.called().beside(client.as_ref().map(|(_, name): &(ClientId, String)| name.as_str())),
            client,
            read_at: reached.read_at.map(|at| self.words.write(at)),
            days: reached.days.map(|days| (days.first.to_string(), days.last.to_string())),
            trouble,
            fix: fix
                .filter(|_| self.mends)
                .or_else(|| Some((self.page(reached), "Open".to_owned())))
                .filter(|_| self.sees),
        }
    }

    /// Whether a channel is an account that is read by itself: nobody has to do anything first.
    fn is_read(&self, channel: &Called, reached: &Reached) -> bool {
        let state = self.connections.get(&reached.connection_id).map(|connection| &connection.state);
        !reached.file && channel.client_id.is_some() && matches!(state, Some(ConnectionState::Connected))
    }

    /// Where a channel is looked after.
    fn page(&self, reached: &Reached) -> String {
        match self.connections.get(&reached.connection_id) {
            Some(connection) => format!("/settings/integrations/{}", connection.id),
            None if reached.file => "/settings/integrations/import".to_owned(),
            None => "/settings/integrations".to_owned(),
        }
    }

    /// What is wrong with a channel, worst first, and what mends it.
    fn trouble(&self, channel: &Called, reached: &Reached) -> Option<(String, (String, String))> {
        let page = self.page(reached);
        let told = |words: &str, deed: &str| Some((words.to_owned(), (page.clone(), deed.to_owned())));
        if reached.file {
            let today = self.there.date();
            return match reached.days {
                None => told("No file was imported yet.", "Import a file"),
                Some(days) if (today - days.last).whole_days() > OLD => {
                    told("No file told of the last four weeks.", "Import a file")
                }
                Some(_) => None,
            };
        }
        let state = self.connections.get(&reached.connection_id).map(|connection| &connection.state);
        match state {
            None if self.sees => return told("It is disconnected. What was read stays.", "Connect it again"),
            Some(ConnectionState::Reconnect { .. }) => {
                return told("It is no longer accepted there. What was read stays.", "Reconnect");
            }
            Some(ConnectionState::Paused) => {
                return told("Somebody switched it off. What was read stays.", "Switch it on");
            }
            Some(ConnectionState::Resting { .. }) => {
                return told("Reading it failed several times. What was read stays.", "See why");
            }
            Some(ConnectionState::Connected) | None => {}
        }
        if channel.client_id.is_none() {
            let words = "It belongs to no client, so it is not read.";
            return Some((words.to_owned(), (format!("{page}#accounts"), "Choose a client".to_owned())));
        }
        match reached.read_at {
            None => told("Nothing was read of it yet.", "See how far it is"),
            Some(at) if self.words.now() - at > LATE => told("It was not read for more than a day.", "See why"),
            Some(_) => None,
        }
    }

    /// A connection without accounts.
    fn alone(&self, connection: &Connection) -> Source {
        Source {
            name: connection.label.clone(),
            provider: self.provider(&connection.provider),
            client: None,
            read_at: connection.last_sync_at.map(|at| self.words.write(at)),
            days: None,
            trouble: Some("It reaches no account yet.".to_owned()),
            fix: Some((format!("/settings/integrations/{}", connection.id), "Look at it".to_owned())),
        }
    }
}
