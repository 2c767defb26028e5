//! Time that goes on, and changes that act from their moment.

use super::*;

const NOON: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

fn forward(rehearsal: &Rehearsal, body: &Value) -> (u16, Value) {
    ask(rehearsal, "POST", "/rehearsal/forward", &[], &body.to_string())
}

/// What an account's campaigns cost by day, from a day on.
fn spent(rehearsal: &Rehearsal, token: &str, account: &str, since: &str) -> BTreeMap<(String, String), String> {
    let range = json!({ "since": since, "until": "2026-12-31" });
    let path = format!(
        "/v26.0/{account}/insights?level=campaign&time_increment=1&time_range={range}&limit=500&fields=campaign_id,spend"
    );
    let (status, told) = ask(rehearsal, "GET", &path, &[("authorization", &format!("Bearer {token}"))], "");
    assert_eq!(status, 200, "{told}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = told["data"].as_array().unwrap().iter();
    rows.map(|row| ((text(&row["date_start"]), text(&row["campaign_id"])), text(&row["spend"]))).collect()
}

fn account(rehearsal: &Rehearsal) -> String {
    let (desk, _) = rehearsal.now().unwrap();
    let mut channels = desk.world.channels().iter().filter(|channel| channel.platform == Platform::MetaAds);
    format!("act_{}", channels.next().unwrap().external_id)
}

fn total(spent: &BTreeMap<(String, String), String>) -> f64 {
    spent.values().map(|spend| spend.parse::<f64>().unwrap()).sum()
}

#[test]
fn today_grows_and_days_come() {
    let rehearsal = rehearsal(Clock::Stands(NOON));
    let (token, account) = (token(&rehearsal), account(&rehearsal));
    let today = |rehearsal: &Rehearsal| spent(rehearsal, &token, &account, "2026-06-15");
    let noon = today(&rehearsal);
    assert_eq!(today(&rehearsal), noon, "the clock stands");
    let (status, told) = forward(&rehearsal, &json!({ "hours": 3 }));
    assert_eq!((status, &told["now"], &told["today"]), (200, &json!("2026-06-15T15:00:00Z"), &json!("2026-06-15")));
    let later = today(&rehearsal);
    assert!(later.len() == noon.len() && total(&later) > total(&noon) && total(&noon) > 0.0);
    let (_, told) = forward(&rehearsal, &json!({ "days": 7 }));
    assert_eq!(told["today"], "2026-06-22");
    let week = today(&rehearsal);
    assert_eq!(week.len(), 8 * noon.len());
    assert_eq!(week.keys().next().unwrap().0, "2026-06-15");
    let about = ask(&rehearsal, "GET", "/rehearsal", &[], "").1;
    assert_eq!((&about["first"], &about["channels"].as_array().unwrap().len()), (&json!(FIRST.to_string()), &26));
    for bad in [json!({ "days": -1 }), json!({ "weeks": 1 }), json!({ "days": 9_999 })] {
        assert_eq!(forward(&rehearsal, &bad).0, 422, "{bad}");
    }
    assert_eq!(today(&rehearsal), week, "what is refused moves nothing");
}

#[test]
fn whole_days_are_forwarded_whole() {
    let rehearsal = rehearsal(Clock::EndOf(TODAY));
    assert_eq!(forward(&rehearsal, &json!({ "days": 2 })).1["today"], "2026-06-17");
    assert_eq!(rehearsal.clock(), Clock::EndOf(date!(2026 - 06 - 17)));
    // A running clock runs on from where it was moved to.
    let rehearsal = self::rehearsal(Clock::Runs(Duration::ZERO));
    assert_eq!(forward(&rehearsal, &json!({ "days": 1, "minutes": 30 })).1["now"], "2026-06-16T12:30:00Z");
    assert_eq!(rehearsal.clock(), Clock::Runs(Duration::days(1) + Duration::minutes(30)));
}

/// Beside a rehearsal in which nobody changed anything: the same until the moment, and other after it only where it acts.
#[test]
fn what_is_paused_through_the_protocol_stays_paused_while_time_goes_on() {
    let (changed, plain) = (rehearsal(Clock::Stands(NOON)), rehearsal(Clock::Stands(NOON)));
    let (token, account) = (token(&changed), account(&changed));
    let since = "2026-06-01";
    let before = spent(&changed, &token, &account, since);
    let campaign = before.keys().next().unwrap().1.clone();
    let headers = [("authorization", format!("Bearer {token}"))];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    let done = ask(&changed, "POST", &format!("/v26.0/{campaign}?status=PAUSED"), &headers, "");
    assert_eq!(done, (200, json!({ "success": true })));
    assert_eq!(spent(&changed, &token, &account, since), before, "what was told stays");
    for rehearsal in [&changed, &plain] {
        assert_eq!(forward(rehearsal, &json!({ "days": 7 })).0, 200);
    }
    let (paused, usual) = (spent(&changed, &token, &account, since), spent(&plain, &token, &account, since));
    for ((day, of), spend) in &usual {
        let found = paused.get(&(day.clone(), of.clone()));
        match (*of == campaign, day.as_str()) {
            (true, "2026-06-15") => assert_eq!(found, before.get(&(day.clone(), of.clone()))),
            (true, day) if day > "2026-06-15" => assert_eq!(found, None),
            _ => assert_eq!(found, Some(spend)),
        }
    }
    let truth =
        |rehearsal: &Rehearsal, query: &str| ask(rehearsal, "GET", &format!("/rehearsal/truth{query}"), &[], "").1;
    assert!(truth(&changed, "?changes=none") == truth(&plain, "") && truth(&changed, "") != truth(&plain, ""));
    let about = ask(&changed, "GET", "/rehearsal", &[], "").1;
    assert_eq!(
        about["writes"][0]["change"],
        json!({ "runs": { "level": "campaign", "external_id": campaign, "runs": false } })
    );
}
