//! Makes a server-rendered page live in the browser.

/// Called by the page's script once the WASM is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_lazy(app::App);
}

/// Room for the splitter, in nobody's download since nothing refers to it. Each part of the program carries its own texts
/// and tables only if those of all parts, each aligned, fit into the space where they stood together; otherwise all of
/// them stay in what everybody loads (`wasm_split_cli_support`, `emit.rs`: "Overlong segment").
#[used]
static ROOM: [u8; 65536] = [1; 65536];
