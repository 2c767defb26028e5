//! Typed tokens that come twice, take a consent's place, come from a program, or come while a provider is switched off; and that
//! nothing secret comes back to whoever typed it, in whichever field.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    shop,
    shopify::{SHOP, Shopify},
    support::{Agency, Browser, TestApp, count, execute},
    typed::{MADE, PAGE, REFUSED, connect, open, said, shop as fields},
};

/// Another token of the same shop.
const NEXT: &str = "shpat_made-later-c0ffee";
const LIST: &str = "/api/v1/integrations";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_9_accounts_that_a_connection_reads_are_connected_by_no_second_token(pool: PgPool) {
    let (shopify, _meta, app, agency) = open(&pool).await;
    shopify.world().made.insert(NEXT, vec!["read_orders", "read_customers"]);
    let id = |(status, made): (StatusCode, Value)| {
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["id"].as_str().unwrap().to_owned()
    };
    let refused = |answer: (StatusCode, Value)| {
        let (status, code, _, words) = said(answer);
        assert_eq!((status, code.as_str()), (409, "connected_already"), "{words}");
        assert!(words.contains("“Shopify: Acme Shop”") && words.contains("Nothing was changed"), "{words}");
    };
    // A double click: both at once.
    let (one, two) = tokio::join!(
        connect(&agency.ada, "shopify", fields(MADE), None),
        connect(&agency.olga, "shopify", fields(MADE), None)
    );
    let (made, late) = if one.0 == StatusCode::CREATED { (one, two) } else { (two, one) };
    let first = id(made);
    refused(late);
    refused(connect(&agency.ada, "shopify", fields(NEXT), None).await);
    let answer = agency.ada.submit("/integrations/shopify/token", &[("shop", SHOP), ("access_token", NEXT)]).await;
    let back = page(answer, StatusCode::CONFLICT).await;
    assert!(back.contains("“Shopify: Acme Shop”") && !back.contains(NEXT), "{back}");
    assert_eq!(id(connect(&agency.ada, "shopify", fields(NEXT), Some(&first)).await), first, "in the other's place");
    assert_eq!(count(&pool, "select count(*) from connection").await, 1);
    assert_eq!(count(&pool, "select count(*) from credential").await, 2, "one token, and the shop");
    assert_eq!(count(&pool, "select count(*) from channel").await, 1);
    // Another agency's connection is its own, and one that ended is no more.
    assert_ne!(id(connect(&agency.bert, "shopify", fields(MADE), None).await), first);
    assert_eq!(agency.ada.send("DELETE", &format!("{LIST}/{first}"), &json!({})).await.status(), 204);
    assert_ne!(id(connect(&agency.ada, "shopify", fields(MADE), None).await), first);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_consent_whose_place_a_token_takes_is_taken_back_whatever_the_provider_says(pool: PgPool) {
    let shopify = Shopify::start().await;
    shopify.world().made = [MADE, NEXT].map(|token| (token, vec!["read_orders", "read_customers"])).into();
    let app = shop::start(pool.clone(), &shopify).await;
    let agency = Agency::found(&app).await;
    let id = shop::connect(&agency.ada).await;
    let consented = shopify.world().tokens[0].clone();
    // Beside the consent a token would read nothing: it is refused, with the name of who reads it.
    let stored =
        "select (select count(*) from connection) + (select count(*) from credential) + (select count(*) from channel)";
    let before = count(&pool, stored).await;
    let (status, code, _, words) = said(connect(&agency.ada, "shopify", fields(MADE), None).await);
    assert_eq!((status, code.as_str()), (409, "connected_already"), "{words}");
    assert!(words.contains("“Shopify: Acme Shop”") && words.contains("Replace the credential there"), "{words}");
    assert_eq!(count(&pool, stored).await, before);
    // A token that does not work takes no place.
    assert_eq!(connect(&agency.ada, "shopify", fields(REFUSED), Some(&id)).await.0, 422);
    assert!(shopify.world().revoked.is_empty());
    // The provider keeps it: that is tried, and the token is stored all the same.
    shopify.world().keeps = true;
    let (status, made) = connect(&agency.ada, "shopify", fields(MADE), Some(&id)).await;
    assert_eq!((status, &made["way"], &made["id"]), (StatusCode::CREATED, &json!("token"), &json!(id)), "{made}");
    assert_eq!(shopify.world().revoked, [consented]);
    // A token in a token's place: others may use the one before.
    shopify.world().keeps = false;
    assert_eq!(connect(&agency.ada, "shopify", fields(NEXT), Some(&id)).await.0, StatusCode::CREATED);
    assert_eq!(shopify.world().revoked.len(), 1);
    let test = agency.ada.post(&format!("{LIST}/{id}/test"), &json!({})).await;
    assert_eq!(test.json::<Value>().await.unwrap()["healthy"], true);
    app.stop().await;
}

async fn page(answer: Response, status: StatusCode) -> String {
    assert_eq!(answer.status(), status);
    answer.text().await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_operator_switched_off_is_connected_by_nobody(pool: PgPool) {
    let shopify = Shopify::start().await;
    shopify.world().made = [(MADE, vec!["read_orders", "read_customers"])].into();
    let app = shop::start(pool.clone(), &shopify).await;
    let agency = Agency::found(&app).await;
    let off = "insert into provider_switch (provider, reason, switched_off_at) values ('shopify', 'Shopify asked us to.', now())";
    execute(&pool, off.into()).await;
    let words = "Your operator has switched Shopify off: Shopify asked us to. Nothing was connected, and what was read stays. \
                 Try again once it is on";
    let refused = said(connect(&agency.ada, "shopify", fields(MADE), None).await);
    assert_eq!(refused, (409, "switched_off".to_owned(), String::new(), words.to_owned()));
    let begun = agency.ada.post(LIST, &json!({"provider": "shopify", "fields": {"shop": SHOP}})).await;
    let refused = said((begun.status(), begun.json().await.unwrap()));
    assert_eq!(refused, (409, "switched_off".to_owned(), String::new(), words.to_owned()));

    // Forms of a page that was opened before: what was typed is kept, but for the secret.
    let typed = [("shop", SHOP), ("access_token", MADE)];
    let answer = agency.ada.submit("/integrations/shopify/token", &typed).await;
    let back = page(answer, StatusCode::CONFLICT).await;
    assert!(
        back.contains("our operator has switched Shopify off") && back.contains(&format!("value=\"{SHOP}\"")),
        "{back}"
    );
    assert!(!back.contains(MADE), "{back}");
    let led = agency.ada.submit("/integrations/shopify/connect", &[("shop", SHOP)]).await;
    assert_eq!(led.status(), StatusCode::SEE_OTHER);
    let target = led.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(target, format!("{PAGE}?shop={SHOP}&error=switched_off"));
    let back = page(agency.ada.get(&target).await, StatusCode::OK).await;
    assert!(back.contains("has switched the provider off") && back.contains(&format!("value=\"{SHOP}\"")), "{back}");
    let stored = "select (select count(*) from connection) + (select count(*) from oauth_state) + (select count(*) from credential)";
    assert_eq!(count(&pool, stored).await, 0);

    execute(&pool, "delete from provider_switch".into()).await;
    assert_eq!(connect(&agency.ada, "shopify", fields(MADE), None).await.0, StatusCode::CREATED);
    app.stop().await;
}

/// A program of this member, with an access token of ours.
async fn program(app: &TestApp, member: &Browser, scope: &str) -> impl AsyncFn(Value) -> (StatusCode, Value) + use<> {
    let made = member.post("/api/v1/tokens", &json!({"name": "t", "scope": scope, "days": 1})).await;
    let token = made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let (client, url) = (app.browser().client, format!("{}{LIST}", app.url));
    async move |body: Value| {
        let answer = client.post(&url).bearer_auth(&token).json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_program_connects_with_a_token_as_its_member_may(pool: PgPool) {
    let (_shopify, _meta, app, agency) = open(&pool).await;
    let by_token = json!({"provider": "shopify", "way": "token", "fields": fields(MADE)});
    let reads = program(&app, &agency.ada, "read").await;
    let (status, refused) = reads(by_token.clone()).await;
    assert_eq!((status, &refused["error"]["rule"]), (StatusCode::FORBIDDEN, &json!("tokens.scope")), "{refused}");
    let manager = program(&app, &agency.max, "write").await;
    for body in [&by_token, &json!({"provider": "shopify", "fields": {"shop": SHOP}})] {
        assert_eq!(manager(body.clone()).await.0, StatusCode::FORBIDDEN, "a Manager connects nothing: {body}");
    }
    let writes = program(&app, &agency.ada, "write").await;
    let (status, made) = writes(by_token).await;
    assert_eq!((status, &made["way"]), (StatusCode::CREATED, &json!("token")), "{made}");
    let (status, _, field, words) = said(writes(json!({"provider": "bing"})).await);
    assert!(status == 422 && field == "provider" && words.contains("google_ads, "), "{words}");
    let (_, code, _, words) = said(writes(json!({"provider": "shopify", "fields": {"shop": SHOP}})).await);
    assert!(code == "session_needed" && words.contains("an access token has none"), "{code}: {words}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_in_the_wrong_place_does_not_come_back(pool: PgPool) {
    let (shopify, _meta, app, agency) = open(&pool).await;
    let bodies = [
        json!({"provider": "shopify", "way": "token", "fields": REFUSED}),
        json!({"provider": "shopify", "way": "token", "fields": {"shop": SHOP, "access_token": "x", REFUSED: "x"}}),
        json!({"provider": "shopify", "way": "token", "fields": {"shop": SHOP, "access_token": [REFUSED]}}),
        json!({"provider": "shopify", "way": "token", "fields": {"shop": REFUSED, "access_token": "x"}}),
        json!({"provider": "shopify", "way": REFUSED}),
        json!({"provider": REFUSED, "way": "token"}),
        json!({"provider": "shopify", "way": "token", REFUSED: true}),
        json!({"provider": "shopify", "connection_id": REFUSED}),
        json!(REFUSED),
    ];
    for body in bodies {
        let answer = agency.ada.post(LIST, &body).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains(REFUSED), "{body}: {text}");
    }
    // The provider says it again, in whole and in part, at the place where a long answer is cut.
    for (before, said) in [(0, REFUSED.to_owned()), (0, format!("{}…", &REFUSED[..16])), (280, REFUSED.to_owned())] {
        shopify.world().says = Some(format!("{} {said} is wrong", "x".repeat(before)));
        let (status, answer) = connect(&agency.ada, "shopify", fields(REFUSED), None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        assert!(!answer.to_string().contains(&REFUSED[..12]), "{answer}");
        let typed = [("shop", SHOP), ("access_token", REFUSED)];
        let back =
            page(agency.ada.submit("/integrations/shopify/token", &typed).await, StatusCode::UNPROCESSABLE_ENTITY)
                .await;
        assert!(back.contains("Shopify refuses:") && !back.contains(&REFUSED[..12]), "{back}");
    }
    // In the field of the shop, with the token or instead of it.
    for token in ["", REFUSED] {
        let typed = [("shop", REFUSED), ("access_token", token)];
        let back =
            page(agency.ada.submit("/integrations/shopify/token", &typed).await, StatusCode::UNPROCESSABLE_ENTITY)
                .await;
        assert!(!back.contains(REFUSED), "{back}");
    }
    app.finish().await;
}
