//! Mails a link to choose a new password, if the address signs in.

use model::id::PasswordResetId;
use service::password_reset;

use crate::{Context, mailer::Mail};

pub(crate) async fn run(context: &Context, id: PasswordResetId) -> anyhow::Result<()> {
    let Some((to, token)) = password_reset::mail_content(&context.service, id).await? else { return Ok(()) };
    let url = &context.public_url;
    let text = format!(
        "Hello,\n\nopen this link to choose a new password for AudienceOS:\n\n{url}/reset?token={token}\n\n\
         It works once, within 2 hours, and ends all your sessions and access tokens. If you did not ask for it, ignore this mail: your \
         password stays as it is."
    );
    let mail = Mail { effect_key: format!("password-reset-{id}"), to, subject: "Choose a new password".into(), text };
    Ok(context.mailer.send(&mail).await?)
}
