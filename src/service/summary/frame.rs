//! What a digest holds, said in the words of one persona: every persona tells all of it, and orders it by its own sections.

use model::summary::Sentence;

use super::{
    digest::{Digest, Gap, Subject},
    line::line,
    money::{Claims, Expected, Money},
    news::{Finding, Proposed},
};

/// The templates of a persona.
pub(super) struct Words {
    pub spent: fn(&Subject, &Money) -> Sentence,
    pub claims: fn(&Claims) -> Sentence,
    pub ahead: fn(&Subject, &Expected) -> Sentence,
    pub colour: fn(&Subject) -> Sentence,
    pub finding: fn(&Finding) -> Sentence,
    pub proposed: fn(&Proposed) -> Sentence,
    pub gap: fn(&Gap) -> Sentence,
    /// Where more clients are in sight than are told of.
    pub others: &'static str,
    /// Where more is missing than is named.
    pub more_gaps: &'static str,
    /// Where nobody is told of.
    pub nobody: &'static str,
}

/// Everything that is told.
#[derive(Debug)]
pub(super) struct Parts {
    pub spent: Vec<Sentence>,
    pub claims: Vec<Sentence>,
    pub ahead: Vec<Sentence>,
    /// The colours, then what was noticed.
    pub risk: Vec<Sentence>,
    pub proposed: Vec<Sentence>,
    pub gaps: Vec<Sentence>,
}

/// Says what a digest holds.
pub(super) fn parts(digest: &Digest, words: &Words) -> Parts {
    let subjects = &digest.subjects;
    let mut risk: Vec<Sentence> = subjects.iter().map(words.colour).collect();
    risk.extend(digest.others.then(|| line().say(words.others).end()));
    risk.extend(digest.findings.iter().map(words.finding));
    let mut gaps: Vec<Sentence> = digest.gaps.iter().map(words.gap).collect();
    gaps.extend(digest.more_gaps.then(|| line().say(words.more_gaps).end()));
    gaps.extend(subjects.is_empty().then(|| line().say(words.nobody).end()));
    let ahead = |one: &Subject| one.expected.iter().map(|expected| (words.ahead)(one, expected)).collect::<Vec<_>>();
    Parts {
        spent: subjects.iter().filter_map(|one| Some((words.spent)(one, one.money.as_ref()?))).collect(),
        claims: digest.claims.iter().map(words.claims).collect(),
        ahead: subjects.iter().flat_map(ahead).collect(),
        risk,
        proposed: digest.proposed.iter().map(words.proposed).collect(),
        gaps,
    }
}
