//! What people call a connection, and calling it otherwise.

use leptos::prelude::*;
use model::id::ConnectionId;

use crate::{
    components::{
        button::Button,
        field::Field,
        form::ActionForm,
        outcome::{Outcome, at, failure, reset_when_done},
    },
    error::AppError,
    refused::Typed,
};

/// Calls a connection otherwise.
#[server(prefix = "/app", endpoint = "rename_connection", output = crate::codec::Json)]
pub async fn rename_connection(id: ConnectionId, label: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::connection::rename(&service, &actor, id, &label).await?)
}

/// The form that calls it otherwise.
#[component]
pub(super) fn Name(
    id: ConnectionId,
    label: String,
    action: ServerAction<RenameConnection>,
    seen: StoredValue<usize>,
) -> impl IntoView {
    let failure = failure(action);
    let form = NodeRef::new();
    reset_when_done(action, seen, form);
    let value = Typed::of(action).or("label", label);
    view! {
        <div>
            <ActionForm action=action node_ref=form attr:class="flex max-w-xl flex-wrap items-end gap-2" attr:novalidate=true>
                <input type="hidden" name="id" value=id.to_string() />
                <div class="min-w-0 grow"><Field name="label" label="Name" value=value error=at(failure, "label") /></div>
                <Button id="rename" named="Rename the connection" pending=action.pending()>"Rename"</Button>
            </ActionForm>
            <Outcome action=action fields=&["label"] done="Renamed." />
        </div>
    }
}
