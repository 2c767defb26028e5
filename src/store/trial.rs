//! An agency in the database of a test: its owner, and a connection that works.

use model::{
    actor::{Actor, Origin},
    connection::{Connection, Given},
    email::EmailAddress,
    id::{ConnectionId, MemberId},
    role::Role,
};
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::{Db, connection, id, organization};

/// The agency of this name, made at this moment.
pub(crate) async fn agency(pool: &PgPool, name: &str, now: OffsetDateTime) -> (Db, Actor, ConnectionId) {
    let db = Db::from_pool(pool.clone());
    let owner = Actor {
        organization_id: id::new(now),
        member_id: id::new::<MemberId>(now),
        role: Role::Owner,
        origin: Origin::default(),
    };
    let mut tx = db.system().await.unwrap();
    let email = EmailAddress::parse("email", &format!("{name}@example.com")).unwrap();
    let new = organization::New {
        id: owner.organization_id,
        name,
        simulated: false,
        owner_id: owner.member_id,
        owner: name,
        email: &email,
    };
    organization::insert_with_owner(&mut tx, new, now).await.unwrap();
    tx.commit().await.unwrap();
    let made = Connection::new(id::new(now), "google_ads", name, Given::Consent, now);
    let mut tx = db.tenant(&owner).await.unwrap();
    connection::insert(&mut tx, &made).await.unwrap();
    tx.commit().await.unwrap();
    (db, owner, made.id)
}
