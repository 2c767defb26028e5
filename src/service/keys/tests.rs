//! Rotation on a real Postgres: broken off, while others write, with what does not open, and that no table is forgotten.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};

use model::{
    actor::{Actor, Origin},
    id::{MemberId, OAuthStateId, OrganizationId},
    role::Role,
};
use sqlx::PgPool;
use store::{credential::Field, two_factor};
use uuid::Uuid;

use super::*;
use crate::{
    trial::{Agency, K1, K2, agency, agency_of, another, ask, run, service},
    vault::INSTALLATION,
};

fn field(number: usize) -> String {
    format!("field:{number:04}")
}

impl Agency {
    fn row(&self, name: &str) -> Row {
        Row::Credential(self.actor.organization_id, self.connection, name.to_owned())
    }

    /// Stores a field of the connection, sealed by this process.
    async fn put(&self, name: &str, plain: &str) {
        let sealed = self.service.vault.seal(&self.row(name), plain.as_bytes()).unwrap();
        let field = Field { name: name.to_owned(), sealed, expires_at: None };
        let (mut tx, now) = (self.service.db.system().await.unwrap(), self.service.clock.now());
        let organization = self.actor.organization_id;
        store::credential::upsert(&mut tx, organization, self.connection, &[field], now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// All fields of the connection, opened by this process.
    async fn fields(&self) -> HashMap<String, String> {
        let mut tx = self.service.db.system().await.unwrap();
        let rows = store::credential::list(&mut tx, self.actor.organization_id, self.connection).await.unwrap();
        let open = |row: Field| {
            let plain = self.service.vault.open(&self.row(&row.name), &row.sealed).unwrap();
            (row.name, String::from_utf8(plain).unwrap())
        };
        rows.into_iter().map(open).collect()
    }

    /// The same agency as a process with other keys sees it.
    fn with(&self, pool: &PgPool, keys: &str) -> Self {
        Self { service: service(pool, keys), actor: self.actor.clone(), connection: self.connection }
    }

    async fn counts(&self) -> Vec<(String, bool, bool, i64)> {
        let usage = list(&self.service.db, &self.service.vault).await.unwrap();
        usage.into_iter().map(|usage| (usage.key, usage.in_ring, usage.seals, usage.secrets)).collect()
    }
}

fn usage(key: &str, in_ring: bool, seals: bool, secrets: i64) -> (String, bool, bool, i64) {
    (key.to_owned(), in_ring, seals, secrets)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rotation_that_is_broken_off_goes_on_and_ends_complete(pool: PgPool) {
    let old = agency(&service(&pool, K1), "north").await;
    for number in 0..450 {
        old.put(&field(number), &format!("secret {number}")).await;
    }
    let plain = old.fields().await;
    let new = old.with(&pool, &format!("{K2},{K1}"));
    assert_eq!(
        new.counts().await,
        [usage("k2", true, true, 0), usage("k1", true, false, 450), usage(INSTALLATION, true, false, 0)]
    );

    // The database fails after seven.
    run(
        &pool,
        "create sequence done; grant usage on done to audienceos_system;
         create function fail() returns trigger language plpgsql as
           $$ begin if nextval('done') > 7 then raise 'the power went out'; end if; return new; end $$;
         create trigger fail before update on credential for each row execute function fail()",
    )
    .await;
    assert!(rotate(&new.service.db, &new.service.vault, |_| ()).await.is_err());
    assert_eq!(new.counts().await[..2], [usage("k2", true, true, 7), usage("k1", true, false, 443)]);
    assert_eq!(new.fields().await, plain, "what is done and what is not opens");
    run(&pool, "drop trigger fail on credential").await;

    // The process is killed within a batch, two others go on at the same time, and one of them ends it.
    let (service, told) = (new.service.clone(), std::sync::Arc::new(tokio::sync::Notify::new()));
    let heard = told.clone();
    let killed = tokio::spawn(async move { rotate(&service.db, &service.vault, |_| heard.notify_one()).await });
    told.notified().await;
    killed.abort();
    let _ = killed.await;
    let begun = new.counts().await[0].3;
    assert!((207..450).contains(&begun), "{begun}");
    let other = another(&pool, &new.service).await;
    let (one, two) =
        tokio::join!(rotate(&new.service.db, &new.service.vault, |_| ()), rotate(&other.db, &other.vault, |_| ()));
    let resealed = one.unwrap().resealed + two.unwrap().resealed;
    assert_eq!(i64::try_from(resealed).unwrap(), 450 - begun, "each was sealed anew once");
    assert_eq!(new.counts().await[..2], [usage("k2", true, true, 450), usage("k1", true, false, 0)]);
    assert_eq!(new.with(&pool, K2).fields().await, plain, "the old key is needed no more");
    assert_eq!(
        rotate(&new.service.db, &new.service.vault, |_| panic!("nothing to do")).await.unwrap(),
        Rotation::default()
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_others_write_meanwhile_is_not_lost(pool: PgPool) {
    let old = agency(&service(&pool, K1), "north").await;
    for number in 0..300 {
        old.put(&field(number), "first").await;
    }
    let new = old.with(&pool, &format!("{K2},{K1}"));
    let behind = Agency { service: another(&pool, &old.service).await, ..old.with(&pool, K1) };
    let ended = AtomicBool::new(false);
    // One server has the new ring already and writes until the rotation has ended; one has not, and stops after a while.
    let write = async |agency: &Agency, first: usize, rounds: usize| {
        let mut last = HashMap::new();
        for round in 0..rounds {
            for number in (first..300).step_by(14) {
                let plain = format!("round {round}");
                agency.put(&field(number), &plain).await;
                last.insert(field(number), plain);
            }
            if ended.load(Ordering::SeqCst) {
                break;
            }
        }
        last
    };
    let rotating = async {
        let rotation = rotate(&new.service.db, &new.service.vault, |_| ()).await.unwrap();
        ended.store(true, Ordering::SeqCst);
        rotation
    };
    let (rotation, up_to_date, outdated) = tokio::join!(rotating, write(&new, 0, usize::MAX), write(&behind, 7, 10));
    assert_eq!(rotation.unreadable, []);
    rotate(&new.service.db, &new.service.vault, |_| ()).await.unwrap();
    let fields = new.with(&pool, K2).fields().await;
    assert_eq!(fields.len(), 300);
    for (name, plain) in &fields {
        let written = up_to_date.get(name).or_else(|| outdated.get(name));
        assert_eq!(plain, written.map_or("first", String::as_str), "{name}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_row_that_changed_since_it_was_read_stays(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    agency.put("field:a", "first").await;
    let read = {
        let mut tx = agency.service.db.system().await.unwrap();
        sealed::list_not_under(&mut tx, Table::Credential, "k2", None, 10).await.unwrap().remove(0)
    };
    agency.put("field:a", "second").await;
    let late = agency.with(&pool, &format!("{K2},{K1}"));
    assert!(matches!(reseal(&late.service.db, &late.service.vault, &read).await.unwrap(), Done::Changed));
    assert_eq!(agency.fields().await["field:a"], "second");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "puts rows in that only older programs made")]
async fn every_sealed_column_is_rotated_and_what_does_not_open_is_named(pool: PgPool) {
    let actor = Actor {
        organization_id: OrganizationId(Uuid::from_u128(1)),
        member_id: MemberId(Uuid::from_u128(2)),
        role: Role::Owner,
        origin: Origin::default(),
    };
    let agency = agency_of(&service(&pool, ""), "north", actor.clone()).await;
    agency.put("access_token", "token").await;
    agency.put("refresh_token", "lost").await;
    let now = agency.service.clock.now();
    let state = OAuthStateId(Uuid::from_u128(3));
    let verifier = Row::OAuthVerifier(actor.organization_id, state);
    sqlx::query(
        "insert into oauth_state (organization_id, id, state_hash, provider, member_id, session_id, sealed_verifier, created_at, expires_at)
         values ($1, $2, '', 'google_ads', $3, $2, $4, $5, $5)",
    )
    .bind(actor.organization_id.0)
    .bind(state.0)
    .bind(actor.member_id.0)
    .bind(agency.service.vault.seal(&verifier, b"verifier").unwrap())
    .bind(now)
    .execute(&pool)
    .await
    .unwrap();
    let mut tx = agency.service.db.system().await.unwrap();
    let before_ids = hex::decode(crate::vault::tests::OLD).unwrap();
    assert!(
        two_factor::insert(&mut tx, actor.organization_id, actor.member_id, &before_ids, now).await.unwrap(),
        "sealed by an older program"
    );
    tx.commit().await.unwrap();
    run(
        &pool,
        "update credential set sealed = set_byte(sealed, 50, 255 - get_byte(sealed, 50)) where field = 'refresh_token'",
    )
    .await;

    let new = agency.with(&pool, K2);
    assert_eq!(new.counts().await, [usage("k2", true, true, 0), usage(INSTALLATION, true, false, 4)]);
    let rotation = rotate(&new.service.db, &new.service.vault, |_| ()).await.unwrap();
    assert_eq!(rotation, Rotation { resealed: 3, unreadable: vec![agency.row("refresh_token")] });
    assert_eq!(new.counts().await, [usage("k2", true, true, 3), usage(INSTALLATION, true, false, 1)]);
    let strange = agency.with(&pool, K1);
    assert_eq!(strange.counts().await.pop().unwrap(), usage("k2", false, false, 3));

    let open = |row: Row, bytes: Vec<u8>| new.service.vault.open(&row, &bytes).unwrap();
    let sealed: Vec<u8> = sqlx::query_scalar("select sealed_verifier from oauth_state").fetch_one(&pool).await.unwrap();
    assert_eq!(open(verifier, sealed), b"verifier");
    let mut tx = new.service.db.system().await.unwrap();
    let factor = two_factor::find(&mut tx, actor.organization_id, actor.member_id).await.unwrap().unwrap();
    assert_eq!(open(Row::TwoFactor(actor.organization_id, actor.member_id), factor.secret), b"secret");

    // Bytes that are no hash, no logo, no file of a report and no mail with its files, which are all shown, are sealed bytes, and this
    // file knows them.
    let columns: Vec<String> = sqlx::query_scalar(
        "select c.relname || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.atttypid = 'bytea'::regtype
           and a.attname not like '%hash' and c.relname not in
             ('_sqlx_migrations', 'brand', 'report_file', 'message_source', 'upload') order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(columns, ["credential.sealed", "oauth_state.sealed_verifier", "two_factor.secret"]);
    let checks =
        "select count(*) from pg_constraint where contype = 'c' and pg_get_constraintdef(oid) like '%sealed_key%'";
    assert_eq!(ask(&pool, checks).await, 3, "and the database keeps what is not sealed out of each");
}
