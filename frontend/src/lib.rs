//! Makes a server-rendered page live in the browser.

use leptos::prelude::document;

/// Called by the page's script once the WASM is there.
///
/// What only works on a live page comes into sight when all of it is live, and browser tests wait for that. The code of most pages
/// is a file of its own: the page around them answers earlier, but a press or a typed word would still be lost in them.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        let Some(body) = document().body() else { return };
        leptos::mount::hydrate_from_async(body, app::App).await.forget();
        if let Some(root) = document().document_element() {
            // Fails for names that are none.
            let _ = root.set_attribute("data-live", "true");
        }
    });
}

/// Room for the splitter, in nobody's download since nothing refers to it. Each part of the program carries its own texts
/// and tables only if those of all parts, each aligned, fit into the space where they stood together; otherwise all of
/// them stay in what everybody loads (`wasm_split_cli_support`, `emit.rs`: "Overlong segment").
#[used]
static ROOM: [u8; 65536] = [1; 65536];
