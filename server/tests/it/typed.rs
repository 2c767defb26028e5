//! Credentials that somebody made at a provider by hand: what works is kept and sealed, what does not is said at its field, and
//! nothing is stored of it.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    meta::{Meta, Token},
    shopify::{Order, SHOP, Shopify},
    support::{Agency, Browser, TestApp, all_rows, count, execute},
    sync::{map, run},
};

pub const MADE: &str = "shpat_made-by-hand-c0ffee";
const NARROW: &str = "shpat_narrow-c0ffee";
pub const REFUSED: &str = "shpat_refused-c0ffee";
pub const PAGE: &str = "/settings/integrations";

/// Stand-ins of Shopify and Meta, and an agency on a server whose operator has set nothing for either.
pub async fn open(pool: &PgPool) -> (Shopify, Meta, TestApp, Agency) {
    let (shopify, meta) = (Shopify::start().await, Meta::start().await);
    shopify.world().made = [(MADE, vec!["read_orders", "read_customers"]), (NARROW, vec!["read_orders"])].into();
    let urls = [("shopify", &shopify.url), ("meta_ads", &meta.url)].map(|(key, url)| (key, url.parse().unwrap()));
    let app = TestApp::start_with(pool.clone(), |config| {
        config.provider_urls.extend(urls.map(|(key, url)| (key.to_owned(), url)));
    })
    .await;
    let agency = Agency::found(&app).await;
    (shopify, meta, app, agency)
}

pub async fn connect(browser: &Browser, provider: &str, fields: Value, of: Option<&str>) -> (StatusCode, Value) {
    let body = json!({"provider": provider, "way": "token", "fields": fields, "connection_id": of});
    let answer = browser.post("/api/v1/integrations", &body).await;
    (answer.status(), answer.json().await.unwrap())
}

pub fn shop(token: &str) -> Value {
    json!({"shop": SHOP, "access_token": token})
}

/// The status, code and field of a refusal, and its words.
pub fn said(answer: (StatusCode, Value)) -> (u16, String, String, String) {
    let (status, body) = answer;
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    (status.as_u16(), text("code"), text("field"), text("message"))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_that_works_is_kept_sealed_and_reads(pool: PgPool) {
    let (shopify, _meta, app, agency) = open(&pool).await;
    let at = app.service.clock.now() - time::Duration::hours(3);
    shopify.world().orders = vec![Order { number: 1, at, changed: at, goods: 40, refunded: None }];
    let typed = json!({"shop": format!(" https://{SHOP}/ "), "access_token": format!(" {MADE}\n")});
    let (status, made) = connect(&agency.ada, "shopify", typed, None).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!((&made["state"], &made["way"]), (&json!("connected"), &json!("token")));
    assert_eq!(
        (&made["label"], &made["scopes"]),
        (&json!("Shopify: Acme Shop"), &json!(["read_orders", "read_customers"]))
    );
    assert!(!made.to_string().contains(MADE));
    assert_eq!(count(&pool, "select count(*) from credential").await, 2, "the token, and the shop");
    let id = made["id"].as_str().unwrap();
    map(&agency.ada, id, &agency.c[0]).await;
    assert_eq!(run(&agency.ada, id, 1).await["state"], "succeeded");
    assert_eq!(count(&pool, "select coalesce(sum(ledger_revenue), 0)::bigint from metric_daily").await, 40);
    for page in [PAGE.to_owned(), format!("{PAGE}/{id}"), format!("{PAGE}?connected={id}")] {
        let answer = agency.ada.get(&page).await;
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        assert!(!answer.text().await.unwrap().contains(MADE), "{page}");
    }
    let stored = all_rows(&pool, None).await.into_iter().map(|(_, rows)| rows).collect::<String>();
    assert!(!stored.contains(MADE) && !stored.contains(&hex::encode(MADE)));

    // What is sealed for one field opens in no other, not even of the same connection.
    execute(&pool, "update credential set sealed = (select sealed from credential where field = 'field:shop') where field = 'access_token'".into()).await;
    let refused = agency.ada.post(&format!("/api/v1/integrations/{id}/sync"), &json!({})).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "reconnect");

    // Taken away here; what a person made there, only a person takes back.
    assert_eq!(agency.ada.send("DELETE", &format!("/api/v1/integrations/{id}"), &json!({})).await.status(), 204);
    for _ in 0..200 {
        if count(&pool, "select count(*) from credential").await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(count(&pool, "select count(*) from credential").await, 0);
    assert!(shopify.world().revoked.is_empty(), "{:?}", shopify.world().revoked);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_does_not_work_is_said_at_its_field_and_nothing_is_stored(pool: PgPool) {
    let (shopify, _meta, app, agency) = open(&pool).await;
    let refused = async |fields: Value| said(connect(&agency.ada, "shopify", fields, None).await);
    let invalid = |field: &str, message: &str| (422, "invalid".to_owned(), field.to_owned(), message.to_owned());
    let reason = "[API] Invalid API key or access token (unrecognized login or wrong password)";
    assert_eq!(refused(shop(REFUSED)).await, invalid("access_token", &format!("Shopify refuses: {reason}")));
    let lacks =
        "This token lacks read_customers (telling new customers from those who come again). Make one that has it";
    assert_eq!(refused(shop(NARROW)).await, invalid("access_token", lacks));
    assert_eq!(refused(json!({"shop": SHOP})).await, invalid("access_token", "Admin API access token is required"));
    let broken = "Admin API access token has characters that it cannot have. Copy it again";
    assert_eq!(refused(shop("shpat_ü")).await, invalid("access_token", broken));
    let (_, _, field, words) = refused(json!({"shop": "acme.example", "access_token": MADE})).await;
    assert!(field == "shop" && words.contains("your-shop.myshopify.com"), "{field}: {words}");
    let (_, _, field, words) = refused(json!({"access_token": MADE})).await;
    assert!(field == "shop" && words.ends_with("is required"), "{field}: {words}");
    let more = json!({"shop": SHOP, "access_token": MADE, "host": "evil.test"});
    assert_eq!(refused(more).await, invalid("host", "There is no such field"));
    let elsewhere = said(connect(&agency.ada, "tiktok_ads", json!({"access_token": "t"}), None).await);
    assert_eq!((elsewhere.0, elsewhere.2.as_str()), (422, "way"), "{elsewhere:?}");
    assert_eq!(connect(&agency.max, "shopify", shop(MADE), None).await.0, StatusCode::FORBIDDEN);

    shopify.world().down = true;
    let body = json!({"provider": "shopify", "way": "token", "fields": shop(MADE)});
    let away = agency.ada.post("/api/v1/integrations", &body).await;
    assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(away.headers()["retry-after"], "60");
    assert_eq!(away.json::<Value>().await.unwrap()["error"]["code"], "unreachable");
    let stored =
        "select (select count(*) from connection) + (select count(*) from credential) + (select count(*) from channel)
                  + (select count(*) from oauth_state)";
    assert_eq!(count(&pool, stored).await, 0);
    app.finish().await;
}

/// The page that a form came back with.
async fn came_back(answer: Response, status: StatusCode) -> String {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    answer.text().await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_form_works_without_wasm_and_keeps_what_is_no_secret(pool: PgPool) {
    let (shopify, _meta, app, agency) = open(&pool).await;
    let page = agency.ada.get(PAGE).await.text().await.unwrap();
    assert!(page.contains("SHOPIFY_API_KEY, SHOPIFY_API_SECRET are not set"), "the operator has set nothing: {page}");
    assert!(page.contains("action=\"/integrations/shopify/token\"") && page.contains("Connect Shopify with a token"));
    assert!(
        page.contains("action=\"/integrations/meta_ads/token\"") && !page.contains("/integrations/tiktok_ads/token")
    );
    let seen = agency.max.get(PAGE).await.text().await.unwrap();
    assert!(!seen.contains("/token\""), "who does not connect types no tokens");

    let path = "/integrations/shopify/token";
    let wrong = [("shop", SHOP), ("access_token", REFUSED)];
    let back = came_back(agency.ada.submit(path, &wrong).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(back.contains("Shopify refuses: [API] Invalid API key"), "{back}");
    assert!(back.contains(&format!("value=\"{SHOP}\"")) && back.contains("aria-invalid=\"true\""), "{back}");
    assert!(!back.contains(REFUSED), "{back}");
    // The other forms of that page know which page they are of.
    assert!(back.contains("?page=%2Fsettings%2Fintegrations") || !back.contains("action=\"/app/"), "{back}");
    shopify.world().down = true;
    let back = came_back(agency.ada.submit(path, &wrong).await, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(back.contains("Shopify could not be reached, so nothing was stored") && back.contains(SHOP), "{back}");
    shopify.world().down = false;
    assert_eq!(count(&pool, "select count(*) from connection").await, 0);

    let led = agency.ada.submit(path, &[("shop", SHOP), ("access_token", MADE)]).await;
    assert_eq!(led.status(), StatusCode::SEE_OTHER);
    let target = led.headers()["location"].to_str().unwrap().to_owned();
    let id = target.strip_prefix("/settings/integrations?connected=").expect("connected").to_owned();
    assert!(agency.ada.get(&target).await.text().await.unwrap().contains("<strong>Connected.</strong>"));

    execute(&pool, "update connection set reconnect_reason = 'Token has been revoked.'".into()).await;
    let own = format!("{PAGE}/{id}");
    let page = agency.ada.get(&own).await.text().await.unwrap();
    assert!(page.contains("Replace the token") && page.contains(&format!("{own}#token")), "{page}");
    assert!(!page.contains("/integrations/shopify/connect"), "a token is replaced by a token");
    let again = [("connection_id", id.as_str()), ("access_token", REFUSED)];
    let back = came_back(agency.ada.submit(path, &again).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(back.contains("Shopify refuses") && back.contains("Shopify: Acme Shop"), "the connection's page: {back}");
    let led = agency.ada.submit(path, &[("connection_id", &id), ("access_token", MADE)]).await;
    assert_eq!(led.headers()["location"], format!("/settings/integrations?connected={id}").as_str());
    assert_eq!(agency.ada.json(&format!("/api/v1/integrations/{id}")).await["state"], "connected");
    assert_eq!(count(&pool, "select count(*) from connection").await, 1, "the same connection");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn metas_system_user_needs_no_setting_and_stays_with_its_account(pool: PgPool) {
    let (_shopify, meta, app, agency) = open(&pool).await;
    let token = |permission, account| Token { permission, account };
    meta.world().tokens = [
        ("EAAB-system-one", token("ads_read", "111")),
        ("EAAB-system-new", token("ads_read", "111")),
        ("EAAB-system-two", token("ads_read", "222")),
        ("EAAB-narrow", token("email", "111")),
    ]
    .into();
    let one = |token: &str| json!({"access_token": token});
    let unknown = said(connect(&agency.ada, "meta_ads", one("EAAB-unknown"), None).await);
    assert_eq!((unknown.0, unknown.2.as_str()), (422, "access_token"));
    assert!(unknown.3.starts_with("Meta Ads refuses: Invalid OAuth access token"), "{unknown:?}");
    let narrow = said(connect(&agency.ada, "meta_ads", one("EAAB-narrow"), None).await);
    assert!(narrow.3.starts_with("This token lacks ads_read"), "{narrow:?}");
    meta.world().proved.clear();
    let (status, made) = connect(&agency.ada, "meta_ads", one("EAAB-system-one"), None).await;
    assert_eq!((status, &made["label"]), (StatusCode::CREATED, &json!("Meta Ads: Account 111")), "{made}");
    assert_eq!(meta.world().proved, [false, false], "no secret was typed");
    let id = made["id"].as_str().unwrap().to_owned();
    let accounts = agency.ada.json(&format!("/api/v1/integrations/{id}/accounts")).await;
    assert_eq!(accounts["items"][0]["external_id"], "111");

    let other = said(connect(&agency.ada, "meta_ads", one("EAAB-system-two"), Some(&id)).await);
    assert!(other.0 == 422 && other.3.starts_with("This token is of another account"), "{other:?}");
    meta.world().proved.clear();
    let with_secret = json!({"access_token": "EAAB-system-new", "app_secret": "app-secret-of-theirs"});
    let (status, again) = connect(&agency.ada, "meta_ads", with_secret, Some(&id)).await;
    assert_eq!((status, again["id"].as_str()), (StatusCode::CREATED, Some(id.as_str())), "{again}");
    let proved = meta.world().proved.clone();
    assert!(proved.len() >= 2 && proved.iter().all(|proved| *proved), "tried with it, and read with it: {proved:?}");
    let test = agency.ada.post(&format!("/api/v1/integrations/{id}/test"), &json!({})).await;
    assert_eq!(test.json::<Value>().await.unwrap()["healthy"], true, "with what is stored");
    // Another provider's connection, and another agency's, are none.
    for (browser, provider) in [(&agency.ada, "shopify"), (&agency.bert, "meta_ads")] {
        let missing = connect(browser, provider, one("EAAB-system-one"), Some(&id)).await;
        assert_eq!(missing.0, StatusCode::NOT_FOUND, "{provider}");
    }
    assert_eq!(agency.ada.send("DELETE", &format!("/api/v1/integrations/{id}"), &json!({})).await.status(), 204);
    app.finish().await;
    assert_eq!(meta.world().revoked, 0);
}
