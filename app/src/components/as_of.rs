//! Asks for a page as it was known at a moment, in UTC. A form without a script of its own, the same on every page that has a past.

use leptos::prelude::*;

use crate::components::{
    button::{Button, Kind},
    focus,
};

/// The form, with the way back to now where a moment is shown.
#[component]
pub fn AsOf(
    /// The moment in the address; now, if blank.
    #[prop(into)]
    as_of: Signal<String>,
    /// What of the address stays, by name; blank is left out.
    #[prop(optional, into)]
    keeps: Signal<Vec<(&'static str, String)>>,
    /// The same page of now.
    now: impl Fn() -> String + Send + Sync + Clone + 'static,
) -> impl IntoView {
    let past = Memo::new(move |_| as_of.with(|as_of| !as_of.is_empty()));
    let kept = move || keeps.get().into_iter().filter(|(_, text)| !text.is_empty());
    // The link goes when it is followed, and the focus would go with it.
    let stay = move |_| {
        focus::to("heading");
    };
    view! {
        <form method="get" class="no-print flex flex-wrap items-end gap-2" aria-label="As of when" data-test="as-of">
            {move || kept().map(|(name, text)| view! { <input type="hidden" name=name value=text /> }).collect_view()}
            <label class="flex flex-col gap-1 text-xs text-muted">"As it was known at (UTC)"
                <input type="datetime-local" name="as_of" class="control" value=move || as_of.with(|as_of| typed(as_of)) /></label>
            <Button>"Show"</Button>
            {move || {
                let now = now.clone();
                past.get().then(|| view! { <a class=Kind::Quiet.class() href=now on:click=stay>"Now"</a> })
            }}
        </form>
    }
}

/// What such a field holds.
const FIELD: &str = "0000-00-00T00:00";

/// The moment as the field holds it: in UTC, without saying so, to the millisecond. Browsers refuse anything else there, so one that
/// is written in another zone, or is none, leaves it blank.
pub fn typed(as_of: &str) -> String {
    let local = as_of.trim().trim_end_matches('Z');
    let like = |byte: u8, like: u8| if like == b'0' { byte.is_ascii_digit() } else { byte == like };
    let begins = local.len() >= FIELD.len() && local.bytes().zip(FIELD.bytes()).all(|(byte, other)| like(byte, other));
    let rest = local.get(FIELD.len()..).filter(|_| begins);
    match rest {
        Some(rest) if rest.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte)) => {
            local.chars().take(FIELD.len() + ":00.000".len()).collect()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_holds_what_browsers_take() {
        for (moment, held) in [
            ("2026-11-03T12:00", "2026-11-03T12:00"),
            (" 2026-11-03T12:00Z ", "2026-11-03T12:00"),
            ("2026-11-03T12:00:05Z", "2026-11-03T12:00:05"),
            ("2026-11-03T12:00:05.123456Z", "2026-11-03T12:00:05.123"),
            ("2026-11-03T12:00:00+01:00", ""),
            ("2026-11-03T12:00:00-01:00", ""),
            ("2026-11-03", ""),
            ("yesterday, before lunch", ""),
            ("", ""),
        ] {
            assert_eq!(typed(moment), held, "{moment}");
        }
    }
}
