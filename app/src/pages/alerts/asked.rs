//! What the address of the page asks for, and the links and the choice that change it.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{hooks::use_navigate, params::ParamsMap};
use model::{alert::AlertState, id::ClientId};

use crate::components::button::Button;

/// The page's own address.
const PAGE: &str = "/alerts";

/// What the address asks for: how the alerts stand, of which client, and where the list goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub state: String,
    pub client: String,
    pub cursor: String,
}

impl Asked {
    /// Reads the address.
    pub fn read(query: &ParamsMap) -> Self {
        let text = |name: &str| query.get(name).unwrap_or_default();
        Self { state: text("state"), client: text("client"), cursor: text("cursor") }
    }

    /// How the alerts stand that are asked for.
    pub fn state(&self) -> AlertState {
        state(&self.state)
    }

    /// The address.
    pub fn href(self) -> String {
        let mut query = ParamsMap::new();
        let state = if self.state() == AlertState::Open { String::new() } else { self.state };
        let named = [("state", state), ("client", self.client), ("cursor", self.cursor)];
        for (name, text) in named.into_iter().filter(|(_, text)| !text.is_empty()) {
            query.insert(name, text);
        }
        format!("{PAGE}{}", query.to_query_string())
    }
}

/// How the alerts stand that are asked for: what still waits for somebody, if nothing is said.
pub(super) fn state(text: &str) -> AlertState {
    AlertState::parse(text).unwrap_or(AlertState::Open)
}

/// Links to the alerts that stand otherwise. They stay when one is followed, and with them the focus.
#[component]
pub(super) fn States(asked: Memo<Asked>) -> impl IntoView {
    let links = AlertState::ALL.iter().map(|state| {
        let href = move || Asked { state: state.key().to_owned(), cursor: String::new(), ..asked.get() }.href();
        let here = move || asked.with(|asked| asked.state() == *state).then_some("page");
        view! { <a class="tab" href=href aria-current=here>{state.label()}</a> }
    });
    view! { <nav aria-label="How they stand" class="flex flex-wrap gap-1">{links.collect_view()}</nav> }
}

/// The alerts of one client only.
#[component]
pub(super) fn Narrow(clients: Vec<(ClientId, String)>, asked: Asked) -> impl IntoView {
    let (navigate, select) = (use_navigate(), NodeRef::<html::Select>::new());
    let (state, chosen) = (asked.state.clone(), asked.client.clone());
    let show = move |event: SubmitEvent| {
        event.prevent_default();
        let client = select.get_untracked().map(|select| select.value()).unwrap_or_default();
        navigate(&Asked { client, cursor: String::new(), ..asked.clone() }.href(), Default::default());
    };
    let all = [(String::new(), "All clients".to_owned())];
    let options = all.into_iter().chain(clients.into_iter().map(|(id, name)| (id.to_string(), name)));
    view! {
        <form method="get" action=PAGE role="search" class="flex flex-wrap items-end gap-2" on:submit=show>
            {(!state.is_empty()).then(|| view! { <input type="hidden" name="state" value=state /> })}
            <label class="flex min-w-0 flex-col gap-1"><span class="text-xs text-muted">"Client"</span>
                <select node_ref=select id="client" class="control" name="client" autocomplete="off">
                    {options.map(|(key, words)| {
                        let here = key == chosen;
                        view! { <option value=key selected=here prop:selected=here data-literal="">{words}</option> }
                    }).collect_view()}
                </select></label>
            <Button>"Show"</Button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_asked_for_and_open_alerts_need_no_word() {
        let asked =
            |state: &str, client: &str| Asked { state: state.into(), client: client.into(), ..Asked::default() };
        assert_eq!(asked("", "").href(), "/alerts");
        assert_eq!(asked("open", "").href(), "/alerts");
        assert_eq!(asked("ended", "x&y").href(), "/alerts?state=ended&client=x%26y");
        assert_eq!(
            (asked("nonsense", "").state(), asked("snoozed", "").state()),
            (AlertState::Open, AlertState::Snoozed)
        );
    }
}
