//! Figures with their course: the same as when each is asked for alone.

use super::*;
use crate::{
    cycle::{Question, Wide, opened, spread},
    memory::Metric,
};

#[test]
fn what_is_told_together_is_what_is_told_alone() {
    let channels = vec![ads("a", 60, |_| 100.0), ads("b", 60, |_| 50.0), ads("c", 30, |_| 20.0), shop("s", 60)];
    let input = agency(channels);
    let days = Days { first: LAST - Duration::days(27), last: LAST };
    let alone = Question { currency: euro(), days, rows: false, by_day: false };
    let day = |at: i64| Days { first: days.first + Duration::days(at), last: days.first + Duration::days(at) };
    let (metrics, periods) = ([Metric::Spend, Metric::Mer, Metric::Ctr], (0..28).map(day).collect::<Vec<_>>());
    let wide = Wide {
        question: alone,
        metrics: &metrics,
        periods: &periods,
        each: &metrics,
        stacks: &[Metric::Spend],
        most: 2,
    };
    let told = spread(&input, &wide);
    assert_eq!(told.whole, opened(&input, &Question { by_day: true, ..alone }, &metrics));
    assert_eq!(told.each.len(), 4);
    for (id, made) in told.each {
        let mut only = input.clone();
        only.clients[0].channels.retain(|channel| channel.id == id);
        assert_eq!(made, opened(&only, &alone, &metrics), "{id}");
    }
    // Two by themselves, the third as all others; the shop costs nothing.
    assert_eq!(told.stacks.iter().map(|stack| stack.sources.len()).collect::<Vec<_>>(), [1, 1, 1]);
    for (at, whole) in told.whole[0].by_day.iter().enumerate() {
        let sum: Decimal = told.stacks.iter().map(|stack| stack.values[at].unwrap()).sum();
        assert_eq!(Some(sum.normalize()), whole.map(|value| value.normalize()), "day {at}");
    }
    // On days before the third was read the whole is not known, and the others are.
    let early = Days { first: LAST - Duration::days(40), last: LAST };
    let periods = [Days { first: early.first, last: early.first }];
    let told =
        spread(&input, &Wide { question: Question { days: early, ..alone }, periods: &periods, most: 3, ..wide });
    assert_eq!(told.whole[0].by_day, [None]);
    let known: Vec<bool> = told.stacks.iter().map(|stack| stack.values[0].is_some()).collect();
    assert_eq!(known.iter().filter(|known| **known).count(), 2, "{known:?}");
}
