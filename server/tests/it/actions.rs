//! The ledger of actions: it follows the newest state, keeps what was promised, lets one decision win, and shows everybody
//! what is about their clients.

mod decisions;
mod list;
mod measuring;

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

use crate::support::{Browser, TestApp, all_rows};

const LIST: &str = "/api/v1/brain/actions";

/// The product itself at work for an agency.
async fn machine(olga: &Browser) -> Actor {
    let agency = olga.json("/api/v1/organization").await;
    Actor::machine(agency["id"].as_str().unwrap().parse().unwrap())
}

fn today(app: &TestApp) -> Date {
    app.service.clock.now().date()
}

fn id<T: std::str::FromStr>(text: &Value) -> T {
    text.as_str().and_then(|text| text.parse().ok()).unwrap()
}

/// A proposal of this kind that is worth so much.
fn proposal(key: &str, kind: ActionKind, value: Option<f64>) -> Proposal {
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
async fn follow(
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
async fn agency(app: &TestApp) -> (Browser, Actor, String) {
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

async fn only(browser: &Browser) -> String {
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

/// Everything in the ledger, as one text.
async fn ledger(pool: &PgPool) -> Vec<(String, String)> {
    all_rows(pool, None).await.into_iter().filter(|(table, _)| table.starts_with("action")).collect()
}
