//! Reading a mailbox at Google: each mail once, on the right client, whatever Google answers meanwhile.

use std::collections::BTreeSet;

use model::{
    conversation::{Filter, MatchedBy},
    message::Place,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;

use super::{
    Hub, JANE, OTHER, OWNER, message_id,
    peers::{at, below, refusal},
};
use crate::{
    support::{count, execute},
    sync::{run, sync},
};

pub(super) async fn messages(pool: &PgPool) -> i64 {
    count(pool, "select count(*) from message").await
}

pub(super) fn rows(run: &Value) -> (&Value, &Value, &Value) {
    assert_eq!(run["state"], "succeeded", "{run}");
    (&run["rows_new"], &run["rows_changed"], &run["rows_unchanged"])
}

impl Hub {
    /// So many mails, each in a thread of its own; their ids.
    pub(super) async fn many(&self, number: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for number in 0..number {
            let mail = self.mail(JANE, &format!("No. {number}"), "", "Hello");
            ids.push(self.gmail.arrives(OWNER, &mail, &[]).await.0);
        }
        ids
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_2_mails_are_on_the_client_of_their_writer_and_a_stranger_s_wait_in_triage(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    hub.desk.contact("Jane Doe", "jane@c1.com").await;
    let mut there = BTreeSet::new();
    for number in 0..3 {
        let mail = hub.mail(JANE, &format!("Offer {number}"), "", &format!("Text no. {number}"));
        there.insert(hub.gmail.arrives(OWNER, &mail, &[]).await.0);
    }
    let stranger = hub.mail("Some Body <some@stranger.example>", "Who are you", "", "Hello");
    let stranger = hub.gmail.arrives(OWNER, &stranger, &[]).await.0;
    let connection = hub.connect(&hub.desk.agency.ada, OWNER).await;
    let first = run(&hub.desk.agency.ada, &connection, 1).await;
    assert_eq!(rows(&first), (&json!(4), &json!(0), &json!(0)), "{first}");

    let client = Some(hub.desk.agency.c[0].parse().unwrap());
    let on_c1 = hub.desk.list(&Filter { client_id: client, ..Filter::default() }).await;
    assert_eq!(on_c1.len(), 3);
    for number in 0..3 {
        let thread = hub.desk.called(&format!("Offer {number}")).await;
        let (found, message) = (&thread.conversation, &thread.messages[0]);
        assert_eq!((found.client_id, found.matched_by), (client, Some(MatchedBy::Contact)));
        assert_eq!((found.needs_reply, found.unread, thread.messages.len()), (true, true, 1));
        assert_eq!((message.from.name.as_str(), message.from.address.as_str()), ("Jane Doe", "jane@c1.com"));
        assert_eq!((message.subject.as_str(), message.text.trim()), (&*found.subject, &*format!("Text no. {number}")));
        assert!(message.inbound && message.place == Place::Inbox);
    }
    // The moment is the provider's.
    for id in &there {
        let said = hub.gmail.ask(OWNER, Method::GET, &format!("messages/{id}?format=minimal"), Value::Null).await;
        let milliseconds: i128 = said["internalDate"].as_str().unwrap().parse().unwrap();
        let moment = OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test's own question")]
        let stored: OffsetDateTime = sqlx::query_scalar("select at from message where external_id = $1")
            .bind(id)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(stored, moment);
    }

    let triage = hub.desk.list(&Filter { triage: true, ..Filter::default() }).await;
    let [waiting] = &triage[..] else { panic!("{triage:?}") };
    assert_eq!((waiting.client_id, waiting.matched_by), (None, None));
    assert_eq!((waiting.from.address.as_str(), waiting.subject.as_str()), ("some@stranger.example", "Who are you"));
    assert!(!there.contains(&stranger));
    for other in &hub.desk.agency.c[1..] {
        let filter = Filter { client_id: Some(other.parse().unwrap()), ..Filter::default() };
        assert!(hub.desk.list(&filter).await.is_empty());
    }
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_3_what_is_read_twice_is_there_once_and_what_changed_is_told(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let ids = hub.many(3).await;
    let connection = hub.connected().await;
    let again = hub.desk.read(&connection, 2).await;
    assert_eq!((rows(&again).0, rows(&again).1, messages(&pool).await), (&json!(0), &json!(0), 3), "{again}");
    assert_eq!(count(&pool, "select count(*) from message where seen").await, 0);

    for (id, removed) in [(&ids[0], "UNREAD"), (&ids[1], "INBOX")] {
        let body = json!({ "removeLabelIds": [removed] });
        hub.gmail.ask(OWNER, Method::POST, &format!("messages/{id}/modify"), body).await;
    }
    let changed = hub.desk.read(&connection, 3).await;
    assert_eq!((rows(&changed).0, rows(&changed).1, messages(&pool).await), (&json!(0), &json!(2), 3), "{changed}");
    assert_eq!(count(&pool, "select count(*) from message where seen and place = 'inbox'").await, 1);
    assert_eq!(count(&pool, "select count(*) from message where not seen and place = 'archive'").await, 1);
    let last = hub.desk.read(&connection, 4).await;
    assert_eq!((rows(&last).0, rows(&last).1), (&json!(0), &json!(0)), "{last}");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_4_what_the_agency_wrote_wants_no_answer(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let own = format!("Olive Owner <{OWNER}>");
    hub.gmail.arrives(OWNER, &hub.mail(&own, "Our proposal", "", "Here it is"), &["SENT"]).await;
    let ago = time::Duration::minutes;
    let asked = hub.earlier(ago(3), JANE, "A question", "", "When?");
    let answers = format!("In-Reply-To: {}\r\n", message_id(&asked));
    let (_, thread) = hub.gmail.arrives(OWNER, &asked, &[]).await;
    let connection = hub.connected().await;
    let ours = hub.desk.called("Our proposal").await;
    assert_eq!((ours.messages[0].inbound, ours.conversation.needs_reply), (false, false));
    assert!(hub.desk.called("A question").await.conversation.needs_reply);

    let answer = hub.earlier(ago(2), &own, "Re: A question", &answers, "Tomorrow.");
    let (_, joined) = hub.gmail.arrives(OWNER, &answer, &["SENT"]).await;
    assert_eq!(joined, thread);
    assert_eq!(rows(&hub.desk.read(&connection, 2).await).0, &json!(1));
    let answered = hub.desk.called("A question").await;
    let inbound: Vec<_> = answered.messages.iter().map(|message| message.inbound).collect();
    assert_eq!((inbound, answered.conversation.needs_reply), (vec![true, false], false));

    // Whoever writes again waits again.
    let more = hub.earlier(ago(1), JANE, "Re: A question", &answers, "And where?");
    hub.gmail.arrives(OWNER, &more, &[]).await;
    hub.desk.read(&connection, 3).await;
    let found = hub.desk.called("A question").await;
    assert_eq!((found.messages.len(), found.conversation.needs_reply), (3, true));
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_5_all_pages_are_read_though_google_is_busy_away_and_cut_off(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let there: BTreeSet<_> = hub.many(120).await.into_iter().collect();
    let mut busy = refusal(429, "Too many concurrent requests for user");
    busy["is"]["headers"]["Retry-After"] = "1".into();
    let reset = json!({ "fault": "CONNECTION_RESET_BY_PEER" });
    let list = at("GET", OWNER, "messages");
    hub.gmail.faults(list, &[busy.clone(), busy, refusal(503, "Backend error"), reset]).await;
    let connection = hub.connect(&hub.desk.agency.ada, OWNER).await;
    let first = run(&hub.desk.agency.ada, &connection, 1).await;
    assert_eq!(rows(&first).0, &json!(120), "{first}");
    let listed = hub.gmail.asked("GET", "/gmail/v1/users/owner@acme.test/", "/messages").await;
    assert_eq!(listed, 4 + 3, "four faults, and pages of 50, 50 and 20");
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    let stored: Vec<String> = sqlx::query_scalar("select external_id from message").fetch_all(&pool).await.unwrap();
    assert_eq!(stored.len(), 120);
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), there);
    assert_eq!(count(&pool, "select count(*) from sync_run").await, 1, "one run, however often it waited");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_5_a_message_that_cannot_be_read_keeps_no_other_away_and_comes_later(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let ids = hub.many(5).await;
    let broken = format!("messages/{}", ids[2]);
    hub.gmail.answers(at("GET", OWNER, &broken), &[refusal(500, "Internal error encountered.")]).await;
    let connection = hub.connected().await;
    assert_eq!((messages(&pool).await, count(&pool, "select count(*) from missed_message").await), (4, 1));
    hub.gmail.heals().await;
    assert_eq!(rows(&hub.desk.read(&connection, 2).await).0, &json!(1));
    assert_eq!((messages(&pool).await, count(&pool, "select count(*) from missed_message").await), (5, 0));

    // One alone holds up nothing either: neither the run nor what comes after it.
    let (alone, _) = hub.gmail.arrives(OWNER, &hub.mail(JANE, "Alone", "", "Hello"), &[]).await;
    hub.gmail.answers(at("GET", OWNER, &format!("messages/{alone}")), &[refusal(400, "Precondition failed.")]).await;
    assert_eq!(rows(&hub.desk.read(&connection, 3).await).0, &json!(0));
    hub.gmail.arrives(OWNER, &hub.mail(JANE, "After it", "", "Hello"), &[]).await;
    assert_eq!(rows(&hub.desk.read(&connection, 4).await).0, &json!(1));
    hub.gmail.heals().await;
    hub.desk.read(&connection, 5).await;
    assert_eq!((messages(&pool).await, hub.desk.called("Alone").await.messages.len()), (7, 1));
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_5_most_of_a_page_in_fault_fails_the_run_and_passes_nothing_over(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let connection = hub.connected().await;
    hub.many(4).await;
    hub.gmail.answers(below("GET", OWNER, "messages/"), &[refusal(400, "Precondition failed.")]).await;
    let begun = sync(&hub.desk.agency.ada, &connection).await;
    assert_eq!(begun, StatusCode::ACCEPTED);
    // It is tried some times, with growing pauses: the run goes on, and nothing was passed over.
    while count(&pool, "select count(*) from sync_run where state = 'running' and step like '%it goes on at%'").await
        == 0
    {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!((messages(&pool).await, count(&pool, "select count(*) from missed_message").await), (0, 0));
    hub.gmail.heals().await;
    let mended = run(&hub.desk.agency.ada, &connection, 2).await;
    assert_eq!((rows(&mended).0, messages(&pool).await), (&json!(4), 4), "{mended}");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_5_a_refused_token_is_renewed_once_and_a_revoked_one_waits_for_reconnect(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let connection = hub.connected().await;
    let ada = &hub.desk.agency.ada;
    hub.many(1).await;
    let used = async |name: &str| {
        let requests = hub.gmail.requests().await;
        let headers = requests.iter().filter_map(|request| request["headers"].as_object());
        let all = headers.flatten().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        let mut values: Vec<_> = all.map(|(_, value)| value.as_str().unwrap().replace("Bearer ", "")).collect();
        values.dedup();
        values
    };
    let first = used("authorization").await;
    hub.gmail.revoke(&first).await;
    assert_eq!(rows(&hub.desk.read(&connection, 2).await).0, &json!(1), "with a renewed token");
    assert_eq!(hub.gmail.asked("POST", "/token", "").await, 2, "the consent's, and one renewal");

    // Now Google forgets the permission.
    let forms: Vec<_> = hub.gmail.requests().await.into_iter().filter(|request| request["path"] == "/token").collect();
    let form = forms[1]["body"].as_str().unwrap();
    let renewal = form.split('&').find_map(|pair| pair.strip_prefix("refresh_token=")).unwrap().to_owned();
    let access = used("authorization").await;
    hub.gmail.revoke(&[access, vec![renewal]].concat()).await;
    hub.many(1).await;
    assert_eq!(sync(ada, &connection).await, StatusCode::ACCEPTED);
    let failed = run(ada, &connection, 3).await;
    assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("unauthorized")), "{failed}");
    let waiting = ada.json(&format!("/api/v1/integrations/{connection}")).await;
    assert_eq!(waiting["state"], "reconnect", "{waiting}");
    assert_eq!(messages(&pool).await, 1, "what was read stays");
    assert_eq!(sync(ada, &connection).await, StatusCode::CONFLICT);
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_6_each_mailbox_every_five_minutes_two_at_once_read_it_once_and_none_waits_for_another(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let (ada, bert) = (&hub.desk.agency.ada, &hub.desk.agency.bert);
    let connection = hub.connected().await;
    let next = "select count(*) from connection where next_sync_at - last_sync_at between interval '5 minutes' and interval '5 minutes 1 second'";
    assert_eq!(count(&pool, next).await, 1, "as often as Google bears");

    // Two workers, and everybody asks at once.
    let _second = hub.desk.app.take_jobs();
    hub.many(30).await;
    let asked = std::array::from_fn::<_, 6, _>(|_| {
        ada.send_owned("POST", &format!("/api/v1/integrations/{connection}/sync"), json!({}))
    });
    let said = futures_util::future::join_all(asked).await;
    assert!(said.iter().all(|status| [202, 409].contains(status)) && said.contains(&202), "{said:?}");
    while messages(&pool).await < 30 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(rows(&run(ada, &connection, 2).await).1, &json!(0));
    assert_eq!(messages(&pool).await, 30);
    assert_eq!(count(&pool, "select coalesce(sum(rows_new), 0)::bigint from sync_run").await, 30);

    // Bert's mailbox is out of order, and nobody else's waits for it.
    hub.gmail.answers(below("GET", OTHER, ""), &[refusal(404, "Requested entity was not found.")]).await;
    let theirs = hub.connect(bert, OTHER).await;
    hub.many(1).await;
    execute(&pool, "update connection set next_sync_at = now()".to_owned()).await;
    hub.desk.hurry().await;
    while messages(&pool).await < 31 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(run(bert, &theirs, 1).await["state"], "failed");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_place_that_google_forgot_means_to_read_all_again_without_doubling_anything(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let ids = hub.many(60).await;
    let connection = hub.connected().await;
    let body = json!({ "removeLabelIds": ["UNREAD"] });
    hub.gmail.ask(OWNER, Method::POST, &format!("messages/{}/modify", ids[7]), body).await;
    hub.gmail.arrives(OWNER, &hub.mail(JANE, "Meanwhile", "", "Hello"), &[]).await;
    let old = refusal(404, "Requested entity was not found.");
    hub.gmail.faults(at("GET", OWNER, "history"), &[old]).await;
    let again = hub.desk.read(&connection, 2).await;
    assert_eq!(rows(&again), (&json!(1), &json!(1), &json!(59)), "what came, what was seen, and the rest: {again}");
    assert_eq!(messages(&pool).await, 61);
    assert_eq!(count(&pool, "select count(*) from conversation").await, 61);
    assert_eq!(rows(&hub.desk.read(&connection, 3).await).0, &json!(0));
    hub.desk.app.stop().await;
}
