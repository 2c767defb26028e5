//! Views that members keep: each for itself alone, and still of use when what they name is gone.

use model::{
    actor::{Actor, Origin},
    analytics::Question,
    role::Role,
};
use service::analytics::{Manner, answer};

use super::*;
use crate::support::execute;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_view_is_its_members_own(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let people = Agency::found(&app).await;
    let view = json!({"name": " Mondays ", "query": "?range=last_90&compare=last_year&by=week&page=3"});
    let id = people.max.create("/api/v1/views", &view).await;
    let path = format!("/api/v1/views/{id}");
    let kept = people.max.json(&path).await;
    assert_eq!((&kept["name"], &kept["query"]), (&json!("Mondays"), &json!("range=last_90&compare=last_year&by=week")));
    assert_eq!(asked(&people.max, kept["query"].as_str().unwrap()).await["by"], "week");

    let twice = people.max.post("/api/v1/views", &json!({"name": "mondays", "query": ""})).await;
    assert_eq!(twice.status(), 409);
    let other = people.max.create("/api/v1/views", &json!({"name": "Fridays", "query": ""})).await;
    let names = people.max.json("/api/v1/views").await;
    let names: Vec<&Value> = names["items"].as_array().unwrap().iter().map(|view| &view["name"]).collect();
    assert_eq!(names, ["Fridays", "Mondays"]);
    let taken = people.max.send("PATCH", &format!("/api/v1/views/{other}"), &json!({"name": "Mondays"})).await;
    assert_eq!(taken.status(), 409);
    for (change, field) in [
        (json!({"name": " "}), "name"),
        (json!({"query": "from=2026-11-02&to=2026-11-01"}), "to"),
        (json!({"nam": 1}), "nam"),
    ] {
        let answer = people.max.send("PATCH", &path, &change).await;
        assert_eq!(answer.status(), 422, "{change}");
        let body: Value = answer.json().await.unwrap();
        assert!(body["error"]["message"].is_string(), "{field}: {body}");
    }
    let renamed = people.max.send("PATCH", &path, &json!({"name": "Every Monday"})).await;
    assert_eq!(renamed.json::<Value>().await.unwrap()["query"], kept["query"], "what is not given stays");

    // Nobody else has it, not even who runs the agency.
    assert_eq!(people.olga.json("/api/v1/views").await["items"], json!([]));
    for browser in [&people.olga, &people.ada, &people.bert] {
        assert_eq!(browser.get(&path).await.status(), 404);
        assert_eq!(browser.send("PATCH", &path, &json!({"name": "Mine"})).await.status(), 404);
        assert_eq!(browser.send("DELETE", &path, &json!({})).await.status(), 404);
    }
    assert_eq!(people.max.json(&path).await["name"], "Every Monday");
    assert_eq!(people.max.send("DELETE", &path, &json!({})).await.status(), 204);
    assert_eq!(people.max.get(&path).await.status(), 404);
    let log = people.olga.json("/api/v1/audit?action=self.edit").await;
    let done: Vec<&Value> = log["items"].as_array().unwrap().iter().map(|event| &event["detail"]).collect();
    for word in ["saved", "changed", "removed"] {
        assert!(done.iter().any(|detail| detail.as_str().unwrap().contains(word)), "{word}: {done:?}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_view_of_what_is_gone_says_so_and_answers_the_rest(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    let (kept, gone) = (furnish(&app, &olga, "Bakery", 60).await, furnish(&app, &olga, "Brewery", 60).await);
    let query = format!("range=last_14&client_id={kept}&client_id={gone}");
    let id = olga.create("/api/v1/views", &json!({"name": "Both", "query": query})).await;
    let both = asked(&olga, &query).await;
    execute(&pool, format!("delete from client where id = '{gone}'")).await;

    let view = olga.json(&format!("/api/v1/views/{id}")).await;
    assert_eq!(view["query"], json!(query), "the view is there");
    assert_eq!(olga.get(&format!("/api/v1/analytics?{query}")).await.status(), 404, "a program is told");
    let session = olga.json("/api/v1/auth/session").await;
    let actor = Actor {
        organization_id: session["organization_id"].as_str().unwrap().parse().unwrap(),
        member_id: session["user_id"].as_str().unwrap().parse().unwrap(),
        role: Role::Owner,
        origin: Origin::default(),
    };
    let lenient =
        async |query: &str| answer(&app.service, &actor, &Question::parse(query), Manner::Lenient).await.unwrap();
    let rest = lenient(view["query"].as_str().unwrap()).await;
    assert_eq!((rest.head.of.as_str(), rest.head.count), ("Bakery", 14));
    assert_eq!(rest.head.notes.len(), 1, "{:?}", rest.head.notes);
    assert_eq!(rest.head.notes[0].field, "client_id");
    assert!(rest.head.notes[0].message.contains("left out"), "{:?}", rest.head.notes);
    let spend = |value: &Value| figures::decimal(&total(value, "spend")["now"]["value"]);
    let alone = asked(&olga, &format!("range=last_14&client_id={kept}")).await;
    assert!(spend(&alone) < spend(&both));
    let told = rest.totals.iter().find(|total| total.figure.key == "spend").unwrap();
    assert_eq!(told.figure.now.as_ref().unwrap().value, spend(&alone).to_string());

    // What makes no sense is told as well, and an archived client keeps its figures.
    assert_eq!(olga.send("DELETE", &format!("/api/v1/clients/{kept}"), &json!({})).await.status(), 200);
    let archived = lenient(&format!("range=soon&by=week&client_id={kept}")).await;
    let fields: Vec<&str> = archived.head.notes.iter().map(|note| note.field.as_str()).collect();
    assert_eq!(fields, ["range", "client_id"]);
    assert_eq!((archived.head.of.as_str(), archived.head.granularity.key()), ("Bakery", "week"));
    assert!(!archived.totals.is_empty());
    app.finish().await;
}
