//! Has the mails about alerts go again that were set aside for a member: a person asked for it. They are sent by the jobs that
//! send them always; one that is refused once more stands among the failed jobs again.

use model::id::{MemberId, OrganizationId};
use service::alert::letter;

use crate::Context;

pub(crate) async fn run(context: &Context, organization_id: OrganizationId, member_id: MemberId) -> anyhow::Result<()> {
    Ok(letter::again(&context.service, organization_id, member_id).await?)
}
