//! Parts of sentences that all personas share: who, where, from when to when. Whole sentences are each persona's own.

use model::summary::{Section, Sentence};

use super::{
    digest::Whom,
    line::{Day, Line, Name},
    news::{Account, Place},
};

/// A section of these sentences.
pub(super) fn section(heading: &str, sentences: Vec<Sentence>) -> Section {
    Section { heading: heading.to_owned(), sentences }
}

/// The agency, or a client by its name.
pub(super) fn whom(line: Line, whom: &Whom) -> Line {
    match whom {
        Whom::Agency => line.say("the agency"),
        Whom::Client(name) => line.name(name),
    }
}

pub(super) fn names(line: Line, names: &[Name]) -> Line {
    line.each(names, ", ", |line, name| line.name(name))
}

/// Words one after another, with "and" before the last.
pub(super) fn words(line: Line, words: &[&'static str]) -> Line {
    match words {
        [some @ .., last] if !some.is_empty() => {
            line.each(some, ", ", |line, word| line.say(word)).say(" and ").say(last)
        }
        _ => line.each(words, "", |line, word| line.say(word)),
    }
}

/// The currencies in which days are left out.
pub(super) fn unrated(line: Line, currencies: &[Name]) -> Line {
    if currencies.is_empty() {
        return line;
    }
    names(line.say(" without days in "), currencies).say(" for which there is no rate of exchange")
}

pub(super) fn days(line: Line, (first, last): &(Day, Day)) -> Line {
    line.day(first).say(" to ").day(last)
}

/// Where something is, by the names that people know.
pub(super) fn place(line: Line, place: &Place) -> Line {
    let line = line.with(place.creative.as_ref(), |line, creative| {
        line.say("the ad ").name(creative.name.as_ref().unwrap_or(&creative.id)).say(" in ")
    });
    of_client(line, place, |line, account| line.name(&account.name))
}

/// The same, with the ids that the platforms know.
pub(super) fn place_by_id(line: Line, place: &Place) -> Line {
    let line = line.with(place.creative.as_ref(), |line, creative| {
        line.say("ad ")
            .with(creative.name.as_ref(), |line, name| line.name(name).say(" "))
            .say("[")
            .name(&creative.id)
            .say("] in ")
    });
    of_client(line, place, account_by_id)
}

pub(super) fn account_by_id(line: Line, account: &Account) -> Line {
    line.name(&account.name).with(account.id.as_ref(), |line, id| line.say(" [").name(id).say("]"))
}

fn of_client(line: Line, place: &Place, account: impl Fn(Line, &Account) -> Line) -> Line {
    match (&place.channel, &place.client) {
        (Some(channel), Some(client)) => account(line, channel).say(" of ").name(client),
        (Some(channel), None) => account(line, channel),
        (None, Some(client)) => line.name(client),
        (None, None) => line.say("the agency"),
    }
}
