//! A form of a live page that its browser posted before the page was live, and that the server refused: the answer to
//! the post is the page itself with what was typed and what is wrong.
//!
//! The server leaves a [`Refused`] in the page's context; the browser finds it in the page. A form shows it by [`Typed`].

use leptos::{
    prelude::*,
    server::ServerActionError,
    server_fn::{ServerFn, error::ServerFnUrlError},
};
use serde::{Deserialize, Serialize};

use crate::{components::outcome::successes, error::AppError};

/// A form that came back. Nothing secret is among its fields.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Refused(
    /// The address of the page that holds the form.
    pub String,
    /// The path of the form's server function, or of the route that it is posted to.
    pub String,
    /// The [`AppError`], as Leptos puts errors into addresses.
    pub String,
    /// Names and texts of the fields.
    pub Vec<(String, String)>,
);

/// Whose context holds what came back, so that it can be forgotten.
#[derive(Clone)]
struct Held(Owner);

/// Has the page that came back with the answer know it; the first thing that a page does.
pub(crate) fn arrive() {
    let Some(refused) = SharedValue::new(use_context::<Refused>).into_inner() else { return };
    // The browser's address is that of the post: going on from here, and loading again, begins at the page.
    #[cfg(not(feature = "ssr"))]
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&leptos::wasm_bindgen::JsValue::NULL, "", Some(&refused.0));
    }
    provide_context(ServerActionError::new(&refused.1, &refused.2));
    provide_context(refused);
    if let Some(owner) = Owner::current() {
        provide_context(Held(owner));
    }
}

/// Forgets what came back, once another page was opened: its forms begin empty when they are opened again.
pub(crate) fn forget() {
    if let Some(Held(owner)) = use_context() {
        owner.with(|| {
            provide_context(ServerActionError::new("", ""));
            provide_context(Refused::default());
        });
    }
}

/// What is wrong with a form that is no server function's and came back from `path`, and what it was filled with. Its browser
/// always posts it, so nothing of it is kept while the page is live.
pub fn posted(path: &str) -> Option<(AppError, Vec<(String, String)>)> {
    let Refused(_, form, error, fields) = use_context::<Refused>()?;
    (form == path).then(|| (ServerFnUrlError::<AppError>::decode_err(&error), fields))
}

/// What a form was filled with when it came back; nothing any more once its action succeeded.
#[derive(Clone, Copy, Debug)]
pub struct Typed {
    fields: StoredValue<Vec<(String, String)>>,
    succeeded: Memo<usize>,
}

impl Typed {
    /// Of the form that runs this action.
    pub fn of<S, T>(action: ServerAction<S>) -> Self
    where
        S: ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
        T: Send + Sync + 'static,
    {
        let refused = use_context::<Refused>().filter(|refused| refused.1 == S::PATH);
        let succeeded = successes(action);
        Effect::new(move |_| {
            if succeeded.get() > 0 {
                forget();
            }
        });
        Self { fields: StoredValue::new(refused.unwrap_or_default().3), succeeded }
    }

    /// The same for one of many such forms on a page: the one whose hidden field `name` holds `value`.
    #[must_use]
    pub fn only(self, name: &str, value: &str) -> Self {
        let this = self.fields.with_value(|fields| fields.iter().any(|(field, text)| field == name && text == value));
        Self { fields: if this { self.fields } else { StoredValue::new(Vec::new()) }, ..self }
    }

    /// Whether it came back.
    pub fn came_back(self) -> bool {
        untrack(|| !self.fields().is_empty())
    }

    /// All fields in their order; empty for a form that did not come back.
    pub fn fields(self) -> Vec<(String, String)> {
        if self.succeeded.get() == 0 { self.fields.get_value() } else { Vec::new() }
    }

    /// The text of the field `name`.
    pub fn text(self, name: &str) -> Option<String> {
        let of = |fields: &Vec<(String, String)>| {
            fields.iter().find(|(field, _)| field == name).map(|(_, text)| text.clone())
        };
        (self.succeeded.get() == 0).then(|| self.fields.with_value(of)).flatten()
    }

    /// What the field `name` holds at first: what was typed, else what is `stored`.
    pub fn or(self, name: &'static str, stored: impl Into<String>) -> Signal<String> {
        let stored = stored.into();
        Signal::derive(move || self.text(name).unwrap_or_else(|| stored.clone()))
    }

    /// The same for a field that does not follow changes.
    pub fn first(self, name: &str, stored: impl Into<String>) -> String {
        untrack(|| self.text(name)).unwrap_or_else(|| stored.into())
    }
}
