//! The form for a credential that a person made at the provider by hand. Its browser posts it, as it does the one that leads
//! to the provider's page: the provider is asked before there is an answer, and what it refuses comes back with the page.
//! What was typed comes back, too, but nothing secret does.

use leptos::prelude::*;
use model::id::ConnectionId;
use serde::{Deserialize, Serialize};

use crate::{
    components::{button::Button, field::Field, notice::Failed},
    error::AppError,
    refused::posted,
};

/// A field of such a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenField {
    name: String,
    label: String,
    help: String,
    pub(crate) secret: bool,
}

/// The fields of a provider; none where it has no such credentials.
#[cfg(feature = "ssr")]
pub(crate) fn fields(offer: &service::Offer) -> Vec<TokenField> {
    let field = |field: &model::provider::Field| TokenField {
        name: field.name.to_owned(),
        label: field.label.to_owned(),
        help: field.help.to_owned(),
        secret: field.secret,
    };
    offer.descriptor.fields.iter().map(field).collect()
}

/// What came back of the form for this connection, or for a new one: what is wrong, and what was typed.
fn back(provider: &str, of: Option<&str>) -> Option<(AppError, Vec<(String, String)>)> {
    posted(&format!("/integrations/{provider}/token"))
        .filter(|(_, typed)| text(typed, "connection_id").as_deref() == of)
}

fn text(typed: &[(String, String)], name: &str) -> Option<String> {
    typed.iter().find(|(field, _)| field == name).map(|(_, text)| text.clone())
}

/// Whether the form came back.
pub(crate) fn came_back(provider: &str, of: Option<ConnectionId>) -> bool {
    back(provider, of.map(|id| id.to_string()).as_deref()).is_some()
}

/// The form, folded behind `words` until somebody wants it.
#[component]
pub(crate) fn TokenForm(
    /// The provider's key.
    provider: String,
    /// Its name.
    called: String,
    /// What is typed.
    fields: Vec<TokenField>,
    /// The connection that gets another credential; none for a new one.
    of: Option<ConnectionId>,
    /// What it is for.
    #[prop(into)]
    words: String,
    /// Whether it stands open at first.
    open: bool,
) -> impl IntoView {
    let action = format!("/integrations/{provider}/token");
    let place = if of.is_some() { "token".to_owned() } else { format!("token-{provider}") };
    let of = of.map(|id| id.to_string());
    let (error, typed) =
        back(&provider, of.as_deref()).map_or((None, Vec::new()), |(error, typed)| (Some(error), typed));
    let open = open || error.is_some();
    let elsewhere = |error: &AppError| fields.iter().all(|field| error.at(&field.name).is_none());
    let whole = error.clone().filter(elsewhere);
    let inputs: Vec<_> = fields
        .into_iter()
        .map(|TokenField { name, label, help, secret }| {
            let value = text(&typed, &name).unwrap_or_default();
            let wrong = error.as_ref().and_then(|error| error.at(&name).map(str::to_owned));
            let (id, kind) = (format!("{provider}-{name}"), if secret { "password" } else { "text" });
            view! {
                <div class="w-full sm:w-96"><Field name=name id=id label=label kind=kind help=help value=value error=Signal::stored(wrong) /></div>
            }
        })
        .collect();
    view! {
        <details id=place open=open data-test=format!("token {provider}")>
            <summary class="disclosure">{words}</summary>
            <form method="post" action=action class="flex flex-col gap-3 pb-2">
                {whole.map(|error| view! { <Failed error=error /> })}
                {of.map(|id| view! { <input type="hidden" name="connection_id" value=id /> })}
                <p class="max-w-prose text-xs text-muted">{format!("For a token that somebody made at {called}. {called} is asked with it first, and only what works is kept. It is never shown again.")}</p>
                {inputs}
                <div><Button named=format!("Connect {called} with this token")>"Connect with this token"</Button></div>
            </form>
        </details>
    }
}
