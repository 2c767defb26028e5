//! That nothing comes to a client silently that is not theirs: what is taught, what is forwarded, and what several are named in.

use serde_json::json;
use sqlx::PgPool;

use crate::{
    letters::{Letter, conversation, subjects},
    triage::{client, desk, put},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_learned_is_learned_of_the_one_who_is_named(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let (olga, [c1, c2, _]) = (&agency.olga, &agency.c);
    let bank = Letter::new("office@bank.test", "Invoices", "Paid");
    let ann = Letter::new("ann@shop.test", "Re: Invoices", "Thanks").answering(&bank);
    let colleague = Letter::new("ben@acme.test", "Lunch", "At noon?");
    mailbox.keep(&[bank, ann, colleague]).await;
    let path = async |subject: &str| format!("{}/client", conversation(olga, subject).await);
    let invoices = path("Invoices").await;
    let body = json!({"client_id": c1, "learn": "domain", "writer": "zoe@elsewhere.test"});
    assert_eq!(put(olga, &invoices, body).await.0, 422, "who wrote nothing here");
    assert_eq!(client(olga, "Invoices").await, json!(null), "nothing was changed");
    assert_eq!(put(olga, &invoices, json!({"client_id": c1, "learn": "domain"})).await.0, 200);
    mailbox
        .keep(&[
            Letter::new("other@shop.test", "From the shop", "?"),
            Letter::new("other@bank.test", "From the bank", "?"),
        ])
        .await;
    assert_eq!((client(olga, "From the shop").await, client(olga, "From the bank").await), (json!(c1), json!(null)));
    let body = json!({"client_id": c2, "learn": "address", "writer": "office@bank.test"});
    assert_eq!(put(olga, &invoices, body).await.0, 200);
    mailbox.keep(&[Letter::new("office@bank.test", "Again from the bank", "?")]).await;
    assert_eq!(client(olga, "Again from the bank").await, json!(c2), "the one who was named");

    // What members write to each other is no client's.
    let lunch = path("Lunch").await;
    let (status, body) = put(olga, &lunch, json!({"client_id": c1, "learn": "domain"})).await;
    assert_eq!((status, &body["error"]["field"]), (422, &json!("learn")), "{body}");
    assert_eq!(put(olga, &lunch, json!({"client_id": c1, "learn": "address"})).await.0, 200);

    // What was taught for a client that somebody does not see is not theirs to change, and they are told.
    mailbox
        .keep(&[Letter::new("zoe@both.test", "Zoe of one", "?"), Letter::new("zoe@both.test", "Zoe of two", "?")])
        .await;
    let one = path("Zoe of one").await;
    assert_eq!(put(olga, &one, json!({"client_id": c1})).await.0, 200);
    assert_eq!(put(olga, &path("Zoe of two").await, json!({"client_id": c2, "learn": "address"})).await.0, 200);
    let (status, body) = put(&agency.max, &one, json!({"client_id": c1, "learn": "address"})).await;
    assert_eq!((status, &body["error"]["field"]), (422, &json!("learn")), "{body}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_forwarded_to_another_client_shows_neither_the_other_ones_words(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let (olga, [c1, c2, _]) = (&agency.olga, &agency.c);
    let talk = |subject: &str| {
        let asked = Letter::new("jane@c1.test", subject, "What does it cost?");
        let mut forwarded =
            Letter::new("hello@acme.test", &format!("Fwd: {subject}"), "See below").answering(&asked).sent();
        forwarded.headers.push_str("Cc: bob@c2.test\r\n");
        let answer = Letter::new("bob@c2.test", &format!("Re: Fwd: {subject}"), "Ten").answering(&forwarded);
        let more = Letter::new("jane@c1.test", &format!("Re: {subject}"), "And when?").answering(&asked);
        [asked, forwarded, answer, more]
    };
    // In one page, and in one for each.
    mailbox.keep(&talk("Banners")).await;
    for letter in talk("Posters") {
        mailbox.keep(&[letter]).await;
    }
    for subject in ["Banners", "Posters"] {
        for (subject, whose) in [(subject.to_owned(), c1), (format!("Fwd: {subject}"), c2)] {
            let found = olga.json(&conversation(olga, &subject).await).await;
            assert_eq!((&found["client_id"], &found["messages"]), (&json!(whose), &json!(2)), "{subject}");
        }
    }
    assert_eq!(subjects(&agency.max, "").await, ["Posters", "Banners"]);
    assert_eq!(subjects(&agency.max, "?q=Ten").await, Vec::<String>::new());

    // What a person put elsewhere stays together.
    let asked = Letter::new("jane@c1.test", "Of Bob", "?");
    mailbox.keep(std::slice::from_ref(&asked)).await;
    let path = conversation(olga, "Of Bob").await;
    assert_eq!(put(olga, &format!("{path}/client"), json!({"client_id": c2})).await.0, 200);
    mailbox.keep(&[Letter::new("jane@c1.test", "Re: Of Bob", "More").answering(&asked)]).await;
    assert_eq!(olga.json(&path).await["messages"], 2);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_page_on_a_site_of_everybodys_makes_nobody_its_client(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let olga = &agency.olga;
    for (client, website) in [(0, "https://sites.test/mill"), (1, "https://www.bakery.test/")] {
        let path = format!("/api/v1/clients/{}", agency.c[client]);
        assert_eq!(olga.send("PATCH", &path, &json!({"website": website})).await.status(), 200);
    }
    let mut both = Letter::new("hello@acme.test", "To two", "Hello").sent();
    both.headers.push_str("Cc: jane@c1.test, new@bakery.test\r\n");
    mailbox
        .keep(&[
            Letter::new("robot@sites.test", "A notice", "Somebody liked it"),
            Letter::new("new@bakery.test", "Of the bakery", "?"),
            both,
        ])
        .await;
    assert_eq!(client(olga, "A notice").await, json!(null));
    assert_eq!(client(olga, "Of the bakery").await, json!(agency.c[1]));
    assert_eq!(client(olga, "To two").await, json!(null), "an address hides no domain");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_comes_through_the_agencys_own_group_waits_for_an_answer(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let headers = |letter: Letter, more: &str| Letter { headers: format!("{}{more}", letter.headers), ..letter };
    let group = "Precedence: list\r\nList-Id: <info.acme.test>\r\nList-Unsubscribe: <mailto:leave@acme.test>\r\n";
    let posts = format!("{group}List-Post: <mailto:info@acme.test>\r\n");
    let closed = format!("{group}List-Post: NO\r\n");
    mailbox
        .keep(&[
            headers(Letter::new("jane@c1.test", "Through the group", "?"), &posts),
            headers(Letter::new("jane@c1.test", "News", "Read this"), group),
            headers(Letter::new("jane@c1.test", "More news", "Read this"), &closed),
        ])
        .await;
    assert_eq!(subjects(&agency.olga, "?needs_reply=true").await, ["Through the group"]);
    app.stop().await;
}
