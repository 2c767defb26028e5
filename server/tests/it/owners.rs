//! What `functions`, `addresses` and `roles` ask for with another agency's ids is there, and the answer hangs on it: that
//! agency's own Owner is answered otherwise for it than for what is not there. A line that were refused for another reason, or
//! answered alike whatever is there, would not notice a tenant who sees too much.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    addresses::{self, FORMS, PAGES},
    foreign,
    functions::{self, FUNCTIONS},
    roles,
    support::{Agency, Browser, PASSWORD, TestApp, all_rows},
};

/// Lines whose foreign id is given back as it came and looked up nowhere.
const ECHOED: [(&str, &str); 1] = [("map_account", "id={own channel}&client_id=&before={client}")];

/// The other agency's Owner at a browser of their own, whom the end of the first one's session does not sign out.
async fn bert(app: &TestApp) -> Browser {
    let bert = app.browser();
    let login = json!({"email": "bert@beta.test", "password": PASSWORD});
    assert_eq!(bert.post("/api/v1/auth/login", &login).await.status(), 200);
    bert
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_1_every_server_function_answers_the_owner_of_a_thing_otherwise(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let ids = foreign::ids(&app, &agency).await;
    let bert = bert(&app).await;
    let (member, stage) = (foreign::id(&ids, "{assignee}"), foreign::id(&ids, "{stage}"));
    let own = functions::own(&app, ("Beta", &bert), &agency.d1, (&member, "y"), &stage).await;
    // What is asked for is done by no job: each line finds the rows as they were.
    app.leave_jobs();
    let before = all_rows(&app.pool, Some("Beta")).await;
    let mut alike = Vec::new();
    for (function, asked) in FUNCTIONS {
        for (fields, _) in asked.iter().filter(|(fields, _)| !ECHOED.contains(&(function, *fields))) {
            let fields = foreign::theirs(&own, fields);
            let mut answers = Vec::new();
            for fields in [foreign::absent(&ids, &fields), foreign::theirs(&ids, &fields)] {
                // This one waits for its job.
                let work = (function == "test_connection").then(|| app.take_jobs());
                let (status, body) = functions::ask(&bert, function, &fields).await;
                drop(work);
                answers.push((status, foreign::without_ids(&ids, &body)));
                foreign::restore(&app.pool, &before).await;
            }
            if answers[0] == answers[1] {
                alike.push(format!("{function} {fields}: {:?}", answers[1]));
            }
        }
    }
    assert!(alike.is_empty(), "these do not depend on what they ask for: {alike:#?}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_1_forms_and_pages_answer_the_owner_of_a_thing_otherwise(pool: PgPool) {
    let app = addresses::with_provider(pool).await;
    let agency = Agency::found(&app).await;
    let ids = foreign::ids(&app, &agency).await;
    let bert = bert(&app).await;
    let mut alike = Vec::new();
    for (page, _) in PAGES {
        let mut answers = Vec::new();
        for path in [foreign::absent(&ids, page), foreign::theirs(&ids, page)] {
            let answer = bert.get(&path).await;
            let status = answer.status();
            answers.push((status, addresses::drawn(&answer.text().await.unwrap(), &ids)));
        }
        if answers[0] == answers[1] {
            alike.push(page);
        }
    }
    for (path, kind) in FORMS {
        let absent = addresses::posted(addresses::form(&bert, path, &foreign::absent(&ids, kind)), &ids).await;
        let theirs = addresses::posted(addresses::form(&bert, path, &foreign::theirs(&ids, kind)), &ids).await;
        if absent == theirs {
            alike.push(path);
        }
    }
    assert!(alike.is_empty(), "these do not depend on what they ask for: {alike:?}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_1_every_route_answers_the_owner_of_a_thing_otherwise(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let ids = foreign::ids(&app, &agency).await;
    let bert = bert(&app).await;
    app.leave_jobs();
    let before = all_rows(&app.pool, Some("Beta")).await;
    let mut alike = Vec::new();
    for (method, path, body) in roles::known_routes().into_iter().filter(|(_, _, body)| !body.is_null()) {
        let mut answers = Vec::new();
        for filled in [foreign::absent, foreign::theirs] {
            let body: Value = serde_json::from_str(&filled(&ids, &body.to_string())).unwrap();
            // This one waits for its job.
            let work = path.ends_with("/test").then(|| app.take_jobs());
            answers.push(roles::body_of(&bert, method, &filled(&ids, path), &body).await);
            drop(work);
            foreign::restore(&app.pool, &before).await;
        }
        if answers[0] == answers[1] {
            alike.push(format!("{method} {path}: {:?}", answers[1]));
        }
    }
    assert!(alike.is_empty(), "these do not depend on what they ask for: {alike:#?}");
    app.stop().await;
}
