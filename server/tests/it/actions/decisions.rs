//! Decisions about actions: one of two wins, what was approved stays, and who may decide.

use super::*;
use crate::support::refused;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_prediction_that_was_approved_never_changes_whatever_code_runs(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    let action = only(&olga).await;
    let approved = decided(&olga, &action, "approve", json!({})).await;
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
async fn what_was_dismissed_is_not_proposed_again_for_four_weeks(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let day = today(&app);
    follow(&app, &actor, &client, &[raise(100.0)], day).await;
    let action = only(&olga).await;
    for wrong in [json!({"reason": " "}), json!({}), json!({"reason": "x".repeat(1001)})] {
        let (status, answer) = decide(&olga, &action, "dismiss", wrong).await;
        assert_eq!((status, &answer["error"]["field"]), (422, &json!("reason")), "{answer}");
    }
    let dismissed = decided(&olga, &action, "dismiss", json!({"reason": "the client's season begins"})).await;
    assert_eq!(dismissed["events"][1]["reason"], "the client's season begins");
    for days in [0, 1, 27] {
        let (_, synced) = follow(&app, &actor, &client, &[raise(100.0)], day + Duration::days(days)).await;
        assert_eq!(synced, Synced { left_out: 1, ..Synced::default() }, "after {days} days");
    }
    let (_, synced) = follow(&app, &actor, &client, &[raise(100.0)], day + Duration::days(28)).await;
    assert_eq!(synced, Synced { proposed: 1, ..Synced::default() });
    assert_eq!(listed(&olga, "").await.len(), 2, "another line: what was dismissed stays as it was");
    let (status, answer) = decide(&olga, &action, "approve", json!({})).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("decided")));
    assert!(answer["error"]["message"].as_str().unwrap().starts_with("you dismissed it"), "{answer}");
    let silent = refused(
        &pool,
        "insert into action_event (organization_id, id, action_id, state, at)
        select organization_id, gen_random_uuid(), id, 'dismissed', now() from action",
    )
    .await;
    assert!(silent.contains("action_event_reason"), "{silent}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_who_decide_at_once_one_wins_and_the_other_hears_who_and_what(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor, client) = agency(&app).await;
    let ada = app.join(&olga, "ada@acme.test", "admin").await;
    for turn in 0..5 {
        let key = format!("raise:{turn}");
        follow(&app, &actor, &client, &[proposal(&key, ActionKind::Raise, Some(1.0))], today(&app)).await;
        let action = listed(&olga, "?state=proposed").await[0].0.clone();
        let (first, second) = tokio::join!(
            decide(&olga, &action, "approve", json!({})),
            decide(&ada, &action, "dismiss", json!({"reason": "no", "state": "proposed"}))
        );
        let (won, lost, who) = match (first.0, second.0) {
            (200, 409) => (first.1, second.1, "Olga Owner approved it"),
            (409, 200) => (second.1, first.1, "ada dismissed it"),
            other => panic!("{other:?}: {} {}", first.1, second.1),
        };
        assert!(lost["error"]["message"].as_str().unwrap().starts_with(who), "{lost}");
        assert_eq!(olga.json(&format!("{LIST}/{action}")).await["events"], won["events"]);
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_a_client_that_was_archived_meanwhile_nothing_is_decided_and_nothing_proposed(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let pause = proposal("pause:ad-1", ActionKind::PauseCreative, None);
    follow(&app, &actor, &client, &[raise(100.0), pause.clone()], today(&app)).await;
    let proposed = listed(&olga, "?kind=pause_creative").await[0].0.clone();
    let approved = listed(&olga, "?kind=raise").await[0].0.clone();
    decided(&olga, &approved, "approve", json!({})).await;
    assert_eq!(olga.send("DELETE", &format!("/api/v1/clients/{client}"), &json!({})).await.status(), 200);
    let before = ledger(&pool).await;
    for (action, what, body) in [
        (&proposed, "approve", json!({})),
        (&proposed, "dismiss", json!({"reason": "x"})),
        (&approved, "done", json!({})),
    ] {
        let (status, answer) = decide(&olga, action, what, body).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("archived")), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("Bakery is archived"), "{answer}");
    }
    assert_eq!(ledger(&pool).await, before, "the ledger is as it was");
    let other = proposal("lower:x", ActionKind::Lower, Some(1.0));
    let (_, synced) = follow(&app, &actor, &client, &[pause, other], today(&app)).await;
    assert_eq!((synced.proposed, synced.left_out), (0, 1), "nothing new is proposed of it");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_done_can_be_taken_back_before_it_is_measured(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor, client) = agency(&app).await;
    follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    let action = only(&olga).await;
    assert_eq!(decide(&olga, &action, "undo", json!({})).await.0, 409, "nothing was done");
    decided(&olga, &action, "approve", json!({})).await;
    decided(&olga, &action, "done", json!({})).await;
    let (_, synced) = follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    assert_eq!(synced.left_out, 1, "it is under way");
    let undone = decided(&olga, &action, "undo", json!({"reason": "the shop ran dry"})).await;
    assert_eq!((&undone["state"], &undone["events"][3]["reason"]), (&json!("undone"), &json!("the shop ran dry")));
    let mut tx = app.service.db.tenant(&actor).await.unwrap();
    assert_eq!(action::to_measure(&mut tx, today(&app) + Duration::DAY).await.unwrap(), []);
    // Its days are not like others.
    let acted = action::acted_since(&mut tx, today(&app)).await.unwrap();
    assert_eq!((acted.len(), acted[0].undone_on), (1, Some(today(&app))));
    assert_eq!(action::under_way(&mut tx).await.unwrap(), []);
    drop(tx);
    let (_, synced) = follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    assert_eq!(synced.proposed, 1);
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
        assert_eq!(decide(browser, &theirs, "approve", json!({})).await.0, 404);
    }
    assert_eq!(bert.get(&format!("{LIST}/{ours}")).await.status(), 404);
    assert_eq!(decide(&bert, &ours, "approve", json!({})).await.0, 404);
    let before = ledger(&pool).await;
    let (status, answer) = decide(&mel, &ours, "approve", json!({})).await;
    assert_eq!((status, &answer["error"]["rule"]), (403, &json!("clients.edit")));
    assert_eq!(ledger(&pool).await, before);
    decided(&max, &ours, "approve", json!({})).await;
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
