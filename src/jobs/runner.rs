//! The runner: takes jobs from the queue and calls their functions.
//!
//! Failed jobs come again with growing pauses, up to twelve times. A killed worker's jobs are taken over by another
//! within a minute: workers report every few seconds, and whoever is silent is swept.

use std::time::{Duration, Instant};

use graphile_worker::{
    Cron, Crontab, CrontabFill, IntoTaskHandlerResult, TaskHandler, Worker, WorkerContext, WorkerOptions,
    WorkerRecoveryConfig, WorkerShutdownConfig,
};
use model::{alert::Way, job::Job};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    Context, import, mail_alert, mail_alert_again, mail_invitation, mail_password_reset, mail_report, mail_sign_up,
    mail_stale, mail_sync_failure, make_report, pulse::Beat, purge_ended, queue_due, revoke_connection, run_brain,
    sync, test_connection,
};

/// How fast a dead worker's jobs are taken over.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// A worker reports this often.
    pub heartbeat: Duration,
    /// A worker that was silent for this long is dead.
    pub silence: Duration,
}

/// The one task of the queue; its payload is a [`Job`].
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Run(Job);

impl TaskHandler for Run {
    const IDENTIFIER: &'static str = "job";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = worker.get_ext::<Context>().cloned().ok_or_else(|| "the runner has no context".to_owned())?;
        run(&context, self.0).await.map_err(|error| format!("{error:#}"))
    }
}

async fn run(context: &Context, job: Job) -> anyhow::Result<()> {
    match job {
        Job::MailSignUp { sign_up_id } => mail_sign_up::run(context, sign_up_id).await,
        Job::MailInvitation { organization_id, invitation_id } => {
            mail_invitation::run(context, organization_id, invitation_id).await
        }
        Job::MailPasswordReset { password_reset_id } => mail_password_reset::run(context, password_reset_id).await,
        Job::SyncConnection { organization_id, connection_id } => {
            sync::run(context, organization_id, connection_id).await
        }
        Job::QueueDue => queue_due::run(context).await,
        Job::TestConnection { organization_id, connection_id } => {
            test_connection::run(context, organization_id, connection_id).await
        }
        Job::RevokeConnection { organization_id, connection_id, provider } => {
            revoke_connection::run(context, organization_id, connection_id, &provider).await
        }
        Job::MailStale { organization_id, connection_id } => {
            mail_stale::run(context, organization_id, connection_id).await
        }
        Job::MailSyncFailure { organization_id, sync_run_id } => {
            mail_sync_failure::run(context, organization_id, sync_run_id).await
        }
        Job::RunImport { organization_id, import_id } => import::run(context, organization_id, import_id).await,
        Job::RunBrain { organization_id, brain_cycle_id } => {
            run_brain::run(context, organization_id, brain_cycle_id).await
        }
        Job::MailAlert { organization_id, member_id } => {
            mail_alert::run(context, organization_id, member_id, Way::Mail).await
        }
        Job::MailDigest { organization_id, member_id } => {
            mail_alert::run(context, organization_id, member_id, Way::Digest).await
        }
        Job::MailAlertAgain { organization_id, member_id } => {
            mail_alert_again::run(context, organization_id, member_id).await
        }
        Job::MakeReport { organization_id, report_id } => make_report::run(context, organization_id, report_id).await,
        Job::MailReport { organization_id, report_id } => mail_report::run(context, organization_id, report_id).await,
        Job::PurgeEnded => purge_ended::run(context).await,
    }
}

/// A worker that runs up to `at_once` jobs at the same time until it is told to stop.
///
/// # Errors
/// The queue cannot be reached.
pub async fn worker(context: Context, at_once: usize, recovery: Recovery) -> anyhow::Result<Worker> {
    let pool = context.service.db.pool().clone();
    let shutdown = WorkerShutdownConfig { listen_os_shutdown_signals: false, ..WorkerShutdownConfig::default() };
    Ok(WorkerOptions::default()
        .pg_pool(pool)
        .schema(store::queue::SCHEMA)
        .concurrency(at_once)
        .poll_interval(Duration::from_secs(1))
        .worker_recovery(
            WorkerRecoveryConfig::default()
                .heartbeat_interval(recovery.heartbeat)
                .sweep_interval(recovery.heartbeat)
                .sweep_threshold(recovery.silence)
                .recovery_delay(Duration::from_secs(1)),
        )
        .worker_shutdown(shutdown)
        .define_job::<Run>()
        .with_crons([daily(3, 20, Job::PurgeEnded)?, every_minute(Job::QueueDue)?])
        .add_extension(context)
        .init()
        .await?)
}

/// `job` every day at this time (UTC), once whatever the number of workers; a day that all of them slept through is made
/// up for.
fn daily(hour: u32, minute: u32, job: Job) -> anyhow::Result<Crontab> {
    let key = job.key();
    let cron = Cron::daily_at::<Run>(hour, minute)?.id(&key).job_key(key).max_attempts(12);
    Ok(cron.fill(CrontabFill::days(1)).payload(Run(job))?.build())
}

/// `job` every minute, once whatever the number of workers.
fn every_minute(job: Job) -> anyhow::Result<Crontab> {
    let key = job.key();
    let cron = Cron::every_minute::<Run>().id(&key).job_key(key).max_attempts(1);
    Ok(cron.payload(Run(job))?.build())
}

/// Runs jobs until `stop` becomes true. A worker that fails, for instance because the database was away, is started
/// again after a pause that grows to half a minute; `beat` says meanwhile that it does not work.
pub async fn keep_running(
    context: Context,
    at_once: usize,
    recovery: Recovery,
    mut stop: watch::Receiver<bool>,
    beat: Beat,
) {
    let mut pause = Duration::from_secs(1);
    while !*stop.borrow() {
        let begun = Instant::now();
        let result = run_until(context.clone(), at_once, recovery, stop.clone(), &beat).await;
        beat.stopped();
        if begun.elapsed() > Duration::from_secs(60) {
            pause = Duration::from_secs(1);
        }
        if let Err(error) = result {
            tracing::error!(
                error = format!("{error:#}"),
                seconds = pause.as_secs(),
                "the job runner failed and starts again"
            );
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
            pause = (pause * 2).min(Duration::from_secs(30));
        }
    }
}

async fn run_until(
    context: Context,
    at_once: usize,
    recovery: Recovery,
    mut stop: watch::Receiver<bool>,
    beat: &Beat,
) -> anyhow::Result<()> {
    let worker = worker(context, at_once, recovery).await?;
    beat.works();
    let mut run = std::pin::pin!(worker.run());
    tokio::select! {
        result = &mut run => return Ok(result?),
        _ = stop.wait_for(|stop| *stop) => worker.request_shutdown(),
    }
    Ok(run.await?)
}
