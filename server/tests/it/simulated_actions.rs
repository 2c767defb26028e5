//! Approved actions of a simulated agency are done in its simulated accounts: once, as they say, and what they truly brought is
//! told afterwards. Real accounts are changed by nobody here.

use model::action::{ActionKind, Change, Proposal, Target};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::{
    actions::{LIST, agency, approve, follow, machine, only, proposal, today},
    changed::{added, get, start, told},
    functions::ask,
    process::free_address,
    simulated::enter,
    support::{Browser, TestApp, count},
};

/// An ad account as the product knows it: its id, its client's, the platform's, and its currency.
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn account(pool: &PgPool) -> [String; 4] {
    let sql = "select array[c.id::text, c.client_id::text, c.external_id, c.currency::text] from channel c
               where c.provider = 'meta_ads' and c.client_id is not null order by c.external_id limit 1";
    let found: (Vec<String>,) = sqlx::query_as(sql).fetch_one(pool).await.unwrap();
    found.0.try_into().unwrap()
}

/// Has this proposed for a client and approves it.
async fn approved(app: &TestApp, guest: &Browser, client: &str, proposal: Proposal) -> String {
    let actor = machine(guest).await;
    // In the west it may be yesterday.
    follow(app, &actor, client, &[proposal], today(app).previous_day().unwrap()).await;
    let action = only(guest).await;
    approve(guest, &action).await;
    action
}

fn raise(channel: &str, currency: &str, to: f64) -> Proposal {
    Proposal {
        target: Target { id: channel.to_owned(), level: "channel".to_owned() },
        currency: currency.to_owned(),
        changes: vec![Change { channel: channel.parse().unwrap(), from: 100.0, to }],
        ..proposal("raise:channel", ActionKind::Raise, Some(100.0))
    }
}

/// What was changed in the world.
async fn writes(world: &str) -> Vec<Value> {
    get(&format!("{world}/rehearsal")).await["writes"].as_array().unwrap().clone()
}

/// How an action stands.
async fn state(guest: &Browser, action: &str) -> Value {
    guest.json(&format!("{LIST}/{action}")).await["state"].clone()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn it_is_done_there_once_and_a_week_later_its_truth_is_told(pool: PgPool) {
    let address = free_address();
    let app = start(pool.clone(), &address).await;
    app.leave_jobs();
    let guest = app.browser();
    enter(&guest).await;
    let begun = guest.get("/dashboard").await.text().await.unwrap();
    assert!(begun.contains("Accounts are being read"), "nothing was read yet: {begun}");
    let [channel, client, external_id, currency] = account(&pool).await;
    let world = format!("http://{address}/{}", machine(&guest).await.organization_id);
    // Far more than any account of this world spends.
    let action = approved(&app, &guest, &client, raise(&channel, &currency, 9_000.0)).await;
    assert_eq!(told(&guest, "list_truths").await, [] as [Value; 0], "nothing was done there");
    let page = guest.get("/actions").await.text().await.unwrap();
    assert!(page.contains("Do it in the simulated accounts") && page.contains("“Done” only says so"), "{page}");

    let fields = format!("id={action}");
    let (one, other) = tokio::join!(ask(&guest, "carry_out_action", &fields), ask(&guest, "carry_out_action", &fields));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
    let made = writes(&world).await;
    let cents: i64 = made.iter().map(|write| write["change"]["budget"]["cents"].as_i64().unwrap()).sum();
    assert!(made.len() > 1 && (cents - 900_000).unsigned_abs() <= made.len() as u64, "{made:?}");
    assert!(made.iter().all(|write| write["part_of"] == json!(action)), "{made:?}");
    assert_eq!(usize::try_from(count(&pool, "select count(*) from simulated_change").await).unwrap(), made.len());
    assert_eq!(state(&guest, &action).await, "done");
    assert_eq!(ask(&guest, "carry_out_action", &fields).await.0, 409);
    assert_eq!(writes(&world).await, made, "nothing was changed twice");
    assert_eq!(told(&guest, "list_truths").await, [json!({"action": action, "compared": null})]);

    assert_eq!(guest.submit("/simulation/forward", &[]).await.status(), 303);
    let truths = told(&guest, "list_truths").await;
    let [truth] = truths.as_slice() else { panic!("{truths:?}") };
    let compared = &truth["compared"];
    let days = [compared["days"][0].as_str().unwrap(), compared["days"][1].as_str().unwrap()];
    let [first, last] = days.map(|day| model::page::parse_day("day", day).unwrap());
    assert_eq!(last - first, Duration::days(6), "from the day on which it was done to yesterday");
    let about = get(&format!("{world}/rehearsal")).await;
    let mut channels = about["channels"].as_array().unwrap().iter();
    let place = channels.find(|one| one["external_id"] == json!(external_id)).unwrap()["client"].clone();
    for (side, query) in [("with", ""), ("without", "?changes=none")] {
        let sums = added(&get(&format!("{world}/rehearsal/truth{query}")).await, &place, days);
        let shown = ["spend_cents", "orders", "ledger_cents"].map(|name| compared[side][name].as_i64().unwrap());
        assert_eq!(shown, sums, "{side}");
    }
    assert!(compared["with"]["spend_cents"].as_i64() > compared["without"]["spend_cents"].as_i64(), "{compared}");
    let page = guest.get("/actions").await.text().await.unwrap();
    assert!(page.contains("Truth of the simulation") && page.contains("With this action"), "{page}");
    assert!(page.contains("in the simulated accounts”"), "the ledger says how it was done: {page}");

    // From the page it is taken back there as by a program.
    assert_eq!(ask(&guest, "undo_action", &format!("id={action}&reason=")).await.0, 200);
    assert_eq!((state(&guest, &action).await, writes(&world).await.len()), (json!("undone"), 2 * made.len()));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_taken_back_is_set_back_there_and_its_truth_stays(pool: PgPool) {
    let address = free_address();
    let app = start(pool.clone(), &address).await;
    app.leave_jobs();
    let guest = app.browser();
    enter(&guest).await;
    let [channel, client, external_id, currency] = account(&pool).await;
    let world = format!("http://{address}/{}", machine(&guest).await.organization_id);
    let action = approved(&app, &guest, &client, raise(&channel, &currency, 9_000.0)).await;
    let page = guest.get("/actions").await.text().await.unwrap();
    assert!(!page.contains("is set back in the simulated accounts"), "nothing was done: {page}");
    assert_eq!(ask(&guest, "undo_action", &format!("id={action}&reason=")).await.0, 409, "nothing was done");
    assert_eq!(ask(&guest, "carry_out_action", &format!("id={action}")).await.0, 200);
    let page = guest.get("/actions").await.text().await.unwrap();
    assert!(page.contains("is set back in the simulated accounts"), "{page}");
    let made = writes(&world).await;
    assert_eq!(guest.submit("/simulation/forward", &[]).await.status(), 303);

    let undo = async || guest.post(&format!("{LIST}/{action}/undo"), &json!({"reason": "too much"})).await.status();
    let (one, other) = tokio::join!(undo(), undo());
    let mut statuses = [one.as_u16(), other.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(state(&guest, &action).await, "undone");
    let all = writes(&world).await;
    let (first, back) = all.split_at(made.len());
    assert_eq!((first, back.len()), (made.as_slice(), made.len()));
    for (set, back) in made.iter().zip(back) {
        let campaign = &set["change"]["budget"]["campaign"];
        assert_eq!(back["change"]["unset"], json!({"setting": "budget", "level": "campaign", "external_id": campaign}));
        assert_eq!((&back["part_of"], &back["channel"]), (&json!(action), &set["channel"]));
    }
    assert_eq!(usize::try_from(count(&pool, "select count(*) from simulated_change").await).unwrap(), all.len());

    // The week in which it held stays what it was; from the day after it was taken back all goes on as without it.
    assert_eq!(guest.submit("/simulation/forward", &[]).await.status(), 303);
    let truths = told(&guest, "list_truths").await;
    let compared = &truths[0]["compared"];
    assert!(compared["with"]["spend_cents"].as_i64() > compared["without"]["spend_cents"].as_i64(), "{compared}");
    let [with, without] = ["", "?changes=none"].map(|query| format!("{world}/rehearsal/truth{query}"));
    let (with, without) = (get(&with).await, get(&without).await);
    let spent = |truth: &Value| {
        let mut channels = truth["channels"].as_array().unwrap().iter();
        let days = channels.find(|one| one["external_id"] == json!(external_id)).unwrap()["days"].as_array().unwrap();
        days.iter().rev().map(|day| day["spend_cents"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let (with, without) = (spent(&with), spent(&without));
    // Of today and the day on which it was taken back only a part is told, or held; a zone's days begin at another moment.
    assert_eq!(with[1..6], without[1..6], "since then it is as if nobody had set it");
    assert!(with[9..13].iter().sum::<i64>() > without[9..13].iter().sum::<i64>(), "{with:?} {without:?}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_cannot_be_set_there_changes_nothing_and_stays_to_be_done(pool: PgPool) {
    let address = free_address();
    let app = start(pool.clone(), &address).await;
    app.leave_jobs();
    let guest = app.browser();
    enter(&guest).await;
    let [channel, client, _, currency] = account(&pool).await;
    let world = format!("http://{address}/{}", machine(&guest).await.organization_id);
    let other = if currency == "EUR" { "USD" } else { "EUR" };
    let elsewhere = uuid::Uuid::now_v7().to_string();
    let mut refused = Vec::new();
    for (number, (proposal, why)) in [
        (proposal("look", ActionKind::Investigate, None), "neither a budget nor an advertisement"),
        (raise(&channel, other, 50.0), "its budgets are in"),
        (raise(&elsewhere, &currency, 50.0), "none of the simulated ones"),
    ]
    .into_iter()
    .enumerate()
    {
        let proposal = Proposal { key: format!("key:{number}"), ..proposal };
        let actor = machine(&guest).await;
        follow(&app, &actor, &client, &[proposal], today(&app).previous_day().unwrap()).await;
        let listed = guest.json(&format!("{LIST}?state=proposed")).await;
        let action = listed["items"][0]["id"].as_str().unwrap().to_owned();
        let fields = format!("id={action}");
        assert_eq!(ask(&guest, "carry_out_action", &fields).await.0, 409, "nobody approved it");
        approve(&guest, &action).await;
        let (status, words) = ask(&guest, "carry_out_action", &fields).await;
        assert!(status == 409 && words.contains(why), "{status} {words}");
        refused.push(action);
    }
    for action in &refused {
        assert_eq!(state(&guest, action).await, "approved");
    }
    assert_eq!(writes(&world).await, [] as [Value; 0]);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn real_accounts_are_changed_by_people_at_the_platform(pool: PgPool) {
    let app = start(pool.clone(), &free_address()).await;
    let (olga, actor, client) = agency(&app).await;
    let pause = proposal("pause:ad-1", ActionKind::PauseCreative, None);
    follow(&app, &actor, &client, &[pause], today(&app)).await;
    let action = only(&olga).await;
    approve(&olga, &action).await;
    let (status, words) = ask(&olga, "carry_out_action", &format!("id={action}")).await;
    assert!(status == 409 && words.contains("nothing is changed in real accounts from here"), "{status} {words}");
    assert_eq!(state(&olga, &action).await, "approved");
    let page = olga.get("/actions").await.text().await.unwrap();
    assert!(!page.contains("simulated accounts"), "{page}");
    // What a person did by hand is taken back by hand, also where other agencies are simulated.
    assert_eq!(ask(&olga, "finish_action", &format!("id={action}&on=")).await.0, 200);
    assert_eq!(ask(&olga, "undo_action", &format!("id={action}&reason=")).await.0, 200);
    assert_eq!(state(&olga, &action).await, "undone");
    app.finish().await;
}
