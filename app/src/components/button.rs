//! Buttons. A button's words say what it does; where several of a kind stand on a page, its name says to what.

use std::sync::Arc;

use leptos::{ev::MouseEvent, prelude::*};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The one thing that the form or page is for.
    Primary,
    /// Anything else.
    Plain,
    /// One of many, as in rows.
    Quiet,
    /// Takes something away.
    Danger,
}

impl Kind {
    /// The classes, also for links that look like buttons.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Plain => "button button-plain",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
        }
    }
}

/// What a press does. It belongs to the button itself: a listener that is given to a component from outside stays on its element
/// when a part of the page is drawn anew, beside the newer one.
#[derive(Clone, Default)]
pub struct Press(Option<Arc<dyn Fn(MouseEvent) + Send + Sync>>);

impl<F> From<F> for Press
where
    F: Fn(MouseEvent) + Send + Sync + 'static,
{
    fn from(run: F) -> Self {
        Self(Some(Arc::new(run)))
    }
}

/// A button. While its action is under way it keeps the focus but does nothing, so that nothing happens twice.
#[component]
pub fn Button(
    /// How much it asks for attention.
    #[prop(default = Kind::Plain)]
    kind: Kind,
    /// `submit` sends the form around it; `button` does only what its click says.
    #[prop(default = "submit")]
    does: &'static str,
    /// Its whole name for screen readers, where the words alone do not say to what it does something.
    #[prop(optional, into)]
    named: Option<String>,
    /// Its id, by which it gets the focus back.
    #[prop(optional, into)]
    id: Option<String>,
    /// Whether its action is under way.
    #[prop(optional, into)]
    pending: Signal<bool>,
    /// What a press does beside that.
    #[prop(optional, into)]
    press: Press,
    /// The words.
    children: Children,
) -> impl IntoView {
    let hold = move |event: MouseEvent| {
        if pending.try_get_untracked() == Some(true) {
            event.prevent_default();
            event.stop_immediate_propagation();
        } else if let Press(Some(run)) = &press {
            run(event);
        }
    };
    view! {
        <button type=does class=kind.class() id=id aria-label=named on:click=hold
            aria-disabled=move || pending.get().then_some("true")>{children()}</button>
    }
}
