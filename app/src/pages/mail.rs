//! Settings › Mail: the agency's mails that lie in the outbox folder, while no mail leaves the server.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};
use model::moment::Moment;
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        page::{Heading, When},
        part::part,
    },
    error::AppError,
    pages::settings::SettingsTabs,
};

/// A mail as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRow {
    to: String,
    subject: String,
    text: String,
    written_at: Moment,
}

/// The agency's mails in the outbox; none at all when mail leaves the server.
#[server(prefix = "/app", endpoint = "list_outbox", output = crate::codec::Json)]
pub async fn list_outbox() -> Result<Option<Vec<MailRow>>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let words = service::moment::Words::of(&service, &actor).await?;
    let row = |mail: service::outbox::OutboxMail| MailRow {
        to: mail.to,
        subject: mail.subject,
        text: mail.text,
        written_at: words.write(mail.written_at),
    };
    let mails = service::outbox::list(&service, &actor).await?;
    Ok(mails.map(|mails| mails.into_iter().map(row).collect()))
}

/// Mails with their text and links that work.
#[component]
pub fn MailPage() -> impl IntoView {
    let mails = Resource::new(|| (), |()| list_outbox());
    view! {
        <div class="flex max-w-2xl flex-col gap-6">
            <Heading text="Mail"><SettingsTabs here="/settings/mail" /></Heading>
            {part("The mails", "heading", mails, |mails| view! { <Outbox mails=mails /> })}
        </div>
    }
}

#[component]
fn Outbox(mails: Option<Vec<MailRow>>) -> impl IntoView {
    let Some(mails) = mails else {
        return view! { <p class="text-muted">"Mail leaves this server through its mail server. What has not gone out yet stands under " <a href="/settings/jobs">"Background work"</a> "."</p> }.into_any();
    };
    view! {
        <p class="text-muted">"This server is not connected to a mail server, so no mail leaves it. Invitations and new passwords for people of your role or below stand here: pass their links on yourself. The operator guide says how to connect one."</p>
        {if mails.is_empty() {
            view! { <p class="text-muted" data-test="empty">"No mail was written yet."</p> }.into_any()
        } else {
            view! { <ul class="flex flex-col gap-3" data-test="outbox">{mails.into_iter().map(|mail| view! { <Mail mail=mail /> }).collect_view()}</ul> }.into_any()
        }}
    }.into_any()
}

#[component]
fn Mail(mail: MailRow) -> impl IntoView {
    let paragraphs: Vec<_> = mail.text.split("\n\n").map(str::to_owned).collect();
    view! {
        <li class="panel flex flex-col gap-2">
            <p class="font-medium">{mail.subject}</p>
            <p class="text-xs text-muted">"to " <span class="break-words">{mail.to}</span> ", " <When at=mail.written_at /></p>
            {paragraphs.into_iter().map(|text| {
                if text.starts_with("http://") || text.starts_with("https://") {
                    let href = text.clone();
                    view! { <p class="break-all"><a href=href rel="external">{text}</a></p> }.into_any()
                } else {
                    view! { <p class="whitespace-pre-line">{text}</p> }.into_any()
                }
            }).collect_view()}
        </li>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct MailRoute;

#[lazy_route]
impl LazyRoute for MailRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <MailPage /> }.into_any()
    }
}
