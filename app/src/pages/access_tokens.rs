//! Personal access tokens in the settings: making one, which is shown once, and taking one back.

use leptos::prelude::*;
use model::{access_token::Scope, id::AccessTokenId, moment::Moment};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        card::Card,
        field::{Field, Select},
        form::ActionForm,
        notice::{Notice, Tone},
        outcome::{Outcome, at, failure, reset_when_done},
        page::{When, live_only},
    },
    error::AppError,
    refused::Typed,
};

/// A token as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Its id.
    pub id: AccessTokenId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it ends.
    pub expires_at: Moment,
    /// When it was last used.
    pub used_at: Option<Moment>,
}

/// Makes a token; the answer is its text.
#[server(prefix = "/app", endpoint = "create_token", output = crate::codec::Json)]
pub async fn create_token(name: String, scope: String, days: String) -> Result<String, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let days = days.parse().map_err(|_| model::input::Invalid::new("days", "choose for how long it works"))?;
    Ok(service::access_token::create(&service, &actor, &name, &scope, days).await?.1)
}

/// Takes a token back.
#[server(prefix = "/app", endpoint = "remove_token", output = crate::codec::Json)]
pub async fn remove_token(id: AccessTokenId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::access_token::remove(&service, &actor, id).await?)
}

/// One's own tokens.
#[component]
pub fn AccessTokens(
    /// Newest first.
    tokens: Vec<TokenRow>,
    /// Makes one.
    make: ServerAction<CreateToken>,
    /// Takes one back.
    remove: ServerAction<RemoveToken>,
    /// Which successes the form has seen.
    seen: StoredValue<usize>,
) -> impl IntoView {
    let (failure, typed) = (failure(make), Typed::of(make));
    let form = NodeRef::new();
    reset_when_done(make, seen, form);
    let waiting = live_only();
    let made = move || make.value().get().and_then(Result::ok);
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, words)| ((*key).to_owned(), (*words).to_owned())).collect::<Vec<_>>()
    };
    let scopes = pairs(&[("read", "Read only"), ("write", "Read and write")]);
    let days = pairs(&[("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("366", "a year")]);
    view! {
        <Card title="Access tokens">
            <p class="text-muted">"A program that holds a token acts for you through " <a href="/api/docs" rel="external">"the API"</a> ", within its scope and until it ends."</p>
            {move || made().map(|token| view! {
                <Notice tone=Tone::Good>
                    <p>"Copy the token now. It is shown only this once."</p>
                    <code class="block break-all pt-2" data-test="new-token">{token}</code>
                </Notice>
            })}
            <ActionForm action=make node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
                <Field name="name" id="token-name" label="What it is for" value=typed.or("name", "") error=at(failure, "name") />
                <div class="grid gap-4 sm:grid-cols-2">
                    <Select name="scope" label="It may" options=scopes value=typed.first("scope", "read") error=at(failure, "scope") />
                    <Select name="days" label="For" options=days value=typed.first("days", "30") error=at(failure, "days") />
                </div>
                <div><Button kind=Kind::Primary id="make-token" pending=make.pending() attr:disabled=waiting>"Make token"</Button></div>
            </ActionForm>
            <Outcome action=make fields=&["name", "scope", "days"] />
            <Outcome action=remove done="Taken back." />
            {if tokens.is_empty() {
                view! { <p class="text-muted">"You have no tokens."</p> }.into_any()
            } else {
                view! { <ul class="flex flex-col" data-test="tokens">{tokens.into_iter().map(|token| row(token, remove)).collect_view()}</ul> }.into_any()
            }}
        </Card>
    }
}

fn row(token: TokenRow, remove: ServerAction<RemoveToken>) -> impl IntoView {
    let words = match token.scope {
        Scope::Read => "Read only",
        Scope::Write => "Read and write",
    };
    let label = format!("Take back {}", token.name);
    view! {
        <li class="flex items-center justify-between gap-3 border-b border-line py-2">
            <span class="min-w-0"><span class="flex flex-wrap items-center gap-2 break-words">{token.name} <Badge shade=Shade::Plain words=words /></span>
                <span class="text-xs text-muted">"ends " <When at=token.expires_at /> ", "
                    {match token.used_at {
                        Some(at) => view! { "last used " <When at=at /> }.into_any(),
                        None => "never used".into_any(),
                    }}</span></span>
            <ActionForm action=remove>
                <input type="hidden" name="id" value=token.id.to_string() />
                <Button kind=Kind::Quiet named=label pending=remove.pending()>"Take back"</Button>
            </ActionForm>
        </li>
    }
}
