//! Files that go with an answer: kept by the server as soon as they are chosen, named in the draft, looked at and taken away before they
//! go.

use leptos::{
    prelude::*,
    serde_json,
    task::spawn_local,
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{self, HtmlInputElement, Request, RequestInit, Response},
};
use model::id::UploadId;
use serde::Deserialize;
use wasm_bindgen_futures::JsFuture;

use super::{
    saving::Saving,
    told::{File, size},
};
use crate::components::{button::Button, form::address, notice::sentence};

/// Where files are sent to.
const ADDRESS: &str = "/api/v1/communications/uploads";

/// How the names of files end of which a picture is shown, made anew by the server.
const PICTURES: [&str; 5] = [".png", ".jpg", ".jpeg", ".gif", ".webp"];

/// A file that was kept.
#[derive(Deserialize)]
struct Kept {
    id: UploadId,
    size: i64,
}

/// Why one was not.
#[derive(Deserialize)]
struct Refusal {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    message: String,
}

/// The files of an answer, and the way to add some.
#[component]
pub(super) fn FilesPart(saving: Saving) -> impl IntoView {
    let (sending, refused) = (RwSignal::new(0_usize), RwSignal::new(None::<String>));
    let choose = move |event: web_sys::Event| {
        let input: HtmlInputElement = event_target(&event);
        let Some(files) = input.files() else { return };
        refused.set(None);
        for file in (0..files.length()).filter_map(|at| files.item(at)) {
            sending.update(|sending| *sending += 1);
            spawn_local(async move {
                let sent = send(&file).await;
                sending.try_update(|sending| *sending -= 1);
                match sent {
                    Ok(Kept { id, size }) => {
                        saving.files.try_update(|files| files.push(File { id, name: file.name(), size }));
                        saving.touch();
                    }
                    Err(words) => {
                        refused.try_set(Some(format!("{}: {}", file.name(), sentence(&words))));
                    }
                }
            });
        }
        // The same file can be chosen again.
        input.set_value("");
    };
    let row = move |file: File| {
        let File { id: own, name, size: bytes } = file;
        let (named, at) = (format!("Take {name} away"), format!("{ADDRESS}/{own}"));
        let picture = PICTURES.iter().any(|end| name.to_lowercase().ends_with(end)).then(|| {
            let words = format!("Preview of {name}");
            view! { <img class="letter-picture" src=format!("{at}?preview=1") alt=words loading="lazy" /> }
        });
        let thrown = at.clone();
        let remove = move |_| {
            saving.files.update(|files| files.retain(|file| file.id != own));
            saving.touch();
            let at = thrown.clone();
            // The draft does not name it any more: where the server does not hear this, it throws the file away when its time comes.
            spawn_local(async move {
                let _ = asked("DELETE", &at, None).await;
            });
        };
        view! {
            <li class="flex flex-wrap items-center gap-2"><span class="min-w-0 break-words" data-literal=""><a href=at rel="external">{name}</a> " (" {size(bytes)} ")"</span>
                <span class="needs-live"><Button does="button" named=named press=remove>"Take away"</Button></span>{picture}</li>
        }
    };
    view! {
        <ul class="flex flex-col gap-1" aria-label="Files that go with it" data-test="uploads">{move || saving.files.get().into_iter().map(row).collect_view()}</ul>
        <label class="needs-live flex min-w-0 flex-col items-start gap-1 text-xs text-muted">"Add files"
            <input type="file" multiple class="control control-narrow" autocomplete="off" on:change=choose /></label>
        {move || (sending.get() > 0).then(|| view! { <p class="text-xs text-muted" role="status">"The file is being sent to the server…"</p> })}
        {move || refused.get().map(|words| view! { <p class="field-error" role="alert" data-literal="">{words}</p> })}
    }
}

/// Sends a file; what comes back is what was kept, or why nothing was.
async fn send(file: &web_sys::File) -> Result<Kept, String> {
    let named = [("name".to_owned(), file.name()), ("content_type".to_owned(), file.type_())];
    match asked("POST", &address(ADDRESS, named), Some(file)).await {
        Ok((true, text)) => serde_json::from_str(&text).map_err(|error| error.to_string()),
        Ok((false, text)) => {
            let told = serde_json::from_str::<Refusal>(&text).map(|refusal| refusal.error.message);
            Err(told.unwrap_or_else(|_| "it was not kept. Try again".to_owned()))
        }
        Err(_) => Err("the server could not be reached, so it was not kept. Try again".to_owned()),
    }
}

async fn asked(method: &str, at: &str, file: Option<&web_sys::File>) -> Result<(bool, String), JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    if let Some(file) = file {
        init.set_body(file);
    }
    let request = Request::new_with_str_and_init(at, &init)?;
    request.headers().set("accept", "application/json")?;
    let answer: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    let text = JsFuture::from(answer.text()?).await?;
    Ok((answer.ok(), text.as_string().unwrap_or_default()))
}
