//! What the jobs keep of a report while they make it, and while they mail it.

use model::{
    actor::Actor,
    email::EmailAddress,
    id::{BrainStateId, OrganizationId, ReportId},
    job::Job,
    report::Report,
};
use store::{
    organization, queue,
    report::{self, Made},
};

use crate::{Result, Service};

/// Begins to make a report, or begins again; none for one that is made or gone.
///
/// # Errors
/// The database failed.
pub async fn begin(service: &Service, organization: OrganizationId, id: ReportId) -> Result<Option<Report>> {
    let mut tx = service.db.tenant(&Actor::machine(organization)).await?;
    if !report::begin(&mut tx, id).await? {
        return Ok(None);
    }
    let found = report::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Some(found))
}

/// Notes that so many sections of a report are there.
///
/// # Errors
/// The database failed.
pub async fn progress(service: &Service, organization: OrganizationId, id: ReportId, done: usize) -> Result<()> {
    let mut tx = service.db.tenant(&Actor::machine(organization)).await?;
    report::set_done(&mut tx, id, i16::try_from(done).unwrap_or(i16::MAX)).await?;
    Ok(tx.commit().await?)
}

/// A report's file, as it is kept.
#[derive(Clone, Debug)]
pub struct Typeset {
    /// The brain state that it shows, if there was one.
    pub state_id: Option<BrainStateId>,
    /// How many pages.
    pub pages: usize,
    /// The file.
    pub bytes: Vec<u8>,
    /// SHA-256 of it.
    pub hash: Vec<u8>,
}

/// Keeps a report's file, and has it mailed to whom it goes. One that was made before stays as it is.
///
/// # Errors
/// The database failed.
pub async fn finish(
    service: &Service,
    organization_id: OrganizationId,
    report_id: ReportId,
    typeset: &Typeset,
) -> Result<()> {
    let mut tx = service.db.tenant(&Actor::machine(organization_id)).await?;
    let made = Made {
        state_id: typeset.state_id,
        pages: i32::try_from(typeset.pages).unwrap_or(i32::MAX),
        bytes: &typeset.bytes,
        hash: &typeset.hash,
    };
    let kept = report::finish(&mut tx, report_id, made, service.clock.now()).await?;
    if kept && !report::waiting(&mut tx, report_id).await?.is_empty() {
        queue::enqueue(&mut tx, &Job::MailReport { organization_id, report_id }, None).await?;
    }
    Ok(tx.commit().await?)
}

/// Notes why a report could not be made.
///
/// # Errors
/// The database failed.
pub async fn fail(service: &Service, organization: OrganizationId, id: ReportId, fault: &str) -> Result<()> {
    let mut tx = service.db.tenant(&Actor::machine(organization)).await?;
    report::fail(&mut tx, id, fault).await?;
    Ok(tx.commit().await?)
}

/// A report that is to be mailed.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The report.
    pub report: Report,
    /// Its file.
    pub bytes: Vec<u8>,
    /// The agency.
    pub agency: String,
    /// Whether everything in it is simulated.
    pub simulated: bool,
    /// To whom it still has to go.
    pub to: Vec<EmailAddress>,
}

/// What of a report has to be mailed; none for one that is gone, not made, or at everybody already.
///
/// # Errors
/// The database failed.
pub async fn letter(service: &Service, organization: OrganizationId, id: ReportId) -> Result<Option<Letter>> {
    let mut tx = service.db.tenant(&Actor::machine(organization)).await?;
    let to = report::waiting(&mut tx, id).await?;
    if to.is_empty() {
        return Ok(None);
    }
    let bytes = match report::file(&mut tx, id).await {
        Ok(bytes) => bytes,
        Err(store::Error::Missing) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let report = report::get(&mut tx, id).await?;
    let agency = organization::get(&mut tx).await?;
    Ok(Some(Letter { report, bytes, agency: agency.name, simulated: agency.simulated, to }))
}

/// Notes that a report went to somebody, or why it never will.
///
/// # Errors
/// The database failed.
pub async fn mailed(
    service: &Service,
    organization: OrganizationId,
    id: ReportId,
    to: &EmailAddress,
    fault: Option<&str>,
) -> Result<()> {
    let mut tx = service.db.tenant(&Actor::machine(organization)).await?;
    report::set_mailed(&mut tx, id, to, fault, service.clock.now()).await?;
    Ok(tx.commit().await?)
}
