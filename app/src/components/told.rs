//! Sentences of a state whose numbers can be opened.

use leptos::prelude::*;
use model::dashboard::{Linked, LinkedNumber};

use crate::components::figure::Figure;

/// A part of a sentence.
#[derive(Debug, PartialEq)]
enum Piece {
    /// Words, with the days and names in them.
    Words(String),
    /// A number.
    Number(LinkedNumber),
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
    let mut all = Vec::new();
    for piece in pieces(linked) {
        all.push(match piece {
            Piece::Words(words) => view! { <span data-literal="">{words}</span> }.into_any(),
            Piece::Number(number) => view! { <Figure id=number.id shown=number.shown /> }.into_any(),
        });
    }
    all
}

/// A sentence, taken apart where its numbers stand.
fn pieces(linked: Linked) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut letters = linked.text.chars();
    let mut at = 0;
    for number in linked.numbers {
        let words: String = letters.by_ref().take(number.at.saturating_sub(at)).collect();
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        let long = number.shown.chars().count();
        letters.by_ref().take(long).for_each(drop);
        at = number.at + long;
        pieces.push(Piece::Number(number));
    }
    pieces.push(Piece::Words(letters.collect()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_taken_apart_where_its_numbers_stand() {
        let number =
            |shown: &str, at: usize| LinkedNumber { id: "s.x".into(), value: "1".into(), shown: shown.into(), at };
        let text = "Café 24: 10 %, then 5.".to_owned();
        let (one, two) = (number("10 %", 9), number("5", 20));
        let apart = pieces(Linked { text, numbers: vec![one.clone(), two.clone()] });
        let words = |words: &str| Piece::Words(words.to_owned());
        assert_eq!(apart, [words("Café 24: "), Piece::Number(one), words(", then "), Piece::Number(two), words(".")]);
    }
}
