//! How fresh every source is, and the way to mend what is wrong.

use leptos::prelude::*;
use model::dashboard::{Source, Sources};

use crate::{
    components::{
        badge::{Badge, Shade},
        notice::{Notice, Tone},
        page::When,
        table::{Cell, Table},
    },
    error::AppError,
};

/// So many are shown at once, and what is in trouble in any case.
const SHOWN: usize = 10;

/// What is shown and what is folded away, both by name: everything in trouble is shown.
fn fold(sources: Vec<Source>) -> (Vec<Source>, Vec<Source>) {
    let troubled = sources.iter().filter(|source| source.trouble.is_some()).count();
    let mut room = SHOWN.saturating_sub(troubled);
    sources.into_iter().partition(|source| {
        let taken = source.trouble.is_none() && room > 0;
        room -= usize::from(taken);
        taken || source.trouble.is_some()
    })
}

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

/// The sources.
#[component]
pub(super) fn SourcesShown(view: Sources) -> impl IntoView {
    let Sources { sources, may_connect, .. } = view;
    let empty = sources.is_empty();
    let (shown, folded) = fold(sources);
    let more = folded.len();
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
            {(!empty).then(|| view! { <Rows label="Sources" sources=shown test="source-rows" /> })}
            {(more > 0).then(|| view! {
                <details data-test="sources-more">
                    <summary class="disclosure"><span data-literal="">{more}</span>{if more == 1 { " more source, read" } else { " more sources, all read" }}</summary>
                    <Rows label="More sources" sources=folded test="source-rows-more" />
                </details>
            })}
        </section>
    }
}

#[component]
fn Rows(label: &'static str, sources: Vec<Source>, test: &'static str) -> impl IntoView {
    view! {
        <Table label=label columns=vec!["Source", "Client", "Days", "Read", "State", "Fix"] test=test>
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Sources numbered from 1, those in trouble named.
    fn folded(many: usize, troubled: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let source = |number: usize| Source {
            name: number.to_string(),
            provider: "Files".to_owned(),
            client: None,
            read_at: None,
            days: None,
            trouble: troubled.contains(&number).then(|| "No file was imported yet.".to_owned()),
            fix: None,
        };
        let (shown, folded) = fold((1..=many).map(source).collect());
        let number = |source: Source| -> usize { source.name.parse().unwrap() };
        let numbers = |sources: Vec<Source>| sources.into_iter().map(number).collect::<Vec<_>>();
        (numbers(shown), numbers(folded))
    }

    #[test]
    fn what_is_in_trouble_is_shown_and_of_the_others_so_many_as_there_is_room() {
        let until = |last: usize| (1..=last).collect::<Vec<_>>();
        assert_eq!(folded(0, &[]), (until(0), until(0)));
        assert_eq!(folded(10, &[]), (until(10), until(0)));
        assert_eq!(folded(12, &[]), (until(10), vec![11, 12]));
        assert_eq!(folded(12, &[12]), ([until(9), vec![12]].concat(), vec![10, 11]));
        let all = until(12)[1..].to_vec();
        assert_eq!(folded(12, &all), (all.clone(), vec![1]), "more in trouble than are shown otherwise");
    }
}
