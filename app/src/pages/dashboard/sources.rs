//! How fresh every source is, and the way to mend what is wrong.

use leptos::prelude::*;
use model::dashboard::{Source, Sources};

use crate::components::{
    badge::{Badge, Shade},
    page::When,
    table::{Cell, Table},
};

/// The sources.
#[component]
pub(super) fn SourcesShown(view: Sources) -> impl IntoView {
    let Sources { sources, may_connect } = view;
    let empty = sources.is_empty();
    view! {
        <section class="flex flex-col gap-3" aria-label="Sources" data-test="sources">
            <h2 id="sources" tabindex="-1">"Sources"</h2>
            {empty.then(|| view! {
                <p class="text-muted" data-test="sources-empty">"No account, shop or file of a client in your sight is connected yet. "
                    {if may_connect {
                        view! { <a class="underline" href="/settings/integrations">"Connect an account"</a> }.into_any()
                    } else {
                        view! { "An Admin or Owner connects accounts and says who looks after which client." }.into_any()
                    }}</p>
            })}
            {(!empty).then(|| view! {
                <Table label="Sources" columns=vec!["Source", "Client", "Days", "Read", "State", "Fix"] test="source-rows">
                    {sources.into_iter().map(|source| view! { <Row source=source /> }).collect_view()}
                </Table>
            })}
        </section>
    }
}

#[component]
fn Row(source: Source) -> impl IntoView {
    let Source { name, provider, client, read_at, days, trouble, fix } = source;
    let fix_name = format!("{}: {name}", fix.as_ref().map(|(_, words)| words.as_str()).unwrap_or_default());
    let dash = || view! { <span class="text-muted" aria-label="none">"–"</span> }.into_any();
    let state = match trouble {
        None => view! { <Badge shade=Shade::Good words="Fresh" /> }.into_any(),
        Some(words) => view! { <span class="min-w-0"><Badge shade=Shade::Warn words="Look" /> <span class="text-xs">" " {words}</span></span> }.into_any(),
    };
    view! {
        <tr role="row" data-test="source">
            <Cell><span data-literal="">{name}</span>" "<span class="text-xs text-muted">{provider}</span></Cell>
            <Cell of="Client">{match client {
                Some((id, name)) => view! { <a href=format!("/clients/{id}/dashboard") data-literal="">{name}</a> }.into_any(),
                None => dash(),
            }}</Cell>
            <Cell of="Days">{match days {
                Some((first, last)) => view! { <span data-literal="">{first} " to " {last}</span> }.into_any(),
                None => dash(),
            }}</Cell>
            <Cell of="Read">{match read_at {
                Some(at) => view! { <When at=at /> }.into_any(),
                None => dash(),
            }}</Cell>
            <Cell of="State">{state}</Cell>
            <Cell of="Fix">{fix.map(|(href, words)| view! { <a class="underline" href=href aria-label=fix_name>{words}</a> })}</Cell>
        </tr>
    }
}
