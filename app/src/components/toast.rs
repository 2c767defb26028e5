//! Toasts: a word that something is done, with a way back where there is one. They stand in a polite live region, so
//! screen readers say them without being interrupted, and go by themselves unless one points at them.
//!
//! [`Toasts::tell`] is for ears only: what everybody else sees happen.

use std::{sync::Arc, time::Duration};

use leptos::{html, prelude::*, task::spawn_local};

use crate::{
    components::icon::{Icon, IconView},
    error::AppError,
};

/// What can follow from a toast.
#[derive(Clone)]
pub enum Next {
    /// Nothing.
    Nothing,
    /// Takes back what was done; works after the page that did it was left.
    Undo(Arc<dyn Fn() + Send + Sync>),
    /// Goes to what was made: address and words.
    Go(String, String),
}

#[derive(Clone)]
struct Toast {
    id: usize,
    words: String,
    next: Next,
}

/// The toasts of the page; cheap to copy.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    told: RwSignal<String>,
    count: StoredValue<usize>,
}

impl Toasts {
    /// Makes them known to everything inside; [`Toaster`] shows them.
    pub fn provide() -> Self {
        let toasts =
            Self { list: RwSignal::new(Vec::new()), told: RwSignal::new(String::new()), count: StoredValue::new(0) };
        provide_context(toasts);
        toasts
    }

    /// Those of the page around; pages without any (they are not live) have nobody to tell.
    pub fn of_page() -> Option<Self> {
        use_context()
    }

    /// Shows a word that something is done.
    pub fn show(self, words: impl Into<String>, next: Next) {
        let id = self.count.try_update_value(|count| {
            *count += 1;
            *count
        });
        let Some(id) = id else { return };
        // A newer word takes the place of an older one; only what can be taken back stays beside it.
        self.list.try_update(|list| {
            list.retain(|toast| matches!(toast.next, Next::Undo(_)));
            list.push(Toast { id, words: words.into(), next });
            if list.len() > 3 {
                list.remove(0);
            }
        });
    }

    /// Shows a word that something is done, with a way back: `run` asks the server, and `again` counts up so that the
    /// page, where it is still open, reads its data again.
    pub fn with_undo<T, R>(self, words: String, again: RwSignal<usize>, run: impl Fn() -> R + Send + Sync + 'static)
    where
        R: Future<Output = Result<T, AppError>> + 'static,
    {
        let undo = move || {
            let taking_back = run();
            spawn_local(async move {
                match taking_back.await {
                    Ok(_) => {
                        again.try_update(|again| *again += 1);
                        self.show("Taken back", Next::Nothing);
                    }
                    Err(error) => self.show(format!("It could not be taken back: {error}"), Next::Nothing),
                }
            });
        };
        self.show(words, Next::Undo(Arc::new(undo)));
    }

    /// Says something to screen readers only.
    pub fn tell(self, words: impl Into<String>) {
        self.told.set(words.into());
    }

    fn drop(self, id: usize) {
        self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }
}

/// Where the toasts stand.
#[component]
pub fn Toaster(
    /// The toasts.
    toasts: Toasts,
) -> impl IntoView {
    let asked =
        Memo::new(move |before: Option<&bool>| before.is_some_and(|asked| *asked) || !toasts.list.with(Vec::is_empty));
    view! {
        <p class="sr-only" role="status" aria-live="polite" data-test="told">{move || toasts.told.get()}</p>
        <div class="toasts" role="status" aria-live="polite" data-test="toasts">
            {move || asked.get().then(|| Suspend::new(shown(toasts)))}
        </div>
    }
}

/// Loaded with the first toast.
#[lazy]
fn shown(toasts: Toasts) -> AnyView {
    view! {
        <For each=move || toasts.list.get() key=|toast| toast.id children=move |toast| view! { <ToastView toast=toast toasts=toasts /> } />
    }
    .into_any()
}

/// Takes a toast away after a while, unless it is pointed at or holds the focus: then after another.
fn leave(toasts: Toasts, id: usize, place: NodeRef<html::Div>, after: Duration) {
    set_timeout(
        move || match place.try_get_untracked().flatten() {
            Some(toast) if toast.matches(":hover, :focus-within").unwrap_or_default() => {
                leave(toasts, id, place, after)
            }
            _ => toasts.drop(id),
        },
        after,
    );
}

#[component]
fn ToastView(toast: Toast, toasts: Toasts) -> impl IntoView {
    let (id, place) = (toast.id, NodeRef::new());
    let seconds = match toast.next {
        Next::Nothing => 6,
        Next::Go(..) => 10,
        Next::Undo(_) => 15,
    };
    Effect::new(move |_| leave(toasts, id, place, Duration::from_secs(seconds)));
    let next = match toast.next {
        Next::Nothing => ().into_any(),
        Next::Undo(undo) => {
            let run = move |_| {
                toasts.drop(id);
                undo();
            };
            view! { <button type="button" class="button button-plain" data-key="u" data-does="Undo" on:click=run>"Undo"</button> }
                .into_any()
        }
        Next::Go(href, words) => view! { <a class="button button-plain" href=href>{words}</a> }.into_any(),
    };
    view! {
        <div node_ref=place class="toast" data-test="toast">
            <p class="min-w-0 flex-1 break-words">{toast.words}</p>
            {next}
            <button type="button" class="button button-quiet button-icon" aria-label="Dismiss" on:click=move |_| toasts.drop(id)>
                <IconView icon=Icon::Close />
            </button>
        </div>
    }
}
