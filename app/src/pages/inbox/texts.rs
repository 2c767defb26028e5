//! Settings › Texts: what stands below one's own messages, and the agency's templates.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};
use model::id::TemplateId;
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::{Field, TextArea},
        form::ActionForm,
        outcome::{Outcome, at, failure, reset_when_done, successes},
        page::Heading,
        part::part,
    },
    error::AppError,
    pages::settings::SettingsTabs,
    refused::Typed,
};

/// What can be put where in a template.
const VARIABLES: &str = "In a template {{name}}, {{first_name}}, {{client}}, {{subject}}, {{me}} and {{agency}} are filled in. An answer in which one is not is not sent.";

/// A template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    id: TemplateId,
    name: String,
    text: String,
}

/// Everything the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    signature: String,
    templates: Vec<Template>,
    may_edit: bool,
}

/// One's own signature, and the agency's templates.
#[server(prefix = "/app", endpoint = "get_texts", output = crate::codec::Json)]
pub async fn get_texts() -> Result<Texts, AppError> {
    use model::access::{Action, may};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let template = |one: service::outgoing::draft::Template| Template { id: one.id, name: one.name, text: one.text };
    let templates = service::outgoing::draft::templates(&service, &actor).await?;
    Ok(Texts {
        signature: service::outgoing::draft::signature(&service, &actor).await?,
        templates: templates.into_iter().map(template).collect(),
        may_edit: may(actor.role, Action::EditConversations),
    })
}

/// Keeps what stands below one's own messages.
#[server(prefix = "/app", endpoint = "set_signature", output = crate::codec::Json)]
pub async fn set_signature(signature: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::outgoing::draft::set_signature(&service, &actor, &signature).await?)
}

/// Keeps a template, new or changed.
#[server(prefix = "/app", endpoint = "save_template", output = crate::codec::Json)]
pub async fn save_template(#[server(default)] id: String, name: String, text: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = (!id.is_empty()).then(|| id.parse().map_err(|_| service::Error::Missing)).transpose()?;
    Ok(service::inbox::save_template(&service, &actor, id, &name, &text).await?)
}

/// Throws a template away.
#[server(prefix = "/app", endpoint = "remove_template", output = crate::codec::Json)]
pub async fn remove_template(id: TemplateId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::outgoing::draft::remove_template(&service, &actor, id).await?)
}

/// Signature and templates.
#[component]
pub fn TextsPage() -> impl IntoView {
    let sign = ServerAction::<SetSignature>::new();
    let save = ServerAction::<SaveTemplate>::new();
    let remove = ServerAction::<RemoveTemplate>::new();
    let seen = StoredValue::new(0);
    let changes = [successes(sign), successes(save), successes(remove)];
    let texts = Resource::new(move || changes.map(|change| change.get()), |_| get_texts());
    let draw = move |texts: Texts| {
        let Texts { signature, templates, may_edit } = texts;
        let typed = Typed::of(sign);
        let error = at(failure(sign), "text");
        view! {
            <Card title="Signature" about="It stands below the answers that you send.">
                <ActionForm action=sign attr:class="flex flex-col gap-3">
                    <TextArea name="signature" label="Your signature" value=typed.first("signature", signature) error=error />
                    <div><Button id="save-signature" pending=sign.pending()>"Save signature"</Button></div>
                    <Outcome action=sign fields=&["text"] done="Your signature is saved" />
                </ActionForm>
            </Card>
            <Card title="Templates" about=VARIABLES>
                {templates.is_empty().then(|| view! { <p class="text-muted" data-test="empty">"Texts that you write often will stand here, for everybody in the agency."</p> })}
                <ul class="flex flex-col gap-3" data-test="templates">
                    {templates.into_iter().map(|template| view! { <TemplateForm template=template may_edit=may_edit save=save remove=remove /> }).collect_view()}
                </ul>
                {may_edit.then(|| view! { <NewTemplate save=save seen=seen /> })}
                <Outcome action=save fields=&["name", "text"] done="The template is saved" />
                <Outcome action=remove done="The template is gone" />
            </Card>
        }
    };
    view! {
        <div class="flex max-w-2xl flex-col gap-6">
            <Heading text="Signature and templates" />
            <SettingsTabs here="/settings/texts" />
            {part("The texts", "heading", texts, draw)}
        </div>
    }
}

#[component]
fn TemplateForm(
    template: Template,
    may_edit: bool,
    save: ServerAction<SaveTemplate>,
    remove: ServerAction<RemoveTemplate>,
) -> impl IntoView {
    let Template { id, name, text } = template;
    if !may_edit {
        return view! { <li><p class="font-medium" data-literal="">{name}</p><p class="letter-text" data-literal="">{text}</p></li> }.into_any();
    }
    let (own, removed) = (id.to_string(), id.to_string());
    let typed = Typed::of(save).only("id", &own);
    let (named, area) = (format!("Remove {name}"), format!("text-{own}"));
    let field = area.clone();
    let shown = typed.first("text", text);
    view! {
        <li>
            <details open=typed.came_back()>
                <summary class="disclosure"><span data-literal="">{name.clone()}</span></summary>
                <ActionForm action=save attr:class="flex flex-col gap-3 pt-2">
                    <input type="hidden" name="id" value=own.clone() />
                    <Field name="name" id=format!("name-{own}") label="Name" value=typed.or("name", name) />
                    <label for=field class="font-medium">"Text"</label>
                    <textarea id=area name="text" class="control min-h-24" rows="4"
                        inner_html=shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")></textarea>
                    <div><Button pending=save.pending()>"Save template"</Button></div>
                </ActionForm>
                <ActionForm action=remove attr:class="pt-2">
                    <input type="hidden" name="id" value=removed />
                    <Button kind=Kind::Danger named=named pending=remove.pending()>"Remove"</Button>
                </ActionForm>
            </details>
        </li>
    }
    .into_any()
}

#[component]
fn NewTemplate(save: ServerAction<SaveTemplate>, seen: StoredValue<usize>) -> impl IntoView {
    let form = NodeRef::new();
    reset_when_done(save, seen, form);
    let typed = Typed::of(save).only("id", "");
    let failure = failure(save);
    view! {
        <ActionForm action=save node_ref=form attr:class="flex flex-col gap-3">
            <input type="hidden" name="id" value="" />
            <Field name="name" label="Name of the new template" value=typed.or("name", "") error=at(failure, "name") />
            <TextArea name="text" label="Text of the new template" value=typed.first("text", "") error=at(failure, "text") />
            <div><Button kind=Kind::Primary id="add-template" pending=save.pending()>"Add template"</Button></div>
        </ActionForm>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct TextsRoute;

#[lazy_route]
impl LazyRoute for TextsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <TextsPage /> }.into_any()
    }
}
