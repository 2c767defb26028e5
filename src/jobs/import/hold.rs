//! Keeping rows and taking them back: one transaction, in one worker's hands.

use std::time::Duration;

use model::{
    connection::{Cause, Fault, Progress},
    id::SyncRunId,
    import::{Import, Source},
    job,
};
use store::{TenantTx, ad_entity, connection, import, metric, queue, sync};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Job, file, overtaken};
use crate::run_brain;

/// A source into which another import runs is tried again after this.
const LATER: Duration = Duration::from_secs(2);

/// A run in this worker's hands.
struct Run<'a> {
    job: &'a Job<'a>,
    found: Import,
    source: Source,
    id: SyncRunId,
    holder: Uuid,
}

/// How a run ends when nothing of ours failed.
enum End {
    /// Everything is kept, or taken back.
    Done,
    /// Nothing is kept, for this reason.
    Failed(String),
    /// Nothing is taken back, for this reason.
    Refused(String),
    /// The run is somebody else's by now.
    Lost,
}

impl Job<'_> {
    /// Keeps the rows: all that are accepted, or none.
    pub(super) async fn keep(&self, known: Option<SyncRunId>) -> anyhow::Result<()> {
        let Some(run) = self.begin(known).await? else { return Ok(()) };
        let end = run.held(run.keep()).await?;
        run.settle(end).await
    }

    /// Takes what was kept back.
    pub(super) async fn take_back(&self, known: Option<SyncRunId>) -> anyhow::Result<()> {
        let Some(run) = self.begin(known).await? else { return Ok(()) };
        let end = run.held(run.take_back()).await?;
        run.settle(end).await
    }

    /// Takes the import's run in hand: a new one, or one whose worker fell silent. While another import runs into the source,
    /// or the silence is not long enough, the job comes again.
    async fn begin(&self, known: Option<SyncRunId>) -> anyhow::Result<Option<Run<'_>>> {
        let (found, source) = self.load().await?;
        let connection_id = source.channel.connection_id;
        let now = self.now();
        let holder = store::id::new::<Uuid>(now);
        let hold = sync::Hold { holder, until: now + self.context.lease };
        let mut tx = self.tx().await?;
        let id = match sync::find_running(&mut tx, connection_id).await? {
            Some(running) if Some(running.id) != known || running.held_until > now => {
                let own = Some(running.id) == known;
                let then = if own { running.held_until + Duration::from_secs(1) } else { now + LATER };
                return self.come_again(tx, then).await;
            }
            Some(running) => match sync::take(&mut tx, running.id, hold, now).await {
                Ok(()) => running.id,
                Err(store::Error::Missing) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
            None => {
                let id = store::id::new(now);
                match sync::insert(&mut tx, id, connection_id, Cause::Import, hold, now).await {
                    Ok(()) => {}
                    Err(store::Error::Conflict(_)) => {
                        drop(tx);
                        return self.come_again(self.tx().await?, now + LATER).await;
                    }
                    Err(error) => return Err(error.into()),
                }
                if !overtaken(import::set_run(&mut tx, (self.id, self.revision), id).await)? {
                    return Ok(None);
                }
                id
            }
        };
        tx.commit().await?;
        Ok(Some(Run { job: self, found, source, id, holder }))
    }

    async fn come_again<T>(&self, mut tx: TenantTx, then: OffsetDateTime) -> anyhow::Result<Option<T>> {
        let organization_id = self.actor.organization_id;
        let job = job::Job::RunImport { organization_id, import_id: self.id };
        queue::enqueue(&mut tx, &job, Some(then)).await?;
        tx.commit().await?;
        Ok(None)
    }
}

impl Run<'_> {
    fn hold(&self) -> sync::Hold {
        sync::Hold { holder: self.holder, until: self.job.now() + self.job.context.lease }
    }

    /// Works while the run is this worker's; when it is not any more, what was begun is dropped with its transaction.
    async fn held(&self, work: impl Future<Output = anyhow::Result<End>>) -> anyhow::Result<End> {
        let silent = async {
            loop {
                tokio::time::sleep(self.job.context.lease / 3).await;
                // A database that is away for a moment costs nothing: the next word may come in time.
                let Ok(mut tx) = self.job.tx().await else { continue };
                match sync::hold(&mut tx, self.id, self.hold()).await {
                    Ok(()) => drop(tx.commit().await),
                    Err(store::Error::Missing) => return,
                    Err(_) => {}
                }
            }
        };
        tokio::select! {
            end = work => end,
            () = silent => Ok(End::Lost),
        }
    }

    async fn keep(&self) -> anyhow::Result<End> {
        let Some(mapping) = self.found.mapping.clone() else {
            return Ok(End::Failed("nobody has said how the file is read".to_owned()));
        };
        let channel = self.source.channel.id;
        let (account, path) = (self.source.channel.account.clone(), self.job.path());
        let today = self.job.today(&account)?;
        let (give, mut take) = mpsc::channel(2);
        let reading = tokio::task::spawn_blocking(move || file::hand_on(&path, &mapping, &account, today, &give));
        let mut tx = self.job.tx().await?;
        let at = metric::moment(&mut tx, channel).await?;
        let (mut counts, mut rows) = (metric::Counts::default(), 0);
        while let Some((batch, entities)) = take.recv().await {
            ad_entity::upsert(&mut tx, channel, &entities, at).await?;
            counts += metric::observe(&mut tx, channel, self.id, at, &batch).await?;
            rows += i64::try_from(batch.len())?;
            if !self.job.say(rows).await? {
                return Ok(End::Lost);
            }
        }
        let read = match reading.await? {
            Ok(read) => read,
            Err(fault) => return Ok(End::Failed(self.job.words(&fault))),
        };
        if read.found.wrong > 0 && !self.found.skip_wrong {
            return Ok(End::Failed("the file is no longer the one that was checked. Upload it again".to_owned()));
        }
        let done_at = metric::moment(&mut tx, channel).await?;
        let done = import::set_done(&mut tx, self.job.id, &read.found, &read.errors, counts, done_at).await;
        if !overtaken(done)? {
            return Ok(End::Lost);
        }
        self.finish(tx, format!("{} rows imported", read.found.rows), counts).await
    }

    /// What was true when a person asked for it is looked at again: rows may have come between. From here on none can, for
    /// this run is the source's.
    async fn take_back(&self) -> anyhow::Result<End> {
        let known = self.found.found.as_ref();
        let mut tx = self.job.tx().await?;
        let undone = import::run_of(&mut tx, self.job.id).await?;
        let (Some(days), Some(undone)) = (known.and_then(|found| found.days), undone) else {
            return Ok(End::Lost);
        };
        if let Some((name, _)) = import::find_repeating(&mut tx, self.job.id).await? {
            return Ok(End::Refused(service::import::repeated(&name)));
        }
        let at = metric::moment(&mut tx, self.source.channel.id).await?;
        let counts = metric::take_back(&mut tx, self.source.channel.id, undone, (self.id, at), days).await?;
        if !overtaken(import::set_undone(&mut tx, self.job.id, at).await)? {
            return Ok(End::Lost);
        }
        self.finish(tx, format!("{} undone", self.found.file_name), counts).await
    }

    /// Ends the run in the transaction of what it did; a zombie's is refused here and drops everything.
    async fn finish(&self, mut tx: TenantTx, step: String, counts: metric::Counts) -> anyhow::Result<End> {
        let now = self.job.now();
        let progress = Progress {
            step,
            pages: 1,
            rows_new: counts.new,
            rows_changed: counts.changed,
            rows_unchanged: counts.unchanged,
            rows_withdrawn: counts.withdrawn,
            ..Progress::default()
        };
        if !overtaken(sync::add(&mut tx, self.id, self.hold(), &progress).await)?
            || !overtaken(sync::finish(&mut tx, self.id, self.holder, None, now).await)?
        {
            return Ok(End::Lost);
        }
        connection::set_synced(&mut tx, self.source.channel.connection_id, true, now, None, now).await?;
        run_brain::ask(self.job.context, &mut tx, now).await?;
        tx.commit().await?;
        Ok(End::Done)
    }

    async fn settle(&self, end: End) -> anyhow::Result<()> {
        match end {
            End::Lost => {
                tracing::info!(import = %self.job.id, "the import went on in other hands");
                return Ok(());
            }
            End::Done => {}
            End::Failed(words) => {
                let now = self.job.now();
                let fault =
                    Fault { kind: "rejected".into(), message: words.clone(), hint: "Upload the file again".into() };
                let mut tx = self.job.tx().await?;
                let revised = (self.job.id, self.job.revision);
                if !overtaken(sync::finish(&mut tx, self.id, self.holder, Some(&fault), now).await)?
                    || !overtaken(import::set_fault(&mut tx, revised, &words, true, now).await)?
                {
                    return Ok(());
                }
                tx.commit().await?;
            }
            End::Refused(words) => {
                let now = self.job.now();
                let hint = "Undo the later import first".to_owned();
                let fault = Fault { kind: "rejected".into(), message: words.clone(), hint };
                let mut tx = self.job.tx().await?;
                let revised = (self.job.id, self.job.revision);
                if overtaken(sync::finish(&mut tx, self.id, self.holder, Some(&fault), now).await)?
                    && overtaken(import::set_not_undone(&mut tx, revised, &words, now).await)?
                {
                    tx.commit().await?;
                }
                return Ok(());
            }
        }
        self.job.remove_file().await;
        Ok(())
    }
}
