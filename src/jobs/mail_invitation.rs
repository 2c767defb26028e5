//! Mails the person who is asked to join an agency.

use model::id::{InvitationId, OrganizationId};
use service::invitation;

use crate::{Context, mailer::Mail};

pub(crate) async fn run(context: &Context, organization_id: OrganizationId, id: InvitationId) -> anyhow::Result<()> {
    let Some((invited, token)) = invitation::mail_content(&context.service, organization_id, id).await? else {
        return Ok(());
    };
    let url = &context.public_url;
    let text = format!(
        "Hello,\n\n{} asks you to join {} on AudienceOS as {}. Open this link to join:\n\n{url}/invite/{token}\n\n\
         It works once, within 7 days. If you do not know {}, ignore this mail.",
        invited.invited_by,
        invited.organization,
        invited.invitation.role.label(),
        invited.invited_by,
    );
    let mail = Mail {
        effect_key: format!("invitation-{id}-{}", invited.invitation.expires_at.unix_timestamp()),
        to: invited.invitation.email,
        subject: format!("Join {} on AudienceOS", invited.organization),
        text,
    };
    let sent = context.mailer.send(&mail).await;
    let error = sent.as_ref().err().map(ToString::to_string);
    invitation::set_mail(&context.service, organization_id, id, error.as_deref()).await?;
    Ok(sent?)
}
