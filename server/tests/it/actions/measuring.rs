//! What came of actions that were done.

use model::{
    action::{HitRate, Measured, Verdict},
    id::ActionId,
};

use super::*;
use crate::support::PASSWORD;

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
    assert_eq!(action::acted_since(&mut tx, day).await.unwrap(), []);
    let busy = action::under_way(&mut tx).await.unwrap();
    let keys: Vec<_> = busy.iter().map(|one| (&*one.key, one.client_id.to_string())).collect();
    assert_eq!(keys, [("fix:meta", client.clone()), ("raise:search", client.clone())]);
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
    assert_eq!(action::under_way(&mut tx).await.unwrap(), []);
    let acted = action::acted_since(&mut tx, day).await.unwrap();
    assert_eq!(acted.iter().map(|one| one.undone_on).collect::<Vec<_>>(), [None, None]);
    assert_eq!(action::acted_since(&mut tx, day + Duration::DAY).await.unwrap(), []);
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

/// Proposes this, which is approved and done today; its id.
async fn do_it(app: &TestApp, (olga, actor, client): (&Browser, &Actor, &str), proposal: &Proposal) -> String {
    follow(app, actor, client, std::slice::from_ref(proposal), today(app)).await;
    let action = listed(olga, &format!("?state=proposed&kind={}", proposal.kind.key())).await[0].0.clone();
    approve(olga, &action).await;
    decided(olga, &action, "done", json!({})).await;
    action
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_breaks_or_tires_again_is_proposed_again_and_who_looked_is_not_asked_again_at_once(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let day = today(&app);
    let since = |key: &str, kind, began| Proposal { began: Some(began), ..proposal(key, kind, None) };
    for (key, kind) in [("fix:meta", ActionKind::FixTracking), ("refresh:ad-1", ActionKind::RefreshCreative)] {
        let first = do_it(&app, (&olga, &actor, &client), &since(key, kind, day - Duration::DAY)).await;
        for began in [day - Duration::DAY, day] {
            let (_, synced) = follow(&app, &actor, &client, &[since(key, kind, began)], day + Duration::days(3)).await;
            assert_eq!(synced, Synced { left_out: 1, ..Synced::default() }, "{key} is the same since {began}");
        }
        let before = app.service.clock.now();
        let anew = since(key, kind, day + Duration::DAY);
        let again = async |on: i64| {
            follow(&app, &actor, &client, std::slice::from_ref(&anew), day + Duration::days(on)).await.1
        };
        let without = async |days: std::ops::RangeInclusive<i64>| {
            for on in days {
                follow(&app, &actor, &client, &[], day + Duration::days(on)).await;
            }
        };
        assert_eq!(again(3).await.proposed, 0, "{key} was never gone: only what is looked at moved on");
        without(4..=4).await;
        assert_eq!(again(5).await.proposed, 0, "{key} was away for a cycle");
        without(6..=11).await;
        assert_eq!(again(12).await.proposed, 0, "{key} was away for six days");
        without(13..=19).await;
        assert_eq!(again(20).await.proposed, 1, "{key} again");
        // Whoever reads what was said before that is told what was so then.
        let mut tx = app.service.db.tenant(&actor).await.unwrap();
        let bars = async |tx: &mut store::TenantTx, as_of| {
            let barred = action::barred(tx, as_of, day + Duration::days(20)).await.unwrap();
            barred.bars(client.parse().unwrap(), key.to_owned(), anew.began)
        };
        assert!(bars(&mut tx, Some(before)).await, "{key} was not gone by then");
        assert!(!bars(&mut tx, None).await && !bars(&mut tx, Some(app.service.clock.now())).await, "{key} was gone");
        drop(tx);
        let same = since(key, kind, day);
        let (_, synced) = follow(&app, &actor, &client, &[same], day + Duration::days(20)).await;
        assert_eq!((synced.withdrawn, synced.left_out), (1, 1), "it was the same after all: nobody is to approve it");
        assert_eq!(again(20).await.proposed, 1);
        let second = listed(&olga, &format!("?state=proposed&kind={}", kind.key())).await[0].0.clone();
        approve(&olga, &second).await;
        assert_ne!(first, second, "what came of the first is still to be measured");
        decided(&olga, &second, "dismiss", json!({"reason": "it works"})).await;
    }
    // What takes effect later is not asked for twice before it is measured.
    let push = proposal("retention:shop", ActionKind::RetentionPush, None);
    do_it(&app, (&olga, &actor, &client), &push).await;
    let (_, synced) = follow(&app, &actor, &client, &[push], day + Duration::days(3)).await;
    assert_eq!(synced.proposed, 0);

    let look = |began| since("investigate:shop", ActionKind::Investigate, began);
    let looked = do_it(&app, (&olga, &actor, &client), &look(day)).await;
    let mut tx = app.service.db.tenant(&actor).await.unwrap();
    let looked = action::to_measure(&mut tx, day + Duration::DAY)
        .await
        .unwrap()
        .into_iter()
        .find(|due| due.id.to_string() == looked);
    action::set_measured(&mut tx, looked.unwrap().id, Err("nothing"), day, app.service.clock.now()).await.unwrap();
    let rates = action::hit_rates(&mut tx).await.unwrap();
    assert_eq!(rates, [], "who looks has nothing to hit");
    tx.commit().await.unwrap();
    let next = day + Duration::DAY;
    for (quiet, days, began, proposed) in
        [(1, 1, day, 0), (1, 27, day, 0), (1, 2, next, 0), (7, 7, next, 1), (1, 28, day, 1)]
    {
        // Nothing asked for it on so many days before.
        for on in 0..quiet {
            follow(&app, &actor, &client, &[], day + Duration::days(on)).await;
        }
        let (_, synced) = follow(&app, &actor, &client, &[look(began)], day + Duration::days(days)).await;
        assert_eq!(synced.proposed, proposed, "after {days} days, since {began}");
    }
    app.finish().await;
}

/// Figures of whole days, as a source of the client pushes them.
async fn push(olga: &Browser, source: &str, rows: Vec<Value>) {
    let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_cycle_measures_what_was_done_against_the_days_before_and_the_true_effect_is_told(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    app.to_july();
    let (olga, actor, client) = agency(&app).await;
    let mut sources = Vec::new();
    for holds in ["ads", "shop"] {
        let new = json!({"name": holds, "holds": holds, "currency": "EUR", "time_zone": "UTC", "client_id": client});
        sources.push(olga.create("/api/v1/imports/sources", &new).await);
    }
    let done_on = today(&app);
    // Every day 100 are spent; since the action the shop sells for 200 more.
    let figures = async |first: Date, last: Date| {
        let days: Vec<Date> = (0..=(last - first).whole_days()).map(|at| first + Duration::days(at)).collect();
        let of = |day: &Date| i64::from(day.to_julian_day());
        let spent = |day: &Date| json!({"day": day.to_string(), "spend": 100, "clicks": 200 + of(day) % 7});
        push(&olga, &sources[0], days.iter().map(spent).collect()).await;
        let sold = |day: &Date| {
            let more = if *day >= done_on { 200 } else { 0 };
            let noise = of(day) * 7919 % 101;
            json!({"day": day.to_string(), "orders": 20 + noise % 5, "ledger_revenue": 1000 + noise + more + of(day) % 7 * 20})
        };
        push(&olga, &sources[1], days.iter().map(sold).collect()).await;
    };
    figures(done_on - Duration::days(200), done_on - Duration::DAY).await;
    let moved = Proposal {
        margin: Some(0.5),
        horizon_days: 28,
        ..proposal("move_budget:c", ActionKind::MoveBudget, Some(50.0))
    };
    let action = do_it(&app, (&olga, &actor, &client), &moved).await;
    let think = async || {
        let asked: Value = olga.post("/api/v1/brain/compute", &json!({})).await.json().await.unwrap();
        for _ in 0..1200 {
            let cycle = olga.json(&format!("/api/v1/brain/cycles/{}", asked["id"].as_str().unwrap())).await;
            match cycle["state"].as_str().unwrap() {
                "done" => return,
                "failed" => panic!("{cycle}"),
                _ => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            }
        }
        panic!("the cycle did not end");
    };
    // Time passes in steps that sessions survive or not.
    let later = async |days: i64| {
        app.service.clock.advance(Duration::days(days));
        let again = json!({"email": "olga@acme.test", "password": PASSWORD});
        assert_eq!(olga.post("/api/v1/auth/login", &again).await.status(), 200);
    };
    later(41).await;
    figures(done_on, done_on + Duration::days(40)).await;
    // What is said of the margin now is not what was promised by.
    let said = olga.send("PATCH", &format!("/api/v1/clients/{client}"), &json!({"margin_percent": "90"})).await;
    assert_eq!(said.status(), 200, "{}", said.text().await.unwrap());
    think().await;
    assert_eq!(olga.json(&format!("{LIST}/{action}")).await["state"], "done", "its days have not settled");
    later(1).await;
    figures(done_on + Duration::days(41), done_on + Duration::days(41)).await;
    think().await;
    let told = olga.json(&format!("{LIST}/{action}")).await;
    let measured = &told["measured"];
    assert_eq!(
        (&told["state"], &measured["metric"], &measured["verdict"]),
        (&json!("measured"), &json!("net_contribution"), &json!("won")),
        "{told}"
    );
    let days = [done_on, done_on + Duration::days(27)].map(|day| json!(day.to_string()));
    assert_eq!([&measured["first"], &measured["last"]], [&days[0], &days[1]]);
    let of = |key: &str| measured[key].as_f64().unwrap();
    let truth = 28.0 * 0.5 * 200.0;
    assert!((of("effect") - truth).abs() < 0.25 * truth && of("low") > 0.0 && of("high") < 2.0 * truth, "{measured}");
    assert!((of("actual") - of("expected") - of("effect")).abs() < 1e-6);
    assert_eq!(told["events"].as_array().unwrap().last().unwrap()["state"], "measured");
    let rates = olga.json(&format!("{LIST}/hit-rates")).await;
    assert_eq!(rates["items"], json!([{"kind": "move_budget", "won": 1, "lost": 0, "cannot_tell": 0}]));

    // What came of it opens as it stands on the page; the effect is what happened less what would have.
    let page = olga.get("/actions").await.text().await.unwrap();
    for place in ["/actual", "/expected", "/effect", "/low", "/high", "/low#sure"] {
        let figure_id = model::figure::came(action.parse().unwrap(), place);
        let opened = olga.json(&format!("/api/v1/figures/{figure_id}")).await;
        let stands = format!("data-figure=\"{figure_id}\"");
        let shown = page.split(&stands).nth(1).unwrap().split_once('>').unwrap().1.split('<').next().unwrap();
        assert_eq!(opened["shown"], json!(shown), "{place}");
        if let Some(key) = place.strip_prefix('/').filter(|key| !key.contains('#')) {
            assert_eq!(opened["value"].as_str().unwrap().parse::<f64>().unwrap(), of(key), "{place}");
        }
        if place == "/effect" {
            let part = |at: usize| opened["parts"][at]["value"].as_str().unwrap().parse::<f64>().unwrap();
            assert!((part(0) - part(1) - of("effect")).abs() < 1e-6, "{opened}");
        }
        if place == "/actual" {
            assert_eq!(opened["rows"]["items"].as_array().unwrap().len(), 25, "the days that were measured: {opened}");
        }
    }
    let other = model::figure::came(action.parse().unwrap(), "/verdict");
    assert_eq!(olga.get(&format!("/api/v1/figures/{other}")).await.status(), 404);
    app.finish().await;
}
