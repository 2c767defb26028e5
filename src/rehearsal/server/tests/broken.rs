//! What the product's own clients make of each fault, and that figures are right once it is over.

use super::*;

const WEEK: Days = Days { first: date!(2026 - 06 - 05), last: date!(2026 - 06 - 11) };
const KEYS: [&str; 4] = ["google_ads", "meta_ads", "tiktok_ads", "shopify"];

fn rules(text: &str) -> Vec<Rule> {
    serde_json::from_str(text).unwrap()
}

/// All that the connection tells of a week, in an order of its own.
async fn told(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut told = vec![];
    if connection.provider.ads().is_some() {
        let accounts = connection.accounts().await?;
        let rows = connection.read(&accounts[0], WEEK).await?;
        told.extend(rows.iter().map(|row| format!("{row:?}")));
    } else {
        let orders = connection.orders(WEEK.last.midnight().assume_utc() + Duration::days(2)).await?;
        told.extend(orders.iter().map(|order| format!("{order:?}")));
    }
    told.sort_unstable();
    Ok(told)
}

/// Each provider's connection with what it tells when nothing is wrong.
async fn connected(simulated: &Simulated) -> Vec<(Connection, Vec<String>)> {
    let mut all = vec![];
    for key in KEYS {
        let connection = simulated.connect(key, 0).await;
        let plain = told(&connection).await.unwrap();
        assert!(plain.len() > 20, "{key}");
        all.push((connection, plain));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_and_changes_nothing() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let all = connected(&simulated).await;
    for fault in [
        r#"{"limited":{"seconds":1}}"#,
        r#"{"throttled":{"seconds":1}}"#,
        r#"{"unavailable":{"status":503}}"#,
        r#"{"slow":{"millis":30}}"#,
        r#""cut""#,
        r#""half""#,
    ] {
        // The second request of each provider.
        let rule = |key: &&str| format!(r#"{{"fault":{fault},"provider":"{key}","requests":[2]}}"#);
        simulated.rehearsal.set_faults(rules(&format!("[{}]", KEYS.iter().map(rule).collect::<Vec<_>>().join(","))));
        for (connection, plain) in &all {
            assert_eq!(told(connection).await.as_ref(), Ok(plain), "{fault} {}", connection.provider.descriptor().key);
        }
        let (_, faults) = ask(&simulated.rehearsal, "GET", "/rehearsal/faults", &[], "");
        let met = faults["met"].as_array().unwrap();
        assert_eq!(met.len(), 4, "{fault}: {met:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_has_its_kind_and_figures_are_right_afterwards() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let all = connected(&simulated).await;
    for (fault, kind) in [
        (r#""unauthorized""#, "unauthorized"),
        (r#"{"limited":{"seconds":30}}"#, "rate_limited"),
        (r#"{"throttled":{"seconds":30}}"#, "rate_limited"),
    ] {
        simulated.rehearsal.set_faults(rules(&format!(r#"[{{"fault":{fault}}}]"#)));
        for (connection, _) in &all {
            let error = told(connection).await.unwrap_err();
            assert_eq!(error.key(), kind, "{fault} {}", connection.provider.descriptor().key);
            if let Error::RateLimited { after } = error {
                assert_eq!(after.as_secs(), 30, "{fault} {}", connection.provider.descriptor().key);
            }
        }
    }
    simulated.rehearsal.set_faults(vec![]);
    for (connection, plain) in &all {
        assert_eq!(told(connection).await.as_ref(), Ok(plain));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_twice_and_turned_around_with_the_same_in_them() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let all = connected(&simulated).await;
    for (fault, more) in [("out_of_order", false), ("duplicates", true)] {
        simulated.rehearsal.set_faults(rules(&format!(r#"[{{"fault":"{fault}"}}]"#)));
        for (connection, plain) in &all {
            // Doubled accounts are the same account.
            let mut rows = told(connection).await.unwrap();
            assert_eq!(rows.len() > plain.len(), more, "{fault} {}", connection.provider.descriptor().key);
            rows.dedup();
            assert_eq!(rows, *plain, "{fault} {}", connection.provider.descriptor().key);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn past_days_are_restated() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let all = connected(&simulated).await;
    simulated.rehearsal.set_faults(rules(r#"[{"fault":"restatement","times":40}]"#));
    for (connection, plain) in all.iter().take(3) {
        let early = told(connection).await.unwrap();
        assert_eq!(early.len(), plain.len());
        assert_ne!(early, *plain, "{}", connection.provider.descriptor().key);
    }
    simulated.rehearsal.set_faults(vec![]);
    for (connection, plain) in &all {
        assert_eq!(told(connection).await.as_ref(), Ok(plain));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn places_in_lists_and_tokens_end() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let shop = simulated.connect("shopify", 0).await;
    let meta = simulated.connect("meta_ads", 0).await;
    let since = TODAY.midnight().assume_utc() - Duration::days(20);
    simulated.rehearsal.set_faults(rules(r#"[{"fault":"expired_cursor","times":1}]"#));
    let error = shop.orders(since).await.unwrap_err();
    assert_eq!(error, Error::Rejected("Invalid cursor for current pagination sort.".into()));
    let whole = shop.orders(since).await.unwrap();
    assert!(whole.len() > 100);
    simulated.rehearsal.set_faults(rules(r#"[{"fault":"expired_cursor"}]"#));
    let account = &meta.accounts().await.unwrap()[0];
    let page = meta.provider.ads().unwrap().report(&meta.call(), account, WEEK, Some("ad sync Mg")).await;
    assert_eq!(page.unwrap_err().key(), "rejected");
    // The file of orders: found again, but its address ended.
    let place = shop.provider.shop().unwrap();
    let Bulk::Waits { .. } = place.bulk(&shop.call(), since, None).await.unwrap() else { panic!("it is not made") };
    let Bulk::Pages(why) = place.bulk(&shop.call(), since, None).await.unwrap() else { panic!("the file is there") };
    assert_eq!(why, "Shopify's file of them can no longer be read");
    // Two hours later by the provider's clock.
    simulated.rehearsal.set_faults(rules(r#"[{"fault":{"clock_jump":{"seconds":7200}}}]"#));
    assert_eq!(shop.orders(since).await.unwrap_err().key(), "unauthorized");
    simulated.rehearsal.set_faults(vec![]);
    assert_eq!(shop.orders(since).await, Ok(whole));
}

/// As a job does: what fails is asked for again, and nothing of a try that failed is kept.
async fn persist(connection: &Connection) -> Vec<String> {
    for _ in 0..50 {
        match told(connection).await {
            Ok(mut told) => {
                told.dedup();
                return told;
            }
            Err(error) => {
                assert!(["unavailable", "rate_limited", "rejected", "malformed"].contains(&error.key()), "{error}")
            }
        }
    }
    panic!("fifty tries failed")
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_right_in_the_end_whatever_is_mixed() {
    let simulated = Simulated::start(Clock::EndOf(TODAY)).await;
    let all = connected(&simulated).await;
    for seed in [1, 2, 3] {
        let faults = [
            r#""cut""#,
            r#""half""#,
            r#""out_of_order""#,
            r#""duplicates""#,
            r#""expired_cursor""#,
            r#"{"unavailable":{"status":500}}"#,
            r#"{"slow":{"millis":20}}"#,
        ];
        let rule =
            |(at, fault): (usize, &&str)| format!(r#"{{"fault":{fault},"chance":0.08,"seed":{}}}"#, seed * 100 + at);
        let mix: Vec<_> = faults.iter().enumerate().map(rule).collect();
        simulated.rehearsal.set_faults(rules(&format!("[{}]", mix.join(","))));
        for (connection, plain) in &all {
            assert_eq!(persist(connection).await, *plain, "{seed} {}", connection.provider.descriptor().key);
        }
        assert!(hold(&simulated.rehearsal.faults).1.met().count() > 3);
    }
}

#[test]
fn rules_that_are_none_are_refused_in_words() {
    let rehearsal = rehearsal(Clock::EndOf(TODAY));
    let set = |body: &str| ask(&rehearsal, "POST", "/rehearsal/faults", &[], body);
    let (status, told) = set(r#"{"rules":[{"fault":"cut","every":3}]}"#);
    assert_eq!((status, &told["rules"]), (200, &json!([{ "fault": "cut", "every": 3, "seed": 0 }])));
    for bad in ["", "[]", r#"{"rules":[{"fault":"luck"}]}"#, r#"{"rules":[{"fault":"cut","chance":2}]}"#] {
        assert_eq!(set(bad).0, 422, "{bad}");
    }
    assert_eq!(set(r#"{"rules":[]}"#).1["rules"], json!([]));
}
