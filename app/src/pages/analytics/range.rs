//! Which days are shown, beside which others, and in which steps: links, and a form for days of one's own. They stay when one is
//! followed, and with them the focus.

use leptos::prelude::*;
use model::analytics::{Comparison, Granularity, Preset};

use super::asked::Asked;
use crate::components::{button::Button, form::AskForm};

/// Whether a text can stand in a field for a day, which holds nothing else and complains of it.
fn fits(text: &str) -> bool {
    let digits =
        |from: usize, to: usize| text.get(from..to).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    text.len() == 10
        && digits(0, 4)
        && digits(5, 7)
        && digits(8, 10)
        && text.get(4..5) == Some("-")
        && text.get(7..8) == Some("-")
}

/// The choices.
#[component]
pub(super) fn Choices(asked: Memo<Asked>) -> impl IntoView {
    let named = move |preset: Preset| {
        let usual = preset == Preset::default();
        let href = move || asked.with(|asked| asked.of_range(if usual { "" } else { preset.key() }).href());
        let here = move || {
            asked.with(|asked| {
                let custom = !asked.text("from").is_empty() || !asked.text("to").is_empty();
                let range = asked.text("range");
                (range == preset.key() || (usual && range.is_empty() && !custom)).then_some("page")
            })
        };
        view! { <a class="tab" href=href aria-current=here data-noscroll="" data-literal="">{preset.name()}</a> }
    };
    let compared = move |comparison: Comparison| {
        let usual = comparison == Comparison::default();
        let key = if usual { "" } else { comparison.key() };
        choice(asked, "compare", key, comparison.key(), comparison.name())
    };
    let steps =
        move |granularity: Granularity| choice(asked, "by", granularity.key(), granularity.key(), granularity.name());
    view! {
        <div class="no-print flex flex-col gap-2" data-test="range">
            <nav aria-label="Days" class="flex flex-wrap gap-1">{Preset::ALL.into_iter().map(named).collect_view()}</nav>
            <Custom asked=asked />
            <div class="flex flex-wrap gap-x-6 gap-y-1">
                <nav aria-label="Compared with" class="flex flex-wrap gap-1">{Comparison::ALL.into_iter().map(compared).collect_view()}</nav>
                <nav aria-label="Steps" class="flex flex-wrap gap-1">
                    {choice(asked, "by", "", "", "Steps as they fit")}
                    {Granularity::ALL.into_iter().map(steps).collect_view()}
                </nav>
            </div>
        </div>
    }
}

/// A link to the same with another text under a name. `key` is what the address then holds, `spelled` the whole spelling of it.
fn choice(
    asked: Memo<Asked>,
    name: &'static str,
    key: &'static str,
    spelled: &'static str,
    words: &'static str,
) -> impl IntoView {
    let href = move || asked.with(|asked| asked.with(name, key).href());
    let here = move || {
        asked.with(|asked| {
            let held = asked.text(name);
            (held == key || held == spelled).then_some("page")
        })
    };
    view! { <a class="tab" href=href aria-current=here data-noscroll="">{words}</a> }
}

/// Days of one's own. What was typed stays, also where it makes no sense.
#[component]
fn Custom(asked: Memo<Asked>) -> impl IntoView {
    let page = Signal::derive(move || asked.with(Asked::page));
    let rest = move || asked.with(|asked| asked.rest(&["range", "from", "to"]));
    let day = move |name: &'static str, label: &'static str, key: Option<&'static str>| {
        let held = Memo::new(move |_| {
            asked.with(|asked| Some(asked.text(name).to_owned()).filter(|text| fits(text)).unwrap_or_default())
        });
        view! {
            <label class="flex flex-col gap-1 text-xs text-muted">{label}
                <input type="date" id=name name=name class="control" autocomplete="off" required data-key=key data-does=key.map(|_| "Choose the days")
                    value=move || held.get() prop:value=move || held.get() /></label>
        }
    };
    view! {
        <AskForm page=page label="Days of your choice" test="days">
            {move || rest().into_iter().map(|(name, text)| view! { <input type="hidden" name=name value=text /> }).collect_view()}
            {day("from", "From", Some("g"))}
            {day("to", "To", None)}
            <Button id="show-days">"Show"</Button>
        </AskForm>
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_field_for_a_day_holds_days() {
        assert!(fits("2026-11-03") && fits("1976-01-01"));
        assert!(
            ["", "rubbish", "2026-1-1", "2026-11-03T12:00", "20261103xx", "é026-11-0"]
                .into_iter()
                .all(|text| !fits(text))
        );
    }
}
