//! Names, history and refusals of integrations: who reads a connection's name, calling it otherwise, turning the pages of
//! its runs, and where a way back that fails leads.

use http::header;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    seed,
    support::{Agency, Browser, TestApp, count},
    sync::execute,
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
