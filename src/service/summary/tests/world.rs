//! Generated states, shaped like those that the brain writes, with everything absent that can be.

use model::brain::Outcome;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use time::{Date, Duration, macros::date};
use uuid::Uuid;

use crate::summary::Names;

pub(super) const DAY: Date = date!(2026 - 11 - 21);
const METRICS: [&str; 8] =
    ["spend", "ledger_revenue", "claimed_revenue", "mer", "orders", "clicks", "contribution_margin", "unheard_of"];

pub(super) fn ago(days: i64) -> String {
    (DAY - Duration::days(days)).to_string()
}

pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// A number of any size, as exact decimals are written.
fn amount(random: &mut StdRng) -> f64 {
    let size = 10_f64.powi(random.random_range(-4..7));
    let value: f64 = random.random_range(-0.1..1.0) * size;
    (value * 1e4).round() / 1e4
}

fn pick<'a, T>(random: &mut StdRng, items: &'a [T]) -> &'a T {
    &items[random.random_range(0..items.len())]
}

fn absent(random: &mut StdRng) -> Value {
    let reasons =
        ["not_connected", "incomplete", "no_denominator", "too_short", "too_few", "gaps", "not_chosen_yet", "new"];
    json!({"absent": {"reason": pick(random, &reasons), "has": 3, "needs": 14, "measure": "orders",
        "gaps": [{"source": "x", "reason": "not_read", "first": ago(9), "last": ago(5), "days": 5}]}})
}

fn figure(random: &mut StdRng, metric: &str, currency: &str) -> Value {
    if random.random_bool(0.15) {
        return absent(random);
    }
    let unit = match metric {
        "mer" => json!("ratio"),
        "orders" | "clicks" => json!("count"),
        _ => json!({"money": currency}),
    };
    let gaps = match random.random_bool(0.2) {
        true => {
            json!([{"source": id(100).to_string(), "reason": "not_read", "first": ago(20), "last": ago(18), "days": 3}])
        }
        false => json!([]),
    };
    json!({"value": amount(random).to_string(), "unit": unit, "formula": metric, "parts": [{"measure": metric,
        "value": "1", "days": {"first": ago(28), "last": ago(1)}, "sources": [id(100).to_string()], "rows": 28, "gaps": gaps}]})
}

struct World {
    random: StdRng,
    outcomes: Vec<Outcome>,
}

impl World {
    fn say(&mut self, kind: &str, client: Option<Uuid>, channel: Option<Uuid>, body: &Value) {
        self.outcomes.push(Outcome {
            number: i32::try_from(self.outcomes.len()).unwrap(),
            kind: kind.to_owned(),
            client_id: client.map(Into::into),
            channel_id: channel.map(Into::into),
            body: body.to_string(),
        });
    }

    fn entity(client: Option<Uuid>) -> Value {
        match client {
            Some(client) => json!({"id": client.to_string(), "level": "client"}),
            None => json!({"id": "", "level": "agency"}),
        }
    }

    fn whole(&mut self, client: Option<Uuid>) {
        let currency = *pick(&mut self.random, &["EUR", "USD", "JPY"]);
        for length in [7, 28] {
            if self.random.random_bool(0.15) {
                continue;
            }
            let mut metrics = serde_json::Map::new();
            for metric in METRICS {
                if self.random.random_bool(0.75) {
                    let random = &mut self.random;
                    let status = pick(random, &["better", "worse", "too_close", "odd"]);
                    let verdict = if random.random_bool(0.3) {
                        absent(random)
                    } else {
                        json!({"status": status, "better": 0.93})
                    };
                    let body = json!({"now": figure(random, metric, currency), "before": figure(random, metric, currency), "verdict": verdict});
                    metrics.insert(metric.to_owned(), body);
                }
            }
            let body = json!({"entity": Self::entity(client), "now": {"first": ago(length), "last": ago(1)},
                "before": {"first": ago(2 * length), "last": ago(length + 1)}, "metrics": metrics});
            self.say("figures", client, None, &body);
        }
        for metric in ["spend", "orders", "ledger_revenue"] {
            let random = &mut self.random;
            if random.random_bool(0.2) {
                continue;
            }
            let step = |random: &mut StdRng| {
                let point = amount(random);
                json!({"point": point, "lo50": point - 1.0, "hi50": point + 1.0, "lo80": point - 2.5, "hi80": point + 2.5,
                    "lo95": point - 4.0, "hi95": point + 4.0})
            };
            let steps: Vec<Value> = (0..28).map(|_| step(random)).collect();
            // A young series has no record.
            let record = self
                .outcomes
                .len()
                .is_multiple_of(2)
                .then(|| json!({"held50": 0.52, "held80": 0.8125, "held95": 0.96, "of": 168, "over": 84}));
            let told = match random.random_bool(0.3) {
                true => absent(random),
                false => json!({"model": "ETS + Theta", "steps": steps, "record": record, "against_naive": 0.8}),
            };
            let currency = (metric != "orders").then_some(currency);
            let body = json!({"entity": Self::entity(client), "metric": metric, "currency": currency, "from": ago(0), "forecast": told});
            self.say("forecast", client, None, &body);
        }
    }

    fn claims(&mut self, client: Uuid) {
        let random = &mut self.random;
        let (ledger, claimed) = (amount(random).abs(), amount(random).abs());
        let revenue = match random.random_bool(0.2) {
            true => absent(random),
            false => json!({"days": {"first": ago(31), "last": ago(4)}, "ledger": {"value": ledger.to_string()},
                "claimed": claimed.to_string(), "over_claimed": (claimed - ledger).max(0.0).to_string(),
                "unattributed": (ledger - claimed).max(0.0).to_string(),
                "excess": random.random_bool(0.7).then(|| json!({"value": claimed / ledger - 1.0, "low": -0.1, "high": 0.4}))}),
        };
        let body = json!({"range": {"first": ago(31), "last": ago(4)}, "revenue": revenue});
        self.say("reconciliation", Some(client), None, &body);
    }

    fn finding(&mut self, client: Option<Uuid>, channel: Option<Uuid>) {
        let random = &mut self.random;
        let kinds = [
            "spike",
            "drop",
            "change_point",
            "tracking_outage",
            "creative_fatigue",
            "roi_decay",
            "moved_together",
            "unknown_kind",
        ];
        let units = [json!("change"), json!("share"), json!("count"), json!({"money": "EUR"})];
        let value = amount(random) / 1e3;
        let size = json!({"value": value, "low": value - 0.25, "high": value + 0.25, "confidence": 0.9, "unit": pick(random, &units)});
        let level = if channel.is_some() { *pick(random, &["channel", "creative"]) } else { "client" };
        let metric = *pick(random, &["orders", "spend", "ltv_90", "ctr", "no_such_metric"]);
        let body = json!({"kind": pick(random, &kinds), "entity": {"id": "120210", "level": level},
            "metric": random.random_bool(0.8).then_some(metric), "first": ago(random.random_range(0..40)), "last": ago(0),
            "size": random.random_bool(0.7).then_some(size),
            "probability": *pick(random, &[0.5, 0.82, 0.951, 0.99, 0.999_99, 1.0]),
            "severity": pick(random, &["info", "low", "medium", "high"]),
            "basis": [{"name": "actual", "value": 12.5, "first": ago(3), "last": ago(3)}, {"name": "weeks", "value": 9.0, "first": null, "last": null}]});
        self.say("finding", client, channel, &body);
    }

    fn action(&mut self, client: Uuid, channels: &[Uuid]) {
        let random = &mut self.random;
        let kinds = ["move_budget", "raise", "fix_tracking", "refresh_creative", "investigate", "dance"];
        let value = amount(random);
        let prediction =
            json!({"value": value, "low": value - 50.0, "high": value + 50.0, "loss": random.random_range(0.0..1.0)});
        let known = random.random_bool(0.7);
        let changes: Vec<Value> = channels
            .iter()
            .map(|channel| json!({"channel": channel.to_string(), "from": amount(random), "to": amount(random)}))
            .collect();
        let body = json!({"key": "k", "kind": pick(random, &kinds), "target": {"id": "120210", "level": *pick(random, &["client", "creative"])},
            "currency": "EUR", "changes": if random.random_bool(0.6) { changes } else { vec![] }, "horizon_days": 28,
            "prediction": known.then_some(prediction), "unpredicted": (!known).then_some("no_margin"), "probability": 0.9,
            "effort_minutes": 15, "score": known.then_some(value), "because": [3, 4, 9_999], "basis": [], "doubts": []});
        self.say("action", Some(client), Some(channels[0]), &body);
    }

    fn gap(&mut self, client: Option<Uuid>, channel: Uuid) {
        let random = &mut self.random;
        let entity = json!({"id": channel.to_string(), "level": "channel"});
        let body = match random.random_range(0..3) {
            0 => json!({"entity": entity, "absent": {"reason": "not_current", "last": ago(40)}}),
            1 => json!({"entity": entity, "absent": {"reason": "duplicate", "of": ago(3)}}),
            _ => {
                json!({"entity": entity, "metric": "clicks", "absent": {"reason": "too_short", "has": 3, "needs": 28}})
            }
        };
        self.say("gap", client, Some(channel), &body);
    }

    fn risk(&mut self, client: Option<Uuid>) {
        let random = &mut self.random;
        let causes: Vec<i32> = (0..random.random_range(0..4)).map(|_| random.random_range(0..40)).collect();
        let risk = match random.random_bool(0.15) {
            true => absent(random),
            false => {
                json!({"colour": pick(random, &["green", "yellow", "red"]), "causes": causes, "looked_at": random.random_range(1..300)})
            }
        };
        self.say("risk", client, None, &json!({"risk": risk}));
    }
}

/// A state of up to four clients with two channels each, and what they are called; some have no name.
pub(super) fn world(seed: u64) -> (Vec<Outcome>, Names) {
    let mut world = World { random: StdRng::seed_from_u64(seed), outcomes: Vec::new() };
    let mut names = Names::default();
    let clients: Vec<Uuid> = (0..world.random.random_range(0..5)).map(id).collect();
    let agency = world.random.random_bool(0.6);
    let maybe = |random: &mut StdRng, share| random.random_bool(share);
    if agency {
        world.whole(None);
    }
    for (at, client) in clients.iter().enumerate() {
        let channels = [id(100 + 2 * at as u128), id(101 + 2 * at as u128)];
        if maybe(&mut world.random, 0.95) {
            names.clients.insert((*client).into(), format!("Bakery {} 24/7", at + 1));
        }
        for (number, channel) in channels.iter().enumerate() {
            if maybe(&mut world.random, 0.95) {
                let external = format!("act_{at}0{number}");
                names.channels.insert((*channel).into(), (format!("Shop 3{number} of {at}"), external));
            }
        }
        names.creatives.insert((channels[0].into(), "120210".to_owned()), "Video 15s".to_owned());
        world.whole(Some(*client));
        if maybe(&mut world.random, 0.7) {
            world.claims(*client);
        }
        for _ in 0..world.random.random_range(0..5) {
            let channel = maybe(&mut world.random, 0.7).then_some(channels[0]);
            world.finding(Some(*client), channel);
        }
        for _ in 0..world.random.random_range(0..3) {
            world.action(*client, &channels);
        }
        for channel in channels {
            if maybe(&mut world.random, 0.4) {
                world.gap(Some(*client), channel);
            }
        }
        world.risk(Some(*client));
    }
    if agency {
        world.risk(None);
        world.finding(None, None);
    }
    if maybe(&mut world.random, 0.1) {
        world.outcomes.push(Outcome {
            body: "no JSON".to_owned(),
            number: 9_000,
            kind: "finding".to_owned(),
            client_id: None,
            channel_id: None,
        });
    }
    (world.outcomes, names)
}
