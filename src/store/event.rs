//! What changed, as the database tells all servers of an installation once it is committed, and what of it a member may know.
//! Which changes are told is said by the triggers of `migrations/0034_event`.

use std::time::Duration;

use model::{
    event::{Event, Kind},
    id::OrganizationId,
};
use sqlx::{
    Executor,
    postgres::{PgListener, PgPoolOptions},
    types::Uuid,
};

use crate::{Db, Result, TenantTx};

/// Where the triggers tell it.
const CHANNEL: &str = "audienceos_change";

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A connection stands otherwise, or is being read.
    Connection,
    /// A connection was read, or what was read of it belongs to another client.
    Read,
    /// A client stands otherwise.
    Client,
    /// A cycle of the brain ended.
    Brain,
    /// An action stands otherwise.
    Action,
    /// An alert stands otherwise.
    Alert,
    /// A conversation stands otherwise, or something came to it.
    Conversation,
    /// Fewer members see a conversation than before.
    Sight,
    /// A session ended, or a member's role is another.
    Session,
}

/// A change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The agency.
    pub organization_id: OrganizationId,
    /// Its kind.
    pub what: What,
    /// Of which thing.
    pub id: Uuid,
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let organization_id = words.next()?.parse().ok()?;
        let what = match words.next()? {
            "connection" => What::Connection,
            "read" => What::Read,
            "client" => What::Client,
            "brain" => What::Brain,
            "action" => What::Action,
            "alert" => What::Alert,
            "conversation" => What::Conversation,
            "sight" => What::Sight,
            "session" => What::Session,
            _ => return None,
        };
        Some(Self { organization_id, what, id: words.next()?.parse().ok()? })
    }
}

/// Hears what changed, over a connection of its own.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Db {
    /// Begins to hear what is committed from now on.
    ///
    /// # Errors
    /// The database does not answer within 10 s.
    pub async fn listen(&self) -> Result<Listener> {
        let options = self.pool().connect_options();
        let own = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with((*options).clone())
            .await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        Ok(Listener(listener))
    }
}

impl Listener {
    /// The next change; none when something was heard that this version does not know.
    ///
    /// # Errors
    /// The connection is lost: what is committed until another one listens is not heard.
    pub async fn next(&mut self) -> Result<Option<Change>> {
        match self.0.try_recv().await? {
            Some(heard) => Ok(Change::parse(heard.payload())),
            None => Err(sqlx::Error::WorkerCrashed.into()),
        }
    }

    /// Asks whether the other end is still there: a connection that was cut says nothing by itself.
    ///
    /// # Errors
    /// It is not.
    pub async fn ask(&mut self) -> Result<()> {
        self.0.execute("select 1").await?;
        Ok(())
    }
}

/// What of these changes the acting member may know, by kind and id, each once. Of a connection that was read the clients are told
/// whose accounts it reads: those in sight. The database's policies decide, as for everything else. Who does not see a conversation that
/// fewer see than before may have seen it until now: they are told that something is gone, and not what.
///
/// # Errors
/// The database failed.
pub async fn visible(tx: &mut TenantTx, changes: &[Change]) -> Result<Vec<Event>> {
    let own = tx.actor().organization_id;
    let ids = |wanted: &[What]| -> Vec<Uuid> {
        let of = changes.iter().filter(|change| change.organization_id == own && wanted.contains(&change.what));
        of.map(|change| change.id).collect()
    };
    let [connections, read, clients, cycles, actions, alerts, conversations, sight] = [
        ids(&[What::Connection, What::Read]),
        ids(&[What::Read]),
        ids(&[What::Client]),
        ids(&[What::Brain]),
        ids(&[What::Action]),
        ids(&[What::Alert]),
        ids(&[What::Conversation, What::Sight]),
        ids(&[What::Sight]),
    ];
    let rows = sqlx::query!(
        r#"select 'connection' as "kind!", id as "id!" from connection where id = any($1)
           union select 'client', client_id from channel where connection_id = any($2) and client_id is not null
           union select 'client', id from client where id = any($3)
           union select 'brain', id from brain_cycle where id = any($4)
           union select 'action', id from action where id = any($5)
           union select 'alert', id from alert where id = any($6)
           union select 'conversation', id from conversation where id = any($7)
           order by 1, 2"#,
        &connections,
        &read,
        &clients,
        &cycles,
        &actions,
        &alerts,
        &conversations
    )
    .fetch_all(&mut **tx)
    .await?;
    let event = |kind: &str, id| {
        let kind = match kind {
            "connection" => Kind::Connection,
            "client" => Kind::Client,
            "brain" => Kind::Brain,
            "action" => Kind::Action,
            "alert" => Kind::Alert,
            _ => Kind::Conversation,
        };
        Event { kind, id: Some(id) }
    };
    let mut events: Vec<Event> = rows.into_iter().map(|row| event(&row.kind, row.id)).collect();
    let seen = |id: &Uuid| events.iter().any(|event| event.kind == Kind::Conversation && event.id == Some(*id));
    if !sight.iter().all(seen) {
        events.push(Event::GAP);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_change_is_not_heard() {
        let id = Uuid::from_u128(1);
        let change = Change { organization_id: id.into(), what: What::Read, id };
        assert_eq!(Change::parse(&format!("{id} read {id}")), Some(change));
        for rubbish in ["", "x read y", &format!("{id} read"), &format!("{id} eaten {id}")] {
            assert_eq!(Change::parse(rubbish), None, "{rubbish}");
        }
    }
}
