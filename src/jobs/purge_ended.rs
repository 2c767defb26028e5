//! Throws away what has ended and is of no more use. Running twice does no harm.

use service::purge;

use crate::Context;

pub(crate) async fn run(context: &Context) -> anyhow::Result<()> {
    let purged = purge::run(&context.service).await?;
    tracing::info!(
        sessions = purged.sessions,
        sign_ups = purged.sign_ups,
        password_resets = purged.password_resets,
        attempts = purged.attempts,
        summary_mails = purged.summary_mails,
        imports = purged.imports,
        files = purged.files,
        uploads = purged.uploads,
        simulated = purged.simulated,
        "threw away what had ended"
    );
    Ok(())
}
