//! A message about the whole form or page.

use leptos::prelude::*;

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
