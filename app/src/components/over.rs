//! What lies over the page when it is asked for, the palette and the list of keys: loaded when one of them is first
//! opened, since most visits open neither.

use leptos::prelude::*;
use model::role::Role;

use crate::components::{
    keys::{self, Keys},
    palette::Palette,
};

/// The palette and the list of keys, and the listener that opens them.
#[component]
pub fn Over<F>(
    /// What the person may do, once it is known.
    role: impl Fn() -> F + Copy + Send + Sync + 'static,
    /// Whether the palette is open.
    palette: RwSignal<bool>,
    /// Whether the list of keys is open.
    list: RwSignal<bool>,
) -> impl IntoView
where
    F: Future<Output = Option<Role>> + Send + 'static,
{
    keys::listen(palette, list);
    let asked =
        Memo::new(move |before: Option<&bool>| before.is_some_and(|asked| *asked) || palette.get() || list.get());
    move || {
        asked.get().then(|| {
            Suspend::new(async move {
                match role().await {
                    Some(role) => over(role, palette, list).await,
                    None => ().into_any(),
                }
            })
        })
    }
}

#[lazy]
fn over(role: Role, palette: RwSignal<bool>, list: RwSignal<bool>) -> AnyView {
    view! {
        <Palette role=role open=palette />
        <Keys open=list />
    }
    .into_any()
}
