//! For a CMO: money first, then whether the claims hold, what will come, and what puts it at risk.

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
    others: "further clients are told of on their own pages",
    more_gaps: "more than this is missing",
    nobody: "no client in your sight has been analysed yet, so there is nothing to sum up",
};

pub(super) fn sections(digest: &Digest) -> Vec<Section> {
    let parts = parts(digest, &WORDS);
    vec![
        section("Money", [parts.spent, parts.claims].concat()),
        section("What is ahead", parts.ahead),
        section("Risk", parts.risk),
        section("Worth deciding", parts.proposed),
        section("What we do not know", parts.gaps),
    ]
}

fn spent(subject: &Subject, money: &Money) -> Sentence {
    let line = whom(line(), &subject.whom).say(" in the ").figure(&money.length).say(" from ");
    let line = days(line, &money.days).say(", against as long before: ");
    if money.rows.is_empty() {
        return line.say("no figure could be made").end();
    }
    line.each(&money.rows, "; ", |line, row| {
        let line = line.say(row.metric).say(" ").figure(&row.now);
        let line = if row.partial { line.say(" without the days that are missing") } else { line };
        let line = unrated(line, &row.unrated);
        let line = line.with(row.before.as_ref(), |line, before| line.say(" after ").figure(before));
        match row.trend {
            Some(Trend::Better) => line.say(", better"),
            Some(Trend::Worse) => line.say(", worse"),
            Some(Trend::TooClose) => line.say(", too close to call"),
            None => line,
        }
    })
    .end()
}

fn claims(claims: &Claims) -> Sentence {
    let line = line().say("the platforms claim ").figure(&claims.claimed).say(" of revenue for ").name(&claims.client);
    let line = days(line.say(" where the books hold ").figure(&claims.ledger).say(" (from "), &claims.days).say("): ");
    match &claims.difference {
        Difference::Over(over) => line.say("at least ").figure(over).say(" of it is counted twice or was never sold"),
        Difference::Unclaimed(rest) => line.say("at least ").figure(rest).say(" came without anybody claiming it"),
        Difference::None => line.say("both agree"),
    }
    .end()
}

fn ahead(subject: &Subject, expected: &Expected) -> Sentence {
    let verb = if expected.metric.ends_with('s') { " are" } else { " is" };
    let line = whom(line().say("for "), &subject.whom).say(", ").say(expected.metric).say(verb);
    let line = line
        .say(" expected to come to ")
        .figure(&expected.sum)
        .say(" in the ")
        .figure(&expected.days)
        .say(" from ")
        .day(&expected.from);
    let line = line.say(", and were every day to end at the edge of its ").figure(&expected.interval);
    let line = line.say(" interval, ").figure(&expected.low).say(" or ").figure(&expected.high);
    line.with(expected.record.as_ref(), |line, (held, over)| {
        line.say("; such intervals held ").figure(held).say(" of the time over the last ").figure(over)
    })
    .end()
}

fn colour(subject: &Subject) -> Sentence {
    let Some(risk) = &subject.risk else {
        return whom(line().say("how much is at risk at "), &subject.whom)
            .say(" cannot be said: not enough data yet")
            .end();
    };
    let line = whom(line(), &subject.whom).say(match risk.colour {
        Colour::Green => " is green: nothing among ",
        Colour::Yellow => " is yellow: among ",
        Colour::Red => " is red: among ",
    });
    let line = line.figure(&risk.looked_at).say(match risk.colour {
        Colour::Green => " series asks for attention",
        Colour::Yellow => " series something asks for attention this week",
        Colour::Red => " series something asks for attention today",
    });
    if subject.alike.is_empty() { line.end() } else { names(line.say(", at "), &subject.alike).end() }
}

fn finding(finding: &Finding) -> Sentence {
    let line = line().say(finding.what);
    let line = line.with(finding.metric.as_ref(), |line, metric| line.say(" in ").say(metric));
    let line = place(line.say(" is seen at "), &finding.place).say(" since ").day(&finding.since);
    let line = line.with(finding.size.as_ref(), |line, size| {
        let line = line.say(", of ").figure(&size.value);
        line.with(size.between.as_ref(), |line, (low, high, sure)| {
            line.say(" (").figure(low).say(" to ").figure(high).say(" with ").figure(sure).say(" confidence)")
        })
    });
    let line = line.say("; it is ").figure(&finding.probability).say(" sure and ");
    line.say(match finding.severity {
        Severity::High => "much of the client's money is at stake",
        Severity::Medium => "some of the client's money is at stake",
        Severity::Low => "little of the client's money is at stake",
    })
    .end()
}

fn proposed(proposed: &Proposed) -> Sentence {
    let line = place(line().say(proposed.what.0).say(" for "), &proposed.place);
    let line = match &proposed.worth {
        Ok(worth) => line
            .say(" is worth ")
            .figure(&worth.value)
            .say(" net over ")
            .figure(&proposed.horizon)
            .say(" (")
            .figure(&worth.interval)
            .say(" interval ")
            .figure(&worth.low)
            .say(" to ")
            .figure(&worth.high)
            .say(") and loses money with a chance of ")
            .figure(&worth.loss),
        Err(why) => {
            line.say(" is proposed for ").figure(&proposed.horizon).say(" with a worth that nobody knows: ").say(why)
        }
    };
    let line = if proposed.changes.is_empty() { line } else { line.say("; a day, it means ") };
    line.each(&proposed.changes, " and ", |line, change| {
        line.name(&change.account.name).say(" at ").figure(&change.to).say(" instead of ").figure(&change.from)
    })
    .end()
}

fn gap(gap: &Gap) -> Sentence {
    match gap {
        Gap::Unconnected(of, metrics) => {
            whom(words(line().say("nobody reports "), metrics).say(" of "), of).say(": not connected").end()
        }
        Gap::Lacking(of, metric, why) => whom(line().say(metric).say(" of "), of).say(" is unknown: ").say(why).end(),
        Gap::Unread(of) => {
            whom(line().say("no current figure of "), of).say(" was read: not connected, or not read for weeks").end()
        }
        Gap::Unforeseen(of, metric, why) => {
            whom(line().say("nothing is foretold of ").say(metric).say(" of "), of).say(": ").say(why).end()
        }
        Gap::Stopped(at, Some(last)) => place(line(), at).say(" is in no sum, as its figures end on ").day(last).end(),
        Gap::Stopped(at, None) => place(line(), at).say(" is in no sum, as its figures make no sense").end(),
        Gap::Thin(at, metrics) => {
            words(place(line(), at).say(" is too young to be judged by "), metrics).say(": not enough data yet").end()
        }
    }
}
