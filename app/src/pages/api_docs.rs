//! The API for people to read, drawn from its own OpenAPI document, and the table of who may do what.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{
    access::{Action, may},
    role::Role,
};

/// One operation of the API.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The area it belongs to.
    pub tag: String,
    /// GET, POST…
    pub method: String,
    /// Its path.
    pub path: String,
    /// What it does.
    pub summary: String,
    /// The statuses it can answer.
    pub statuses: String,
}

/// Every operation; the server provides it.
#[derive(Clone, Debug, Default)]
pub struct Operations(pub Vec<Operation>);

/// The page.
#[component]
pub fn ApiDocsPage() -> impl IntoView {
    let Operations(operations) = use_context().unwrap_or_default();
    let mut tags: Vec<_> = operations.iter().map(|operation| operation.tag.clone()).collect();
    tags.dedup();
    tags.sort();
    tags.dedup();
    view! {
        <Title text="API" />
        <main class="mx-auto flex max-w-4xl flex-col gap-6 px-4 py-8">
            <h1>"API"</h1>
            <p>"JSON over HTTP. The machine-readable description is at " <a href="/api/openapi.json">"/api/openapi.json"</a> ". Routes need the session's cookie unless they say otherwise; every error has the same shape and names a request id."</p>
            {tags.into_iter().map(|tag| {
                let of_tag: Vec<_> = operations.iter().filter(|operation| operation.tag == tag).cloned().collect();
                view! {
                    <section class="flex flex-col gap-2">
                        <h2>{tag}</h2>
                        <div class="overflow-x-auto" tabindex="0" role="group" aria-label="Operations; scroll sideways for more">
                        <table class="table">
                            <thead><tr><th scope="col">"Method"</th><th scope="col">"Path"</th><th scope="col">"What it does"</th><th scope="col">"Answers"</th></tr></thead>
                            <tbody>{of_tag.into_iter().map(|operation| view! {
                                <tr><td>{operation.method}</td><td><code>{operation.path}</code></td><td>{operation.summary}</td><td class="text-muted">{operation.statuses}</td></tr>
                            }).collect_view()}</tbody>
                        </table>
                        </div>
                    </section>
                }
            }).collect_view()}
            <section class="flex flex-col gap-2">
                <h2>"Who may do what"</h2>
                <div class="overflow-x-auto" tabindex="0" role="group" aria-label="Rules; scroll sideways for more">
                <table class="table" data-test="rules">
                    <thead><tr><th scope="col">"Rule"</th>{Role::ALL.into_iter().map(|role| view! { <th scope="col">{role.label()}</th> }).collect_view()}<th scope="col">"In words"</th></tr></thead>
                    <tbody>{Action::ALL.iter().map(|action| view! {
                        <tr><td id=action.rule()>{action.rule()}</td>
                            {Role::ALL.into_iter().map(|role| view! { <td>{if may(role, *action) { "yes" } else { "no" }}</td> }).collect_view()}
                            <td class="text-muted">{action.explanation()}</td></tr>
                    }).collect_view()}</tbody>
                </table>
                </div>
            </section>
        </main>
    }
}
