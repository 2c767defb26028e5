//! Queues the connections whose time has come, each organization's in turn. Running twice does no harm: what was queued
//! is not queued again. What nobody could read for a day is told once. Agencies whose 03:00 it is are thought about.
//! Mails about alerts go when quiet hours end, and digests on Mondays.
//! Reports are asked for whose hour has come. Conversations that were put aside come back, and messages go whose sending a killed
//! worker left.

use model::job::Job;
use store::{brain, connection, conversation, outgoing, queue};

use crate::Context;

pub(crate) async fn run(context: &Context) -> anyhow::Result<()> {
    let now = context.service.clock.now();
    let mut tx = context.service.db.system().await?;
    for due in connection::take_due(&mut tx, now, context.share).await? {
        let connection::Due { organization_id, connection_id, asked } = due;
        queue::enqueue(&mut tx, &Job::SyncConnection { organization_id, connection_id, asked }, None).await?;
    }
    for (organization_id, connection_id) in connection::take_stale(&mut tx, now).await? {
        queue::enqueue(&mut tx, &Job::MailStale { organization_id, connection_id }, None).await?;
    }
    for organization_id in brain::take_daily(&mut tx, now).await? {
        brain::ask_daily(&mut tx, organization_id, now).await?;
    }
    service::alert::letter::queue_due(&mut tx, now).await?;
    service::report::schedule::queue_due(&mut tx, now).await?;
    conversation::wake(&mut tx, now).await?;
    for (organization_id, outgoing_id) in outgoing::due(&mut tx, now).await? {
        queue::enqueue(&mut tx, &Job::SendMessage { organization_id, outgoing_id }, None).await?;
    }
    Ok(tx.commit().await?)
}
