//! Every kind, doubt and reason has words, and figures are written as people read them.

use model::{
    action::{ActionKind, Named, Prediction, Target, Verdict},
    id::ChannelId,
};
use serde_json::json;
use time::{OffsetDateTime, macros::date};

use super::*;

fn action(kind: ActionKind) -> Action {
    let channel = |n: u128| ChannelId(uuid::Uuid::from_u128(n));
    let named = |n, name: &str, provider: &str| Named {
        id: channel(n),
        name: name.into(),
        account: name.into(),
        provider: provider.into(),
    };
    Action {
        id: uuid::Uuid::from_u128(9).into(),
        client_id: uuid::Uuid::from_u128(8).into(),
        client_name: "Bakery".into(),
        channel_id: Some(channel(1)),
        channels: vec![named(1, "Search", "google_ads"), named(2, "Social", "meta_ads")],
        creative_name: Some("Spring".into()),
        state_id: uuid::Uuid::from_u128(7).into(),
        state: ActionState::Proposed,
        since: date!(2026 - 11 - 03),
        proposal: Proposal {
            key: "k".into(),
            kind,
            target: Target { id: "ad-1".into(), level: "creative".into() },
            currency: "EUR".into(),
            margin: None,
            changes: vec![
                Change { channel: channel(2), from: 100.0, to: 120.0 },
                Change { channel: channel(1), from: 200.0, to: 180.0 },
                Change { channel: channel(3), from: 0.0, to: 5.0 },
            ],
            horizon_days: 28,
            prediction: Some(Prediction { value: 1234.5, low: -20.0, high: 2500.0, loss: 0.004 }),
            unpredicted: None,
            probability: 0.9,
            effort_minutes: 75,
            score: Some(1.0),
            began: None,
            because: vec![],
            basis: vec![],
            doubts: vec![],
        },
        proposed_at: OffsetDateTime::UNIX_EPOCH,
        done_at: None,
        done_on: None,
        measured: None,
        unmeasured: None,
        events: vec![],
    }
}

#[test]
fn every_kind_has_a_title_and_a_checklist_of_its_own_that_ends_with_saying_so() {
    let mut titles: Vec<_> = ActionKind::ALL.iter().map(|kind| kind.title()).collect();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), ActionKind::ALL.len());
    for kind in ActionKind::ALL {
        let lines = checklist(&action(*kind));
        let last = lines.last().map(Line::text).unwrap_or_default();
        assert!(lines.len() >= 4 && last.contains("say that it is done"), "{lines:?}");
    }
}

#[test]
fn budgets_that_give_come_first_and_name_their_platform() {
    let lines: Vec<String> = checklist(&action(ActionKind::MoveBudget)).iter().map(Line::text).collect();
    assert!(lines[0].starts_with("In Google Ads, Search: lower") && lines[0].contains("180.00 EUR"), "{lines:?}");
    assert!(lines[1].starts_with("In Meta Ads Manager, Social: raise"), "{lines:?}");
    let steps = steps(&action(ActionKind::MoveBudget));
    let changes: Vec<_> = steps.iter().map(|step| step.change.as_deref()).collect();
    assert_eq!(changes, [Some("+20 %"), Some("−10 %"), None], "of nothing there is no share");
    assert_eq!(steps[2].channel, "a channel that is not in sight");
}

#[test]
fn what_is_expected_stands_with_sign_and_unit_or_says_why_not() {
    let mut action = action(ActionKind::Raise);
    let told = worth(&action.proposal).unwrap();
    assert_eq!(
        (told.value.as_str(), told.low.as_str(), told.loss.as_str()),
        ("+1,234.50 EUR", "−20.00 EUR", "under 1 %")
    );
    for (loss, told) in [(0.0, "under 1 %"), (0.08, "8 %"), (1.0, "over 99 %")] {
        action.proposal.prediction = Some(Prediction { value: 1.0, low: 0.0, high: 2.0, loss });
        assert_eq!(worth(&action.proposal).unwrap().loss, told, "of draws none is certain");
    }
    action.proposal.prediction = None;
    action.proposal.unpredicted = Some(Unpredicted::NoMargin);
    assert!(worth(&action.proposal).unwrap_err().contains("margin"));
    assert_eq!(about(&action).as_deref(), Some("Spring, in Search"));
    assert_eq!((effort(75), effort(15), effort(120)), ("1 h 15 min".into(), "15 min".into(), "2 h".into()));
}

#[test]
fn grounds_are_told_with_their_days() {
    let body = json!({"kind": "creative_fatigue", "metric": "ctr", "first": "2026-11-01", "last": "2026-11-07",
        "size": {"value": -0.3, "low": -0.4, "high": -0.2, "confidence": 0.9, "unit": "change"}, "probability": 0.97});
    let one = Ground { kind: "finding".into(), channel: Some("Search".into()), body: body.to_string() };
    let place = (BrainStateId(uuid::Uuid::from_u128(7)), 3);
    assert_eq!(
        ground(place, &one, "EUR").text(),
        "CTR of Search: a creative that people tire of, −30 % (−40 % to −20 %, 90 % interval) (2026-11-01 to 2026-11-07, 97 % sure)"
    );
    let early = Basis { name: "early_clicks".into(), value: 812.0, first: Some("2026-11-01".into()), last: None };
    let of = |figure: Basis| {
        let proposal = Proposal { basis: vec![figure], ..action(ActionKind::Raise).proposal };
        let line = basis(uuid::Uuid::from_u128(9).into(), &proposal).remove(0);
        let shown = promised(&proposal, "/basis/0/value").unwrap();
        let piece =
            model::figure::Piece::Figure(figure::promised(uuid::Uuid::from_u128(9).into(), "/basis/0/value"), shown);
        assert!(line.pieces().contains(&piece), "it opens as it stands there: {line:?}");
        line.text()
    };
    assert_eq!(of(early), "Early clicks: 812 (2026-11-01)");
    let told = |name: &str, value: f64| of(Basis { name: name.into(), value, first: None, last: None });
    assert_eq!(told("spend_per_day", 1120.5), "Spend per day: 1,120.50 EUR");
    assert_eq!(told("expected_revenue_low", -20.0), "Expected revenue low: −20.00 EUR");
    assert_eq!(told("share_of_spend", 0.4), "Share of spend: 40 %");
    assert_eq!(told("cost_while_platforms_learn", 44.03), "Cost while platforms learn: 44.03 EUR");
    assert_eq!(told("marginal_roas", 2.5), "Marginal ROAS: 2.5");
}

#[test]
fn an_outcome_says_what_it_is_made_of() {
    let measured = Measured {
        metric: "ledger_revenue".into(),
        first: date!(2026 - 11 - 04),
        last: date!(2026 - 12 - 01),
        actual: 1100.0,
        expected: 1000.0,
        effect: 100.0,
        low: -50.0,
        high: 250.0,
        verdict: Verdict::CannotTell,
        model: "ETS".into(),
        together_with: vec!["x".into()],
    };
    let told = came(uuid::Uuid::from_u128(9).into(), &measured, "EUR");
    assert_eq!((told.effect.as_str(), told.low.as_str()), ("+100.00 EUR", "−50.00 EUR"));
    assert!(
        told.made[0].text().contains("2026-11-04 to 2026-12-01: 1,100.00 EUR happened; 1,000.00 EUR would have"),
        "{told:?}"
    );
    assert_eq!(told.made.len(), 4);
    assert!(told.made[2].text().starts_with("won or lost is said from 99 % sure on"), "{told:?}");
    let won = came(uuid::Uuid::from_u128(9).into(), &Measured { verdict: Verdict::Won, ..measured }, "EUR");
    assert_eq!(won.made.len(), 3);
    let rate = rate(&HitRate { kind: ActionKind::Raise, won: 2, lost: 0, cannot_tell: 1 });
    assert_eq!((rate.title.as_str(), rate.words.as_str()), ("Raise spend", "2 won, 1 cannot be told"));
}
