//! Documents load no WASM, so a few lines of script keep their forms from being sent before they are complete. Where
//! scripts do not run, the button works at any time, and the server says what is missing.

use leptos::{nonce::use_nonce, prelude::*};

/// Complete is a form whose required fields all hold something; whether that can be accepted, the server says in words,
/// which a button that cannot be pressed would not. Browsers fill in what they remember after the page was read, hence
/// the second look when it is shown; `input` and `change` come with both typing and filling in.
const SCRIPT: &str = "\
for (const form of document.querySelectorAll('form[data-complete]')) {
  const look = () => {
    const open = [...form.elements].some((field) => field.required && !field.value.trim());
    form.querySelector('[type=submit]').disabled = open;
  };
  for (const when of ['input', 'change']) form.addEventListener(when, look);
  addEventListener('pageshow', look);
  look();
}";

/// Keeps the forms marked `data-complete` before it from being sent while they are not complete.
#[component]
pub fn SendWhenComplete() -> impl IntoView {
    view! { <script nonce=use_nonce() inner_html=SCRIPT></script> }
}
