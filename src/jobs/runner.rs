//! The runner: takes jobs from the queue and calls their functions.
//!
//! Failed jobs come again with growing pauses, up to twelve times. A killed worker's jobs are taken over by another
//! within a minute: workers report every few seconds, and whoever is silent is swept.
//!
//! A reading may take as long as a provider is silent, so readings never have all places: `enqueue_job` marks what is long,
//! and beside the places of the settings, which take everything, a process has some that refuse what is so marked. What a
//! person waits for comes through there when all else hangs. The places are of this process, whatever others there are.

use std::time::{Duration, Instant};

use graphile_worker::{
    Cron, Crontab, CrontabFill, IntoTaskHandlerResult, TaskHandler, Worker, WorkerContext, WorkerOptions,
    WorkerRecoveryConfig, WorkerShutdownConfig,
};
use model::{alert::Way, job::Job};
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    Context, gone, import, listen, mail_alert, mail_alert_again, mail_invitation, mail_password_reset, mail_report,
    mail_sign_up, mail_stale, mail_summary, mail_sync_failure, make_report, pulse::Beat, purge_ended, queue_due,
    revoke_connection, run_brain, send_message, sync, test_connection,
};

/// How fast a dead worker's jobs are taken over.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// A worker reports this often.
    pub heartbeat: Duration,
    /// A worker that was silent for this long is dead.
    pub silence: Duration,
}

/// The mark of what nobody waits for and may take long: readings whose time has come, and thinking.
const READING: &str = "reading";
/// The mark of what a person asked of a provider: it is waited for, but a provider may be silent.
const ASKED: &str = "asked";

/// What the places of one worker are for. Each process has a worker of each kind.
#[derive(Clone, Copy, Debug)]
enum Places {
    /// As many as the settings say, for everything; what a person waits for comes first. Schedules are started here.
    All(usize),
    /// Kept free of readings.
    Asked,
    /// Kept free of everything that may have to wait for a provider.
    Prompt,
}

impl Places {
    fn count(self) -> usize {
        match self {
            Self::All(count) => count,
            Self::Asked | Self::Prompt => 2,
        }
    }

    /// The marks of what is not taken.
    fn refused(self) -> &'static [&'static str] {
        match self {
            Self::All(_) => &[],
            Self::Asked => &[READING],
            Self::Prompt => &[READING, ASKED],
        }
    }
}

/// The one task of the queue; its payload is a [`Job`].
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Run(Job);

impl TaskHandler for Run {
    const IDENTIFIER: &'static str = "job";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = worker.get_ext::<Context>().cloned().ok_or_else(|| "the runner has no context".to_owned())?;
        let agency = self.0.organization_id();
        let done = run(&context, self.0).await.map_err(|error| format!("{error:#}"));
        if let (Err(error), Some(id)) = (&done, agency)
            && gone::is_gone(&context, id).await
        {
            tracing::info!(organization = %id, error, "a job's agency was thrown away meanwhile");
            return Ok(());
        }
        done
    }
}

async fn run(context: &Context, job: Job) -> anyhow::Result<()> {
    match job {
        Job::MailSignUp { sign_up_id } => mail_sign_up::run(context, sign_up_id).await,
        Job::MailInvitation { organization_id, invitation_id } => {
            mail_invitation::run(context, organization_id, invitation_id).await
        }
        Job::MailPasswordReset { password_reset_id } => mail_password_reset::run(context, password_reset_id).await,
        Job::SyncConnection { organization_id, connection_id, .. } => {
            sync::run(context, organization_id, connection_id).await
        }
        Job::QueueDue => queue_due::run(context).await,
        Job::TestConnection { organization_id, connection_id } => {
            test_connection::run(context, organization_id, connection_id).await
        }
        Job::RevokeConnection { organization_id, connection_id, provider, member_id } => {
            revoke_connection::run(context, organization_id, connection_id, &provider, member_id).await
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
        Job::MailSummary { organization_id, summary_mail_id, member_id } => {
            mail_summary::run(context, organization_id, summary_mail_id, member_id).await
        }
        Job::MakeReport { organization_id, report_id } => make_report::run(context, organization_id, report_id).await,
        Job::MailReport { organization_id, report_id } => mail_report::run(context, organization_id, report_id).await,
        Job::SendMessage { organization_id, outgoing_id } => {
            send_message::run(context, organization_id, outgoing_id).await
        }
        Job::PurgeEnded => purge_ended::run(context).await,
    }
}

/// A worker that runs jobs at its places until it is told to stop.
async fn worker(context: Context, places: Places, recovery: Recovery) -> anyhow::Result<Worker> {
    let pool = context.service.db.pool().clone();
    let shutdown = WorkerShutdownConfig { listen_os_shutdown_signals: false, ..WorkerShutdownConfig::default() };
    let options = WorkerOptions::default()
        .pg_pool(pool)
        .schema(store::queue::SCHEMA)
        .concurrency(places.count())
        .worker_recovery(
            WorkerRecoveryConfig::default()
                .heartbeat_interval(recovery.heartbeat)
                .sweep_interval(recovery.heartbeat)
                .sweep_threshold(recovery.silence)
                .recovery_delay(Duration::from_secs(1)),
        )
        .worker_shutdown(shutdown)
        .define_job::<Run>()
        .add_extension(context);
    let options = places.refused().iter().fold(options, |options, mark| options.add_forbidden_flag(mark));
    let options = match places {
        Places::All(_) => options
            .poll_interval(Duration::from_secs(1))
            .with_crons([daily(3, 20, Job::PurgeEnded)?, every_minute(Job::QueueDue)?]),
        // They are needed while the others are busy only: looking now and then does not hold a connection to the database.
        Places::Asked | Places::Prompt => {
            options.poll_interval(Duration::from_millis(500)).use_notification_delivery(false)
        }
    };
    Ok(options.init().await?)
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

/// Runs up to `at_once` jobs at the same time, and beside them what people wait for, until `stop` becomes true. A worker that
/// fails, for instance because the database was away, is started again with the others after a pause that grows to half a
/// minute; `beat` says meanwhile that it does not work.
pub async fn keep_running(
    context: Context,
    at_once: usize,
    recovery: Recovery,
    mut stop: watch::Receiver<bool>,
    beat: Beat,
) {
    // Ends with this task, however that ends.
    let mut beside = JoinSet::new();
    beside.spawn(listen::keep_listening(context.clone(), stop.clone()));
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
    while beside.join_next().await.is_some() {}
}

async fn run_until(
    context: Context,
    at_once: usize,
    recovery: Recovery,
    mut stop: watch::Receiver<bool>,
    beat: &Beat,
) -> anyhow::Result<()> {
    let [all, asked, prompt] = [Places::All(at_once), Places::Asked, Places::Prompt];
    let workers = [
        worker(context.clone(), all, recovery).await?,
        worker(context.clone(), asked, recovery).await?,
        worker(context, prompt, recovery).await?,
    ];
    let [all, asked, prompt] = &workers;
    beat.works();
    let mut run = std::pin::pin!(async {
        let ended = tokio::join!(run_one(all, &workers), run_one(asked, &workers), run_one(prompt, &workers));
        ended.0.and(ended.1).and(ended.2)
    });
    tokio::select! {
        result = &mut run => return result,
        _ = stop.wait_for(|stop| *stop) => workers.iter().for_each(Worker::request_shutdown),
    }
    run.await
}

/// Runs one of the workers of this process; when it ends, for whatever reason, the others finish what they do and end, too.
async fn run_one(worker: &Worker, all: &[Worker]) -> anyhow::Result<()> {
    let ended = worker.run().await;
    all.iter().for_each(Worker::request_shutdown);
    Ok(ended?)
}
