//! Simulated providers that go wrong on purpose while an agency is read for the first time: whatever is seen meanwhile is
//! whole, the history tells what happened, and in the end everything is there to the cent.
//!
//! `./dev test` tries two switches; with `AUDIENCEOS_FAULTS=all` (`./dev soak rehearsal`) each of the eleven and twenty mixes of
//! all are tried.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use serde_json::{Value, json};
use sqlx::PgPool;
use time::Date;

use crate::{
    process::free_address,
    simulated::enter,
    support::{Browser, TestApp, execute},
};

/// So many days are read.
const DAYS: i64 = 60;
/// Platforms may tell otherwise of so many days.
const UNSETTLED: i64 = 29;
const KEYS: [&str; 4] = ["google_ads", "meta_ads", "tiktok_ads", "shopify"];

/// What goes wrong, and what the history says of it.
struct Trouble {
    name: String,
    rules: Vec<Value>,
    /// Words that stand in the history at some moment; none where nothing is noticed.
    says: Option<&'static str>,
    /// Whether platforms are restating what they said.
    restates: bool,
}

/// A switch: the fault for each provider's requests that `when` picks.
fn switch(fault: Value, when: impl Fn(&str) -> Value, says: Option<&'static str>) -> Trouble {
    let rule = |key: &&str| {
        let mut rule = when(key);
        (rule["fault"], rule["provider"]) = (fault.clone(), json!(key));
        rule
    };
    let restates = fault == "restatement";
    Trouble { name: fault.to_string(), rules: KEYS.iter().map(rule).collect(), says, restates }
}

/// More in a row than a call is tried; shops ask side by side.
fn burst(key: &str) -> Value {
    let last = if key == "shopify" { 30 } else { 9 };
    json!({ "requests": (6..=last).collect::<Vec<_>>() })
}

fn every(number: u32) -> impl Fn(&str) -> Value {
    move |_| json!({ "every": number })
}

fn switches() -> Vec<Trouble> {
    let away = Some("could not be reached");
    vec![
        switch(json!("half"), burst, away),
        switch(json!("duplicates"), every(9), Some(" twice on ")),
        switch(json!("unauthorized"), every(9), Some("no longer works")),
        switch(json!({ "limited": { "seconds": 20 } }), every(40), Some("asks to wait")),
        switch(json!({ "throttled": { "seconds": 20 } }), every(40), Some("asks to wait")),
        switch(json!({ "unavailable": { "status": 503 } }), burst, away),
        switch(json!({ "slow": { "millis": 300 } }), every(10), None),
        switch(json!("cut"), burst, away),
        switch(json!("expired_cursor"), every(2), Some("can no longer be read")),
        switch(json!("out_of_order"), every(1), None),
        switch(json!("restatement"), every(2), None),
        switch(json!({ "clock_jump": { "seconds": 7200 } }), every(7), None),
    ]
}

/// All of them by chance, some often and some not at all.
fn mix(seed: u64) -> Trouble {
    let mut state = seed;
    // Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators": SplitMix64.
    let mut draw = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    let faults = [
        json!("half"),
        json!("duplicates"),
        json!("unauthorized"),
        json!({ "limited": { "seconds": 1 + draw() % 30 } }),
        json!({ "throttled": { "seconds": 1 + draw() % 30 } }),
        json!({ "unavailable": { "status": 500 + draw() % 5 } }),
        json!({ "slow": { "millis": draw() % 300 } }),
        json!("cut"),
        json!("expired_cursor"),
        json!("out_of_order"),
        json!("restatement"),
        json!({ "clock_jump": { "seconds": (draw() % 28_800) as i64 - 14_400 } }),
    ];
    let rule = |fault: Value| {
        let chance = [0.0, 0.01, 0.03, 0.08][(draw() % 4) as usize];
        json!({ "fault": fault, "chance": chance, "seed": draw() % 1_000_000 })
    };
    Trouble { name: format!("mix {seed}"), rules: faults.map(rule).into(), says: None, restates: true }
}

type Sums = BTreeMap<(String, String), Vec<i64>>;

/// The agency that is looked into, its world's own way in, and what is true there of the days that are over.
struct Watched<'a> {
    pool: &'a PgPool,
    guest: Browser,
    world: String,
    ads: Sums,
    shops: Sums,
    /// What will be claimed of days that are settled.
    claims: Sums,
    /// The first day that is read everywhere, and the last that is over everywhere.
    first: Date,
    ended: Date,
}

const SPENT: &str =
    "select c.external_id, d.day, d.level, array[sum(d.spend * 100)::bigint, sum(d.impressions)::bigint, sum(d.clicks)::bigint]
    from metric_daily d join channel c on c.organization_id = d.organization_id and c.id = d.channel_id
    where d.level in ('campaign', 'group', 'ad') group by 1, 2, 3";
const CLAIMED: &str =
    "select c.external_id, d.day, d.level, array[coalesce(sum(d.claimed_revenue) * 100, 0)::bigint, coalesce(sum(d.conversions) * 100, 0)::bigint]
    from metric_daily d join channel c on c.organization_id = d.organization_id and c.id = d.channel_id
    where d.level in ('campaign', 'group', 'ad') group by 1, 2, 3";
const BOOKED: &str =
    "select c.external_id, d.day, d.level, array[d.orders::bigint, (d.ledger_revenue * 100)::bigint, (d.taxes * 100)::bigint]
    from metric_daily d join channel c on c.organization_id = d.organization_id and c.id = d.channel_id
    where d.level = 'account' and d.orders is not null";

impl<'a> Watched<'a> {
    async fn new(pool: &'a PgPool, app: &TestApp, address: &str) -> Self {
        let guest = app.browser();
        enter(&guest).await;
        let session = guest.json("/api/v1/auth/session").await;
        let world = format!("http://{address}/{}/rehearsal", session["organization_id"].as_str().unwrap());
        execute(pool, format!("update connection set backfill_days = {DAYS}")).await;
        let truth: Value = reqwest::get(format!("{world}/truth")).await.unwrap().json().await.unwrap();
        let today = app.service.clock.now().date();
        // West of here yesterday may not be over.
        let ended = today - time::Duration::days(2);
        // In the west reading begins a day earlier, in the east a day later.
        let (before, first) = (today - time::Duration::days(DAYS), today - time::Duration::days(DAYS - 2));
        let told = |of: &str, names: &[&str], days: [Date; 2]| {
            let mut told = Sums::new();
            let days = days[0].to_string()..=days[1].to_string();
            for channel in truth[of].as_array().unwrap() {
                for day in channel["days"].as_array().unwrap() {
                    let on = day["day"].as_str().unwrap().to_owned();
                    let sums: Vec<_> = names.iter().map(|name| day[*name].as_i64().unwrap()).collect();
                    if days.contains(&on) && sums.iter().any(|sum| *sum != 0) {
                        told.insert((channel["external_id"].as_str().unwrap().to_owned(), on), sums);
                    }
                }
            }
            told
        };
        let (ads, shops) = (["spend_cents", "impressions", "clicks"], ["orders", "ledger_cents", "taxes_cents"]);
        let claims = ["final_revenue_cents", "final_conversions_hundredths"];
        let settled = today - time::Duration::days(UNSETTLED + 10);
        Self {
            pool,
            guest,
            world,
            ads: told("channels", &ads, [before, ended]),
            shops: told("shops", &shops, [before, ended]),
            claims: told("channels", &claims, [first, settled]),
            first,
            ended,
        }
    }

    async fn set(&self, rules: &[Value]) -> Value {
        let client = reqwest::Client::new();
        let answer = client.post(format!("{}/faults", self.world)).json(&json!({ "rules": rules })).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// By channel, day and level.
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    async fn stored(&self, sql: &'static str) -> BTreeMap<(String, String, String), Vec<i64>> {
        let rows: Vec<(String, Date, String, Vec<i64>)> = sqlx::query_as(sql).fetch_all(self.pool).await.unwrap();
        rows.into_iter().map(|(channel, day, level, sums)| ((channel, day.to_string(), level), sums)).collect()
    }

    /// No day that is stored and over is another than it is in truth; of ads no later than `until`.
    async fn check_whole(&self, until: Date, name: &str) -> usize {
        let mut seen = 0;
        for (sql, truth, until) in [(SPENT, &self.ads, until), (BOOKED, &self.shops, self.ended)] {
            for ((channel, day, level), sums) in self.stored(sql).await {
                if day <= until.to_string() {
                    let key = (channel, day);
                    assert_eq!(truth.get(&key), Some(&sums), "{name}: {key:?} {level}");
                    seen += 1;
                }
            }
        }
        seen
    }

    async fn connections(&self) -> Vec<Value> {
        self.guest.json("/api/v1/integrations").await["items"].as_array().unwrap().clone()
    }

    async fn runs(&self, connection: &Value) -> Vec<Value> {
        let path = format!("/api/v1/integrations/{}/runs", connection["id"].as_str().unwrap());
        self.guest.json(&path).await["items"].as_array().unwrap().clone()
    }

    /// Waits until every connection has ended so many runs, none is left, and looks all the while; every sentence of the
    /// history until then.
    async fn follow(&self, before: &BTreeMap<String, usize>, until: Date, name: &str) -> BTreeSet<String> {
        let mut said = BTreeSet::new();
        for _ in 0..2400 {
            // Pauses end at once: who reads says so every few tenths of a second.
            let paused = "update sync_run set held_until = now() where state = 'running' and held_until > now() + interval '2 s'";
            execute(self.pool, paused.to_owned()).await;
            let waiting =
                "update graphile_worker._private_jobs set run_at = now() where run_at > now() + interval '1.5 s'";
            execute(self.pool, waiting.to_owned()).await;
            self.check_whole(until, name).await;
            let mut left = 0;
            for connection in self.connections().await {
                let runs = self.runs(&connection).await;
                for run in &runs {
                    said.extend(["step", "error"].iter().filter_map(|field| Some(run[*field].as_str()?.to_owned())));
                }
                let wanted = before.get(connection["id"].as_str().unwrap()).copied().unwrap_or_default() + 1;
                let ended = runs.iter().filter(|run| run["state"] != "running").count();
                left += usize::from(ended < wanted || ended < runs.len());
            }
            if left == 0 {
                return said;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{name}: it is not read to its end")
    }

    async fn ended_runs(&self) -> BTreeMap<String, usize> {
        let mut ended = BTreeMap::new();
        for connection in self.connections().await {
            let count = self.runs(&connection).await.len();
            ended.insert(connection["id"].as_str().unwrap().to_owned(), count);
        }
        ended
    }

    /// Has everything read anew, by a person who connects again what must be.
    async fn read_again(&self, until: Date, name: &str) -> BTreeSet<String> {
        let before = self.ended_runs().await;
        for connection in self.connections().await {
            let id = connection["id"].as_str().unwrap();
            if connection["state"] == "reconnect" {
                let path = format!("/integrations/{}/connect", connection["provider"].as_str().unwrap());
                let answer = self.guest.submit(&path, &[("connection_id", id)]).await;
                // It is read at once.
                assert_eq!(answer.status(), 303, "{name}: {connection}");
                continue;
            }
            let answer = self.guest.post(&format!("/api/v1/integrations/{id}/sync"), &json!({})).await;
            assert_eq!(answer.status(), 202, "{name}: {connection}");
        }
        self.follow(&before, until, name).await
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the proof is")]
fn troubles() -> Vec<Trouble> {
    let mut all = switches();
    match std::env::var("AUDIENCEOS_FAULTS").ok().as_deref() {
        Some("all") => all.extend((1..=20).map(mix)),
        Some(name) => all = all.into_iter().chain((1..=20).map(mix)).filter(|one| one.name.contains(name)).collect(),
        None => all.truncate(2),
    }
    all
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whatever_goes_wrong_no_day_is_half_and_all_is_there_in_the_end(pool: PgPool) {
    let address = free_address();
    let listen: SocketAddr = address.parse().unwrap();
    let app = TestApp::start_with(pool.clone(), |config| (config.rehearsal, config.jobs) = (Some(listen), 8)).await;
    app.leave_jobs();
    for Trouble { name, rules, says, restates } in troubles() {
        let watched = Watched::new(&pool, &app, &address).await;
        assert!(watched.ads.len() > 500 && watched.shops.len() > 300 && watched.claims.len() > 200, "{name}");
        watched.set(&rules).await;
        let work = app.take_jobs();
        let until = if restates { watched.ended - time::Duration::days(UNSETTLED) } else { watched.ended };
        let said = watched.follow(&BTreeMap::new(), until, &name).await;
        let faults: Value = reqwest::get(format!("{}/faults", watched.world)).await.unwrap().json().await.unwrap();
        let met = faults["met"].as_array().unwrap();
        assert!(met.len() > 3, "{name}: {met:?}");
        if let Some(words) = says {
            assert!(said.iter().any(|sentence| sentence.contains(words)), "{name}: {said:#?}");
        }
        for connection in watched.connections().await {
            for run in watched.runs(&connection).await {
                let failed = run["state"] == "failed";
                for field in ["error_kind", "error", "hint"] {
                    let told = run[field].as_str().is_some_and(|text| !text.is_empty());
                    assert_eq!(told, failed, "{name}: {field} of {run}");
                }
                assert_ne!(run["error_kind"], "internal", "{name}: {run}");
            }
        }

        watched.set(&[]).await;
        watched.read_again(until, &name).await;
        for connection in watched.connections().await {
            let run = &watched.runs(&connection).await[0];
            assert_eq!(run["state"], "succeeded", "{name}: {connection} {run}");
        }
        check_all(&watched, &name).await;
        drop(work);
        assert_eq!(watched.guest.submit("/simulation/leave", &[]).await.status(), 303, "{name}");
    }
    app.stop().await;
}

/// Everything that is true of the days that are over is stored, and nothing else.
async fn check_all(watched: &Watched<'_>, name: &str) {
    watched.check_whole(watched.ended, name).await;
    let (spent, booked) = (watched.stored(SPENT).await, watched.stored(BOOKED).await);
    let read = |(_, day): &&(String, String)| *day >= watched.first.to_string();
    for (channel, day) in watched.ads.keys().filter(read) {
        for level in ["campaign", "group", "ad"] {
            let key = (channel.clone(), day.clone(), level.to_owned());
            assert!(spent.contains_key(&key), "{name}: {key:?} is missing");
        }
    }
    for (shop, day) in watched.shops.keys().filter(read) {
        let key = (shop.clone(), day.clone(), "account".to_owned());
        assert!(booked.contains_key(&key), "{name}: {key:?} is missing");
    }
    let claimed = watched.stored(CLAIMED).await;
    for ((channel, day), sums) in &watched.claims {
        let key = (channel.clone(), day.clone(), "ad".to_owned());
        assert_eq!(claimed.get(&key), Some(sums), "{name}: {key:?}");
    }
}
