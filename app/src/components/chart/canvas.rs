//! The browser's chart, laid over the drawing: its code is asked for when the first chart comes near to what is in sight.
//!
//! The code is one file with a name of its content, which the server wrote into the head of the page. It defines an element
//! that takes the chart as text, draws itself, follows theme and size, and cleans up when it leaves the page; so nothing is
//! called across and nothing can be forgotten. Where the code cannot be had, the drawing stays.

use leptos::{
    html,
    prelude::*,
    serde_json,
    wasm_bindgen::{JsCast, closure::Closure},
    web_sys::{
        Element, HtmlDivElement, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit,
        js_sys::Array,
    },
};
use model::chart::Chart;

/// The element that the code defines.
const ELEMENT: &str = "chart-canvas";
/// What the head of the page calls the address of the code.
pub(super) const SCRIPT: &str = "chart-script";
/// How near is near.
const NEAR: &str = "400px";

/// Looks out for the chart as long as it is on the page.
struct Lookout {
    observer: IntersectionObserver,
    _seen: Closure<dyn FnMut(Array)>,
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Lays the browser's chart over the drawing in `plot` when that comes near. `mark` is written across pictures of it.
pub(super) fn mount(plot: NodeRef<html::Div>, chart: StoredValue<Chart>, mark: StoredValue<String>) {
    Effect::new(move |_| {
        let Some(plot) = plot.get() else { return };
        // Kept by the effect, and let go with it.
        let _lookout = StoredValue::new_local(look_out(&plot, chart, mark));
    });
}

fn look_out(plot: &HtmlDivElement, chart: StoredValue<Chart>, mark: StoredValue<String>) -> Option<Lookout> {
    let place = plot.clone();
    let seen = Closure::<dyn FnMut(Array)>::own_assert_unwind_safe(move |entries: Array| {
        let near = |entry: IntersectionObserverEntry| entry.is_intersecting();
        if entries.iter().any(|entry| near(entry.unchecked_into())) {
            lay(&place, chart, mark);
        }
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin(NEAR);
    let observer = IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options).ok()?;
    observer.observe(plot);
    Some(Lookout { observer, _seen: seen })
}

/// Once: the element with the chart as text, and its code.
fn lay(plot: &HtmlDivElement, chart: StoredValue<Chart>, mark: StoredValue<String>) {
    let laid = !matches!(plot.query_selector(ELEMENT), Ok(None));
    let text = chart.try_with_value(|chart| serde_json::to_string(chart).ok()).flatten();
    let (Some(text), false) = (text, laid) else { return };
    if !load() {
        return;
    }
    if let Ok(element) = document().create_element(ELEMENT) {
        let mark = mark.try_get_value().unwrap_or_default();
        for (name, value) in [("data-mark", mark), ("data-chart", text)] {
            let _ = element.set_attribute(name, &value);
        }
        let _ = plot.append_child(&element);
    }
}

/// Asks for the code, once a page. Whether there is any.
fn load() -> bool {
    let Some(head) = document().head() else { return false };
    if matches!(head.query_selector("script[data-chart-script]"), Ok(Some(_))) {
        return true;
    }
    let address = head.query_selector(&format!("meta[name={SCRIPT}]")).ok().flatten();
    let Some(address) = address.and_then(|meta: Element| meta.get_attribute("content")) else { return false };
    let Ok(script) = document().create_element("script") else { return false };
    // What a trusted script adds is trusted (`strict-dynamic`), so it needs no nonce.
    for (name, value) in [("type", "module"), ("src", address.as_str()), ("data-chart-script", "")] {
        let _ = script.set_attribute(name, value);
    }
    head.append_child(&script).is_ok()
}
