//! Sentences of a state whose numbers can be opened.

use leptos::prelude::*;
use model::{
    dashboard::Linked,
    summary::{Figure as Number, Sentence},
};

use crate::components::figure::Figure;

/// A part of a sentence.
#[derive(Debug, PartialEq)]
enum Piece {
    /// Words, with the days and names in them.
    Words(String),
    /// A number.
    Number(Number),
}

/// A sentence whose numbers can be opened.
#[component]
pub fn Told(
    /// The sentence, with the ids of its numbers.
    linked: Linked,
) -> impl IntoView {
    view! { <p class="told" data-test="sentence"><Pieces linked=linked /></p> }
}

/// The same without a paragraph of its own.
#[component]
pub fn Pieces(
    /// The sentence, with the ids of its numbers.
    linked: Linked,
) -> impl IntoView {
    let Linked { sentence, ids } = linked;
    let mut ids = ids.into_iter();
    let mut all = Vec::new();
    for piece in pieces(sentence) {
        all.push(match piece {
            Piece::Words(words) => view! { <span data-literal="">{words}</span> }.into_any(),
            Piece::Number(figure) => {
                let id = ids.next().unwrap_or_default();
                view! { <Figure id=id shown=figure.shown /> }.into_any()
            }
        });
    }
    all
}

/// A sentence, taken apart where its numbers stand.
fn pieces(sentence: Sentence) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut letters = sentence.text.chars();
    let mut at = 0;
    for figure in sentence.figures {
        let words: String = letters.by_ref().take(figure.at.saturating_sub(at)).collect();
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        let long = figure.shown.chars().count();
        letters.by_ref().take(long).for_each(drop);
        at = figure.at + long;
        pieces.push(Piece::Number(figure));
    }
    pieces.push(Piece::Words(letters.collect()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_taken_apart_where_its_numbers_stand() {
        let figure = |shown: &str, at: usize| Number {
            key: "spend".into(),
            value: "1".into(),
            unit: "EUR".into(),
            shown: shown.into(),
            at,
            outcome: 0,
            path: "/x".into(),
            first: None,
            last: None,
            made: Vec::new(),
        };
        let text = "Café 24: 10 %, then 5.".to_owned();
        let (one, two) = (figure("10 %", 9), figure("5", 20));
        let apart = pieces(Sentence { text, figures: vec![one.clone(), two.clone()] });
        let words = |words: &str| Piece::Words(words.to_owned());
        assert_eq!(apart, [words("Café 24: "), Piece::Number(one), words(", then "), Piece::Number(two), words(".")]);
    }
}
