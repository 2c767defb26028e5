//! A message about the whole form or page, and what to say when something was not done.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{error::AppError, form::leading_to};

/// What kind of message it is; the words must say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something did not work.
    Bad,
    /// Something worked.
    Good,
    /// Something to know.
    Plain,
}

/// A boxed message.
#[component]
pub fn Notice(
    /// Its kind.
    tone: Tone,
    /// The message.
    children: Children,
) -> impl IntoView {
    let (class, role) = match tone {
        Tone::Bad => ("notice notice-bad", "alert"),
        Tone::Good => ("notice notice-good", "status"),
        Tone::Plain => ("notice", "status"),
    };
    view! { <div class=class role=role data-test="notice">{children()}</div> }
}

/// Why something was not done or shown; whose session has ended gets the way back to this very page.
#[component]
pub fn Failed(
    /// Why.
    error: AppError,
) -> impl IntoView {
    let again = matches!(error, AppError::SignedOut).then(|| {
        let location = use_location();
        let way = move || {
            let (path, query) = (location.pathname.get(), location.search.get());
            let here = if query.is_empty() { path } else { format!("{path}?{query}") };
            leading_to("/login", "redirect", &here)
        };
        view! { ". " <a href=way rel="external" class="underline">"Sign in again"</a> }
    });
    let rule = match &error {
        AppError::Forbidden { rule, .. } => Some(rule.clone()),
        _ => None,
    };
    view! { <Notice tone=Tone::Bad>{sentence(&error.to_string())}{again}{rule.map(explain)}</Notice> }
}

/// Names the rule that refused, which is also in the audit log, and leads to the table of all.
fn explain(rule: String) -> impl IntoView {
    let href = format!("/api/docs#{rule}");
    view! {
        <details>
            <summary class="disclosure">"Explain"</summary>
            <p class="max-w-prose">"The rule " <code>{rule}</code>" decides this, and the audit log has noted it. "
                <a href=href rel="external" class="underline">"Who may do what"</a></p>
        </details>
    }
}

/// A message as a sentence: with a capital, unless it begins with an address or another word that is written so.
pub fn sentence(message: &str) -> String {
    let first = message.split_whitespace().next().unwrap_or_default();
    if first.contains(['@', '/', '_']) || first.trim_end_matches(['.', ',', ':']).contains('.') {
        return message.to_owned();
    }
    let mut text = message.to_owned();
    if let Some(letter) = text.get_mut(..1) {
        letter.make_ascii_uppercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn sentences_begin_with_a_capital_and_addresses_stay() {
        assert_eq!(sentence("this password is easy to guess"), "This password is easy to guess");
        assert_eq!(sentence("olga@example.com is invited already"), "olga@example.com is invited already");
        assert_eq!(sentence("beta.example is taken"), "beta.example is taken");
        assert_eq!(sentence("name: too long"), "Name: too long");
        assert_eq!(sentence("done. Sign in"), "Done. Sign in");
        assert_eq!((sentence("é"), sentence("")), ("é".to_owned(), String::new()));
    }
}
