//! Makes a report: writes its sections one after the other from what was known at its moment, typesets them and keeps the file.
//! Running twice does no harm: what is read is of one moment, and the first file that is kept stays.

use model::{
    id::{BrainStateId, OrganizationId, ReportId},
    report::{Report, document::Document},
};
use service::{
    Service,
    report::{Gatherer, making},
};
use sha2::{Digest, Sha256};
use studio::Pdf;

use crate::Context;

/// The largest file that is kept (the database keeps no larger one).
const LARGEST: usize = 20 * 1024 * 1024;

pub(crate) async fn run(context: &Context, organization: OrganizationId, id: ReportId) -> anyhow::Result<()> {
    let service = &context.service;
    let Some(report) = making::begin(service, organization, id).await? else { return Ok(()) };
    let outcome = make(service, organization, &report).await;
    if let Err(error) = &outcome {
        tracing::error!(report = %id, error = format!("{error:#}"), "a report could not be made");
        let words = "Something failed on our side while it was made; the server's log says what. Nothing else was changed, and \
                     it is tried again by itself.";
        let fault = if error.is::<TooLarge>() { error.to_string() } else { words.to_owned() };
        making::fail(service, organization, id, &fault).await?;
    }
    // Whatever is tried again, this comes out as large.
    match outcome {
        Err(error) if error.is::<TooLarge>() => Ok(()),
        outcome => outcome,
    }
}

/// A report that does not fit.
#[derive(Debug, thiserror::Error)]
#[error(
    "The file of this report would be larger than 20 MiB, so it was not kept. Make it of fewer days, sections or channels."
)]
struct TooLarge;

async fn make(service: &Service, organization: OrganizationId, report: &Report) -> anyhow::Result<()> {
    let (pdf, state_id) = draw(service, organization, report).await?;
    if pdf.logo_left_out {
        tracing::warn!(report = %report.id, "a logo cannot be read, so a report was made with the name in its place");
    }
    if pdf.bytes.len() > LARGEST {
        return Err(TooLarge.into());
    }
    let hash = Sha256::digest(&pdf.bytes).to_vec();
    let typeset = making::Typeset { state_id, pages: pdf.pages, bytes: pdf.bytes, hash };
    Ok(making::finish(service, organization, report.id, &typeset).await?)
}

/// Writes and typesets a report without keeping its file, and names the brain state that it shows: all that making one takes, for
/// the job and for whoever times it.
///
/// # Errors
/// The database failed, or the typesetter refuses it.
pub async fn draw(
    service: &Service,
    organization: OrganizationId,
    report: &Report,
) -> anyhow::Result<(Pdf, Option<BrainStateId>)> {
    let (document, state_id) = gather(service, organization, report).await?;
    let pdf = tokio::task::spawn_blocking(move || studio::pdf(&document)).await??;
    Ok((pdf, state_id))
}

/// Writes all sections, and says after each how many are there.
async fn gather(
    service: &Service,
    organization: OrganizationId,
    report: &Report,
) -> anyhow::Result<(Document, Option<BrainStateId>)> {
    let mut gatherer = Gatherer::new(service, organization, report).await?;
    let mut sections = Vec::new();
    for (at, kind) in report.question.sections.iter().enumerate() {
        sections.extend(gatherer.section(*kind).await?);
        making::progress(service, organization, report.id, at + 1).await?;
    }
    Ok(gatherer.document(sections))
}
