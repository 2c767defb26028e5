//! Which days are read: the newest first, the trailing weeks again every night, and the past until it is there.

use model::{connection::Reach, metric::Days};
use time::{Date, Duration};

/// So many days are read again every night: platforms restate what they said, for as long as their windows of attribution are,
/// which is up to 28 days after the day itself. The last of those days is over when the night comes, hence one more.
pub(super) const RESTATED: i64 = 30;

/// Into how many days the pieces of an account are cut whose report of `days` is too large to be read; none of a single day.
pub(super) fn fewer(days: Days) -> Option<u16> {
    let half = (days.count() + 1) / 2;
    u16::try_from(half).ok().filter(|half| i64::from(*half) < days.count())
}

/// The days to read, in pieces of at most `piece` days, newest first.
///
/// `reach` is what was read without a gap. With `restate` the trailing weeks are read again, else yesterday and today.
/// What was missed since the last reading, and what of the past is not there yet, is read in any case: `backfill` days in all.
pub(super) fn pieces(today: Date, reach: Reach, restate: bool, piece: u16, backfill: i64) -> Vec<Days> {
    let back = |days: i64| today - Duration::days(days - 1);
    let (Some(first), Some(last)) = (reach.first_day, reach.last_day) else {
        return Days { first: back(backfill), last: today }.newest_first(piece).collect();
    };
    let trailing = back(if restate { RESTATED } else { 2 });
    let window = Days { first: trailing.min(last).max(back(backfill)), last: today };
    // Where the window reaches into the past that is missing, both are one stretch: no day of it is read twice.
    if window.first <= first {
        return Days { first: back(backfill), last: today }.newest_first(piece).collect();
    }
    let missing = first.previous_day().map(|last| Days { first: back(backfill), last });
    window.newest_first(piece).chain(missing.into_iter().flat_map(|days| days.newest_first(piece))).collect()
}

/// What is left of the pieces for a run that has read all days from `first` on. A piece of which a part was read is cut there.
pub(super) fn rest(pieces: Vec<Days>, first: Date) -> Vec<Days> {
    let Some(before) = first.previous_day() else { return Vec::new() };
    let left = pieces.into_iter().map(|piece| Days { last: piece.last.min(before), ..piece });
    left.filter(|piece| piece.first <= piece.last).collect()
}

/// What was read without a gap, after `read` was read too; `backfill` days are as much as at the first time.
///
/// The last day of a reach was not over when it was read. So what is newer joins only with that day in it: a run that stops
/// right above it leaves it to be read again. Below, days that touch are enough.
pub(super) fn extend(reach: Reach, read: Days, backfill: i64) -> Reach {
    let (Some(first), Some(last)) = (reach.first_day, reach.last_day) else {
        return Reach { first_day: Some(read.first), last_day: Some(read.last) };
    };
    if read.first <= last && read.last.next_day().is_none_or(|next| first <= next) {
        Reach { first_day: Some(first.min(read.first)), last_day: Some(last.max(read.last)) }
    } else if (read.last - read.first).whole_days() + 1 >= backfill {
        // Long away: what was read as at the first time is where reading goes on.
        Reach { first_day: Some(read.first), last_day: Some(read.last) }
    } else {
        reach
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 03 - 31);

    fn reach(first: Date, last: Date) -> Reach {
        Reach { first_day: Some(first), last_day: Some(last) }
    }

    fn count(pieces: &[Days]) -> i64 {
        pieces.iter().map(|piece| piece.count()).sum()
    }

    #[test]
    fn the_first_time_ninety_days_are_read_newest_first() {
        let pieces = pieces(TODAY, Reach::default(), false, 7, 90);
        assert_eq!(pieces[0], Days { first: date!(2026 - 03 - 25), last: TODAY });
        assert_eq!((pieces.len(), count(&pieces)), (13, 90));
        assert!(pieces.windows(2).all(|two| two[1].last.next_day() == Some(two[0].first)));
    }

    #[test]
    fn then_yesterday_and_today_and_every_night_thirty_days() {
        let whole = reach(date!(2026 - 01 - 01), date!(2026 - 03 - 30));
        assert_eq!(pieces(TODAY, whole, false, 7, 90), [Days { first: date!(2026 - 03 - 30), last: TODAY }]);
        let night = pieces(TODAY, whole, true, 7, 90);
        assert_eq!((count(&night), night.last().unwrap().first), (30, date!(2026 - 03 - 02)));
    }

    #[test]
    fn what_was_missed_and_what_is_not_there_yet_is_read() {
        let away = reach(date!(2026 - 01 - 01), date!(2026 - 02 - 10));
        let read = pieces(TODAY, away, false, 30, 90);
        assert_eq!(read.last().unwrap().first, date!(2026 - 02 - 10));
        assert_eq!(count(&read), 50);
        let young = reach(date!(2026 - 03 - 25), TODAY);
        let read = pieces(TODAY, young, false, 7, 90);
        assert_eq!(read[0], Days { first: date!(2026 - 03 - 30), last: TODAY });
        assert_eq!(read[1].last, date!(2026 - 03 - 24));
        assert_eq!(read.last().unwrap().first, date!(2026 - 01 - 01));
        let long_ago = pieces(TODAY, reach(date!(2025 - 01 - 01), date!(2025 - 02 - 01)), false, 90, 90);
        assert_eq!(long_ago, [Days { first: date!(2026 - 01 - 01), last: TODAY }], "no more than at the first time");
        let after = extend(reach(date!(2025 - 01 - 01), date!(2025 - 02 - 01)), long_ago[0], 90);
        assert_eq!(count(&super::pieces(TODAY, after, false, 90, 90)), 2, "then as every hour");
    }

    #[test]
    fn the_past_that_the_trailing_weeks_reach_into_is_read_once() {
        let young = reach(date!(2026 - 03 - 25), TODAY);
        let night = pieces(TODAY, young, true, 7, 90);
        assert_eq!(night, pieces(TODAY, Reach::default(), true, 7, 90), "in the same pieces as at first");
    }

    #[test]
    fn a_run_goes_on_below_what_it_has_read_also_within_a_piece() {
        let all = pieces(TODAY, Reach::default(), true, 7, 90);
        let left = rest(all.clone(), date!(2026 - 03 - 21));
        assert_eq!(left[0], Days { first: date!(2026 - 03 - 18), last: date!(2026 - 03 - 20) });
        assert_eq!((left.len(), count(&left)), (12, 79));
        assert_eq!(rest(all.clone(), date!(2026 - 03 - 18)), all[2..]);
        assert_eq!(rest(all, date!(2026 - 01 - 01)), []);
    }

    #[test]
    fn what_is_too_large_is_halved_down_to_a_day() {
        let mut days = Days { first: date!(2026 - 03 - 02), last: TODAY };
        let mut lengths = vec![days.count()];
        while let Some(most) = fewer(days) {
            let parts: Vec<_> = days.newest_first(most).collect();
            assert_eq!(count(&parts), days.count());
            days = parts[0];
            lengths.push(days.count());
        }
        assert_eq!(lengths, [30, 15, 8, 4, 2, 1]);
    }

    #[test]
    fn a_reach_has_no_gap() {
        let read = |first, last| Days { first, last };
        let had = reach(date!(2026 - 02 - 01), date!(2026 - 02 - 10));
        let after = extend(had, read(date!(2026 - 02 - 10), TODAY), 90);
        assert_eq!(after, reach(date!(2026 - 02 - 01), TODAY));
        assert_eq!(extend(had, read(date!(2026 - 02 - 11), TODAY), 90), had, "the tenth was not over when it was read");
        assert_eq!(extend(had, read(date!(2026 - 02 - 12), TODAY), 90), had, "the eleventh is missing");
        let before = extend(had, read(date!(2026 - 01 - 25), date!(2026 - 01 - 31)), 90);
        assert_eq!(before, reach(date!(2026 - 01 - 25), date!(2026 - 02 - 10)));
        assert_eq!(extend(Reach::default(), read(TODAY, TODAY), 90), reach(TODAY, TODAY));
    }

    /// The reach after each piece of a run, whichever it stops at.
    fn steps(before: Reach, piece: u16, backfill: i64) -> Vec<Reach> {
        let mut reach = before;
        let step = |days: Days| {
            let below = reach.first_day.is_some_and(|first| days.last < first);
            reach = extend(reach, if below { days } else { Days { last: TODAY, ..days } }, backfill);
            reach
        };
        pieces(TODAY, before, false, piece, backfill).into_iter().map(step).collect()
    }

    #[test]
    fn a_run_that_stops_right_above_the_last_day_read_leaves_it_to_be_read_again() {
        let away = reach(date!(2026 - 01 - 01), date!(2026 - 02 - 10));
        let after = steps(away, 7, 90);
        let (whole, stopped) = after.split_last().unwrap();
        assert_eq!(*whole, reach(date!(2026 - 01 - 01), TODAY));
        assert_eq!(stopped, [away; 7], "the seventh piece begins on the eleventh");
        assert_eq!(pieces(TODAY, stopped[6], false, 7, 90).last().unwrap().first, date!(2026 - 02 - 10));
    }

    #[test]
    fn a_run_that_is_not_stopped_ends_with_one_reach_up_to_today() {
        let first = steps(Reach::default(), 7, 90);
        assert_eq!((first[0], first[12]), (reach(date!(2026 - 03 - 25), TODAY), reach(date!(2026 - 01 - 01), TODAY)));
        for (last, begin) in [
            (date!(2026 - 03 - 30), date!(2025 - 11 - 01)),
            (date!(2026 - 01 - 01), date!(2025 - 11 - 01)),
            // Its last day is further back than is read at the first time: it cannot be mended.
            (date!(2025 - 12 - 31), date!(2026 - 01 - 01)),
        ] {
            for piece in [1, 7, 30, 90] {
                let after = steps(reach(date!(2025 - 11 - 01), last), piece, 90);
                assert_eq!(after.last(), Some(&reach(begin, TODAY)), "until {last}, in pieces of {piece}");
            }
        }
    }
}
