//! What people change at simulated providers: it lasts, and the simulation tells what it truly brought.

use std::net::SocketAddr;

use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::{
    process::free_address,
    simulated::enter,
    support::{Browser, TestApp, count, execute, refused},
    sync::{KEYS, SECRET},
};

pub async fn start(pool: PgPool, address: &str) -> TestApp {
    let listen: SocketAddr = address.parse().unwrap();
    TestApp::start_with(pool, |config| {
        config.rehearsal = Some(listen);
        (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
    })
    .await
}

pub async fn get(address: &str) -> Value {
    reqwest::get(address).await.unwrap().json().await.unwrap()
}

/// A token with which somebody manages simulated Meta accounts by other means than the product.
async fn managing(app: &TestApp, world: &str) -> String {
    let back = format!("{}/api/oauth/meta_ads/callback", app.url);
    let asked = [("client_id", "audienceos"), ("redirect_uri", &back), ("scope", "ads_management")];
    let client = reqwest::Client::new();
    let with = |path: &str, asked: &[(&str, &str)]| {
        reqwest::Url::parse_with_params(&format!("{world}/v26.0/{path}"), asked).unwrap()
    };
    let page = client.get(with("dialog/oauth", &asked)).send().await.unwrap();
    let page = page.text().await.unwrap().replace("&amp;", "&");
    let link = page.split("<li><a href=\"").last().unwrap().split('"').next().unwrap().to_owned();
    let code = link.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let secret = app.service.token_key.derive("simulation", "app");
    let asked = [("client_id", "audienceos"), ("client_secret", &secret), ("redirect_uri", &back), ("code", &code)];
    let answer = client.get(with("oauth/access_token", &asked)).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
}

/// Pauses every campaign of the first simulated Meta account: how many those were, and whose.
async fn pause_all(world: &str, token: &str) -> (usize, Value) {
    let about = get(&format!("{world}/rehearsal")).await;
    let mut accounts = about["channels"].as_array().unwrap().iter();
    let account = accounts.find(|channel| channel["platform"] == "meta_ads").unwrap();
    let client = reqwest::Client::new();
    let path = format!("{world}/v26.0/act_{}/campaigns?fields=id,name", account["external_id"].as_str().unwrap());
    let campaigns: Value = client.get(path).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    let campaigns = campaigns["data"].as_array().unwrap();
    assert!(!campaigns.is_empty());
    for campaign in campaigns {
        let path = format!("{world}/v26.0/{}?status=PAUSED", campaign["id"].as_str().unwrap());
        let answer = client.post(path).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "success": true }));
    }
    (campaigns.len(), account["client"].clone())
}

/// What the page is told.
async fn compared(guest: &Browser) -> Vec<Value> {
    told(guest, "get_compared").await
}

/// What a server function tells that takes nothing.
pub async fn told(guest: &Browser, function: &str) -> Vec<Value> {
    let request = guest.client.post(format!("{}/app/{function}", guest.url)).header("accept", "application/json");
    let answer = request.form(&[("", ""); 0]).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// The same, added up from the whole truth: cents spent, orders, cents of the books.
pub fn added(truth: &Value, client: &Value, days: [&str; 2]) -> [i64; 3] {
    let mut sums = [0; 3];
    for (of, names) in [("channels", ["spend_cents", "", ""]), ("shops", ["", "orders", "ledger_cents"])] {
        for channel in truth[of].as_array().unwrap().iter().filter(|channel| channel["client"] == *client) {
            for day in channel["days"].as_array().unwrap() {
                if (days[0]..=days[1]).contains(&day["day"].as_str().unwrap()) {
                    sums.iter_mut().zip(names).for_each(|(sum, name)| *sum += day[name].as_i64().unwrap_or_default());
                }
            }
        }
    }
    sums
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_changed_lasts_and_a_week_later_it_is_told_what_it_brought(pool: PgPool) {
    let address = free_address();
    let app = start(pool.clone(), &address).await;
    app.leave_jobs();
    let guest = app.browser();
    enter(&guest).await;
    let session = guest.json("/api/v1/auth/session").await;
    let id = session["organization_id"].as_str().unwrap().to_owned();
    let world = format!("http://{address}/{id}");
    assert_eq!(compared(&guest).await, [] as [Value; 0], "nothing was changed");
    let token = managing(&app, &world).await;
    let (changes, client) = pause_all(&world, &token).await;
    let writes = get(&format!("{world}/rehearsal")).await["writes"].clone();
    assert_eq!(writes.as_array().unwrap().len(), changes);
    assert_eq!(compared(&guest).await, [] as [Value; 0], "no day after it is over");
    let kept = count(&pool, "select count(*) from simulated_change").await;
    assert_eq!(usize::try_from(kept).unwrap(), changes);
    app.stop().await;

    // Another process of the same installation knows of it, at another address too.
    let address = free_address();
    let app = start(pool.clone(), &address).await;
    app.leave_jobs();
    let (guest, world) = (guest.at(&app.url), format!("http://{address}/{id}"));
    assert_eq!(get(&format!("{world}/rehearsal")).await["writes"], writes);
    assert_eq!(guest.submit("/simulation/forward", &[]).await.status(), 303);
    let compared = compared(&guest).await;
    let [one] = compared.as_slice() else { panic!("{compared:?}") };
    let days = [one["days"][0].as_str().unwrap(), one["days"][1].as_str().unwrap()];
    let [first, last] = days.map(|day| model::page::parse_day("day", day).unwrap());
    assert_eq!(last - first, Duration::days(6));
    for (side, query) in [("with", ""), ("without", "?changes=none")] {
        let sums = added(&get(&format!("{world}/rehearsal/truth{query}")).await, &client, days);
        let shown = ["spend_cents", "orders", "ledger_cents"].map(|name| one[side][name].as_i64().unwrap());
        assert_eq!(shown, sums, "{side}");
    }
    assert!(one["with"]["spend_cents"].as_i64() < one["without"]["spend_cents"].as_i64(), "{one}");
    let page = guest.get("/settings/integrations").await.text().await.unwrap();
    assert!(page.contains("What your changes truly brought") && page.contains("The simulation's own truth"), "{page}");
    assert!(page.contains(one["client"].as_str().unwrap()));

    // It is nothing of the agency's data, a live agency has none, and it goes with the simulated one.
    let live = "insert into simulated_change (organization_id, number, change)
                select organization_id, 1, '{}' from organization where mode = 'live'";
    let acme = "insert into organization (organization_id, name, created_at) values (gen_random_uuid(), 'Acme', now())";
    execute(&pool, acme.to_owned()).await;
    assert!(refused(&pool, live).await.contains("simulated_change_organization_id_mode_fkey"));
    assert_eq!(guest.submit("/simulation/leave", &[]).await.status(), 303);
    assert_eq!(count(&pool, "select count(*) from simulated_change").await, 0);
    app.stop().await;
}
