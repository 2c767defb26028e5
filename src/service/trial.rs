//! What tests against a real Postgres begin with: an agency with a connection, as one process of the product sees it.

use std::sync::Arc;

use model::{
    actor::{Actor, Origin},
    connection::{Connection, ConnectionState, Given},
    id::{ConnectionId, MemberId, OrganizationId},
    role::Role,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use store::{Db, connection, organization};

use crate::{Clock, Passwords, Service, TokenKey, Vault, vault::Keys};

pub const SECRET: [u8; 32] = [7; 32];

/// Keys of a repeated byte.
pub const K1: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
pub const K2: &str = "k2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI";

pub struct Agency {
    pub service: Service,
    pub actor: Actor,
    pub connection: ConnectionId,
}

/// A process with these keys; without any, it has the installation's only.
pub fn service(pool: &PgPool, keys: &str) -> Service {
    let vault = match keys {
        "" => Vault::new(SECRET),
        keys => Vault::with_keys(SECRET, Keys::parse(keys).unwrap()),
    };
    Service {
        db: Db::from_pool(pool.clone()),
        clock: Clock::default(),
        passwords: Arc::new(Passwords::new(1)),
        token_key: Arc::new(TokenKey::new(SECRET)),
        vault: Arc::new(vault),
        outbox: None,
        uploads: crate::import::Uploads::new(std::env::temp_dir().join("audienceos-trial").into(), 1, 1),
        offers: [].into(),
        memory: Arc::new(Nothing),
        writer: None,
        simulates: false,
    }
}

/// Another process of the same installation: connections to the database of its own, the same clock.
pub async fn another(pool: &PgPool, service: &Service) -> Service {
    let options = (*pool.connect_options()).clone();
    let own = PgPoolOptions::new().max_connections(5).connect_with(options).await.unwrap();
    Service { db: Db::from_pool(own), ..service.clone() }
}

/// An agency with one connection and no credential.
pub async fn agency(service: &Service, name: &str) -> Agency {
    let now = service.clock.now();
    let actor = Actor {
        organization_id: store::id::new::<OrganizationId>(now),
        member_id: store::id::new::<MemberId>(now),
        role: Role::Owner,
        origin: Origin::default(),
    };
    agency_of(service, name, actor).await
}

/// The same with the ids of `actor`.
pub async fn agency_of(service: &Service, name: &str, actor: Actor) -> Agency {
    let now = service.clock.now();
    let mut tx = service.db.system().await.unwrap();
    let email = model::email::EmailAddress::parse("email", &format!("{name}@example.com")).unwrap();
    let new = organization::New {
        id: actor.organization_id,
        name,
        simulated: false,
        owner_id: actor.member_id,
        owner: name,
        email: &email,
    };
    organization::insert_with_owner(&mut tx, new, now).await.unwrap();
    tx.commit().await.unwrap();
    let agency = Agency { service: service.clone(), actor, connection: store::id::new(now) };
    let mut tx = service.db.tenant(&agency.actor).await.unwrap();
    connection::insert(&mut tx, &agency.made(agency.connection)).await.unwrap();
    tx.commit().await.unwrap();
    agency
}

impl Agency {
    pub fn made(&self, id: ConnectionId) -> Connection {
        Connection::new(id, "google_ads", "Ads", Given::Consent, self.service.clock.now())
    }

    /// How people see the connection.
    pub async fn state(&self) -> ConnectionState {
        let mut tx = self.service.db.tenant(&self.actor).await.unwrap();
        connection::get(&mut tx, self.connection, self.service.clock.now()).await.unwrap().state
    }
}

/// Every row of every table as the superuser sees it.
#[expect(clippy::disallowed_methods, reason = "walks the catalogue, whatever tables there are")]
pub async fn dump(pool: &PgPool) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut dump = String::new();
    for table in tables {
        let sql = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        dump.push_str(&sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await.unwrap());
    }
    dump
}

/// A statement of the superuser.
pub async fn run(pool: &PgPool, sql: &'static str) {
    sqlx::raw_sql(sql).execute(pool).await.unwrap();
}

/// One value, asked as the superuser.
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
pub async fn ask(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Makes no figures: what is tried here asks for none.
#[derive(Debug)]
struct Nothing;

impl model::fact::Memory for Nothing {
    fn figures(
        &self,
        _: &model::fact::Ledger,
        _: model::metric::Days,
        _: model::metric::Days,
        _: model::fact::Depth,
    ) -> Result<Vec<model::brain::Outcome>, String> {
        Err("there is no brain here".to_owned())
    }

    fn opened(&self, _: &model::fact::Ledger, _: &model::fact::Asked) -> Result<Vec<model::fact::Made>, String> {
        Err("there is no brain here".to_owned())
    }

    fn spread(&self, _: &model::fact::Ledger, _: &model::fact::Wide) -> Result<model::fact::Spread, String> {
        Err("there is no brain here".to_owned())
    }
}
