//! What goes wrong on purpose: which requests are refused, held up, cut off or answered otherwise, decided by number alone.
//!
//! A rule is a switch (all requests, or every so many) or a line of a script (requests by their numbers). Each rule counts for
//! itself the requests that it concerns, from the moment at which it was set: the same requests in the same order meet the
//! same faults. Only who asks more often than a rule allows in a minute meets it by the clock. What providers say then is theirs
//! (`protocol::refuse`).

use std::{collections::VecDeque, num::NonZeroU64};

use serde::{Deserialize, Serialize};

use crate::random::Key;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The token is no longer accepted.
    Unauthorized,
    /// Status 429 with Retry-After.
    Limited {
        /// How long to wait.
        seconds: u32,
    },
    /// Too much was asked, said in the provider's own way, which with some is no status 429.
    Throttled {
        /// How long to wait.
        seconds: u32,
    },
    /// The provider has a fault of its own.
    Unavailable {
        /// 500 to 599.
        status: u16,
    },
    /// The answer comes late.
    Slow {
        /// By how much.
        millis: u32,
    },
    /// The connection ends without an answer.
    Cut,
    /// The connection ends in the middle of the answer.
    Half,
    /// The place where a page begins is no longer known. Requests without one are answered.
    ExpiredCursor,
    /// Something in a list comes twice.
    Duplicates,
    /// A list is turned around.
    OutOfOrder,
    /// Past days are told with figures that the provider will restate.
    Restatement,
    /// The provider's clock is another for this request: tokens end, today is longer or shorter.
    ClockJump {
        /// Forward, or back if negative.
        seconds: i64,
    },
}

/// When something goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// Whose requests it concerns, by the provider's key; all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What the path must contain. Without it consent and tokens are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The numbers, from 1, of the requests that meet it; all if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<u64>,
    /// Only every so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<NonZeroU64>,
    /// Only with this probability, drawn from `seed` and the request's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// What `chance` is drawn from.
    #[serde(default)]
    pub seed: u64,
    /// No more often than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Only those beyond so many in a minute, as providers limit who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond_per_minute: Option<NonZeroU64>,
}

/// A rule that holds, and what it has counted.
#[derive(Debug)]
struct Held {
    rule: Rule,
    seen: u64,
    hit: u64,
    /// The last minute in which a request was seen, and how many were in it.
    minute: (i64, u64),
}

impl Held {
    /// Whether a request that it concerns meets it; it is counted.
    fn meets(&mut self, minute: i64) -> bool {
        let Self { rule, seen, hit, minute: last } = self;
        *seen += 1;
        *last = if last.0 == minute { (minute, last.1 + 1) } else { (minute, 1) };
        let by_number = rule.requests.is_empty() || rule.requests.contains(seen);
        let by_step = rule.every.is_none_or(|every| *seen % every == 0);
        let by_chance = rule.chance.is_none_or(|chance| {
            let drawn = Key::new(rule.seed).name("fault").number(*seen);
            drawn.stream().chance(chance)
        });
        let by_minute = rule.beyond_per_minute.is_none_or(|most| last.1 > most.get());
        let meets = by_number && by_step && by_chance && by_minute && rule.times.is_none_or(|times| *hit < times);
        *hit += u64::from(meets);
        meets
    }
}

/// A request as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Concern<'a> {
    /// The provider's key.
    pub provider: &'a str,
    /// The path.
    pub path: &'a str,
    /// Whether it is about consent or tokens.
    pub sign_in: bool,
    /// Whether it says where a page begins.
    pub cursor: bool,
    /// The minute in which it comes, counted from any.
    pub minute: i64,
}

/// A fault that a request met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Met {
    /// The request's number among all.
    pub request: u64,
    /// The provider's key.
    pub provider: String,
    /// The path.
    pub path: String,
    /// What went wrong.
    pub fault: Fault,
}

/// The rules that hold, and what came of them.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<Held>,
    met: VecDeque<Met>,
}

/// How many faults are remembered.
const REMEMBERED: usize = 1000;

impl Faults {
    /// These rules and no others hold from now on; what was met is forgotten.
    pub fn set(&mut self, rules: Vec<Rule>) {
        let held = |rule| Held { rule, seen: 0, hit: 0, minute: (0, 0) };
        *self = Self { rules: rules.into_iter().map(held).collect(), met: VecDeque::new() };
    }

    /// The rules that hold.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|held| &held.rule)
    }

    /// The last faults that were met, the first first.
    pub fn met(&self) -> impl Iterator<Item = &Met> {
        self.met.iter()
    }

    /// The faults that a request meets; it is counted.
    pub fn meet(&mut self, request: u64, concern: &Concern<'_>) -> Vec<Fault> {
        let mut faults = vec![];
        for held in &mut self.rules {
            let rule = &held.rule;
            let named = rule.path.as_ref().map_or(!concern.sign_in, |part| concern.path.contains(part.as_str()));
            let mine = rule.provider.as_ref().is_none_or(|provider| provider == concern.provider);
            if !named || !mine || (rule.fault == Fault::ExpiredCursor && !concern.cursor) {
                continue;
            }
            if held.meets(concern.minute) {
                faults.push(held.rule.fault);
            }
        }
        for fault in &faults {
            let (provider, path) = (concern.provider.to_owned(), concern.path.to_owned());
            self.met.push_back(Met { request, provider, path, fault: *fault });
        }
        while self.met.len() > REMEMBERED {
            self.met.pop_front();
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        serde_json::from_str(text).unwrap()
    }

    fn meet(faults: &mut Faults, times: u64, concern: &Concern<'_>) -> Vec<u64> {
        (1..=times).filter(|number| !faults.meet(*number, concern).is_empty()).collect()
    }

    const CALL: Concern<'static> =
        Concern { provider: "meta_ads", path: "/v26.0/act_1/insights", sign_in: false, cursor: false, minute: 0 };

    #[test]
    fn rules_hold_for_their_requests_and_no_others() {
        let mut faults = Faults::default();
        let mut hits = |text: &str, concern: &Concern<'_>| {
            faults.set(vec![rule(text)]);
            meet(&mut faults, 10, concern)
        };
        assert_eq!(hits(r#"{"fault":"cut","requests":[2,7]}"#, &CALL), [2, 7]);
        assert_eq!(hits(r#"{"fault":"half","every":4}"#, &CALL), [4, 8]);
        assert_eq!(hits(r#"{"fault":{"limited":{"seconds":1}},"times":2,"provider":"meta_ads"}"#, &CALL), [1, 2]);
        assert_eq!(hits(r#"{"fault":"cut","provider":"shopify"}"#, &CALL), [0_u64; 0]);
        assert_eq!(hits(r#"{"fault":"cut","path":"insights"}"#, &CALL).len(), 10);
        assert_eq!(hits(r#"{"fault":"expired_cursor"}"#, &CALL), [0_u64; 0]);
        assert_eq!(hits(r#"{"fault":"expired_cursor"}"#, &Concern { cursor: true, ..CALL }).len(), 10);
        let sign_in = Concern { sign_in: true, path: "/token", ..CALL };
        assert_eq!(hits(r#"{"fault":"cut"}"#, &sign_in), [0_u64; 0]);
        assert_eq!(hits(r#"{"fault":"cut","path":"token"}"#, &sign_in).len(), 10);
    }

    #[test]
    fn chance_is_the_same_each_time_and_about_as_often_as_said() {
        let mut faults = Faults::default();
        let mut hits = |seed| {
            faults.set(vec![rule(&format!(r#"{{"fault":"cut","chance":0.3,"seed":{seed}}}"#))]);
            meet(&mut faults, 500, &CALL)
        };
        let (one, again, other) = (hits(1), hits(1), hits(2));
        assert!(one == again && one != other);
        // Binomial: 150 with a standard deviation of 10.
        assert!((105..=195).contains(&one.len()), "{}", one.len());
        faults.set(vec![]);
        assert_eq!((faults.meet(1, &CALL), faults.met().count()), (vec![], 0));
    }

    #[test]
    fn who_asks_too_often_in_a_minute_is_refused_until_it_is_over() {
        let mut faults = Faults::default();
        faults.set(vec![rule(r#"{"fault":{"limited":{"seconds":60}},"beyond_per_minute":3}"#)]);
        for minute in [7, 8, 100] {
            assert_eq!(meet(&mut faults, 5, &Concern { minute, ..CALL }), [4, 5], "minute {minute}");
        }
        assert_eq!(meet(&mut faults, 2, &Concern { minute: 100, ..CALL }), [1, 2], "it is not over");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in [
            r#"{"fault":"luck"}"#,
            r#"{"fault":"cut","evry":2}"#,
            r#"{"fault":"cut","every":0}"#,
            r#"{"fault":"cut","beyond_per_minute":0}"#,
            "{}",
        ] {
            assert!(serde_json::from_str::<Rule>(text).is_err(), "{text}");
        }
    }
}
