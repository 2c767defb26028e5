//! Of what the figures are: the clients, channels, campaigns and creatives that can be chosen, several of each. What the address
//! names and there is not (any more) stands among them, so that it is seen and can be taken out.

use leptos::prelude::*;
use model::analytics::{Choice, Options};

use super::asked::Asked;
use crate::components::{
    button::{Button, Kind},
    form::AskForm,
};

/// The names of the filters in the address.
const NAMES: [&str; 4] = ["client_id", "channel_id", "campaign", "creative"];

/// The choices of one kind, those that are gone at the end.
fn with_gone(mut options: Vec<Choice>, chosen: &[String]) -> Vec<(Choice, bool)> {
    let gone = chosen.iter().filter(|id| options.iter().all(|option| option.id != **id));
    let gone: Vec<Choice> = gone
        .map(|id| Choice { id: id.clone(), name: "Chosen, and not among these".to_owned(), of: String::new() })
        .collect();
    options.extend(gone);
    let chosen = |option: &Choice| chosen.contains(&option.id);
    let with = |option: Choice| {
        let here = chosen(&option);
        (option, here)
    };
    options.into_iter().map(with).collect()
}

/// The filters, which are read again when others are chosen, and not for other days.
#[component]
pub(super) fn Filters(options: Options, asked: Memo<Asked>) -> impl IntoView {
    let Options { clients, channels, campaigns, creatives } = options;
    let page = Signal::derive(move || asked.with(Asked::page));
    let rest = move || asked.with(|asked| asked.rest(&NAMES));
    let all = move || asked.with(|asked| asked.without(&NAMES).href());
    let asked = asked.get_untracked();
    let of_page = !asked.client.is_empty();
    let number = NAMES.iter().skip(usize::from(of_page)).map(|name| asked.all(name).len()).sum::<usize>();
    let group = move |name: &'static str, label: &'static str, none: &'static str, options: Vec<Choice>| {
        let options = with_gone(options, &asked.all(name));
        view! {
            <fieldset class="flex min-w-0 flex-col gap-1" data-test=format!("filter {name}")>
                <legend class="text-xs text-muted">{label}</legend>
                {options.is_empty().then(|| view! { <p class="text-xs text-muted">{none}</p> })}
                <div class="boxes">{options.into_iter().map(|(option, here)| view! {
                    <label class="box"><input type="checkbox" name=name value=option.id autocomplete="off" checked=here prop:checked=here />
                        <span class="min-w-0" data-literal="">{option.name}{(!option.of.is_empty()).then(|| view! { <span class="text-xs text-muted">" " {option.of}</span> })}</span></label>
                }).collect_view()}</div>
            </fieldset>
        }
    };
    view! {
        <details class="no-print" data-test="filters" open={number > 0}>
            <summary class="disclosure" data-key="i" data-does="Choose clients, channels, campaigns and creatives">
                "Filters" {(number > 0).then(|| view! { ": " <span data-literal="">{number}</span> " chosen" })}</summary>
            <AskForm page=page label="Filters" test="filter-form">
                {move || rest().into_iter().map(|(name, text)| view! { <input type="hidden" name=name value=text /> }).collect_view()}
                <div class="flex w-full min-w-0 flex-col gap-4">
                    {(!of_page).then(|| group("client_id", "Clients", "There is no client in your sight.", clients))}
                    {group("channel_id", "Channels", "Nothing is connected and mapped to a client yet.", channels)}
                    {group("campaign", "Campaigns", "Choose a client or a channel to see its campaigns.", campaigns)}
                    {group("creative", "Creatives", "Choose a client or a channel to see its creatives.", creatives)}
                    <p class="flex flex-wrap gap-2"><Button id="show-filters">"Show"</Button>
                        {(number > 0).then(|| view! { <a class=Kind::Quiet.class() href=all data-noscroll="">"Show all"</a> })}</p>
                </div>
            </AskForm>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_and_gone_can_be_taken_out() {
        let choice = |id: &str| Choice { id: id.into(), name: id.into(), of: String::new() };
        let found = with_gone(vec![choice("a"), choice("b")], &["b".to_owned(), "c".to_owned()]);
        let seen: Vec<_> = found.iter().map(|(choice, here)| (choice.id.as_str(), *here)).collect();
        assert_eq!(seen, [("a", false), ("b", true), ("c", true)]);
    }
}
