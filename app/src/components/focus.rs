//! The focus stays where it was when a page draws itself anew, or goes to where that place was.
//!
//! A list that is read again may lose the button that was pressed. The browser then drops the focus, and somebody who
//! works by keyboard would begin again at the top.

use leptos::{
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, HtmlElement},
};

/// The id of what has the focus; empty for something without an id, none when nothing has it.
pub fn held() -> Option<String> {
    let active = document().active_element()?;
    (active.tag_name() != "BODY").then(|| active.id())
}

/// For so many frames a part of the page may take until it is drawn.
const FRAMES: u8 = 60;

/// When drawing the page takes the focus away that was `held`, gives it to the element of the same id, else to the element
/// `back`. Whoever moves it in the meantime keeps it.
pub fn restore(held: Option<String>, back: &'static str) {
    if let Some(id) = held {
        watch(id, back, FRAMES);
        unfold();
    }
}

/// What somebody has just unfolded stays so: drawn anew, it would be as it was at first.
fn unfold() {
    let unfolded = |summary: &Element| {
        let details = summary.parent_element()?;
        (summary.tag_name() == "SUMMARY" && details.has_attribute("open")).then_some(details)
    };
    let Some(details) = document().active_element().and_then(|summary| unfolded(&summary)) else { return };
    request_animation_frame(move || {
        if !details.has_attribute("open") {
            let _ = details.set_attribute("open", "");
        }
    });
}

fn watch(id: String, back: &'static str, left: u8) {
    request_animation_frame(move || match held() {
        None if id.is_empty() || !to(&id) => {
            to(back);
        }
        Some(now) if now == id && left > 0 => watch(id, back, left - 1),
        _ => {}
    });
}

/// Gives the focus to the element with this id, without moving the page. Whether there is one.
pub fn to(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}
