//! Permissions: what is blank or unknown is denied, refusals are written down, and the table is the same everywhere.

use app::components::notice::sentence;
use model::{
    access::{Action, may},
    role::Role,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    seed,
    support::{Agency, Browser, TestApp, all_rows, count},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b2_1_what_is_blank_or_unknown_is_denied_and_never_an_error(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let stranger = app.browser();
    let nonsense =
        ["", " ", "null", "undefined", "0", &"a".repeat(10_000), "' or '1'='1", "018f0000-0000-7000-8000-000000000000"];
    for secret in nonsense {
        let ask = |path: &str| stranger.client.get(format!("{}{path}", app.url));
        let cookie = format!("audienceos_session={secret}");
        let answer = ask("/api/v1/clients").header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{secret:.20}");
        let answer = ask("/clients").header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.headers()["location"], "/login?redirect=/clients", "{secret:.20}");
        for token in [format!("Bearer {secret}"), format!("Bearer aos_{secret}"), secret.to_owned()] {
            let answer = ask("/api/v1/clients").header("authorization", token).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{secret:.20}");
        }
    }
    for role in ["", " ", "root", "OWNER", "owner ", "admin,owner"] {
        let body = json!({"email": "x@acme.test", "role": role});
        assert_eq!(agency.ada.post("/api/v1/invitations", &body).await.status(), 422, "{role:?}");
        let answer = agency.ada.send("PATCH", &agency.mel.member_path().await, &json!({"role": role})).await;
        assert_eq!(answer.status(), 422, "{role:?}");
    }
    for scope in ["", "admin", "write "] {
        let body = json!({"name": "t", "scope": scope, "days": 1});
        assert_eq!(agency.ada.post("/api/v1/tokens", &body).await.status(), 422, "{scope:?}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "acts as the runtime role without the product's own care")]
async fn b2_1_the_database_denies_a_blank_user_organization_or_role(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let session = agency.olga.json("/api/v1/auth/session").await;
    let (organization, member) = (session["organization_id"].as_str().unwrap(), session["user_id"].as_str().unwrap());
    let before = all_rows(&app.pool, None).await;
    for (organization, member, role) in [
        ("", member, "owner"),
        (organization, "", ""),
        (organization, member, ""),
        (organization, member, "root"),
        (organization, "", "member"),
        ("", "", ""),
    ] {
        let begin = format!(
            "begin; set local role audienceos_runtime; set local audienceos.organization_id = '{organization}';
             set local audienceos.member_id = '{member}'; set local audienceos.role = '{role}'"
        );
        let mut connection = app.pool.acquire().await.unwrap();
        let place = format!("organization {organization:?}, member {member:?}, role {role:?}");
        for question in
            ["select count(*) from client", "select count(*) from invitation", "select count(*) from audit_event"]
        {
            let mut tx =
                sqlx::Connection::begin_with(&mut *connection, sqlx::AssertSqlSafe(begin.clone())).await.unwrap();
            let seen: i64 = sqlx::query_scalar(question).fetch_one(&mut *tx).await.unwrap();
            assert_eq!(seen, 0, "{place}: {question}");
        }
        for change in
            ["update client set name = 'mine'", "delete from assignment", "update stage set name = name || '!'"]
        {
            let mut tx =
                sqlx::Connection::begin_with(&mut *connection, sqlx::AssertSqlSafe(begin.clone())).await.unwrap();
            let done = sqlx::query(change).execute(&mut *tx).await.unwrap();
            assert_eq!(done.rows_affected(), 0, "{place}: {change}");
            tx.commit().await.unwrap();
        }
    }
    assert_eq!(all_rows(&app.pool, None).await, before);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b2_3_a_refusal_names_its_rule_and_is_written_down_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let client = format!("/api/v1/clients/{}", agency.c[0]);
    let (mel, olga) = (agency.mel.member_id().await, agency.olga.member_id().await);
    let of = |id: &Value| format!("/api/v1/members/{}", id.as_str().unwrap());
    let assign = json!({"member_id": mel, "client_id": agency.c[2]});
    for (who, method, path, body, rule, resource, name) in [
        (&agency.mel, "PATCH", client.as_str(), json!({"name": "Mine"}), "clients.edit", json!(agency.c[0]), "C1"),
        (&agency.max, "DELETE", &client, json!({}), "clients.archive", json!(agency.c[0]), "C1"),
        (&agency.mel, "POST", "/api/v1/clients", json!({"name": "New"}), "clients.create", json!(null), ""),
        (&agency.max, "GET", "/api/v1/members", json!({}), "members.read", json!(null), ""),
        (&agency.max, "PATCH", &of(&mel), json!({"role": "admin"}), "members.edit", mel.clone(), "mel"),
        (&agency.nia, "DELETE", &of(&olga), json!({}), "members.edit", olga.clone(), "Olga Owner"),
        (&agency.max, "POST", "/api/v1/assignments", assign.clone(), "members.edit", mel.clone(), "mel"),
        (&agency.ada, "PATCH", &of(&olga), json!({"role": "member"}), "members.rank", olga.clone(), "Olga Owner"),
        (&agency.olga, "DELETE", &of(&olga), json!({}), "members.self", olga.clone(), "Olga Owner"),
        (&agency.mel, "PATCH", "/api/v1/organization", json!({"name": "x"}), "settings.edit", json!(null), ""),
    ] {
        let before = count(&app.pool, "select count(*) from audit_event").await;
        let answer = who.send(method, path, &body).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!((&body["error"]["code"], &body["error"]["rule"]), (&json!("forbidden"), &json!(rule)));
        assert!(!body["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(count(&app.pool, "select count(*) from audit_event").await, before + 1, "one row: {method} {path}");

        let event = agency.olga.json("/api/v1/audit?limit=1").await["items"][0].clone();
        let expected = json!({"member_id": who.member_id().await, "action": rule, "allowed": false, "resource_id": resource,
            "resource": name, "method": method, "path": path});
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&event[key], value, "{method} {path}: {key}");
        }
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b2_4_who_has_no_assignment_sees_no_client(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    assert_eq!(agency.nia.client_names().await.len(), 0);
    for client in &agency.c {
        assert_eq!(agency.nia.get(&format!("/api/v1/clients/{client}")).await.status(), StatusCode::NOT_FOUND);
    }
    for page in ["/clients", "/clients/board"] {
        let html = agency.nia.get(page).await.text().await.unwrap();
        assert!(!["C1", "C2", "C3"].iter().any(|name| html.contains(&format!(">{name}<"))), "{page}");
    }
    assert_eq!(agency.nia.json("/api/v1/clients?archived=true").await["items"], json!([]));
    let role = json!({"role": "manager"});
    assert_eq!(agency.olga.send("PATCH", &agency.nia.member_path().await, &role).await.status(), 200);
    assert_eq!(agency.nia.client_names().await.len(), 0, "neither does a Manager");
    app.finish().await;
}

/// The cells of each row of the table of rules on the page that people read.
fn rules_on_page(html: &str) -> Vec<Vec<String>> {
    let table = html.split("data-test=\"rules\"").nth(1).unwrap().split("</table>").next().unwrap();
    let cells = |row: &str| {
        let cell = |cell: &str| {
            cell.split_once('>').unwrap().1.split("</td>").next().unwrap().replace("<!---->", "").replace("<!>", "")
        };
        row.split("<td").skip(1).map(cell).collect::<Vec<_>>()
    };
    table.split("<tbody>").nth(1).unwrap().split("<tr>").skip(1).map(cells).collect()
}

/// A request that only this rule decides.
fn asked_under(action: Action, client: &str, member: &str, alert: &str) -> (&'static str, String, Value) {
    let none = json!({});
    let schedule =
        |client: Value| json!({"client_id": client, "title": "R", "every": "weekly", "on_day": 1, "hour": 8});
    match action {
        Action::ReadClients => ("GET", "/api/v1/clients".into(), none),
        Action::EditClient => ("PATCH", format!("/api/v1/clients/{client}"), json!({"notes": "seen"})),
        Action::EditAlerts => ("POST", format!("/api/v1/alerts/{alert}/acknowledge"), none),
        Action::EditReports => ("POST", "/api/v1/report-schedules".into(), schedule(json!(client))),
        Action::AgencyReports => ("POST", "/api/v1/report-schedules".into(), schedule(Value::Null)),
        Action::CreateClient => ("POST", "/api/v1/clients".into(), json!({"name": "New"})),
        Action::ArchiveClient => ("POST", format!("/api/v1/clients/{client}/restore"), none),
        Action::ReadMembers => ("GET", "/api/v1/members".into(), none),
        Action::EditMembers => ("PATCH", member.to_owned(), json!({"nickname": "N"})),
        Action::ReadSettings => ("GET", "/api/v1/organization".into(), none),
        Action::EditSettings => ("PATCH", "/api/v1/organization".into(), json!({"currency": "EUR"})),
        Action::ReadAudit => ("GET", "/api/v1/audit".into(), none),
        Action::RunJobs => ("GET", "/api/v1/jobs".into(), none),
        Action::RunBrain => ("POST", "/api/v1/brain/compute".into(), none),
        Action::ReadIntegrations => ("GET", "/api/v1/integrations".into(), none),
        Action::EditIntegrations => {
            let columns = json!({"day": {"number": 1, "name": "Day"}, "spend": {"number": 2, "name": "Cost"}});
            let format = json!({"format": "csv", "encoding": "utf8", "delimiter": "comma"});
            let mapping = json!({"kind": "ads", "format": format, "header": 1, "columns": columns, "numbers": "point",
                "days": "year_first"});
            ("POST", "/api/v1/imports/mappings".into(), json!({"name": "Radio", "mapping": mapping}))
        }
        Action::ReadConversations => ("GET", "/api/v1/communications/conversations".into(), none),
        Action::EditConversations => {
            // No two have the same name.
            let name = uuid::Uuid::now_v7().to_string();
            ("POST", "/api/v1/communications/templates".into(), json!({"name": name, "text": "Hello"}))
        }
        Action::EditSelf => ("PATCH", "/api/v1/profile".into(), json!({"nickname": "N"})),
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b2_5_docs_pages_and_api_answer_from_the_same_table(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let html = app.browser().get("/api/docs").await.text().await.unwrap();
    let listed = rules_on_page(&html);
    let yes = |role, action| if may(role, action) { "yes" } else { "no" };
    let table: Vec<Vec<String>> = Action::ALL
        .iter()
        .map(|action| {
            let roles = Role::ALL.map(|role| yes(role, *action).to_owned());
            [vec![action.rule().to_owned()], roles.to_vec(), vec![action.explanation().to_owned()]].concat()
        })
        .collect();
    assert_eq!(listed, table, "the docs page shows the model's table");
    for action in Action::ALL {
        assert!(html.contains(&format!("id=\"{}\"", action.rule())), "{} can be led to", action.rule());
    }

    let (nia, alert) = (agency.nia.member_path().await, seed::alert(&app.pool, &agency.c[0]).await);
    let people = [
        (&agency.olga, Role::Owner),
        (&agency.ada, Role::Admin),
        (&agency.max, Role::Manager),
        (&agency.mel, Role::Member),
    ];
    for action in Action::ALL {
        for (browser, role) in people {
            let (method, path, body) = asked_under(*action, &agency.c[0], &nia, &alert);
            let answer = browser.send(method, &path, &body).await;
            let status = answer.status();
            let body: Value = answer.json().await.unwrap();
            if may(role, *action) {
                assert!(status.is_success(), "{role} {method} {path}: {body}");
            } else {
                assert_eq!(status, StatusCode::FORBIDDEN, "{role} {method} {path}: {body}");
                assert_eq!(body["error"]["rule"], action.rule());
                assert_eq!(body["error"]["message"], sentence(action.explanation()));
            }
        }
    }

    let shows =
        async |browser: &Browser, path: &str, part: &str| browser.get(path).await.text().await.unwrap().contains(part);
    for (browser, role) in people {
        for (action, page, part) in [
            (Action::ReadMembers, "/clients", "href=\"/members\""),
            (Action::ReadAudit, "/clients", "href=\"/audit\""),
            (Action::ReadAudit, "/audit", "href=\"/api/v1/audit.csv\""),
            (Action::CreateClient, "/clients", "Name of the new client"),
            (Action::RunJobs, "/settings", "href=\"/settings/jobs\""),
            (Action::ReadIntegrations, "/settings", "href=\"/settings/integrations\""),
            (Action::ReadSettings, "/settings", "Agency name"),
            (Action::ReadSettings, "/settings/alerts", "Add a rule"),
            (Action::EditClient, &format!("/clients/{}", agency.c[0]), ">Save<"),
            (Action::ArchiveClient, &format!("/clients/{}", agency.c[0]), ">Archive<"),
        ] {
            assert_eq!(shows(browser, page, part).await, may(role, action), "{role} {page} {part}");
        }
        for (action, page) in [
            (Action::ReadMembers, "/members"),
            (Action::ReadAudit, "/audit"),
            (Action::RunJobs, "/settings/jobs"),
            (Action::ReadIntegrations, "/settings/integrations"),
        ] {
            let answer = browser.get(page).await;
            assert_eq!(answer.status() == 403, !may(role, action), "{role} {page}");
            let html = answer.text().await.unwrap();
            // "Explain" names the rule, and leads to it in the table of all.
            let led = format!("href=\"/api/docs#{}\"", action.rule());
            for part in [action.explanation(), ">Explain<", &led] {
                assert_eq!(html.contains(part), !may(role, action), "{role} {page}: {part}");
            }
        }
    }
    app.finish().await;
}
