//! Mails the person who signed up: a verification link, or word that the address has an account already.

use model::id::SignUpId;
use service::account::{self, SignUpMail};

use crate::{Context, mailer::Mail};

pub(crate) async fn run(context: &Context, id: SignUpId) -> anyhow::Result<()> {
    let url = &context.public_url;
    let (version, to, subject, text) = match account::sign_up_mail(&context.service, id).await? {
        SignUpMail::Nothing => return Ok(()),
        SignUpMail::Verify { email, name, organization, token, version } => (
            version,
            email,
            "Verify your e-mail address",
            format!(
                "Hello {name},\n\nopen this link to verify your address and open the account of {organization}:\n\n\
                 {url}/verify-email?token={token}\n\n\
                 It works once, within 48 hours. If you did not sign up as {name} for {organization}, do not open it."
            ),
        ),
        SignUpMail::Registered { email } => (
            0,
            email,
            "You have an account already",
            format!(
                "Hello,\n\nsomebody signed up for AudienceOS with this address, which has an account already. \
                 If it was you, sign in here:\n\n{url}/login\n\nIf not, there is nothing to do: nothing was changed."
            ),
        ),
    };
    let mail = Mail { effect_key: format!("sign-up-{id}-{version}"), to, subject: subject.into(), text };
    let sent = context.mailer.send(&mail).await;
    let error = sent.as_ref().err().map(ToString::to_string);
    account::set_sign_up_mail(&context.service, id, error.as_deref()).await?;
    Ok(sent?)
}
