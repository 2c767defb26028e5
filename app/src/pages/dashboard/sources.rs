//! How fresh every source is, and the way to mend what is wrong.

use leptos::prelude::*;
use model::dashboard::{Source, Sources};

use super::asked::Asked;
use crate::{
    components::{
        badge::{Badge, Shade},
        notice::{Notice, Tone},
        page::When,
        table::{Cell, Table},
    },
    error::AppError,
};

/// How far accounts were read that never were before; nothing once all were. It follows what is read by itself.
#[component]
pub(super) fn BeingRead(sources: Resource<Result<Sources, AppError>>) -> impl IntoView {
    let read = move || {
        Suspend::new(async move {
            // What fails is said where the sources stand.
            let (done, all) = sources.await.ok().and_then(|view| view.reading)?;
            Some(view! {
                <Notice tone=Tone::Plain><p data-test="being-read"><strong>"Accounts are being read: "<span data-literal="">{done}</span>" of "<span data-literal="">{all}</span>" done."</strong>
                    " Figures come here by themselves, account by account; what the brain says of them comes a little later. "<a class="underline" href="#sources" rel="external">"How far each is"</a></p></Notice>
            })
        })
    };
    view! { <Transition>{read}</Transition> }
}

/// The sources: all of them, or those that stand there at first.
#[component]
pub(super) fn SourcesShown(view: Sources, asked: Memo<Asked>, all: Memo<bool>) -> impl IntoView {
    let Sources { sources, more, may_connect, .. } = view;
    let empty = sources.is_empty();
    let whole = all.get_untracked() && !empty;
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
            {(!empty).then(|| view! { <Rows sources=sources /> })}
            {(more != (0, 0)).then(|| view! {
                <p data-test="sources-more">{left(more)} <Turn words="Show all sources" asked=asked all=true /></p>
            })}
            {whole.then(|| view! { <p><Turn words="Show fewer sources" asked=asked all=false /></p> })}
        </section>
    }
}

/// The way to all sources, or back. It has one id, so that the focus stays on it.
#[component]
fn Turn(words: &'static str, asked: Memo<Asked>, all: bool) -> impl IntoView {
    let href = move || asked.with(|asked| asked.with_sources(all));
    view! { <a id="sources-turn" class="underline" href=href>{words}</a> }
}

/// How many more there are.
fn left((troubled, fresh): (usize, usize)) -> AnyView {
    let count = |many: usize| view! { <span data-literal="">{many}</span> };
    match (troubled, fresh) {
        (0, fresh) => view! { {count(fresh)} " more, all fresh. " }.into_any(),
        (troubled, 0) => view! { {count(troubled)} " more to look at. " }.into_any(),
        (troubled, fresh) => {
            view! { {count(troubled)} " more to look at, " {count(fresh)} " more that are fresh. " }.into_any()
        }
    }
}

#[component]
fn Rows(sources: Vec<Source>) -> impl IntoView {
    view! {
        <Table label="Sources" columns=vec!["Source", "Client", "Days", "Read", "State", "Fix"] test="source-rows">
            {sources.into_iter().map(|source| view! { <Row source=source /> }).collect_view()}
        </Table>
    }
}

#[component]
fn Row(source: Source) -> impl IntoView {
    let Source { name, provider, client, read_at, days, trouble, fix } = source;
    let fix_name = format!("{}: {name}", fix.as_ref().map(|(_, words)| words.as_str()).unwrap_or_default());
    // Most names begin with the platform's.
    let platform = (!name.starts_with(&provider)).then(|| view! { <span class="text-xs text-muted">{provider}</span> });
    let dash = || view! { <span class="text-muted" aria-label="none">"–"</span> }.into_any();
    let state = match trouble {
        None => view! { <Badge shade=Shade::Good words="Fresh" /> }.into_any(),
        Some(words) => view! { <span class="min-w-0"><Badge shade=Shade::Warn words="Look" /> <span class="text-xs">" " {words}</span></span> }.into_any(),
    };
    view! {
        <tr role="row" data-test="source">
            <Cell><span data-literal="">{name}</span>" "{platform}</Cell>
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
