//! Two processes on a real Postgres: one listens to a mailbox, until it falls silent, gives it back, or may not any more.

use model::actor::Actor;
use sqlx::PgPool;
use time::{Duration, macros::datetime};

use super::*;
use crate::{Db, connection, credential, id, provider_switch, trial};

const NOW: OffsetDateTime = datetime!(2026-03-01 08:00 UTC);

/// A connection that was read, of a provider whose mailboxes tell.
async fn mailbox(pool: &PgPool) -> (Db, Actor, ConnectionId) {
    let (db, owner, connection) = trial::agency(pool, "north", NOW).await;
    set_credential(&db, &owner, connection, NOW).await;
    let mut tx = db.tenant(&owner).await.unwrap();
    connection::set_synced(&mut tx, connection, true, NOW, None, NOW).await.unwrap();
    tx.commit().await.unwrap();
    (db, owner, connection)
}

async fn set_credential(db: &Db, actor: &Actor, connection: ConnectionId, at: OffsetDateTime) {
    let sealed = [&[2, 2], &b"k1"[..], &[1; 60]].concat();
    let mut tx = db.tenant(actor).await.unwrap();
    let field = credential::Field { name: "a".into(), sealed, expires_at: None };
    credential::set(&mut tx, connection, &[field], at).await.unwrap();
    tx.commit().await.unwrap();
}

async fn taken(db: &Db, holder: Uuid, seconds: f64) -> Vec<Held> {
    let mut tx = db.system().await.unwrap();
    let providers = ["google_ads".to_owned()];
    let wanted = Wanted { holder, providers: &providers, seconds, most: 10 };
    let held = take(&mut tx, wanted, NOW).await.unwrap();
    tx.commit().await.unwrap();
    held
}

/// The one that nobody listened to.
async fn takes(db: &Db, holder: Uuid) -> Held {
    let [held] = <[Held; 1]>::try_from(taken(db, holder, 60.0).await).unwrap();
    held
}

async fn extended(db: &Db, holder: Uuid, seconds: f64) -> usize {
    let mut tx = db.system().await.unwrap();
    let keys = extend(&mut tx, holder, seconds, NOW).await.unwrap();
    tx.commit().await.unwrap();
    keys.len()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn one_listens_until_its_lease_ends_and_what_was_told_stays(pool: PgPool) {
    let (db, actor, connection) = mailbox(&pool).await;
    let (one, two) = (id::new::<Uuid>(NOW), id::new::<Uuid>(NOW));
    let key = (actor.organization_id, connection);
    let held = takes(&db, one).await;
    assert_eq!(held, Held { organization_id: key.0, connection_id: key.1, mark: None, failures: 0 });
    assert_eq!(taken(&db, two, 60.0).await, [], "one listens");
    let mut tx = db.system().await.unwrap();
    assert!(!set_mark(&mut tx, two, key, "other").await.unwrap());
    assert!(set_mark(&mut tx, one, key, "7.12").await.unwrap());
    tx.commit().await.unwrap();

    assert_eq!((extended(&db, one, 60.0).await, taken(&db, two, 60.0).await), (1, Vec::new()));
    // It falls silent.
    assert_eq!(extended(&db, one, 0.0).await, 1);
    let held = takes(&db, two).await;
    assert_eq!(held.mark.as_deref(), Some("7.12"));
    assert_eq!(extended(&db, one, 60.0).await, 0, "it was lost");

    // It failed, and rests: also from who failed with it.
    let mut tx = db.system().await.unwrap();
    rest(&mut tx, two, key, 60.0, 3).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((taken(&db, one, 60.0).await, taken(&db, two, 60.0).await), (Vec::new(), Vec::new()));
    // With another credential it begins anew.
    set_credential(&db, &actor, connection, NOW + Duration::hours(1)).await;
    let held = takes(&db, one).await;
    assert_eq!((held.mark.as_deref(), held.failures), (Some("7.12"), 0));
    set_credential(&db, &actor, connection, NOW + Duration::hours(2)).await;
    assert_eq!(extended(&db, one, 60.0).await, 0, "the old one is not used on");
    takes(&db, two).await;

    let mut tx = db.system().await.unwrap();
    release(&mut tx, two).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken(&db, one, 60.0).await.len(), 1, "given back");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_switched_off_is_not_listened_to(pool: PgPool) {
    let (db, actor, connection) = mailbox(&pool).await;
    let holder = id::new::<Uuid>(NOW);
    assert_eq!(taken(&db, holder, 60.0).await.len(), 1);
    for paused in [Some(NOW), None] {
        let mut tx = db.tenant(&actor).await.unwrap();
        connection::set_paused(&mut tx, connection, paused).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(extended(&db, holder, 60.0).await, usize::from(paused.is_none()), "{paused:?}");
    }
    let mut tx = db.system().await.unwrap();
    provider_switch::insert(&mut tx, "google_ads", "trouble", NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(extended(&db, holder, 0.0).await, 0, "the operator switched the provider off");
    let mut tx = db.system().await.unwrap();
    release(&mut tx, holder).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken(&db, holder, 60.0).await, []);
    let mut tx = db.system().await.unwrap();
    assert!(provider_switch::remove(&mut tx, "google_ads").await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = db.tenant(&actor).await.unwrap();
    connection::set_disconnected(&mut tx, connection, NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken(&db, holder, 60.0).await, [], "disconnected");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn no_member_sees_who_listens(pool: PgPool) {
    let (db, actor, _) = mailbox(&pool).await;
    #[expect(clippy::disallowed_methods, reason = "tries what no function of this crate does")]
    for forbidden in ["select * from listener", "update listener set mark = null", "delete from listener"] {
        let mut tx = db.tenant(&actor).await.unwrap();
        let error = sqlx::query(forbidden).execute(&mut *tx).await.unwrap_err();
        assert_eq!(error.as_database_error().and_then(|error| error.code()).as_deref(), Some("42501"), "{forbidden}");
    }
}
