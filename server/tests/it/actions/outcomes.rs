//! What came of what was done: measured once, or taken back before.

use model::{
    action::{HitRate, Measured, Verdict},
    id::ActionId,
};

use super::*;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_done_is_measured_once_and_counts_for_its_kind(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let day = today(&app);
    let fix = proposal("fix:meta", ActionKind::FixTracking, None);
    follow(&app, &actor, &client, &[raise(100.0), fix.clone()], day).await;
    let raised = listed(&olga, "?kind=raise").await[0].0.clone();
    let fixed = listed(&olga, "?kind=fix_tracking").await[0].0.clone();
    assert_eq!(decide(&olga, &raised, "done", json!({})).await.0, 409, "it was not approved yet");
    for action in [&raised, &fixed] {
        approve(&olga, action).await;
    }
    for (on, words) in [(day + Duration::DAY, "has not come"), (day - Duration::DAY, "was approved on")] {
        let (status, answer) = decide(&olga, &raised, "done", json!({"on": on.to_string()})).await;
        assert_eq!((status, &answer["error"]["field"]), (422, &json!("on")), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{answer}");
    }
    assert_eq!(decide(&olga, &raised, "done", json!({"on": "soon"})).await.0, 422);
    let done = decided(&olga, &raised, "done", json!({"on": day.to_string()})).await;
    assert_eq!((&done["done_on"], &done["state"]), (&json!(day.to_string()), &json!("done")));
    decided(&olga, &fixed, "done", json!({})).await;

    let now = app.service.clock.now();
    let mut tx = app.service.db.tenant(&actor).await.unwrap();
    assert_eq!(action::to_measure(&mut tx, day).await.unwrap(), [], "nothing was done before today");
    let due = action::to_measure(&mut tx, day + Duration::DAY).await.unwrap();
    assert_eq!((due.len(), due[0].done_on), (2, day));
    let one = due.iter().find(|due| due.proposal.kind == ActionKind::Raise).unwrap();
    assert_eq!((one.proposal.clone(), one.id), (raise(100.0), id::<ActionId>(&json!(raised))));
    assert_eq!(action::measured_since(&mut tx, day).await.unwrap(), []);
    let mut measured = Measured {
        metric: "net_contribution".into(),
        first: day + Duration::DAY,
        last: day + Duration::days(14),
        actual: 1000.5,
        expected: 880.25,
        effect: 120.25,
        low: f64::NAN,
        high: 200.0,
        verdict: Verdict::Won,
        model: "ETS".into(),
        together_with: vec!["fix:meta".into()],
    };
    action::set_measured(&mut tx, one.id, Ok(&measured), day, now).await.unwrap_err();
    measured.low = 40.5;
    action::set_measured(&mut tx, one.id, Ok(&measured), day, now).await.unwrap();
    let other = due.iter().find(|due| due.id != one.id).unwrap();
    action::set_measured(&mut tx, other.id, Err("the channel reported no conversions"), day, now).await.unwrap();
    assert!(matches!(
        action::set_measured(&mut tx, one.id, Err("again"), day, now).await.unwrap_err(),
        store::Error::Missing
    ));
    let rate = |kind, won, cannot_tell| HitRate { kind, won, lost: 0, cannot_tell };
    // What two did together is told of neither.
    let rates = [rate(ActionKind::FixTracking, 0, 1), rate(ActionKind::Raise, 0, 1)];
    assert_eq!(action::hit_rates(&mut tx).await.unwrap(), rates);
    assert_eq!(action::to_measure(&mut tx, day + Duration::DAY).await.unwrap(), []);
    assert_eq!(action::measured_since(&mut tx, day).await.unwrap().len(), 2);
    assert_eq!(action::measured_since(&mut tx, day + Duration::DAY).await.unwrap(), []);
    tx.commit().await.unwrap();

    let told = olga.json(&format!("{LIST}/{raised}")).await;
    assert_eq!(
        (&told["measured"]["effect"], &told["measured"]["first"], &told["measured"]["verdict"]),
        (&json!(120.25), &json!((day + Duration::DAY).to_string()), &json!("won"))
    );
    assert_eq!(olga.json(&format!("{LIST}/{fixed}")).await["unmeasured"], "the channel reported no conversions");
    let rates = olga.json(&format!("{LIST}/hit-rates")).await;
    assert_eq!(rates["items"][1], json!({"kind": "raise", "won": 0, "lost": 0, "cannot_tell": 1}));
    let (status, answer) = decide(&olga, &raised, "undo", json!({})).await;
    assert_eq!(status, 409, "what was measured stays");
    assert!(answer["error"]["message"].as_str().unwrap().contains("what was measured stays"), "{answer}");
    let said =
        refused(&pool, "update action set measured = '{}' where state = 'measured' and measured is not null").await;
    assert!(said.contains("written once"), "{said}");
    // The same may be proposed again.
    let (_, synced) = follow(&app, &actor, &client, &[raise(100.0)], day).await;
    assert_eq!(synced.proposed, 1);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_done_can_be_taken_back_before_it_is_measured(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor, client) = agency(&app).await;
    follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    let action = only(&olga).await;
    assert_eq!(decide(&olga, &action, "undo", json!({})).await.0, 409, "nothing was done");
    approve(&olga, &action).await;
    decided(&olga, &action, "done", json!({})).await;
    let (_, synced) = follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    assert_eq!(synced.left_out, 1, "it is under way");
    let undone = decided(&olga, &action, "undo", json!({"reason": "the shop ran dry"})).await;
    assert_eq!((&undone["state"], &undone["events"][3]["reason"]), (&json!("undone"), &json!("the shop ran dry")));
    let mut tx = app.service.db.tenant(&actor).await.unwrap();
    assert_eq!(action::to_measure(&mut tx, today(&app) + Duration::DAY).await.unwrap(), []);
    drop(tx);
    let (_, synced) = follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    assert_eq!(synced.proposed, 1);
    app.finish().await;
}
