//! A part of a page that loads, fails and is tried again by itself: what fails in one leaves the others as they are.

use std::{
    hash::Hash,
    sync::atomic::{AtomicUsize, Ordering},
};

use leptos::{prelude::*, tachys::reactive_graph::OwnedView};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    components::{
        button::Button,
        focus,
        notice::{Failed, Notice, Tone, sentence},
        page::Skeleton,
    },
    error::AppError,
};

/// Draws what `resource` holds; while it loads a skeleton, and when it fails what failed and a way to try again.
///
/// `what` names the part ("The contacts"), `back` is the id of what gets the focus when drawing anew took it away.
pub fn part<T, V>(
    what: &'static str,
    back: &'static str,
    resource: Resource<Result<T, AppError>>,
    draw: impl Fn(T) -> V + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + 'static,
{
    part_or(what, back, resource, draw, |_| None)
}

/// The same, with words of its own for some errors, such as a page of which nothing is left.
pub fn part_or<T, V>(
    what: &'static str,
    back: &'static str,
    resource: Resource<Result<T, AppError>>,
    draw: impl Fn(T) -> V + Clone + Send + Sync + 'static,
    otherwise: fn(&AppError) -> Option<AnyView>,
) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let load = move || async move { resource.await };
    let retry = Callback::new(move |()| {
        resource.refetch();
    });
    part_of((what, back), load, retry, draw, otherwise)
}

/// The same of whatever `load` waits for, such as two resources of which one may fail; `retry` reads anew what failed. The names
/// are those of [`part`].
pub fn part_of<T, F, V>(
    (what, back): (&'static str, &'static str),
    load: impl Fn() -> F + Send + Sync + 'static,
    retry: Callback<()>,
    draw: impl Fn(T) -> V + Clone + Send + Sync + 'static,
    otherwise: fn(&AppError) -> Option<AnyView>,
) -> AnyView
where
    T: Send + 'static,
    F: Future<Output = Result<T, AppError>> + Send + 'static,
    V: IntoView + 'static,
{
    let page = Owner::current();
    let read = move || {
        let (draw, page, loading) = (draw.clone(), page.clone(), load());
        Suspend::new(async move {
            let loaded = loading.await;
            let shown = move || match loaded {
                Ok(value) => draw(value).into_any(),
                Err(error) => otherwise(&error).unwrap_or_else(|| failed(what, &error, retry)),
            };
            if cfg!(feature = "ssr") {
                return shown();
            }
            focus::restore(focus::held(), back);
            // What is drawn lives until something else is drawn in its place, not only until that is read: it can be used meanwhile.
            let Some(owner) = page.map(|page| page.with(Owner::new)) else { return shown() };
            let view = owner.with(shown);
            OwnedView::new_with_owner(view, owner).into_any()
        })
    };
    view! { <Transition fallback=|| view! { <Skeleton /> }>{read}</Transition> }.into_any()
}

/// Reads what is drawn already once more whenever `when` counts on, into `held`, so that what is being typed there stays. Draws
/// what failed, and a way to try again; `what` and `back` are those of [`part`].
pub fn again<T, F>(
    what: &'static str,
    back: &'static str,
    when: Signal<usize>,
    read: impl Fn() -> F + Send + Sync + 'static,
    held: RwSignal<T>,
) -> AnyView
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, AppError>> + Send + 'static,
{
    let again = Action::new(move |(): &()| read());
    Effect::new(move |before: Option<usize>| {
        let now = when.get();
        if before.is_some_and(|before| before != now) {
            again.dispatch(());
        }
        now
    });
    Effect::new(move |_| {
        if let Some(Ok(value)) = again.value().get() {
            focus::restore(focus::held(), back);
            held.set(value);
        }
    });
    let failure = move || again.value().with(|value| value.as_ref().and_then(|read| read.as_ref().err().cloned()));
    let retry = Callback::new(move |()| {
        again.dispatch(());
    });
    view! { {move || failure().map(|error| failed(what, &error, retry))} }.into_any()
}

/// A number of its own for each drawing, for the keys of lists: a list that was read again is made of new rows, since
/// the old ones belong to the drawing before.
pub fn drawing() -> usize {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A list that is read again into the rows that are there: a row with the same key stays with what is being typed in it, and
/// what it says follows the newer data.
pub fn kept<T, K, V>(
    rows: Memo<Vec<T>>,
    key: impl Fn(&T) -> K + Copy + Send + Sync + 'static,
    draw: impl Fn(Memo<T>) -> V + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    K: Eq + Hash + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let drawing = drawing();
    let key = move |row: &T| (drawing, key(row));
    let children = move |row: T| {
        draw(Memo::new(move |before: Option<&T>| {
            let found = rows.with(|rows| rows.iter().find(|now| key(now) == key(&row)).cloned());
            found.unwrap_or_else(|| before.unwrap_or(&row).clone())
        }))
    };
    view! { <For each=move || rows.get() key=key children=children /> }.into_any()
}

/// What failed, what stays, and the way to try again where that can help.
pub fn failed(what: &'static str, error: &AppError, again: Callback<()>) -> AnyView {
    if matches!(error, AppError::SignedOut | AppError::Forbidden { .. }) {
        return view! { <Failed error=error.clone() /> }.into_any();
    }
    let helps = matches!(error, AppError::Unreachable | AppError::Internal { .. } | AppError::Conflict(_));
    let words = sentence(&error.to_string());
    view! {
        <Notice tone=Tone::Bad>
            <div class="flex flex-wrap items-center justify-between gap-3" data-test="failed-part">
                <p class="min-w-0">
                    {helps.then(|| view! { <strong>{what} " could not be loaded."</strong> " " })}
                    {words}
                    {helps.then_some(". The rest of the page stays as it is.")}
                </p>
                {helps.then(|| view! {
                    <Button does="button" named=format!("Try again: {what}") press=move |_| again.run(())>"Try again"</Button>
                })}
            </div>
        </Notice>
    }
    .into_any()
}
