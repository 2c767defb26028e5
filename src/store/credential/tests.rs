//! Two agencies on a real Postgres: who puts in, who reads, and what the database itself refuses.

use model::{actor::Actor, role::Role};
use sqlx::PgPool;
use time::{Duration, macros::datetime};

use super::*;
use crate::{Db, Error, id, trial};

const NOW: OffsetDateTime = datetime!(2026-03-01 08:00 UTC);

async fn agency(pool: &PgPool, name: &str, role: Role) -> (Db, Actor, ConnectionId) {
    let (db, owner, connection) = trial::agency(pool, name, NOW).await;
    (db, Actor { role, ..owner }, connection)
}

/// Bytes in the form of the vault's.
fn field(name: &str, byte: u8) -> Field {
    let sealed = [&[2, 2], &b"k1"[..], &[byte; 60]].concat();
    Field { name: name.into(), sealed, expires_at: Some(NOW + Duration::hours(1)) }
}

async fn names(db: &Db, actor: &Actor, connection: ConnectionId) -> Vec<(String, Vec<u8>)> {
    let mut tx = db.system().await.unwrap();
    let fields = list(&mut tx, actor.organization_id, connection).await.unwrap();
    fields.into_iter().map(|field| (field.name, field.sealed)).collect()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn those_who_run_an_agency_put_in_and_throw_away_and_cannot_read(pool: PgPool) {
    let (db, actor, connection) = agency(&pool, "north", Role::Admin).await;
    let mut tx = db.tenant(&actor).await.unwrap();
    set(&mut tx, connection, &[field("a", 1), field("b", 1)], NOW).await.unwrap();
    set(&mut tx, connection, &[field("b", 2), field("c", 2)], NOW).await.unwrap();
    assert_eq!(find_expiry(&mut tx, connection).await.unwrap(), Some(NOW + Duration::hours(1)));
    tx.commit().await.unwrap();
    let stored = names(&db, &actor, connection).await;
    assert_eq!(stored, [("b".into(), field("b", 2).sealed), ("c".into(), field("c", 2).sealed)], "all before is gone");

    #[expect(clippy::disallowed_methods, reason = "tries what no function of this crate does")]
    for forbidden in
        ["select sealed from credential", "select * from credential_lease", "update credential set field = 'x'"]
    {
        let mut tx = db.tenant(&actor).await.unwrap();
        let error = sqlx::query(forbidden).execute(&mut *tx).await.unwrap_err();
        assert_eq!(error.as_database_error().and_then(|error| error.code()).as_deref(), Some("42501"), "{forbidden}");
    }
    let mut tx = db.tenant(&actor).await.unwrap();
    remove(&mut tx, connection).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(names(&db, &actor, connection).await, []);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn others_neither_put_in_nor_throw_away(pool: PgPool) {
    let (db, north, connection) = agency(&pool, "north", Role::Owner).await;
    let mut tx = db.tenant(&north).await.unwrap();
    set(&mut tx, connection, &[field("a", 1)], NOW).await.unwrap();
    tx.commit().await.unwrap();
    let (_, south, _) = agency(&pool, "south", Role::Owner).await;
    let manager = Actor { role: Role::Manager, ..north.clone() };
    for stranger in [south, manager] {
        let mut tx = db.tenant(&stranger).await.unwrap();
        assert_eq!(find_expiry(&mut tx, connection).await.unwrap(), None);
        remove(&mut tx, connection).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.tenant(&stranger).await.unwrap();
        assert!(set(&mut tx, connection, &[field("a", 9)], NOW).await.is_err());
    }
    assert_eq!(names(&db, &north, connection).await, [("a".into(), field("a", 1).sealed)]);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_not_sealed_is_not_stored(pool: PgPool) {
    let (db, actor, connection) = agency(&pool, "north", Role::Owner).await;
    let long = b"EAAB-a-token-in-clear-that-is-long-enough-to-be-sealed-bytes".to_vec();
    for clear in [Vec::new(), b"token".to_vec(), long] {
        let mut tx = db.tenant(&actor).await.unwrap();
        let clear = Field { sealed: clear, ..field("a", 1) };
        let error = set(&mut tx, connection, &[clear], NOW).await.unwrap_err();
        let Error::Database(sqlx::Error::Database(error)) = error else { panic!("{error}") };
        assert_eq!(error.constraint(), Some("credential_sealed"));
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn one_has_the_lease_until_it_ends_or_is_given_back(pool: PgPool) {
    let (db, actor, connection) = agency(&pool, "north", Role::Owner).await;
    let (organization, one, two) = (actor.organization_id, id::new::<Uuid>(NOW), id::new::<Uuid>(NOW));
    let take = async |holder, seconds| {
        let mut tx = db.system().await.unwrap();
        let taken = take_lease(&mut tx, organization, connection, holder, seconds).await.unwrap();
        tx.commit().await.unwrap();
        taken
    };
    assert!(take(one, 60.0).await);
    assert!(!take(two, 60.0).await);
    let mut tx = db.system().await.unwrap();
    drop_lease(&mut tx, organization, connection, two).await.unwrap();
    assert!(!extend_lease(&mut tx, organization, connection, two, 60.0).await.unwrap());
    assert!(extend_lease(&mut tx, organization, connection, one, 0.0).await.unwrap());
    tx.commit().await.unwrap();
    assert!(take(two, 60.0).await, "it ended");
    let mut tx = db.system().await.unwrap();
    assert!(!extend_lease(&mut tx, organization, connection, one, 60.0).await.unwrap(), "it was lost");
    drop_lease(&mut tx, organization, connection, two).await.unwrap();
    tx.commit().await.unwrap();
    assert!(take(one, 60.0).await, "it was given back");
}
