//! The audit log: names of the time, filters, and the log as a file.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, TestApp, count};

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "fills the log faster than by acting")]
async fn the_csv_comes_in_parts_whole_and_in_order(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    olga.create("/api/v1/clients", &json!({"name": "=1+1, \"quoted\""})).await;
    sqlx::query(
        "insert into audit_event (organization_id, id, member_id, action, allowed, detail, method, path, created_at)
         select organization_id, gen_random_uuid(), id, 'clients.edit', true, json_build_object('n', n), 'PATCH', '/x',
           now() - interval '1 hour' - n / 2 * interval '1 second'
         from member, generate_series(1, 1000) n",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let all = count(&app.pool, "select count(*) from audit_event").await;
    assert!(all > 1000);

    let mut answer = olga.get("/api/v1/audit.csv").await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(answer.content_length().is_none(), "its length is not known when it begins");
    let first = answer.chunk().await.unwrap().unwrap();
    let mut text = String::from_utf8(first.to_vec()).unwrap();
    assert!(text.lines().count() <= 102, "the first part is one page of the log");
    while let Some(part) = answer.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&part).unwrap());
    }
    assert_eq!(text.lines().count() as i64, all + 1, "a heading and every row");
    assert!(text.starts_with("created_at,member,action,allowed,resource,resource_id,method,path,detail\r\n\"2"));
    let rows: Vec<_> = text.lines().skip(1).collect();
    assert!(rows.iter().any(|row| row.contains(r#","'=1+1, ""quoted""","#)), "{}", rows[0]);
    let filled: Vec<_> = rows.iter().filter(|row| row.contains("{\"\"n\"\"")).collect();
    assert!(filled.is_sorted_by_key(|row| std::cmp::Reverse(row.split(',').next())), "newest first");
    assert_eq!(filled.iter().collect::<std::collections::HashSet<_>>().len(), 1000, "none twice, none left out");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn entries_keep_the_names_of_their_time(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    agency.max.send("PATCH", &path, &json!({"notes": "seen"})).await;
    agency.max.create(&format!("{path}/contacts"), &json!({"name": "Jane"})).await;
    agency.max.send("PATCH", "/api/v1/profile", &json!({"name": "Maximilian"})).await;
    agency.olga.send("PATCH", &path, &json!({"name": "C1 renamed"})).await;
    let assign = json!({"member_id": agency.nia.member_id().await, "client_id": agency.c[1]});
    agency.olga.create("/api/v1/assignments", &assign).await;
    let nia = agency.nia.member_path().await;
    agency.olga.send("PATCH", &nia, &json!({"role": "manager"})).await;
    assert_eq!(agency.olga.send("DELETE", &nia, &json!({})).await.status(), 204);

    let log = agency.olga.json("/api/v1/audit?limit=7").await;
    let entry = |item: &Value| {
        let text = |name: &str| item[name].as_str().unwrap().to_owned();
        (text("member"), text("action"), text("resource"), serde_json::from_str::<Value>(&text("detail")).unwrap())
    };
    let entries: Vec<_> = log["items"].as_array().unwrap().iter().map(entry).collect();
    let expected = [
        ("Olga Owner", "members.edit", "nia", json!({"removed": true, "handed_over": null})),
        ("Olga Owner", "members.edit", "nia", json!({"role": "manager", "role_before": "member"})),
        ("Olga Owner", "members.edit", "nia", json!({"assigned": "C2"})),
        ("Olga Owner", "clients.edit", "C1 renamed", json!({"changed": ["name"]})),
        ("Maximilian", "self.edit", "Maximilian", json!({"profile": "changed"})),
        ("max", "clients.edit", "C1", json!({"contact_added": "Jane"})),
        ("max", "clients.edit", "C1", json!({"changed": ["notes"]})),
    ];
    for (entry, (member, action, resource, detail)) in entries.iter().zip(expected) {
        assert_eq!(entry, &(member.to_owned(), action.to_owned(), resource.to_owned(), detail));
    }
    assert_eq!(entries.len(), 7);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "moves entries to days that the test cannot wait for")]
async fn the_log_is_narrowed_by_rule_member_and_days_also_in_the_export(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    agency.olga.send("PATCH", "/api/v1/organization", &json!({"time_zone": "Asia/Tokyo"})).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    for n in 0..3 {
        agency.max.send("PATCH", &path, &json!({"notes": format!("n{n}")})).await;
    }
    agency.mel.send("PATCH", &path, &json!({"notes": "mine"})).await;
    // In Tokyo these are the last second of 9 March, the first of the 10th, and the first of the 11th.
    for (n, at) in ["2026-03-09 14:59:59Z", "2026-03-09 15:00:00Z", "2026-03-10 15:00:00Z"].into_iter().enumerate() {
        let sql = "update audit_event set created_at = $1::text::timestamptz where id = (select id from audit_event
            where detail = '{\"changed\": [\"notes\"]}' order by id offset $2 limit 1)";
        let done = sqlx::query(sql).bind(at).bind(n as i64).execute(&app.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }
    let (max, mel) = (agency.max.member_id().await, agency.mel.member_id().await);
    let (max, mel) = (max.as_str().unwrap(), mel.as_str().unwrap());
    let all = count(
        &app.pool,
        "select count(*) from audit_event e join organization using (organization_id) where name = 'Acme'",
    )
    .await;
    for (query, entries) in [
        (String::new(), all),
        (format!("member_id={max}"), 5),
        (format!("member_id={mel}"), 3),
        (format!("member_id={mel}&allowed=true"), 2),
        (format!("member_id={mel}&action=clients.edit&allowed=false"), 1),
        ("action=clients.create".into(), 3),
        ("action=settings.edit".into(), 1),
        ("action=nothing.known".into(), 0),
        (format!("member_id={}", agency.bert.member_id().await.as_str().unwrap()), 0),
        ("to=2026-03-09".into(), 1),
        ("from=2026-03-10&to=2026-03-10".into(), 1),
        ("from=2026-03-10&to=2026-03-11".into(), 2),
        ("from=2026-03-09&to=2026-03-11".into(), 3),
        ("from=2026-03-12".into(), all - 3),
        ("from=2026-03-11&to=2026-03-10".into(), 0),
        (format!("from=2026-03-10&to=2026-03-11&member_id={max}&action=clients.edit&allowed=true"), 2),
    ] {
        let list = agency.ada.json(&format!("/api/v1/audit?limit=100&{query}")).await;
        assert_eq!(list["items"].as_array().unwrap().len() as i64, entries, "{query}");
        let csv = agency.ada.get(&format!("/api/v1/audit.csv?{query}")).await.text().await.unwrap();
        let rows: Vec<_> = csv.lines().skip(1).collect();
        assert_eq!(rows.len() as i64, entries, "{query}");
        for (row, item) in rows.iter().zip(list["items"].as_array().unwrap()) {
            let start = format!("{},{},", item["created_at"], item["member"]);
            assert!(row.starts_with(&start), "{row} is not {start}");
        }
    }
    for (query, field) in
        [("from=10.3.2026", "from"), ("to=2026-02-30", "to"), ("member_id=x", "member_id"), ("allowed=x", "allowed")]
    {
        for path in ["/api/v1/audit", "/api/v1/audit.csv"] {
            let answer = agency.ada.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.status(), 422, "{path} {query}");
            assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
        }
    }
    app.finish().await;
}
