//! Files that go with an answer. The form is posted by the browser before the page is live; afterwards the page sends it, and stays.

use leptos::{
    ev::SubmitEvent,
    prelude::*,
    serde_json,
    task::spawn_local,
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{FormData, HtmlFormElement, Request, RequestInit, Response},
};
use model::id::ConversationId;
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::JsFuture;

use super::{
    saving::Saving,
    told::{File, size},
};
use crate::components::button::Button;

/// Where files are sent to.
pub const ADDRESS: &str = "/messages/upload";

/// A file that was kept, and how often the draft was saved with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The file.
    pub file: File,
    /// How often what is written was saved.
    pub revision: i64,
}

/// Why a file was not kept, as the server tells programs.
#[derive(Deserialize)]
struct Refusal {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    message: String,
}

/// The files of an answer, and the form that adds one.
#[component]
pub(super) fn FilesPart(id: ConversationId, saving: Saving) -> impl IntoView {
    let (sending, refused) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let submit = move |event: SubmitEvent| {
        let Some(form) = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else { return };
        event.prevent_default();
        if sending.get_untracked() {
            return;
        }
        sending.set(true);
        spawn_local(async move {
            // What was typed is saved first: the file is added to it.
            saving.flush().await;
            let sent = send(&form).await;
            sending.try_set(false);
            match sent {
                Ok(Sent { file, revision }) => {
                    saving.saved(revision);
                    saving.files.try_update(|files| files.push(file));
                    refused.try_set(None);
                    form.reset();
                }
                Err(words) => {
                    refused.try_set(Some(words));
                }
            }
        });
    };
    let row = move |file: File| {
        let (name, own, bytes) = (file.name, file.id, file.size);
        let named = format!("Take {name} away");
        let remove = move |_| {
            saving.files.update(|files| files.retain(|file| file.id != own));
            saving.touch();
        };
        view! {
            <li class="flex flex-wrap items-center gap-2"><span class="min-w-0 break-words" data-literal="">{name} " (" {size(bytes)} ")"</span>
                <span class="needs-live"><Button does="button" named=named press=remove>"Take away"</Button></span></li>
        }
    };
    view! {
        <ul class="flex flex-col gap-1" aria-label="Files that go with it" data-test="uploads">{move || saving.files.get().into_iter().map(row).collect_view()}</ul>
        <form method="post" action=ADDRESS enctype="multipart/form-data" class="flex flex-wrap items-end gap-2" on:submit=submit>
            <input type="hidden" name="conversation_id" value=id.to_string() />
            <label class="flex min-w-0 flex-col gap-1 text-xs text-muted">"File"
                <input type="file" name="file" class="control" required /></label>
            <Button pending=sending>"Add file"</Button>
        </form>
        {move || refused.get().map(|words| view! { <p class="field-error" role="alert" data-literal="">{words}</p> })}
    }
}

/// Posts the form; what comes back is the file as it was kept, or why it was not.
async fn send(form: &HtmlFormElement) -> Result<Sent, String> {
    match asked(form).await {
        Ok((true, text)) => serde_json::from_str(&text).map_err(|error| error.to_string()),
        Ok((false, text)) => {
            let told = serde_json::from_str::<Refusal>(&text).map(|refusal| refusal.error.message);
            Err(told.unwrap_or_else(|_| "The file was not kept. Try again".to_owned()))
        }
        Err(_) => Err("The server could not be reached, so the file was not kept. Try again".to_owned()),
    }
}

async fn asked(form: &HtmlFormElement) -> Result<(bool, String), JsValue> {
    let data = FormData::new_with_form(form)?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&data);
    let request = Request::new_with_str_and_init(ADDRESS, &init)?;
    request.headers().set("accept", "application/json")?;
    let answer: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    let text = JsFuture::from(answer.text()?).await?;
    Ok((answer.ok(), text.as_string().unwrap_or_default()))
}
