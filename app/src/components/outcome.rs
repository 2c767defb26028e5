//! How an action went: the error at its field, the error as a whole, or a toast that it is done.

use std::fmt::Display;

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    components::{
        notice::Failed,
        toast::{Next, Toasts},
    },
    error::AppError,
    refused::Typed,
};

/// The error of an action's last run.
pub fn failure<S, T>(action: ServerAction<S>) -> Signal<Option<AppError>>
where
    S: ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    Signal::derive(move || {
        action.value().with(|value| value.as_ref().and_then(|result| result.as_ref().err().cloned()))
    })
}

/// The message for one field.
pub fn at(failure: Signal<Option<AppError>>, field: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || failure.with(|error| error.as_ref().and_then(|error| error.at(field).map(str::to_owned))))
}

/// Counts an action's successes. Pages read their data again after these only: a refusal changes nothing on the server,
/// and drawing the page anew would disturb what is being typed.
pub fn successes<S, T>(action: ServerAction<S>) -> Memo<usize>
where
    S: ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    Memo::new(move |before: Option<&usize>| {
        let version = action.version().get();
        let succeeded = action.value().with(|value| matches!(value, Some(Ok(_))));
        if succeeded { version } else { before.copied().unwrap_or_default() }
    })
}

/// Counts the runs of an action after which a page may show what is not so any more: successes, and what was refused because
/// it stands otherwise by now. For pages whose forms stay when their data are read again.
pub fn settled<S, T>(action: ServerAction<S>) -> Memo<usize>
where
    S: ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    Memo::new(move |before: Option<&usize>| {
        let version = action.version().get();
        let settled = action.value().with(|value| matches!(value, Some(Ok(_) | Err(AppError::Conflict(_)))));
        if settled { version } else { before.copied().unwrap_or_default() }
    })
}

/// Empties or refreshes a form once after each success of its action; a refusal leaves it as typed. `seen` belongs to
/// the page, so that a form that is drawn again does not forget which successes it has seen.
pub fn reset_when_done<S, T>(action: ServerAction<S>, seen: StoredValue<usize>, form: NodeRef<leptos::html::Form>)
where
    S: ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    Effect::new(move |_| {
        let version = action.version().get();
        let succeeded = action.value().with(|value| matches!(value, Some(Ok(_))));
        if succeeded && version > seen.get_value() {
            seen.set_value(version);
            if let Some(form) = form.get_untracked() {
                form.reset();
            }
        }
    });
}

/// What is wrong as a whole, or that it is done. Errors of `fields` stand at those fields and are left out here.
#[component]
pub fn Outcome<S, T>(
    /// The action.
    action: ServerAction<S>,
    /// The fields that show their own errors.
    #[prop(default = &[])]
    fields: &'static [&'static str],
    /// What the toast says when it is done.
    #[prop(optional, into)]
    done: Option<String>,
) -> impl IntoView
where
    S: ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    let failure = failure(action);
    let whole = move || failure.get().filter(|error| !fields.iter().any(|field| error.at(field).is_some()));
    if let (Some(done), Some(toasts)) = (done, Toasts::of_page()) {
        on_success(action, move |_| toasts.show(done.clone(), Next::Nothing));
    }
    view! { {move || whole().map(|error| view! { <Failed error=error /> })} }
}

/// Why the last run of an action was refused that a form of each of many cards runs: beside the `card` whose id was pressed
/// last, or whose form came back.
#[component]
pub fn Refusal<S, T, I>(
    /// The action.
    action: ServerAction<S>,
    /// The card whose button was pressed last.
    of: RwSignal<Option<I>>,
    /// The id of this one.
    card: String,
) -> impl IntoView
where
    S: ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    I: Display + Clone + Send + Sync + 'static,
{
    let back = Typed::of(action).only("id", &card).came_back();
    let failure = failure(action);
    let here = move || of.get().map_or(back, |pressed| pressed.to_string() == card);
    move || failure.get().filter(|_| here()).map(|error| view! { <Failed error=error /> })
}

/// Does something once after each success of an action from now on, with what it gave.
pub fn on_success<S, T>(action: ServerAction<S>, mut then: impl FnMut(T) + 'static)
where
    S: ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    let mut seen = action.version().get_untracked();
    Effect::new(move |_| {
        let version = action.version().get();
        let value = action.value().with(|value| value.as_ref().and_then(|result| result.as_ref().ok().cloned()));
        if let Some(value) = value
            && version > seen
        {
            seen = version;
            untrack(|| then(value));
        }
    });
}
