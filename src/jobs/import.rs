//! Does what an import waits for: looks at its file, checks every row, keeps the rows, or takes them back.
//!
//! Which of them is read from the import itself, so that running twice does no harm. Looking and checking write nothing but
//! what they found. Keeping and taking back are one transaction each, in the hands of one worker at a time: a run of the
//! source's connection, held and taken over like that of a sync. A killed worker has kept nothing, and a zombie cannot.

mod file;
mod hold;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use model::{
    actor::Actor,
    id::{ImportId, OrganizationId},
    import::{Source, State},
    metric::Account,
};
use providers::file::Unreadable;
use service::moment;
use store::{TenantTx, import, import_source};
use time::Date;

use crate::Context;

/// How often a person sees how far it is.
const WORD: Duration = Duration::from_millis(500);

/// An import in this worker's hands, with the revision that it read.
struct Job<'a> {
    context: &'a Context,
    actor: Actor,
    id: ImportId,
    revision: i32,
}

pub(crate) async fn run(context: &Context, organization_id: OrganizationId, import_id: ImportId) -> anyhow::Result<()> {
    let actor = Actor::machine(organization_id);
    let work = import::work(&mut context.service.db.tenant(&actor).await?, import_id).await;
    let work = match work {
        Ok(work) => work,
        Err(store::Error::Missing) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let job = Job { context, actor, id: import_id, revision: work.revision };
    match work.state {
        State::Reading => job.look(work.chosen).await,
        State::Checking => job.check().await,
        State::Importing => job.keep(work.run).await,
        State::Undoing => job.take_back(work.run).await,
        State::Open | State::Checked | State::Done | State::Undone | State::Failed | State::GivenUp => Ok(()),
    }
}

/// Whoever was overtaken writes nothing and is done.
fn overtaken(result: Result<(), store::Error>) -> anyhow::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(store::Error::Missing) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// How far a reader is, and whether it should stop.
#[derive(Clone, Debug, Default)]
struct Passed {
    rows: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
}

impl Passed {
    fn row(&self) {
        self.rows.fetch_add(1, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Job<'_> {
    fn path(&self) -> PathBuf {
        self.context.service.uploads.path(self.actor.organization_id, self.id)
    }

    async fn tx(&self) -> anyhow::Result<TenantTx> {
        Ok(self.context.service.db.tenant(&self.actor).await?)
    }

    fn now(&self) -> time::OffsetDateTime {
        self.context.service.clock.now()
    }

    fn today(&self, account: &Account) -> anyhow::Result<Date> {
        let day = moment::day(&account.time_zone, self.now());
        day.ok_or_else(|| anyhow::anyhow!("the source counts in an unknown zone, {}", account.time_zone))
    }

    /// The import and its source.
    async fn load(&self) -> anyhow::Result<(model::import::Import, Source)> {
        let mut tx = self.tx().await?;
        let found = import::get(&mut tx, self.id).await?;
        let source = import_source::get(&mut tx, found.source_id).await?;
        Ok((found, source))
    }

    async fn look(&self, chosen: model::import::Chosen) -> anyhow::Result<()> {
        let path = self.path();
        // What a person has chosen can be chosen otherwise; what the file itself is cannot.
        let last = chosen.format.is_none() && chosen.header.is_none();
        let looked = tokio::task::spawn_blocking(move || file::look(&path, &chosen)).await?;
        let mut tx = self.tx().await?;
        let now = self.now();
        let (written, last) = match looked {
            Ok(preview) => (import::set_preview(&mut tx, (self.id, self.revision), &preview, now).await, false),
            Err(fault) => {
                let last = last || gone(&fault);
                let words = self.words(&fault);
                (import::set_fault(&mut tx, (self.id, self.revision), &words, last, now).await, last)
            }
        };
        if overtaken(written)? {
            tx.commit().await?;
            if last {
                self.remove_file().await;
            }
        }
        Ok(())
    }

    async fn check(&self) -> anyhow::Result<()> {
        let (found, source) = self.load().await?;
        let Some(mapping) = found.mapping else { return Ok(()) };
        let (account, path, passed) = (source.channel.account, self.path(), Passed::default());
        let today = self.today(&account)?;
        let counted = passed.clone();
        let mut reading = tokio::task::spawn_blocking(move || file::check(&path, &mapping, &account, today, &counted));
        let checked = loop {
            tokio::select! {
                checked = &mut reading => break checked?,
                () = tokio::time::sleep(WORD) => {
                    if !self.say(passed.rows.load(Ordering::Relaxed)).await? {
                        passed.stop.store(true, Ordering::Relaxed);
                        return Ok(());
                    }
                }
            }
        };
        let mut tx = self.tx().await?;
        let now = self.now();
        let (written, last) = match checked {
            Ok(read) => {
                let done = import::set_checked(&mut tx, (self.id, self.revision), &read.found, &read.errors, now).await;
                (done, false)
            }
            Err(fault) => {
                let (words, last) = (self.words(&fault), gone(&fault));
                (import::set_fault(&mut tx, (self.id, self.revision), &words, last, now).await, last)
            }
        };
        if overtaken(written)? {
            tx.commit().await?;
            if last {
                self.remove_file().await;
            }
        }
        Ok(())
    }

    /// Says how many rows are passed; false when the import is somebody else's by now.
    async fn say(&self, rows: i64) -> anyhow::Result<bool> {
        let mut tx = self.tx().await?;
        let said = overtaken(import::set_rows_done(&mut tx, (self.id, self.revision), rows).await)?;
        if said {
            tx.commit().await?;
        }
        Ok(said)
    }

    /// What a person reads of a fault. What only an operator can mend is in the log, too.
    fn words(&self, fault: &Unreadable) -> String {
        match fault {
            Unreadable::Source(cause) => {
                format!("the uploaded file is no longer on the server ({cause}). Upload it again")
            }
            Unreadable::Compare(cause) => {
                tracing::error!(
                    import = %self.id,
                    organization = %self.actor.organization_id,
                    cause,
                    "the rows of an import could not be compared: make room in the folder of the data, and see that it can \
                     be written to"
                );
                fault.to_string()
            }
            other => other.to_string(),
        }
    }

    /// Throws the file away, if nobody needs it any more.
    async fn remove_file(&self) {
        self.context.service.uploads.remove(self.actor.organization_id, self.id).await;
    }
}

/// Whether the file itself is not there.
fn gone(fault: &Unreadable) -> bool {
    matches!(fault, Unreadable::Source(_))
}
