//! Names, history and refusals of integrations: who reads a connection's name, calling it otherwise, turning the pages of
//! its runs, and where a way back that fails leads.

use http::header;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    seed,
    support::{Agency, Browser, TestApp, count, execute},
};

const PAGE: &str = "/settings/integrations";

async fn text(browser: &Browser, path: &str) -> String {
    browser.get(path).await.text().await.unwrap()
}

/// The agency of the checks with a connection of its own.
async fn connected(pool: PgPool) -> (TestApp, Agency, String) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    seed::integrations(&app.pool).await;
    execute(&app.pool, "update sync_run set state = 'succeeded', finished_at = now()".into()).await;
    execute(&app.pool, "update connection set label = 'Secret Shoes Ltd'".into()).await;
    let connection = seed::id_in(&app.pool, "connection", "Acme").await;
    (app, agency, connection)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_connections_name_is_for_managers_of_its_clients_only(pool: PgPool) {
    let (app, agency, connection) = connected(pool).await;
    let channel = seed::id_in(&app.pool, "channel", "Acme").await;
    let path = format!("/api/v1/integrations/{connection}");
    let own = format!("{PAGE}/{connection}");
    let everywhere = async |browser: &Browser| {
        let mut all = Vec::new();
        for path in ["/api/v1/integrations", &path, PAGE, &own] {
            all.push(text(browser, path).await);
        }
        all
    };
    for (client, visible) in [(None, false), (Some(&agency.c[1]), false), (Some(&agency.c[0]), true)] {
        let mapped = format!("/api/v1/integrations/accounts/{channel}/client");
        let answer = agency.ada.send("PUT", &mapped, &json!({"client_id": client})).await;
        assert_eq!(answer.status(), StatusCode::OK);
        for seen in everywhere(&agency.max).await {
            assert_eq!(seen.contains("Secret Shoes Ltd"), visible, "{client:?}: {seen}");
            assert!(visible || seen.contains("Google Ads"), "{seen}");
        }
        for seen in everywhere(&agency.ada).await {
            assert!(seen.contains("Secret Shoes Ltd"), "those who connect read it");
        }
    }
    execute(&app.pool, "delete from graphile_worker._private_jobs".into()).await;
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_name_and_a_switch_change_together_or_not_at_all(pool: PgPool) {
    let (app, agency, connection) = connected(pool).await;
    let path = format!("/api/v1/integrations/{connection}");
    let change = json!({"label": "Shoes, Berlin", "paused": true});
    for sql in [
        "create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$",
        "create trigger fail before update of paused_at on connection for each row execute function fail()",
    ] {
        execute(&app.pool, sql.into()).await;
    }
    assert_eq!(agency.ada.send("PATCH", &path, &change).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(agency.ada.json(&path).await["label"], "Secret Shoes Ltd", "half of it was not done");
    execute(&app.pool, "drop trigger fail on connection".into()).await;
    let changed: Value = agency.ada.send("PATCH", &path, &change).await.json().await.unwrap();
    assert_eq!((&changed["label"], &changed["state"]), (&json!("Shoes, Berlin"), &json!("paused")));
    let log = agency.olga.json("/api/v1/audit?action=integrations.edit").await.to_string();
    assert!(log.contains("renamed") && log.contains("switched"), "{log}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_connection_can_be_called_otherwise(pool: PgPool) {
    let (app, agency, connection) = connected(pool).await;
    let path = format!("/api/v1/integrations/{connection}");
    let rename = async |browser: &Browser, label: &str| browser.send("PATCH", &path, &json!({"label": label})).await;
    let renamed: Value = rename(&agency.ada, "  Shoes, Berlin ").await.json().await.unwrap();
    assert_eq!((&renamed["label"], &renamed["state"]), (&json!("Shoes, Berlin"), &json!("connected")));
    assert_eq!(rename(&agency.max, "Mine").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(rename(&agency.bert, "Mine").await.status(), StatusCode::NOT_FOUND);
    for wrong in ["", " ", &"x".repeat(201)] {
        let refused = rename(&agency.ada, wrong).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.json::<Value>().await.unwrap()["error"]["field"], "label");
    }
    assert_eq!(agency.ada.json(&path).await["label"], "Shoes, Berlin");
    let page = text(&agency.ada, &format!("{PAGE}/{connection}")).await;
    assert!(page.contains("value=\"Shoes, Berlin\"") && page.contains("/app/rename_connection"), "{page}");
    assert!(!text(&agency.max, &format!("{PAGE}/{connection}")).await.contains("/app/rename_connection"));
    let log = agency.olga.json("/api/v1/audit").await.to_string();
    assert!(log.contains("renamed") && log.contains("Secret Shoes Ltd"), "{log}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_history_is_turned_page_by_page_without_gaps(pool: PgPool) {
    let (app, agency, connection) = connected(pool).await;
    // At equal moments, too.
    let more = format!(
        "insert into sync_run (organization_id, id, connection_id, cause, state, started_at, finished_at, step)
         select organization_id, gen_random_uuid(), id, 'schedule', 'succeeded', '2026-01-01'::timestamptz + (n / 3) * interval '1 h', now(), 'n' || n
         from connection, generate_series(1, 119) n where id = '{connection}'"
    );
    execute(&app.pool, more).await;
    let path = format!("/api/v1/integrations/{connection}/runs");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = agency.ada.json(&format!("{path}?limit=50{cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        assert_eq!(seen.len() % 50, 0);
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 120);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120, "each once");
    assert_eq!(agency.ada.get(&format!("{path}?cursor=x")).await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let mut rows = Vec::new();
    let mut href = format!("{PAGE}/{connection}");
    for _ in 0..4 {
        let page = text(&agency.ada, &href).await;
        rows.push(page.matches("Schedule").count());
        let Some((before, _)) = page.split_once(">Show older<") else {
            assert!(page.contains(">Show the newest<"), "{page}");
            break;
        };
        let (_, link) = before.rsplit_once("href=\"").unwrap();
        href = link.split_once("#history\"").unwrap().0.to_owned();
    }
    assert_eq!(rows.len(), 3, "fifty a page: {rows:?}");
    assert_eq!(count(&app.pool, "select count(*) from sync_run").await, 121);
    app.finish().await;
}

fn led(answer: &Response) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_way_back_that_fails_leads_to_a_page_that_says_why(pool: PgPool) {
    let (app, agency, _) = connected(pool).await;
    let back = "/api/oauth/google_ads/callback?code=c&state=s";
    let come = async |browser: &Browser| {
        let asked = browser.client.get(format!("{}{back}", app.url)).header(header::ACCEPT, "text/html,*/*;q=0.8");
        led(&asked.send().await.unwrap())
    };
    let anybody = app.browser();
    assert_eq!(anybody.get(back).await.status(), StatusCode::UNAUTHORIZED, "a program is told so");
    let sign_in = come(&anybody).await;
    assert_eq!(sign_in, "/login?redirect=/settings/integrations%3Ferror%3Dsigned_out&error=session_ended");
    let page = text(&anybody, &sign_in).await;
    assert!(page.contains("Your session has ended, so nothing was connected"), "{page}");

    let says = async |browser: &Browser, target: &str, words: &str| {
        let page = text(browser, target).await;
        assert!(page.contains(words), "{target}: {words}: {page}");
    };
    says(&agency.ada, &format!("{PAGE}?error=signed_out"), "your session ended before you came back").await;
    let forbidden = come(&agency.max).await;
    assert_eq!(forbidden, format!("{PAGE}?error=forbidden"));
    says(&agency.max, &forbidden, "an Admin or Owner connects accounts").await;
    execute(&app.pool, "alter table oauth_state rename to away".into()).await;
    let failed = come(&agency.ada).await;
    assert_eq!(failed, format!("{PAGE}?error=failed"));
    says(&agency.ada, &failed, "something failed on our side").await;
    execute(&app.pool, "alter table away rename to oauth_state".into()).await;
    assert_eq!(come(&agency.ada).await, format!("{PAGE}?error=state"), "what is known is told as before");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_source_keeps_what_was_chosen_without_wasm(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Acme Shoes"})).await;
    let page = format!("{}/settings/integrations/import", app.url);
    let fields = [
        ("name", ""),
        ("holds", "shop"),
        ("platform", "shopify"),
        ("currency", "CHF"),
        ("time_zone", "Asia/Tokyo"),
        ("client_id", &client),
    ];
    let request = olga.client.post(format!("{}/app/add_import_source", app.url)).header("accept", "text/html");
    let answer = request.header("referer", page).form(&fields).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let html = answer.text().await.unwrap();
    for (name, chosen) in &fields[1..] {
        let (_, select) = html.split_once(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("{name}: {html}"));
        let (options, _) = select.split_once("</select>").unwrap();
        let option = options.split("<option").find(|option| option.contains("selected")).unwrap_or_default();
        assert!(option.contains(&format!("value=\"{chosen}\"")), "{name}: {option}");
    }
    app.finish().await;
}
