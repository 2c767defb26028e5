//! For a VP Growth: what moved in which channel, why something is proposed, and what that does to the figures.

use model::{
    performance::Trend,
    summary::{Section, Sentence},
};

use super::{
    digest::{Colour, Digest, Gap, Subject},
    fragments::{days, names, place, section, unrated, whom, words},
    frame::{Words, parts},
    line::line,
    money::{Claims, Difference, Expected, Money},
    news::{Finding, Proposed, Severity},
};

pub(super) const WORDS: Words = Words {
    spent,
    claims,
    ahead,
    colour,
    finding,
    proposed,
    gap,
    others: "the pages of further clients speak for them",
    more_gaps: "there are further blind spots",
    nobody: "no client that you see was looked at yet, and without one there are no channels to compare",
};

pub(super) fn sections(digest: &Digest) -> Vec<Section> {
    let parts = parts(digest, &WORDS);
    vec![
        section("What moved", parts.risk),
        section("What to try, and why", parts.proposed),
        section("Claims against sales", parts.claims),
        section("Growth in figures", [parts.spent, parts.ahead].concat()),
        section("Blind spots", parts.gaps),
    ]
}

fn spent(subject: &Subject, money: &Money) -> Sentence {
    let line = days(whom(line(), &subject.whom).say(", "), &money.days).say(" (").figure(&money.length).say("): ");
    if money.rows.is_empty() {
        return line.say("there is no figure to compare").end();
    }
    line.each(&money.rows, ", ", |line, row| {
        let line = line.say(row.metric).say(" at ").figure(&row.now);
        let line = if row.partial { line.say(" (not every day is known)") } else { line };
        let line = unrated(line, &row.unrated);
        let line = line.with(row.before.as_ref(), |line, before| line.say(" from ").figure(before));
        match row.trend {
            Some(Trend::Better) => line.say(" (better)"),
            Some(Trend::Worse) => line.say(" (worse)"),
            Some(Trend::TooClose) => line.say(" (too close to call)"),
            None => line,
        }
    })
    .end()
}

fn claims(claims: &Claims) -> Sentence {
    let line =
        days(line().name(&claims.client).say(", "), &claims.days).say(": channels report ").figure(&claims.claimed);
    let line = line.say(" and the shop sold ").figure(&claims.ledger);
    match &claims.difference {
        Difference::Over(over) => {
            line.say(", so no less than ").figure(over).say(" of what they report has no sale behind it")
        }
        Difference::Unclaimed(rest) => line.say(", so no less than ").figure(rest).say(" was sold without a channel"),
        Difference::None => line.say(", which is the same"),
    }
    .end()
}

fn ahead(subject: &Subject, expected: &Expected) -> Sentence {
    let line = line()
        .say("the next ")
        .figure(&expected.days)
        .say(", beginning on ")
        .day(&expected.from)
        .say(", should bring ");
    let line = whom(line, &subject.whom)
        .say(" ")
        .figure(&expected.sum)
        .say(" in ")
        .say(expected.metric)
        .say("; with all days at one end of the ");
    let line = line.figure(&expected.interval).say(" band it is ").figure(&expected.low);
    let line = line.say(", at the other ").figure(&expected.high);
    line.with(expected.record.as_ref(), |line, (held, over)| {
        line.say("; in the last ").figure(over).say(" bands like it were right ").figure(held).say(" of the time")
    })
    .end()
}

fn colour(subject: &Subject) -> Sentence {
    let Some(risk) = &subject.risk else {
        return whom(line().say("no channel of "), &subject.whom).say(" has enough data yet for a risk colour").end();
    };
    let line = whom(line().figure(&risk.looked_at).say(" series of "), &subject.whom).say(match risk.colour {
        Colour::Green => " were looked at and give a green light",
        Colour::Yellow => " were looked at and give a yellow light: look closer this week",
        Colour::Red => " were looked at and give a red light: look closer today",
    });
    if subject.alike.is_empty() { line.end() } else { names(line.say(", first at "), &subject.alike).end() }
}

fn finding(finding: &Finding) -> Sentence {
    let line = place(line(), &finding.place).say(" shows ").say(finding.what);
    let line = line
        .with(finding.metric.as_ref(), |line, metric| line.say(" of ").say(metric))
        .say(", from ")
        .day(&finding.since);
    let line = line.say(" on; probability ").figure(&finding.probability);
    let line = line.with(finding.size.as_ref(), |line, size| {
        let line = line.say(", size ").figure(&size.value);
        line.with(size.between.as_ref(), |line, (low, high, sure)| {
            line.say(" between ").figure(low).say(" and ").figure(high).say(" at ").figure(sure)
        })
    });
    line.say(match finding.severity {
        Severity::High => ", high severity",
        Severity::Medium => ", medium severity",
        Severity::Low => ", low severity",
    })
    .end()
}

fn proposed(proposed: &Proposed) -> Sentence {
    let line = place(line().say("try ").say(proposed.what.0).say(" at "), &proposed.place);
    let line = if proposed.changes.is_empty() { line } else { line.say(" (daily: ") };
    let line = line.each(&proposed.changes, ", ", |line, change| {
        line.name(&change.account.name).say(" from ").figure(&change.from).say(" to ").figure(&change.to)
    });
    let line = if proposed.changes.is_empty() { line } else { line.say(")") };
    let line = if proposed.because.is_empty() { line } else { words(line.say(" because of "), &proposed.because) };
    match &proposed.worth {
        Ok(worth) => line
            .say(": expected net contribution ")
            .figure(&worth.value)
            .say(" within ")
            .figure(&proposed.horizon)
            .say(", from ")
            .figure(&worth.low)
            .say(" up to ")
            .figure(&worth.high)
            .say(" at ")
            .figure(&worth.interval)
            .say(", with odds to lose of ")
            .figure(&worth.loss),
        Err(why) => line.say(": over ").figure(&proposed.horizon).say(" it cannot be put in money, as ").say(why),
    }
    .end()
}

fn gap(gap: &Gap) -> Sentence {
    match gap {
        Gap::Unconnected(of, metrics) => {
            words(whom(line().say("not connected at "), of).say(": any source of "), metrics).end()
        }
        Gap::Lacking(of, metric, why) => {
            whom(line().say("without ").say(metric).say(" at "), of).say(", since ").say(why).end()
        }
        Gap::Unread(of) => whom(line(), of)
            .say(" has no channel that was read in the last weeks: connect one, or look why it stopped")
            .end(),
        Gap::Unforeseen(of, metric, why) => {
            whom(line().say("without an outlook on ").say(metric).say(" for "), of).say(", since ").say(why).end()
        }
        Gap::Stopped(at, Some(last)) => {
            place(line().say("left out of all comparisons: "), at).say(", silent after ").day(last).end()
        }
        Gap::Stopped(at, None) => {
            place(line().say("left out of all comparisons: "), at).say(", with days that contradict each other").end()
        }
        Gap::Thin(at, metrics) => {
            words(place(line().say("not enough data yet to tell news from noise on "), at).say(" in "), metrics).end()
        }
    }
}
