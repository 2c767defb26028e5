//! For a Director of Performance: what to do first, with the ids that the platforms use; then the figures to check.

use model::{
    performance::Trend,
    summary::{Section, Sentence},
};

use super::{
    digest::{Colour, Digest, Gap, Subject},
    fragments::{account_by_id, days, names, place_by_id, section, unrated, whom, words},
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
    others: "open the pages of your further clients as well",
    more_gaps: "then look for what else is missing in the gaps of the state",
    nobody: "have a client assigned to you and an account of it connected: nothing can be checked before",
};

pub(super) fn sections(digest: &Digest) -> Vec<Section> {
    let parts = parts(digest, &WORDS);
    vec![
        section("Do", parts.proposed),
        section("Check", [parts.risk, parts.claims].concat()),
        section("Keep an eye on", [parts.spent, parts.ahead].concat()),
        section("Connect and repair", parts.gaps),
    ]
}

fn spent(subject: &Subject, money: &Money) -> Sentence {
    let line = days(whom(line().say("watch "), &subject.whom).say(" over "), &money.days)
        .say(", ")
        .figure(&money.length)
        .say(" – ");
    if money.rows.is_empty() {
        return line.say("no figure to watch").end();
    }
    line.each(&money.rows, "; ", |line, row| {
        let line = line.say(row.metric).say(" = ").figure(&row.now);
        let line = if row.partial { line.say(" (days missing)") } else { line };
        let line = unrated(line, &row.unrated);
        let line = line.with(row.before.as_ref(), |line, before| line.say(", before = ").figure(before));
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
    let line = line()
        .say("compare the attribution of ")
        .name(&claims.client)
        .say(" with its orders: claimed ")
        .figure(&claims.claimed);
    let line = days(line.say(", booked ").figure(&claims.ledger).say(", "), &claims.days);
    match &claims.difference {
        Difference::Over(over) => {
            line.say("; find the ").figure(over).say(" or more that were claimed twice or never sold")
        }
        Difference::Unclaimed(rest) => line.say("; the other ").figure(rest).say(" or more have no claim"),
        Difference::None => line.say("; nothing is left over"),
    }
    .end()
}

fn ahead(subject: &Subject, expected: &Expected) -> Sentence {
    let line =
        whom(line().say("plan "), &subject.whom).say(" from ").day(&expected.from).say(" for ").figure(&expected.days);
    let line = line
        .say(" with ")
        .say(expected.metric)
        .say(" = ")
        .figure(&expected.sum)
        .say("; raise a flag outside ")
        .figure(&expected.low);
    line.say(" … ")
        .figure(&expected.high)
        .say(" (the ends of the days' ")
        .figure(&expected.interval)
        .say(" intervals, added up)")
        .with(expected.record.as_ref(), |line, (held, over)| {
            line.say("; inside so far: ").figure(held).say(" in ").figure(over)
        })
        .end()
}

fn colour(subject: &Subject) -> Sentence {
    let Some(risk) = &subject.risk else {
        return whom(line().say("wait for more days of "), &subject.whom)
            .say(": not enough data yet for a risk colour")
            .end();
    };
    let line = whom(
        line().say(match risk.colour {
            Colour::Green => "leave ",
            Colour::Yellow => "look this week at ",
            Colour::Red => "look today at ",
        }),
        &subject.whom,
    );
    let line = line.say(match risk.colour {
        Colour::Green => " as it is: green, ",
        Colour::Yellow => ": yellow, ",
        Colour::Red => ": red, ",
    });
    let line = line.figure(&risk.looked_at).say(" series checked");
    if subject.alike.is_empty() { line.end() } else { names(line.say("; begin with "), &subject.alike).end() }
}

fn finding(finding: &Finding) -> Sentence {
    let line = place_by_id(line().say("check "), &finding.place).say(": ").say(finding.what);
    let line = line.with(finding.metric.as_ref(), |line, metric| line.say(", ").say(metric));
    let line = line.with(finding.size.as_ref(), |line, size| {
        let line = line.say(" = ").figure(&size.value);
        line.with(size.between.as_ref(), |line, (low, high, sure)| {
            line.say(" [").figure(low).say(" … ").figure(high).say(" at ").figure(sure).say("]")
        })
    });
    line.say(", since ")
        .day(&finding.since)
        .say(", certainty ")
        .figure(&finding.probability)
        .say(match finding.severity {
            Severity::High => ", today",
            Severity::Medium => ", this week",
            Severity::Low => ", when there is time",
        })
        .end()
}

fn proposed(proposed: &Proposed) -> Sentence {
    let line = place_by_id(line().say(proposed.what.1).say(": "), &proposed.place);
    let line = line.each(&proposed.changes, "", |line, change| {
        account_by_id(line.say("; set "), &change.account)
            .say(" to ")
            .figure(&change.to)
            .say(" a day (now ")
            .figure(&change.from)
            .say(")")
    });
    match &proposed.worth {
        Ok(worth) => line
            .say("; look again after ")
            .figure(&proposed.horizon)
            .say(" for ")
            .figure(&worth.value)
            .say(" [")
            .figure(&worth.low)
            .say(" … ")
            .figure(&worth.high)
            .say(" at ")
            .figure(&worth.interval)
            .say("], p of a loss = ")
            .figure(&worth.loss),
        Err(why) => line.say("; look again after ").figure(&proposed.horizon).say(", no value in money: ").say(why),
    }
    .end()
}

fn gap(gap: &Gap) -> Sentence {
    match gap {
        Gap::Unconnected(of, metrics) => {
            words(whom(line().say("connect an account of "), of).say(" that reports "), metrics)
                .say(": not connected")
                .end()
        }
        Gap::Lacking(of, metric, why) => {
            whom(line().say("repair ").say(metric).say(" of "), of).say(": ").say(why).end()
        }
        Gap::Unread(of) => {
            whom(line().say("connect or read again the accounts of "), of).say(": nothing current is there").end()
        }
        Gap::Unforeseen(of, metric, why) => {
            whom(line().say("wait for a forecast of ").say(metric).say(" of "), of).say(": ").say(why).end()
        }
        Gap::Stopped(at, Some(last)) => {
            place_by_id(line().say("reconnect "), at).say(": last read day ").day(last).end()
        }
        Gap::Stopped(at, None) => {
            place_by_id(line().say("correct the days of "), at).say(": they make no sense as they are").end()
        }
        Gap::Thin(at, metrics) => {
            words(place_by_id(line().say("let "), at).say(" run on: not enough data yet of "), metrics).end()
        }
    }
}
