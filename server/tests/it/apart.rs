//! Conversations that come apart again: what was decided about them meanwhile holds for each, and nobody sees by that what was private,
//! or is of another client.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    joined::{Desk, desk, joined, merge, post},
    letters::{CONVERSATIONS, COUNTS, Letter, listed, subjects},
    support::Browser,
    triage::put,
};

/// That nothing of these conversations is in sight, nor what was said in them.
async fn sees_nothing(who: &Browser, paths: &[&String]) {
    for path in paths {
        for part in ["", "/messages", "/readers"] {
            assert_eq!(who.get(&format!("{path}{part}")).await.status(), 404, "{path}{part}");
        }
    }
    for query in ["", "?q=Two", "?q=Banners"] {
        assert_eq!(listed(who, query).await, Vec::<Value>::new(), "{query}");
    }
    let counts = who.json(COUNTS).await;
    assert_eq!((&counts["unread"], &counts["needs_reply"]), (&json!(0), &json!(0)));
}

/// Parts the other's last message from it; the part, and the address at which that is undone.
async fn part(desk: &Desk, by: &Browser) -> (String, String) {
    desk.mailbox.keep(&[Letter::new("jane@c1.test", "Re: Banners again", "Three").answering(&desk.second)]).await;
    let messages = by.json(&format!("{}/messages", desk.other)).await;
    let last = messages["items"][1]["id"].clone();
    let (status, split) = post(by, &format!("{}/split", desk.other), json!({"messages": [last]})).await;
    assert_eq!(status, 201, "{split}");
    let undo = format!("{}/changes/{}/undo", desk.other, split["change_id"].as_str().unwrap());
    (format!("{CONVERSATIONS}/{}", split["conversation_id"].as_str().unwrap()), undo)
}

/// What is listed, by name: all of it came at the same moment.
async fn both(who: &Browser) -> Vec<String> {
    let mut all = subjects(who, "").await;
    all.sort();
    all
}

async fn many(who: &Browser, path: &str) -> Value {
    who.json(path).await["messages"].clone()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_made_private_together_is_private_when_it_comes_apart(pool: PgPool) {
    let desk = desk(pool).await;
    let (ada, max, mel, olga) = (&desk.agency.ada, &desk.agency.max, &desk.agency.mel, &desk.agency.olga);
    assert_eq!(post(max, &format!("{}/notes", desk.other), json!({"text": "Mind the colours"})).await.0, 201);
    let assigned = json!({"assignee_id": max.member_id().await});
    assert_eq!(max.send("PATCH", &desk.other, &assigned).await.status(), 200);
    let undo = joined(&desk).await;
    let private = format!("{}/private", desk.one);
    assert_eq!(put(ada, &private, json!({"members": [mel.member_id().await]})).await.0, 200);
    // What was said in the one that is no more, neither.
    for who in [max, olga] {
        sees_nothing(who, &[&desk.one, &desk.other]).await;
    }
    for who in [olga, max] {
        assert_eq!(post(who, &undo, json!({})).await.0, 404);
    }
    let (status, undone) = post(ada, &undo, json!({})).await;
    assert_eq!(status, 200, "{undone}");
    for who in [max, olga, &desk.agency.nia, &desk.agency.bert] {
        sees_nothing(who, &[&desk.one, &desk.other]).await;
    }
    for who in [ada, mel] {
        assert_eq!(both(who).await, ["Banners", "Banners again"]);
        for path in [&desk.one, &desk.other] {
            let shown = who.json(path).await;
            assert_eq!((&shown["messages"], &shown["private"]), (&json!(1), &json!(true)), "{shown}");
        }
    }
    let other = ada.json(&desk.other).await;
    assert_eq!(other["assignee_id"], json!(null), "whoever does not see it does not see to it");
    // What comes to it is private, too, and each is opened for itself.
    desk.mailbox.keep(&[Letter::new("jane@c1.test", "Re: Banners again", "Three").answering(&desk.second)]).await;
    sees_nothing(max, &[&desk.one, &desk.other]).await;
    assert_eq!(put(mel, &private, json!({"members": []})).await.0, 403);
    assert_eq!(put(ada, &private, json!({"members": []})).await.0, 200);
    assert_eq!(subjects(max, "").await, ["Banners"]);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_opened_together_is_open_when_it_comes_apart(pool: PgPool) {
    let desk = desk(pool).await;
    let (ada, max) = (&desk.agency.ada, &desk.agency.max);
    for path in [&desk.one, &desk.other] {
        assert_eq!(put(ada, &format!("{path}/private"), json!({"members": [ada.member_id().await]})).await.0, 200);
    }
    let (status, merged) = merge(ada, &desk.other, &desk.one).await;
    assert_eq!(status, 200, "{merged}");
    let undo = format!("{}/changes/{}/undo", desk.one, merged["change_id"].as_str().unwrap());
    // First others are named, then nobody is.
    let private = format!("{}/private", desk.one);
    assert_eq!(put(ada, &private, json!({"members": [max.member_id().await]})).await.0, 200);
    assert_eq!(max.json(&desk.other).await["subject"], "Banners", "its old address leads there");
    assert_eq!(put(max, &private, json!({"members": []})).await.0, 200);
    assert_eq!(post(max, &undo, json!({})).await.0, 200);
    assert_eq!(both(&desk.agency.olga).await, ["Banners", "Banners again"]);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_part_that_others_see_is_not_put_back_among_what_everybody_sees(pool: PgPool) {
    let desk = desk(pool).await;
    let (ada, max) = (&desk.agency.ada, &desk.agency.max);
    let (new, undo) = part(&desk, max).await;
    let own = json!({"members": [ada.member_id().await]});
    assert_eq!(put(ada, &format!("{new}/private"), own.clone()).await.0, 200);
    // Who does not see it cannot put it back.
    let (status, refused) = post(max, &undo, json!({})).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("already_undone")), "{refused}");
    let (status, refused) = post(ada, &undo, json!({})).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("seen_by_others")), "{refused}");
    let said = refused["error"]["message"].as_str().unwrap();
    assert!(said.contains("have the same people see both first") && said.contains("Nothing was undone"), "{said}");
    assert_eq!((many(ada, &desk.other).await, many(ada, &new).await), (json!(1), json!(1)));
    assert_eq!(max.get(&new).await.status(), 404);
    // As it says.
    assert_eq!(put(ada, &format!("{}/private", desk.other), own).await.0, 200);
    assert_eq!(post(ada, &undo, json!({})).await.0, 200);
    assert_eq!(many(ada, &desk.other).await, 2);
    assert_eq!((max.get(&desk.other).await.status().as_u16(), max.get(&new).await.status().as_u16()), (404, 404));
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_put_to_another_client_together_is_that_client_s_when_it_comes_apart(pool: PgPool) {
    let desk = desk(pool).await;
    let (olga, max, c2) = (&desk.agency.olga, &desk.agency.max, json!(desk.agency.c[1]));
    assert_eq!(post(max, &format!("{}/notes", desk.other), json!({"text": "Mind the colours"})).await.0, 201);
    let undo = joined(&desk).await;
    let assigned = json!({"assignee_id": max.member_id().await});
    assert_eq!(olga.send("PATCH", &desk.one, &assigned).await.status(), 200);
    let (status, moved) = put(olga, &format!("{}/client", desk.one), json!({"client_id": c2})).await;
    assert_eq!((status, &moved["assignee_id"]), (200, &json!(null)), "he does not see it any more");
    sees_nothing(max, &[&desk.one, &desk.other]).await;
    assert_eq!(post(olga, &undo, json!({})).await.0, 200);
    sees_nothing(max, &[&desk.one, &desk.other]).await;
    for path in [&desk.one, &desk.other] {
        assert_eq!(desk.agency.mel.json(path).await["client_id"], c2);
    }
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_part_that_is_of_another_client_stays_there(pool: PgPool) {
    let desk = desk(pool).await;
    let (olga, max) = (&desk.agency.olga, &desk.agency.max);
    let (new, undo) = part(&desk, olga).await;
    assert_eq!(put(olga, &format!("{new}/client"), json!({"client_id": desk.agency.c[1]})).await.0, 200);
    let (status, refused) = post(olga, &undo, json!({})).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("seen_by_others")), "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("put both to the same client first"), "{refused}");
    assert_eq!((many(max, &desk.other).await, max.get(&new).await.status().as_u16()), (json!(1), 404));
    desk.app.stop().await;
}
