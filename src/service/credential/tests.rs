//! Credentials on a real Postgres: one renewal however many ask, killed and slow holders, refusals, people who connect
//! meanwhile, and that nothing can be read where it must not.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use model::connection::{ConnectionState, Given};
use sqlx::PgPool;
use store::connection;
use time::Duration as Span;
use tokio::{sync::Notify, task::JoinSet};

use super::{
    lease::{Holder, Patience},
    renewal::Renewal,
    *,
};
use crate::trial::{Agency, K1, K2, agency, another, ask, dump, run, service};

const MARGIN: Span = Span::minutes(5);
const QUICK: Patience =
    Patience { lease: Duration::from_millis(600), call: Duration::from_secs(20), wait: Duration::from_secs(20) };

#[derive(Debug, PartialEq)]
struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("down, said while it held refresh-token-0")
    }
}

type Answer = std::result::Result<Tokens, NotRenewed<Down>>;

fn secret(text: impl Into<String>) -> SecretString {
    SecretString::from(text.into())
}

fn tokens(number: u32, lifetime: u64) -> Tokens {
    Tokens {
        access_token: Some(secret(format!("access-token-{number}"))),
        refresh_token: Some(secret(format!("refresh-token-{number}"))),
        expires_in: Some(Duration::from_secs(lifetime)),
        fields: BTreeMap::from([("shop".to_owned(), secret("acme.example"))]),
    }
}

fn text(token: Option<&SecretString>) -> &str {
    token.map_or("", ExposeSecret::expose_secret)
}

/// A provider whose refresh tokens work once: it gives tokens with growing numbers for an hour each.
#[derive(Clone, Default)]
struct Provider {
    calls: Arc<AtomicU32>,
}

impl Provider {
    async fn refresh(&self, token: SecretString) -> Answer {
        let calls = self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(30)).await;
        if token.expose_secret() == format!("refresh-token-{calls}") {
            Ok(tokens(calls + 1, 3600))
        } else {
            Err(NotRenewed::Refused(format!("reused: {}", token.expose_secret())))
        }
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Agency {
    async fn connect(&self, tokens: &Tokens) {
        let now = self.service.clock.now();
        let mut tx = self.service.db.tenant(&self.actor).await.unwrap();
        connection::set_connected(&mut tx, self.connection, Given::Consent, &[], now).await.unwrap();
        set(&self.service, &mut tx, self.connection, tokens).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn disconnect(&self) {
        let mut tx = self.service.db.tenant(&self.actor).await.unwrap();
        connection::set_disconnected(&mut tx, self.connection, self.service.clock.now()).await.unwrap();
        store::credential::remove(&mut tx, self.connection).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn stored(&self) -> Credential {
        find(&self.service, self.actor.organization_id, self.connection).await.unwrap().unwrap()
    }

    fn renewal(&self, service: &Service, patience: Patience) -> Renewal<'static> {
        let holder = Holder::new(service, self.actor.organization_id, self.connection, patience);
        Renewal { holder, margin: Some(MARGIN), seen: None, words: "ended" }
    }

    async fn fresh(
        &self,
        answer: impl Fn() -> Answer + Send + Sync,
    ) -> std::result::Result<Credential, Unusable<Down>> {
        let answers = |_| std::future::ready(answer());
        fresh(&self.service, self.actor.organization_id, self.connection, MARGIN, answers).await
    }

    /// Twenty users in two processes; what they get.
    async fn twenty(
        &self,
        other: &Service,
        provider: &Provider,
    ) -> Vec<std::result::Result<Credential, Unusable<Down>>> {
        let mut users = JoinSet::new();
        for number in 0..20 {
            let service = if number % 2 == 0 { self.service.clone() } else { other.clone() };
            let (organization, connection, provider) = (self.actor.organization_id, self.connection, provider.clone());
            users.spawn(async move {
                let provider = &provider;
                fresh(&service, organization, connection, MARGIN, |token| provider.refresh(token)).await
            });
        }
        users.join_all().await
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn twenty_users_in_two_processes_cause_one_renewal(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    let other = another(&pool, &agency.service).await;
    let provider = Provider::default();
    agency.connect(&tokens(0, 240)).await;
    for round in 1..=3 {
        for got in agency.twenty(&other, &provider).await {
            let got = got.unwrap();
            assert_eq!(text(got.access_token.as_ref()), format!("access-token-{round}"));
            assert_eq!(text(got.fields.get("shop")), "acme.example");
        }
        assert_eq!(provider.calls(), round, "one call a round, with the token that the last one brought");
        assert_eq!(text(agency.stored().await.refresh_token.as_ref()), format!("refresh-token-{round}"));
        assert_eq!(ask(&pool, "select count(*) from credential_lease").await, 0);
        agency.twenty(&other, &provider).await;
        assert_eq!(provider.calls(), round, "it lasts");
        agency.service.clock.advance(Span::minutes(56));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn tokens_that_last_less_than_the_margin_are_renewed_once_too(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    agency.connect(&tokens(0, 60)).await;
    let calls = Arc::new(AtomicU32::new(0));
    let mut users = JoinSet::new();
    for _ in 0..20 {
        let (renewal, calls) = (agency.renewal(&agency.service, QUICK), calls.clone());
        users.spawn(async move {
            let refresh = async |_| -> Answer {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok(tokens(calls.fetch_add(1, Ordering::SeqCst) + 1, 60))
            };
            renewal.run(&refresh).await.unwrap()
        });
    }
    let got = users.join_all().await;
    assert!(got.iter().all(|got| text(got.access_token.as_ref()) == "access-token-1"));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_killed_holder_is_taken_over_from_and_a_slow_one_is_not(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    let other = another(&pool, &agency.service).await;
    agency.connect(&tokens(0, 60)).await;
    let asked = Arc::new(Notify::new());
    let (holder, begun) = (agency.renewal(&other, QUICK), asked.clone());
    let killed = tokio::spawn(holder.run(move |_| {
        begun.notify_one();
        std::future::pending::<Answer>()
    }));
    asked.notified().await;
    // The holder lives on beyond its lease, and nobody takes over.
    let hasty = Patience { wait: Duration::from_millis(1500), ..QUICK };
    agency.service.clock.advance(Span::minutes(2));
    let late = agency.renewal(&agency.service, hasty).run(async |_| -> Answer { panic!("somebody else has it") }).await;
    assert!(matches!(late, Err(Unusable::Late)), "{late:?}");
    assert!(!killed.is_finished());

    killed.abort();
    let provider = Provider::default();
    let got = agency.renewal(&agency.service, QUICK).run(|token| provider.refresh(token)).await.unwrap();
    assert_eq!((text(got.access_token.as_ref()), provider.calls()), ("access-token-1", 1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refusal_is_asked_for_once_and_says_why_without_secrets(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    let other = another(&pool, &agency.service).await;
    agency.connect(&tokens(7, 60)).await;
    let provider = Provider::default();
    for _ in 0..2 {
        for got in agency.twenty(&other, &provider).await {
            let error = got.unwrap_err();
            assert!(matches!(&error, Unusable::Reconnect(reason) if reason == "reused: …"), "{error:?}");
        }
        assert_eq!(provider.calls(), 1, "nobody asks again before a person connects");
    }
    assert_eq!(agency.state().await, ConnectionState::Reconnect { reason: "reused: …".into() });
    agency.connect(&tokens(1, 60)).await;
    let got = agency.twenty(&other, &provider).await;
    assert!(got.iter().all(|got| text(got.as_ref().unwrap().access_token.as_ref()) == "access-token-2"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_provider_that_fails_is_an_error_only_when_the_access_has_ended(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    agency.connect(&tokens(0, 60)).await;
    let down = || Err(NotRenewed::Failed(Down));
    assert_eq!(text(agency.fresh(down).await.unwrap().access_token.as_ref()), "access-token-0");
    agency.service.clock.advance(Span::minutes(2));
    let error = agency.fresh(down).await.unwrap_err();
    assert!(matches!(error, Unusable::Failed(Down)));
    assert_eq!(agency.state().await, ConnectionState::Connected);
    // Nobody waits for what has failed; a provider that rotates nothing leaves the refresh token as it was.
    let plain = || Ok(Tokens { refresh_token: None, ..tokens(1, 3600) });
    assert_eq!(text(agency.fresh(plain).await.unwrap().refresh_token.as_ref()), "refresh-token-0");
    let stored = agency.stored().await;
    assert_eq!(text(stored.access_token.as_ref()), "access-token-1");
    assert_eq!(text(stored.refresh_token.as_ref()), "refresh-token-0");

    agency.connect(&Tokens { refresh_token: None, ..tokens(3, 60) }).await;
    assert_eq!(text(agency.fresh(down).await.unwrap().access_token.as_ref()), "access-token-3", "it works still");
    agency.service.clock.advance(Span::minutes(2));
    assert!(matches!(agency.fresh(down).await, Err(Unusable::Reconnect(_))), "and nothing to renew it with");
    assert!(matches!(agency.state().await, ConnectionState::Reconnect { .. }));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_person_does_meanwhile_wins(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    agency.connect(&tokens(0, 60)).await;
    let renewal = || agency.renewal(&agency.service, QUICK);
    let connected = async |_| -> Answer {
        agency.connect(&tokens(50, 3600)).await;
        Ok(tokens(1, 3600))
    };
    let got = renewal().run(&connected).await.unwrap();
    assert_eq!(text(got.access_token.as_ref()), "access-token-50");
    assert_eq!(text(agency.stored().await.refresh_token.as_ref()), "refresh-token-50");

    agency.connect(&tokens(0, 60)).await;
    let refused = async |_| -> Answer {
        agency.connect(&tokens(60, 3600)).await;
        Err(NotRenewed::Refused("revoked".into()))
    };
    let got = renewal().run(&refused).await.unwrap();
    assert_eq!(text(got.access_token.as_ref()), "access-token-60");
    assert_eq!(agency.state().await, ConnectionState::Connected);

    agency.connect(&tokens(0, 60)).await;
    let disconnected = async |_| -> Answer {
        agency.disconnect().await;
        Ok(tokens(1, 3600))
    };
    assert!(matches!(renewal().run(&disconnected).await, Err(Unusable::Missing)));
    assert_eq!(ask(&pool, "select count(*) from credential").await, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_answer_is_stored_although_the_caller_has_gone(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    agency.connect(&tokens(0, 60)).await;
    let mut lock = pool.begin().await.unwrap();
    let answered = Arc::new(Notify::new());
    let (renewal, told) = (agency.renewal(&agency.service, QUICK), answered.clone());
    let provider = Provider::default();
    let caller = tokio::spawn(async move {
        let refresh = async |token| {
            let answer = provider.refresh(token).await;
            told.notify_one();
            answer
        };
        renewal.run(&refresh).await
    });
    #[expect(clippy::disallowed_methods, reason = "holds the storing up with a lock of its own")]
    sqlx::query("select from connection for no key update").execute(&mut *lock).await.unwrap();
    answered.notified().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert_eq!(text(agency.stored().await.refresh_token.as_ref()), "refresh-token-0");
    lock.rollback().await.unwrap();
    for _ in 0..100 {
        if text(agency.stored().await.refresh_token.as_ref()) == "refresh-token-1" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the new refresh token is lost");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_access_that_the_provider_refuses_early_is_renewed_once(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    agency.connect(&tokens(0, 3600)).await;
    let (refused, provider) = (agency.stored().await, Provider::default());
    let mut users = JoinSet::new();
    for _ in 0..20 {
        let (service, refused, provider) = (agency.service.clone(), refused.clone(), provider.clone());
        let (organization, connection) = (agency.actor.organization_id, agency.connection);
        users.spawn(async move {
            let provider = &provider;
            renewed(&service, organization, connection, &refused, "401", |token| provider.refresh(token)).await.unwrap()
        });
    }
    let got = users.join_all().await;
    assert!(got.iter().all(|got| text(got.access_token.as_ref()) == "access-token-1"));
    assert_eq!(provider.calls(), 1);

    // Typed fields cannot be renewed.
    let fields = BTreeMap::from([("password".to_owned(), secret("hunter2!"))]);
    agency.connect(&Tokens { fields, ..Tokens::default() }).await;
    let typed = agency.fresh(|| panic!("nothing to renew")).await.unwrap();
    assert_eq!(text(typed.fields.get("password")), "hunter2!");
    let (organization, connection) = (agency.actor.organization_id, agency.connection);
    let words = "wrong\npassword hunter2!";
    let none = |_| std::future::ready(Answer::Err(NotRenewed::Failed(Down)));
    let error = renewed(&agency.service, organization, connection, &typed, words, none).await.unwrap_err();
    assert!(matches!(&error, Unusable::Reconnect(reason) if reason == "wrong password …"), "{error:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_does_not_open_is_renewed_or_asked_for_again(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    agency.connect(&tokens(0, 3600)).await;
    run(
        &pool,
        "update credential set sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40)) where field = 'refresh_token'",
    )
    .await;
    let got = agency.fresh(|| panic!("the access works")).await.unwrap();
    assert_eq!(text(got.access_token.as_ref()), "access-token-0");
    assert!(got.refresh_token.is_none());

    agency.connect(&tokens(0, 3600)).await;
    run(
        &pool,
        "update credential set sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40)) where field = 'access_token'",
    )
    .await;
    let got = agency.fresh(|| Ok(tokens(1, 3600))).await.unwrap();
    assert_eq!(text(got.access_token.as_ref()), "access-token-1");

    // A field copied from another place opens no more than a changed one.
    run(&pool, "update credential set sealed = (select sealed from credential where field = 'access_token') where field = 'field:shop'")
        .await;
    assert!(matches!(agency.fresh(|| panic!("lost")).await, Err(Unusable::Reconnect(_))));

    // The operator forgot a key: nothing is written, and with the key everything works again.
    agency.connect(&tokens(2, 3600)).await;
    let without = Agency { service: service(&pool, K2), ..agency };
    assert!(matches!(without.fresh(|| panic!("lost")).await, Err(Unusable::Reconnect(_))));
    assert_eq!(without.state().await, ConnectionState::Connected);
    let again = Agency { service: service(&pool, &format!("{K2},{K1}")), ..without };
    assert_eq!(text(again.fresh(|| panic!("it works")).await.unwrap().access_token.as_ref()), "access-token-2");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_can_be_read_from_a_dump(pool: PgPool) {
    let agency = agency(&service(&pool, K1), "north").await;
    agency.connect(&tokens(0, 60)).await;
    let got = agency.fresh(|| Ok(tokens(1, 60))).await.unwrap();
    let debug = format!("{got:?} {:?} {:?}", tokens(1, 60), agency.service);
    let dump = dump(&pool).await;
    assert!(dump.contains("access_token") && dump.contains("north"), "the dump has the rows");
    for plain in ["access-token-", "refresh-token-", "acme.example", K1.split_once(':').unwrap().1] {
        for form in [plain.to_owned(), hex::encode(plain), BASE64_STANDARD.encode(&plain[..plain.len() / 3 * 3])] {
            assert!(!dump.contains(&form), "{form} in the dump");
            assert!(!debug.contains(&form), "{form} in {debug}");
        }
    }
}
