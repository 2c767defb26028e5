//! The ledger of actions: it follows the newest state, keeps what was promised, lets one decision win, and shows everybody
//! what is about their clients.

mod decisions;
mod measuring;
mod page;

use model::{
    action::{ActionKind, Doubt, Prediction, Proposal, Target, Unpredicted},
    actor::Actor,
    brain::{Basis, Outcome},
    id::{BrainStateId, ClientId},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::action::{self, Proposed, Synced};
use time::{Date, Duration};

use crate::support::{Browser, TestApp, all_rows, count, execute, refused};

pub const LIST: &str = "/api/v1/brain/actions";

/// The product itself at work for an agency.
pub async fn machine(olga: &Browser) -> Actor {
    let agency = olga.json("/api/v1/organization").await;
    Actor::machine(agency["id"].as_str().unwrap().parse().unwrap())
}

pub fn today(app: &TestApp) -> Date {
    app.service.clock.now().date()
}

fn id<T: std::str::FromStr>(text: &Value) -> T {
    text.as_str().and_then(|text| text.parse().ok()).unwrap()
}

/// A proposal of this kind that is worth so much.
pub fn proposal(key: &str, kind: ActionKind, value: Option<f64>) -> Proposal {
    Proposal {
        key: key.into(),
        kind,
        target: Target { id: "c".into(), level: "client".into() },
        currency: "EUR".into(),
        margin: None,
        changes: vec![],
        horizon_days: 14,
        prediction: value.map(|value| Prediction { value, low: value - 50.0, high: value + 50.0, loss: 0.05 }),
        unpredicted: value.is_none().then_some(Unpredicted::NoMargin),
        probability: 0.9,
        effort_minutes: 15,
        score: value,
        began: None,
        because: vec![0],
        basis: vec![Basis { name: "spend_per_day".into(), value: 120.0, first: Some("2026-11-01".into()), last: None }],
        doubts: vec![Doubt::Promotion],
    }
}

fn raise(value: f64) -> Proposal {
    proposal("raise:search", ActionKind::Raise, Some(value))
}

/// Stores a state that proposes this for a client, and has the ledger follow it on a day, as a cycle does.
pub async fn follow(
    app: &TestApp,
    actor: &Actor,
    client: &str,
    proposals: &[Proposal],
    day: Date,
) -> (BrainStateId, Synced) {
    let client_id: ClientId = client.parse().unwrap();
    let body = json!({"kind": "drop", "entity": {"id": "x", "level": "channel"}, "metric": "orders", "first": "2026-11-01",
        "last": "2026-11-02", "size": null, "probability": 0.97, "severity": "high", "basis": []});
    let finding = Outcome {
        number: 0,
        kind: "finding".into(),
        client_id: Some(client_id),
        channel_id: None,
        body: body.to_string(),
    };
    let of = |(number, proposal): (usize, &Proposal)| Outcome {
        number: i32::try_from(number).unwrap() + 1,
        kind: "action".into(),
        client_id: Some(client_id),
        channel_id: None,
        body: serde_json::to_string(proposal).unwrap(),
    };
    let outcomes: Vec<_> = std::iter::once(finding).chain(proposals.iter().enumerate().map(of)).collect();
    let now = app.service.clock.now();
    let hash = uuid::Uuid::now_v7().as_bytes().repeat(2);
    let mut tx = app.service.db.tenant(actor).await.unwrap();
    let new = store::brain::New {
        day: day.previous_day().unwrap(),
        input_hash: &hash,
        output_hash: &hash,
        code_version: "test",
        outcomes: &outcomes,
    };
    let state = store::brain::insert_state(&mut tx, new, now).await.unwrap();
    tx.commit().await.unwrap();
    (state, again(app, actor, client, state, proposals, day).await)
}

/// The same state once more.
async fn again(
    app: &TestApp,
    actor: &Actor,
    client: &str,
    state: BrainStateId,
    proposals: &[Proposal],
    day: Date,
) -> Synced {
    let proposed: Vec<_> = proposals
        .iter()
        .map(|proposal| Proposed { client_id: client.parse().unwrap(), channel_id: None, proposal: proposal.clone() })
        .collect();
    let mut tx = app.service.db.tenant(actor).await.unwrap();
    let synced = action::sync(&mut tx, state, &proposed, day, app.service.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    synced
}

/// Olga's agency with a client.
pub async fn agency(app: &TestApp) -> (Browser, Actor, String) {
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let actor = machine(&olga).await;
    (olga, actor, client)
}

/// The ids and states of the list, in its order.
async fn listed(browser: &Browser, query: &str) -> Vec<(String, String)> {
    let list = browser.json(&format!("{LIST}{query}")).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(|item| (text(&item["id"]), text(&item["state"]))).collect()
}

pub async fn only(browser: &Browser) -> String {
    let listed = listed(browser, "").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    listed[0].0.clone()
}

/// A decision, its status and its answer.
async fn decide(browser: &Browser, action: &str, what: &str, body: Value) -> (u16, Value) {
    let answer = browser.post(&format!("{LIST}/{action}/{what}"), &body).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn decided(browser: &Browser, action: &str, what: &str, body: Value) -> Value {
    let (status, answer) = decide(browser, action, what, body).await;
    assert_eq!(status, 200, "{what}: {answer}");
    answer
}

/// Approves an action as it stands now.
pub async fn approve(browser: &Browser, action: &str) -> Value {
    decided(browser, action, "approve", read(browser, action).await).await
}

/// What an approval says of the action as it stands now.
async fn read(browser: &Browser, action: &str) -> Value {
    json!({"version": browser.json(&format!("{LIST}/{action}")).await["version"]})
}

/// Everything in the ledger, as one text.
async fn ledger(pool: &PgPool) -> Vec<(String, String)> {
    all_rows(pool, None).await.into_iter().filter(|(table, _)| table.starts_with("action")).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_ledger_follows_the_newest_state_and_twice_is_once(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let day = today(&app);
    let pause = proposal("pause:ad-1", ActionKind::PauseCreative, None);
    let both = [raise(100.0), pause.clone()];
    let (state, synced) = follow(&app, &actor, &client, &both, day).await;
    assert_eq!(synced, Synced { proposed: 2, ..Synced::default() });
    let before = ledger(&pool).await;
    assert_eq!(again(&app, &actor, &client, state, &both, day).await, Synced::default());
    assert_eq!(ledger(&pool).await, before, "the same state again changes nothing");
    let one = olga.json(&format!("{LIST}?kind=raise")).await["items"][0].clone();
    assert_eq!(
        (&one["prediction"]["value"], &one["client_name"], &one["state_id"]),
        (&json!(100.0), &json!("Bakery"), &json!(state.to_string()))
    );

    // Newer figures in the same line; what is proposed no more is withdrawn, and comes back as the same.
    let (newer, synced) = follow(&app, &actor, &client, &[raise(250.0)], day).await;
    assert_eq!(synced, Synced { renewed: 1, withdrawn: 1, ..Synced::default() });
    let renewed = olga.json(&format!("{LIST}?kind=raise")).await["items"][0].clone();
    assert_eq!(
        (&renewed["id"], &renewed["prediction"]["value"], &renewed["state_id"]),
        (&one["id"], &json!(250.0), &json!(newer.to_string()))
    );
    let gone = listed(&olga, "?state=withdrawn").await;
    let (_, synced) = follow(&app, &actor, &client, &[pause], day).await;
    assert_eq!(synced, Synced { proposed: 1, withdrawn: 1, ..Synced::default() });
    assert_eq!(listed(&olga, "?state=proposed").await, [(gone[0].0.clone(), "proposed".to_owned())]);
    let events = olga.json(&format!("{LIST}/{}", gone[0].0)).await["events"].clone();
    let states: Vec<_> = events.as_array().unwrap().iter().map(|event| event["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["proposed", "withdrawn", "proposed"]);
    assert!(events[0]["member_id"].is_null() && events[0]["member_name"].is_null(), "nobody's account: {events}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_prediction_that_was_approved_never_changes_whatever_code_runs(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    let action = only(&olga).await;
    let approved = approve(&olga, &action).await;
    assert_eq!((&approved["state"], &approved["since"]), (&json!("approved"), &json!(today(&app).to_string())));
    assert_eq!(approved["events"][1]["member_name"], "Olga Owner");
    let (_, synced) = follow(&app, &actor, &client, &[raise(900.0)], today(&app)).await;
    assert_eq!(
        synced,
        Synced { left_out: 1, ..Synced::default() },
        "it is under way, so it is not proposed a second time"
    );
    follow(&app, &actor, &client, &[], today(&app)).await;
    let kept = olga.json(&format!("{LIST}/{action}")).await;
    assert_eq!((&kept["prediction"], &kept["state"]), (&approved["prediction"], &json!("approved")));

    let before = ledger(&pool).await;
    for (sql, words) in [
        ("update action set proposal = proposal || '{\"effort_minutes\": 1}'", "does not change once"),
        ("update action set score = 1e6", "does not change once"),
        ("update action set state_id = gen_random_uuid()", "does not change once"),
        ("update action set key = 'other'", "stays the one"),
        ("update action set state = 'proposed'", "does not become proposed"),
        ("update action set state = 'withdrawn'", "does not become withdrawn"),
        ("update action set state = 'measured', unmeasured = 'x'", "does not become measured"),
        ("update action set since = '2020-01-01'", "written once"),
        ("update action set state = 'done'", "action_done"),
    ] {
        let said = refused(&pool, sql).await;
        assert!(said.contains(words), "{sql}: {said}");
    }
    let mut tx = app.service.db.tenant(&actor).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "what no code of ours does, tried in the runtime role")]
    let said = sqlx::query("delete from action_event").execute(&mut *tx).await.unwrap_err().to_string();
    assert!(said.contains("permission denied"), "{said}");
    drop(tx);
    assert_eq!(ledger(&pool).await, before);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everybody_sees_the_actions_of_their_clients_and_managers_decide(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, bakery) = agency(&app).await;
    let brewery = olga.create("/api/v1/clients", &json!({"name": "Brewery", "currency": "EUR"})).await;
    let max = app.join(&olga, "max@acme.test", "manager").await;
    let mel = app.join(&olga, "mel@acme.test", "member").await;
    let bert = app.owner("bert@beta.test", "Beta").await;
    for browser in [&max, &mel] {
        let body = json!({"member_id": browser.member_id().await, "client_id": bakery});
        olga.create("/api/v1/assignments", &body).await;
    }
    let mut tx = app.service.db.tenant(&actor).await.unwrap();
    let proposed: Vec<_> = [&bakery, &brewery]
        .into_iter()
        .map(|client| Proposed { client_id: client.parse().unwrap(), channel_id: None, proposal: raise(100.0) })
        .collect();
    let hash = [7; 32];
    let new = store::brain::New {
        day: today(&app),
        input_hash: &hash,
        output_hash: &hash,
        code_version: "test",
        outcomes: &[],
    };
    let now = app.service.clock.now();
    let state = store::brain::insert_state(&mut tx, new, now).await.unwrap();
    action::sync(&mut tx, state, &proposed, today(&app), now).await.unwrap();
    tx.commit().await.unwrap();

    let theirs = listed(&olga, &format!("?client_id={brewery}")).await[0].0.clone();
    let ours = listed(&olga, &format!("?client_id={bakery}")).await[0].0.clone();
    assert_eq!((listed(&olga, "").await.len(), listed(&bert, "").await.len()), (2, 0));
    for browser in [&max, &mel] {
        assert_eq!(listed(browser, "").await, [(ours.clone(), "proposed".to_owned())]);
        assert_eq!(listed(browser, &format!("?client_id={brewery}")).await, []);
        assert_eq!(browser.get(&format!("{LIST}/{theirs}")).await.status(), 404);
        assert_eq!(decide(browser, &theirs, "approve", read(&olga, &theirs).await).await.0, 404);
    }
    assert_eq!(bert.get(&format!("{LIST}/{ours}")).await.status(), 404);
    assert_eq!(decide(&bert, &ours, "approve", read(&olga, &ours).await).await.0, 404);
    let before = ledger(&pool).await;
    let (status, answer) = decide(&mel, &ours, "approve", read(&mel, &ours).await).await;
    assert_eq!((status, &answer["error"]["rule"]), (403, &json!("clients.edit")));
    assert_eq!(ledger(&pool).await, before);
    approve(&max, &ours).await;
    let audit = olga.json("/api/v1/audit?action=clients.edit").await;
    assert!(audit["items"][0]["detail"].to_string().contains("approved"), "{audit}");
    // What the database itself lets a Manager do: nothing beyond their clients.
    let manager = Actor { member_id: id(&max.member_id().await), role: model::role::Role::Manager, ..actor.clone() };
    let mut tx = app.service.db.tenant(&manager).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "what no code of ours does, tried in the runtime role")]
    let changed = sqlx::query("update action set since = since").execute(&mut *tx).await.unwrap().rows_affected();
    assert_eq!(changed, 1);
    drop(tx);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_list_is_ranked_and_its_pages_neither_skip_nor_repeat(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor, client) = agency(&app).await;
    let sure = |key: &str, value, probability| Proposal { probability, ..proposal(key, ActionKind::Raise, value) };
    let proposals = [
        sure("a", None, 0.7),
        sure("b", Some(5.0), 0.9),
        sure("c", None, 0.99),
        sure("d", Some(-3.5), 0.9),
        sure("e", Some(5.0), 0.95),
        sure("f", Some(1e7), 0.6),
    ];
    follow(&app, &actor, &client, &proposals, today(&app)).await;
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = olga.json(&format!("{LIST}?limit=2{cursor}")).await;
        keys.extend(page["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(keys, ["f", "e", "b", "d", "c", "a"], "worth first, then the surest of what cannot be said in money");
    for (query, field) in
        [("?state=maybe", "state"), ("?kind=x", "kind"), ("?client_id=x", "client_id"), ("?cursor=x", "cursor")]
    {
        let answer = olga.get(&format!("{LIST}{query}")).await;
        assert_eq!(answer.status(), 422);
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_state_of_the_brain_brings_the_ledger_along(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    let asked: Value = olga.post("/api/v1/brain/compute", &json!({})).await.json().await.unwrap();
    for _ in 0..200 {
        if olga.json(&format!("/api/v1/brain/cycles/{}", asked["id"].as_str().unwrap())).await["state"] == "done" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // Nothing was read of this client, so the state that came out proposes nothing.
    assert_eq!(listed(&olga, "").await[0].1, "withdrawn");
    assert_eq!(count(&pool, "select count(*) from action_event").await, 2);
    app.finish().await;
}
