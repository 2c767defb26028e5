//! Divisions that can be checked by hand or by trying all, limits that cannot be met, and rubbish.

use super::*;
use crate::{
    draw,
    random::stream,
    response::{Family, Shape},
};

fn curve(family: Family, half: f64, slope: f64, limit: f64) -> Curve {
    Curve { shape: Shape { adstock: 0.0, family, half, slope }, limit }
}

fn budget(name: &str, spend: f64) -> Budget {
    Budget { name: name.to_owned(), spend, floor: None, cap: None, held: false }
}

fn wanted(total: f64) -> Wanted {
    Wanted { total, periods: 28.0, margin: 1.0, step: None, moving: 0.0 }
}

#[test]
fn concave_curves_are_given_money_until_their_marginal_returns_are_equal() {
    let curves = vec![
        curve(Family::MichaelisMenten, 100.0, 1.0, 1000.0),
        curve(Family::MichaelisMenten, 300.0, 1.0, 2000.0),
        curve(Family::Exponential, 50.0, 1.0, 400.0),
    ];
    let budgets = [budget("a", 100.0), budget("b", 100.0), budget("c", 100.0)];
    let plan = allocate(&budgets, std::slice::from_ref(&curves), wanted(300.0)).unwrap();
    let marginal: Vec<f64> = plan.channels.iter().zip(&curves).map(|(at, curve)| curve.marginal(at.2)).collect();
    let (low, high) = (marginal.iter().copied().fold(f64::MAX, f64::min), marginal.iter().copied().fold(0.0, f64::max));
    assert!(high / low < 1.005, "{marginal:?}");
    assert!((plan.channels.iter().map(|at| at.2).sum::<f64>() - 300.0).abs() < 1e-6);
    assert!(plan.expected > 0.0 && plan.loss == 0.0);
}

#[test]
fn a_threshold_is_passed_where_that_is_the_best_of_all_divisions() {
    // Below its threshold the second brings nothing: a rule of marginal returns would never begin.
    let curves = vec![curve(Family::MichaelisMenten, 200.0, 1.0, 300.0), curve(Family::Hill, 80.0, 6.0, 900.0)];
    let budgets = [budget("a", 150.0), budget("b", 10.0)];
    let plan = allocate(&budgets, std::slice::from_ref(&curves), wanted(160.0)).unwrap();
    let total = |b: f64| curves[0].at(160.0 - b) + curves[1].at(b);
    let best = (0..=16_000).map(|b| total(f64::from(b) / 100.0)).fold(0.0, f64::max);
    assert!(total(plan.channels[1].2) > 0.9999 * best, "{plan:?}");
    assert!(plan.channels[1].2 > 100.0);
}

#[test]
fn limits_hold_and_those_that_cannot_be_met_are_said() {
    let curves = vec![curve(Family::Exponential, 50.0, 1.0, 900.0); 4];
    let mut budgets = [budget("a", 100.0), budget("b", 100.0), budget("c", 100.0), budget("d", 100.0)];
    (budgets[0].floor, budgets[1].cap, budgets[2].held) = (Some(115.0), Some(90.0), true);
    let limited = Wanted { step: Some(0.2), ..wanted(400.0) };
    let plan = allocate(&budgets, std::slice::from_ref(&curves), limited).unwrap();
    let then: Vec<f64> = plan.channels.iter().map(|at| at.2).collect();
    assert!(then[0] >= 115.0 && then[1] <= 90.0 && then[2] == 100.0, "{then:?}");
    assert!(then.iter().all(|spend| (80.0..=120.0).contains(spend)) && (then.iter().sum::<f64>() - 400.0).abs() < 1e-6);

    let refused = |budgets: &[Budget], wanted| allocate(budgets, std::slice::from_ref(&curves), wanted).unwrap_err();
    let said = |total| refused(&budgets, Wanted { total, ..limited }).to_string();
    assert_eq!(said(900.0), "the limits allow at most 430, not 900");
    assert_eq!(said(0.1 + 0.2), "the limits allow at least 375, not 0.3");
    assert_eq!(refused(&budgets, Wanted { total: 0.0, ..limited }), Unplanned::NoBudget);
    assert_eq!(refused(&budgets[..3], limited), Unplanned::NoCurves);
    assert!(matches!(refused(&budgets, Wanted { margin: f64::NAN, ..limited }), Unplanned::Senseless { .. }));
    let held = budgets.clone().map(|budget| Budget { held: true, ..budget });
    assert_eq!(refused(&held, limited), Unplanned::NothingMoves);
    (budgets[3].floor, budgets[3].cap) = (Some(110.0), Some(100.0));
    assert_eq!(refused(&budgets, limited), Unplanned::Crossed { name: "d".to_owned() });
}

#[test]
fn moving_that_is_not_worth_it_is_left_and_the_order_of_channels_does_not_matter() {
    let alike = vec![curve(Family::Exponential, 50.0, 1.0, 300.0), curve(Family::Exponential, 50.0, 1.0, 303.0)];
    let budgets = [budget("a", 100.0), budget("b", 100.0)];
    let costly = Wanted { moving: 50.0, ..wanted(200.0) };
    let plan = allocate(&budgets, std::slice::from_ref(&alike), costly).unwrap();
    assert!(plan.channels.iter().all(|at| (at.2 - at.1).abs() < 1.0), "{plan:?}");

    // What moving costs is in what is expected of it, as in what decides.
    let cheap = |moving| {
        allocate(
            &[budget("a", 150.0), budget("b", 50.0)],
            std::slice::from_ref(&alike),
            Wanted { moving, ..wanted(200.0) },
        )
    };
    let (free, costly) = (cheap(0.0).unwrap(), cheap(0.01).unwrap());
    let changed = |plan: &Plan| plan.channels.iter().map(|at| (at.2 - at.1).abs()).sum::<f64>();
    assert!(changed(&costly) > 50.0, "{costly:?}");
    assert!((costly.target - costly.expected - 0.01 * changed(&costly)).abs() < 1e-6, "{costly:?}");
    assert!((free.target - free.expected).abs() < 1e-6 && costly.target_interval == (costly.target, costly.target));

    let turned_budgets = [budgets[1].clone(), budgets[0].clone()];
    let turned_curves = vec![alike[1], alike[0]];
    let one = allocate(&budgets, &[alike], wanted(200.0)).unwrap();
    let other = allocate(&turned_budgets, &[turned_curves], wanted(200.0)).unwrap();
    assert!((one.channels[0].2 - other.channels[1].2).abs() < 0.01 && (one.expected - other.expected).abs() < 1e-6);
}

#[test]
fn uncertain_curves_give_an_interval_and_a_chance_of_loss_and_any_curves_a_sound_plan() {
    let mut random = stream(3, "allocation");
    for world in 0..30 {
        let count = 2 + world % 5;
        let families = [Family::Logistic, Family::Exponential, Family::MichaelisMenten, Family::Hill];
        let draws: Vec<Vec<Curve>> = (0..50)
            .map(|_| {
                let of = |at: usize, random: &mut _| {
                    let (half, slope) = (draw::between(random, 10.0, 500.0), draw::between(random, 0.5, 4.0));
                    curve(families[at % 4], half, slope, draw::between(random, 0.0, 2000.0))
                };
                (0..count).map(|at| of(at, &mut random)).collect()
            })
            .collect();
        let budgets: Vec<Budget> =
            (0..count).map(|at| budget(&at.to_string(), draw::between(&mut random, 1.0, 300.0))).collect();
        let total: f64 = budgets.iter().map(|budget| budget.spend).sum();
        let limited = Wanted { step: Some(0.2), ..wanted(total) };
        let plan = allocate(&budgets, &draws, limited).unwrap();
        assert_eq!(plan, allocate(&budgets, &draws, limited).unwrap(), "the same twice");
        assert!((plan.channels.iter().map(|at| at.2).sum::<f64>() - total).abs() < 1e-6 * total);
        assert!(plan.interval.0 <= plan.interval.1 && (0.0..=1.0).contains(&plan.loss) && plan.expected.is_finite());
        // On the draws that were searched it is never worse than to leave all as it is.
        assert!(plan.expected > -1e-9 * total, "{plan:?}");
    }
}
