//! The focus stays where it was when a page draws itself anew, or goes to where that place was.
//!
//! A list that is read again may lose the button that was pressed. The browser then drops the focus, and somebody who
//! works by keyboard would begin again at the top.

use leptos::{prelude::*, wasm_bindgen::JsCast, web_sys::HtmlElement};

/// The id of what has the focus; empty for something without an id, none when nothing has it.
pub fn held() -> Option<String> {
    let active = document().active_element()?;
    (active.tag_name() != "BODY").then(|| active.id())
}

/// After the page was drawn: if the focus that was `held` got lost, gives it to the element of the same id, else to
/// the element `back`.
pub fn restore(held: Option<String>, back: &'static str) {
    let Some(id) = held else { return };
    request_animation_frame(move || {
        let same = || !id.is_empty() && to(&id);
        if self::held().is_none() && !same() {
            to(back);
        }
    });
}

/// Gives the focus to the element with this id, without moving the page. Whether there is one.
pub fn to(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}
