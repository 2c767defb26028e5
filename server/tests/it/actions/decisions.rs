//! What people decide: once, about what they read, and what the brain and the summary make of it.

use super::*;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_who_decide_at_once_one_wins_and_the_other_hears_who_and_what(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor, client) = agency(&app).await;
    let ada = app.join(&olga, "ada@acme.test", "admin").await;
    for turn in 0..5 {
        let key = format!("raise:{turn}");
        follow(&app, &actor, &client, &[proposal(&key, ActionKind::Raise, Some(1.0))], today(&app)).await;
        let action = listed(&olga, "?state=proposed").await[0].0.clone();
        let seen = read(&olga, &action).await;
        let (first, second) = tokio::join!(
            decide(&olga, &action, "approve", seen),
            decide(&ada, &action, "dismiss", json!({"reason": "no", "state": "proposed"}))
        );
        let (won, lost, who) = match (first.0, second.0) {
            (200, 409) => (first.1, second.1, "Olga Owner approved it"),
            (409, 200) => (second.1, first.1, "Ada dismissed it"),
            other => panic!("{other:?}: {} {}", first.1, second.1),
        };
        assert!(lost["error"]["message"].as_str().unwrap().starts_with(who), "{lost}");
        assert_eq!(olga.json(&format!("{LIST}/{action}")).await["events"], won["events"]);
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_brain_renewed_since_it_was_read_is_not_decided_unseen(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let day = today(&app);
    follow(&app, &actor, &client, &[raise(100.0)], day).await;
    let action = only(&olga).await;
    let seen = read(&olga, &action).await;
    // Newer figures come in between reading and deciding.
    follow(&app, &actor, &client, &[raise(-900.0)], day).await;
    let before = ledger(&pool).await;
    let dismissal = json!({"reason": "too little", "state": "proposed", "version": seen["version"]});
    for (what, body) in [("approve", seen.clone()), ("dismiss", dismissal)] {
        let (status, answer) = decide(&olga, &action, what, body).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"]), (409, &json!("renewed")), "{what}: {answer}");
        assert!(error["message"].as_str().unwrap().contains("newer figures"), "{answer}");
        let now = &error["details"]["action"];
        assert_eq!(
            (&now["id"], &now["prediction"]["value"], &now["state"]),
            (&json!(action), &json!(-900.0), &json!("proposed"))
        );
        assert_ne!(now["version"], seen["version"]);
    }
    assert_eq!(ledger(&pool).await, before, "nothing was decided");
    for (body, status) in [(json!({}), 422), (json!({"version": null}), 422), (json!({"version": ""}), 409)] {
        assert_eq!(decide(&olga, &action, "approve", body.clone()).await.0, status, "{body}");
    }

    // Another state that proposes the same, its grounds at another place, is no reason to ask again.
    let seen = read(&olga, &action).await;
    let moved = Proposal { because: vec![0, 1], ..raise(-900.0) };
    assert_eq!(follow(&app, &actor, &client, &[moved], day).await.1.renewed, 1);
    let approved = decided(&olga, &action, "approve", seen).await;
    assert_eq!((&approved["state"], &approved["prediction"]["value"]), (&json!("approved"), &json!(-900.0)));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_an_approval_and_a_cycle_at_once_what_is_approved_is_what_was_read(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor, client) = agency(&app).await;
    for turn in 0..20 {
        let key = format!("raise:{turn}");
        let worth = |value| proposal(&key, ActionKind::Raise, Some(value));
        follow(&app, &actor, &client, &[worth(100.0)], today(&app)).await;
        let action = listed(&olga, "?state=proposed").await[0].0.clone();
        let seen = read(&olga, &action).await;
        let newer = [worth(900.0)];
        let ((status, answer), _) =
            tokio::join!(decide(&olga, &action, "approve", seen), follow(&app, &actor, &client, &newer, today(&app)));
        let now = olga.json(&format!("{LIST}/{action}")).await;
        match status {
            200 => {
                assert_eq!(now["prediction"]["value"], 100.0, "what was read, and not what came meanwhile");
            }
            409 => {
                assert_eq!(answer["error"]["details"]["action"]["prediction"]["value"], 900.0, "{answer}");
                assert_eq!((&now["state"], &now["prediction"]["value"]), (&json!("proposed"), &json!(900.0)));
            }
            other => panic!("{other}: {answer}"),
        }
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
    approve(&olga, &approved).await;
    assert_eq!(olga.send("DELETE", &format!("/api/v1/clients/{client}"), &json!({})).await.status(), 200);
    let before = ledger(&pool).await;
    for (action, what, body) in [
        (&proposed, "approve", read(&olga, &proposed).await),
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
    let (status, answer) = decide(&olga, &action, "approve", read(&olga, &action).await).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("decided")));
    assert!(answer["error"]["message"].as_str().unwrap().starts_with("You dismissed it"), "{answer}");
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
async fn what_people_decided_about_is_not_told_as_worth_deciding(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let proposals = [
        raise(500.0),
        proposal("lower:social", ActionKind::Lower, Some(400.0)),
        proposal("pause:ad-1", ActionKind::PauseCreative, Some(300.0)),
        proposal("push", ActionKind::RetentionPush, Some(200.0)),
        proposal("fix:meta", ActionKind::FixTracking, Some(100.0)),
        proposal("look", ActionKind::Investigate, Some(50.0)),
    ];
    let (state, _) = follow(&app, &actor, &client, &proposals, today(&app)).await;
    let cut_off = app.service.clock.now() - Duration::HOUR;
    let cycle = format!(
        "insert into brain_cycle (organization_id, id, cause, state, asked_at, cut_off, finished_at, state_id)
         select organization_id, gen_random_uuid(), 'manual', 'done', '{cut_off}', '{cut_off}', '{cut_off}', id
         from brain_state where id = '{state}'"
    );
    execute(&pool, cycle).await;
    let things = [
        "larger budget",
        "smaller budget",
        "pause of a creative",
        "push for returning customers",
        "repair of tracking",
        "closer look",
    ];
    let told = async |query: &str| {
        let of = format!("?persona=cmo&client_id={client}");
        let answer = olga.json(&format!("/api/v1/brain/summary{of}{query}")).await.to_string();
        if query.is_empty() {
            let page = olga.get(&format!("/summary{of}")).await.text().await.unwrap();
            for thing in things {
                assert_eq!(page.contains(thing), answer.contains(thing), "the page and the API tell the same: {thing}");
            }
        }
        things.into_iter().filter(|thing| answer.contains(thing)).collect::<Vec<_>>()
    };
    assert_eq!(told("").await, things[..3], "the best three");
    let of = async |kind: &str| listed(&olga, &format!("?kind={kind}")).await[0].0.clone();
    approve(&olga, &of("raise").await).await;
    let lowered = of("lower").await;
    approve(&olga, &lowered).await;
    decided(&olga, &lowered, "done", json!({})).await;
    let paused = of("pause_creative").await;
    decided(&olga, &paused, "dismiss", json!({"reason": "it runs out on Friday"})).await;
    assert_eq!(told("").await, things[3..], "what comes after takes their places");
    let then = cut_off.format(&time::format_description::well_known::Rfc3339).unwrap();
    assert_eq!(told(&format!("&as_of={then}")).await, things[..3], "nobody had decided then");
    // What was taken back can be done again.
    decided(&olga, &lowered, "undo", json!({})).await;
    assert_eq!(told("").await, [things[1], things[3], things[4]]);
    app.finish().await;
}
