//! An answer that the server's writer drafts: asked for by a click, put into the box with what it was taken from, and never sent by
//! itself. Where no writer is configured there is no such button.

use leptos::prelude::*;
use model::id::ConversationId;
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::Button,
        outcome::{Outcome, on_success},
    },
    error::AppError,
};

/// A draft, and what it was taken from: in words, with an address where it can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drafted {
    text: String,
    sources: Vec<(String, Option<String>)>,
}

/// Drafts an answer to a conversation; nothing of it is kept or sent.
#[server(prefix = "/app", endpoint = "write_reply", output = crate::codec::Json)]
pub async fn write_reply(id: ConversationId) -> Result<Drafted, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let written = service::inbox::write(&service, &actor, id).await?;
    let sources = written.sources.into_iter().map(|source| (source.words, source.href));
    Ok(Drafted { text: written.text, sources: sources.collect() })
}

/// The button, and, once something was drafted, its sources.
#[component]
pub(super) fn Drafting(
    id: ConversationId,
    /// Puts a text into the box.
    insert: Callback<String>,
) -> impl IntoView {
    let ask = ServerAction::<WriteReply>::new();
    on_success(ask, move |drafted: Drafted| insert.run(drafted.text));
    let press = move |_| {
        ask.dispatch(WriteReply { id });
    };
    let sources = move || {
        let drafted = ask.value().with(|value| value.as_ref().and_then(|drafted| drafted.as_ref().ok().cloned()))?;
        let one = |(words, href): (String, Option<String>)| match href {
            Some(href) => view! { <li class="break-words"><a href=href data-literal="">{words}</a></li> }.into_any(),
            None => view! { <li class="break-words" data-literal="">{words}</li> }.into_any(),
        };
        Some(view! {
            <div class="text-xs text-muted" role="status" data-test="sources">
                <p>"This is a draft: read it before you send it. It was taken from:"</p>
                <ul>{drafted.sources.into_iter().map(one).collect_view()}</ul>
            </div>
        })
    };
    let words = move || if ask.pending().get() { "Drafting…" } else { "Draft an answer" };
    view! {
        <div class="needs-live flex min-w-0 flex-col items-start gap-1" data-test="drafting">
            <Button does="button" pending=ask.pending() press=press>{words}</Button>
            {sources}
            <Outcome action=ask />
        </div>
    }
}
