//! Files of daily metrics over HTTP: from the upload to figures, what is wrong with them, and taking them back.

use std::time::Duration;

use model::metric::Level;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::macros::date;

use crate::{
    desk::{Desk, code, day, until, upload},
    support::{TestApp, count},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_becomes_figures_and_is_taken_back(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let first = desk.import("week.csv", "Day,Cost,Clicks\n2026-02-01,10.50,3\n2026-02-02,20,\n").await;
    assert_eq!((&first["rows_new"], &first["rows"], &first["member"]), (&json!(2), &json!(2), &json!("Olga Owner")));
    let before = desk.spend(None).await;
    assert_eq!(before, [day(date!(2026 - 02 - 01), "10.50"), day(date!(2026 - 02 - 02), "20")]);
    assert_eq!(desk.rows(Level::Account, None).await[1].measures.clicks, None, "not reported is not 0");

    let second = desk.import("again.csv", "Day,Cost,Clicks\n2026-02-02,25,7\n2026-02-03,30,1\n").await;
    assert_eq!((&second["rows_new"], &second["rows_changed"]), (&json!(1), &json!(1)));
    let between = desk.app.service.clock.now();
    let imported = desk.spend(None).await;
    assert_eq!(imported[1..], [day(date!(2026 - 02 - 02), "25"), day(date!(2026 - 02 - 03), "30")]);

    let undone = desk.undo(&second).await;
    assert_eq!(undone["undone_by"], "Olga Owner");
    assert_eq!(desk.spend(None).await, before, "reports read what they read before");
    assert_eq!(desk.spend(Some(between)).await, imported, "as of then, the import still stands");
    desk.agrees().await;
    // Every observation has its run, and every run its import.
    let orphans = "select count(*) from metric_observation o where not exists (select from import i join sync_run r
        on r.organization_id = i.organization_id and r.id in (i.sync_run_id, i.undo_run_id) and r.state = 'succeeded' and r.cause = 'import'
        where r.id = o.sync_run_id)";
    assert_eq!(count(&desk.app.pool, orphans).await, 0);
    let again = desk.olga.post(&format!("/api/v1/imports/{}/undo", second["id"].as_str().unwrap()), &json!({})).await;
    assert_eq!(code(again).await, (409, "undone".to_owned()));
    assert_eq!(
        std::fs::read_dir(desk.app.data.join("imports"))
            .unwrap()
            .flatten()
            .map(|folder| { std::fs::read_dir(folder.path()).unwrap().count() })
            .sum::<usize>(),
        0,
        "no file stays"
    );
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn imports_are_taken_back_in_any_order_that_leaves_no_doubt(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let a = desk.import("a.csv", "Day,Cost\n2026-02-01,1\n2026-02-02,1\n").await;
    let b = desk.import("b.csv", "Day,Cost\n2026-02-02,2\n").await;
    let undone = desk.undo(&a).await;
    assert_eq!(undone["state"], "undone");
    assert_eq!(desk.spend(None).await, [day(date!(2026 - 02 - 02), "2")], "what the later one says stays");
    desk.undo(&b).await;
    assert_eq!(desk.spend(None).await, [], "what was taken back does not come back");
    desk.agrees().await;

    // What was undone is imported anew.
    let again = desk.import("a.csv", "Day,Cost\n2026-02-01,1\n2026-02-02,1\n").await;
    assert_eq!((&again["rows_new"], &again["same_at"]), (&json!(2), &json!(null)));
    let same = desk.import("a.csv", "Day,Cost\n2026-02-01,1\n2026-02-02,1\n").await;
    assert_eq!(same["rows_unchanged"], 2);
    let path = format!("/api/v1/imports/{}/undo", again["id"].as_str().unwrap());
    assert_eq!(code(desk.olga.post(&path, &json!({})).await).await, (409, "repeated".to_owned()));
    assert_eq!(desk.spend(None).await.len(), 2);
    desk.undo(&same).await;
    assert_eq!(desk.spend(None).await.len(), 2, "it had changed nothing");
    desk.undo(&again).await;
    assert_eq!(desk.spend(None).await, []);
    desk.agrees().await;
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_file_twice_says_so_and_changes_nothing(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let text = "Day,Campaign,Cost\n2026-02-01,Spring,1.5\n2026-02-01,Summer,2\n";
    let first = desk.import("spring.csv", text).await;
    let observed = count(&desk.app.pool, "select count(*) from metric_observation").await;
    let checked = desk.checked("renamed.csv", text).await;
    assert_eq!(checked["same_at"], first["finished_at"], "it says when it was imported before");
    let second = desk.start(checked["id"].as_str().unwrap(), false).await;
    assert_eq!(
        [&second["rows_new"], &second["rows_changed"], &second["rows_unchanged"]],
        [&json!(0), &json!(0), &json!(2)]
    );
    assert_eq!(count(&desk.app.pool, "select count(*) from metric_observation").await, observed);
    let entities = "select count(*) from ad_entity where name in ('Spring', 'Summer')";
    assert_eq!(count(&desk.app.pool, entities).await, 2);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn saved_mappings_read_the_next_file(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let checked = desk.checked("a.csv", "Day;Cost;Clicks\n13.01.2026;1,5;2\n").await;
    let body = json!({"name": "Radio export", "mapping": checked["mapping"]});
    let saved = desk.olga.create("/api/v1/imports/mappings", &body).await;
    let renamed = json!({"name": "radio EXPORT", "mapping": checked["mapping"]});
    assert_eq!(desk.olga.create("/api/v1/imports/mappings", &renamed).await, saved, "one name, one mapping");
    let list = desk.olga.json("/api/v1/imports/mappings").await;
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["name"]), (1, &json!("radio EXPORT")));

    // Columns have moved; 01.02.2026 alone would leave the day open.
    let id = desk.upload("b.csv", "Clicks;Day;Cost\n5;01.02.2026;1.234\n").await;
    until(&desk.olga, &id, "open").await;
    let chosen = json!({"mapping_id": saved});
    let put = desk.olga.send("PUT", &format!("/api/v1/imports/{id}/mapping"), &chosen).await;
    assert_eq!(put.status(), StatusCode::ACCEPTED);
    until(&desk.olga, &id, "checked").await;
    desk.start(&id, false).await;
    assert_eq!(desk.spend(None).await, [day(date!(2026 - 02 - 01), "1234")]);

    let bad = json!({"name": "", "mapping": checked["mapping"]});
    assert_eq!(code(desk.olga.post("/api/v1/imports/mappings", &bad).await).await, (422, "invalid".to_owned()));
    let gone = desk.olga.send("DELETE", &format!("/api/v1/imports/mappings/{saved}"), &json!({})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(desk.olga.json("/api/v1/imports/mappings").await["items"], json!([]));
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "stands in the import's way as the superuser")]
async fn a_worker_killed_half_way_leaves_nothing_doubled(pool: PgPool) {
    const ROWS: usize = 12_000;
    let desk = Desk::open(pool.clone(), "ads").await;
    let mut text = "Day,Campaign,Cost\n".to_owned();
    for row in 0..ROWS {
        text.push_str(&format!("2026-02-{:02},C{},{}.5\n", row % 20 + 1, row / 20, row));
    }
    let checked = desk.checked("many.csv", text).await;
    let id = checked["id"].as_str().unwrap();
    // A row that another transaction holds, behind the first thousands. No more than that: were its day written down to be counted,
    // that would hold all of the channel.
    let mut way = pool.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica").execute(&mut *way).await.unwrap();
    let hold = "insert into metric_daily (organization_id, channel_id, day, level, entity_id, attribution, observed_at, sync_run_id)
        select organization_id, id, '2026-02-01', 'campaign', 'name:C450', '', now(), gen_random_uuid() from channel";
    sqlx::query(hold).execute(&mut *way).await.unwrap();
    let started = desk.olga.post(&format!("/api/v1/imports/{id}/start"), &json!({})).await;
    assert_eq!(started.status(), StatusCode::ACCEPTED);
    for _ in 0..400 {
        if desk.olga.json(&format!("/api/v1/imports/{id}")).await["rows_done"].as_i64() >= Some(5000) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(desk.olga.json(&format!("/api/v1/imports/{id}")).await["rows_done"], 5000, "half-way");
    assert_eq!(count(&pool, "select count(*) from metric_observation").await, 0, "nothing half imported");
    desk.app.kill_worker();
    let data = desk.app.data.clone();
    let second = TestApp::start_with(pool.clone(), |config| config.data = data).await;
    sqlx::query("update sync_run set held_until = now() - interval '1 second'").execute(&pool).await.unwrap();
    way.rollback().await.unwrap();

    let done = until(&desk.olga, id, "done").await;
    assert_eq!((&done["rows_new"], &done["rows_changed"]), (&json!(ROWS), &json!(0)));
    for table in ["select count(*) from metric_observation", "select count(*) from metric_daily"] {
        assert_eq!(count(&pool, table).await, ROWS as i64, "{table}");
    }
    assert_eq!(count(&pool, "select count(*) from sync_run where state = 'succeeded'").await, 1);
    desk.agrees().await;
    desk.undo(&done).await;
    assert_eq!(count(&pool, "select count(*) from metric_daily").await, 0);
    desk.agrees().await;
    second.finish().await;
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nobody_reaches_another_agencys_imports(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let import = desk.import("a.csv", "Day,Cost\n2026-02-01,1\n").await;
    let waiting = desk.upload("b.csv", "Day,Cost\n2026-02-01,2\n").await;
    until(&desk.olga, &waiting, "open").await;
    let bert = desk.app.owner("bert@beta.test", "Beta").await;
    let (id, before) = (import["id"].as_str().unwrap(), desk.spend(None).await);
    for (method, path, body) in [
        ("GET", format!("/api/v1/imports/{id}"), json!({})),
        ("GET", format!("/api/v1/imports/{id}/errors.csv"), json!({})),
        ("POST", format!("/api/v1/imports/{id}/undo"), json!({})),
        ("DELETE", format!("/api/v1/imports/{waiting}"), json!({})),
        ("PUT", format!("/api/v1/imports/{waiting}/reading"), json!({})),
        ("POST", format!("/api/v1/imports/{waiting}/start"), json!({})),
        ("PUT", format!("/api/v1/imports/{waiting}/mapping"), json!({"mapping": import["mapping"]})),
    ] {
        let answer = bert.send(method, &path, &body).await;
        assert_eq!(code(answer).await, (404, "missing".to_owned()), "{method} {path}");
    }
    assert_eq!(code(upload(&bert, &desk.source, "x.csv", b"a".to_vec()).await).await, (404, "missing".to_owned()));
    for path in ["/api/v1/imports", "/api/v1/imports/sources", "/api/v1/imports/mappings"] {
        assert_eq!(bert.json(path).await["items"], json!([]), "{path}");
    }
    assert_eq!(bert.json("/api/v1/integrations").await["items"], json!([]));
    assert_eq!(desk.olga.json("/api/v1/integrations").await["items"], json!([]), "a source is no account");

    // Managers see the imports of their clients; nobody below an Admin imports.
    let max = desk.app.join(&desk.olga, "max@acme.test", "manager").await;
    assert_eq!(max.json("/api/v1/imports").await["items"], json!([]));
    let client = desk.olga.json("/api/v1/clients").await["items"][0]["id"].clone();
    desk.olga.create("/api/v1/assignments", &json!({"member_id": max.member_id().await, "client_id": client})).await;
    assert_eq!(max.json("/api/v1/imports").await["items"].as_array().unwrap().len(), 2);
    assert_eq!(upload(&max, &desk.source, "x.csv", b"a".to_vec()).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(max.post(&format!("/api/v1/imports/{id}/undo"), &json!({})).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(desk.spend(None).await, before);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn programs_push_rows_with_a_token(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let tokens = ["read", "write"].map(|scope| json!({"name": scope, "scope": scope, "days": 1}));
    let mut secrets = Vec::new();
    for token in &tokens {
        let made: Value = desk.olga.post("/api/v1/tokens", token).await.json().await.unwrap();
        secrets.push(made["token"].as_str().unwrap().to_owned());
    }
    let program = desk.app.browser();
    let push = async |path: &str, token: Option<&str>, body: &Value| {
        let request = program.client.post(format!("{}/api/v1/ingest/{path}", program.url)).json(body);
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (read, write) = (Some(secrets[0].as_str()), Some(secrets[1].as_str()));
    let rows = json!([{"day": "2026-02-01", "campaign_id": "17", "campaign": "Spring", "spend": "12.30", "clicks": 97},
        {"day": "2026-02-02", "campaign_id": "17", "campaign": "Spring", "spend": 0.1}]);
    let body = json!({"source_id": desk.source, "rows": rows});
    let refused = async |path: &str, token, body: &Value, status: u16, code: &str| {
        let (found, answer) = push(path, token, body).await;
        assert_eq!((found, answer["error"]["code"].as_str()), (status, Some(code)), "{path} {answer}");
        answer
    };
    refused("file", None, &body, 401, "signed_out").await;
    refused("file", read, &body, 403, "forbidden").await;
    refused("nobody", write, &body, 422, "invalid").await;
    refused("google-ads", write, &body, 422, "invalid").await;
    let nowhere = json!({"source_id": "018f0000-0000-7000-8000-000000000000", "rows": rows});
    refused("file", write, &nowhere, 404, "missing").await;
    refused("file", write, &json!({"source_id": desk.source, "rows": []}), 422, "invalid").await;
    let bert = desk.app.owner("bert@beta.test", "Beta").await;
    assert_eq!(code(bert.post("/api/v1/ingest/file", &body).await).await, (404, "missing".to_owned()));
    assert_eq!(count(&desk.app.pool, "select count(*) from metric_observation").await, 0);

    let (status, first) = push("file", write, &body).await;
    assert_eq!((status, &first["rows_new"], &first["repeated"]), (200, &json!(2), &json!(false)), "{first}");
    let (_, again) = push("file", write, &body).await;
    assert_eq!((&again["import_id"], &again["repeated"]), (&first["import_id"], &json!(true)));
    assert_eq!(count(&desk.app.pool, "select count(*) from import").await, 1);
    let kept = desk.rows(Level::Campaign, None).await;
    assert_eq!(kept.iter().map(|row| row.measures.spend.unwrap().to_string()).collect::<Vec<_>>(), ["12.30", "0.1"]);

    let bad = json!({"source_id": desk.source, "rows": [{"day": "2026-02-03", "spend": 1}, {"day": "2026-02-30"},
        {"day": "2026-02-04", "cost": 1}, {"day": "2026-02-03", "spend": 2}, 7, {"day": "2026-02-05", "spend": -1}]});
    let answer = refused("file", write, &bad, 422, "rows_wrong").await;
    let lines = |answer: &Value| -> Vec<u64> {
        answer.as_array().unwrap().iter().map(|error| error["line"].as_u64().unwrap()).collect()
    };
    assert_eq!(lines(&answer["error"]["details"]["errors"]), [2, 3, 4, 5, 6]);
    assert_eq!(desk.rows(Level::Account, None).await, [], "nothing is kept beside a wrong row");
    let mut skip = bad.clone();
    skip["on_error"] = json!("skip");
    let (_, kept) = push("file", write, &skip).await;
    assert_eq!(
        (&kept["rows_new"], &kept["wrong"], lines(&kept["errors"])),
        (&json!(1), &json!(5), vec![2, 3, 4, 5, 6])
    );

    let list = desk.olga.json("/api/v1/imports").await;
    assert_eq!((&list["items"][0]["way"], &list["items"][0]["file_name"]), (&json!("push"), &json!("file")));
    desk.undo(&json!({"id": kept["import_id"]})).await;
    assert_eq!(desk.rows(Level::Account, None).await, []);
    desk.agrees().await;

    let shop = json!({"name": "Shop", "holds": "shop", "platform": "shopify", "currency": "EUR", "time_zone": "UTC"});
    let shop = desk.olga.create("/api/v1/imports/sources", &shop).await;
    let orders = json!({"source_id": shop, "rows": [{"day": "2026-02-01", "orders": 3, "ledger_revenue": "99.90"}]});
    assert_eq!(push("shopify", write, &orders).await.0, 200);
    let mixed = json!({"source_id": shop, "rows": [{"day": "2026-02-01", "spend": 3}]});
    refused("shopify", write, &mixed, 422, "rows_wrong").await;
    let odd = json!({"name": "Odd", "holds": "shop", "platform": "google_ads", "currency": "EUR", "time_zone": "UTC"});
    assert_eq!(code(desk.olga.post("/api/v1/imports/sources", &odd).await).await, (422, "invalid".to_owned()));
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_nobody_imports_goes_with_its_file(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let id = desk.upload("a.csv", "Day,Cost\n2026-02-01,1\n").await;
    until(&desk.olga, &id, "open").await;
    let files = || -> usize {
        let folders = std::fs::read_dir(desk.app.data.join("imports")).unwrap().flatten();
        folders.map(|folder| std::fs::read_dir(folder.path()).unwrap().count()).sum()
    };
    let purged = service::purge::run(&desk.app.service).await.unwrap();
    assert_eq!((purged.imports, purged.files, files()), (0, 0, 1), "at once it stays");
    desk.app.service.clock.advance(time::Duration::days(1) + time::Duration::minutes(1));
    let purged = service::purge::run(&desk.app.service).await.unwrap();
    assert_eq!((purged.imports, purged.files, files()), (1, 1, 0));
    assert_eq!(desk.olga.json("/api/v1/imports").await["items"], json!([]));
    desk.app.finish().await;
}
