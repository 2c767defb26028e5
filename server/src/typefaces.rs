//! Typefaces of this installation, with which reports set letters that the one in the program has not.

use std::{fs, io, path::Path};

use anyhow::{Context, ensure};

/// How files of typefaces end.
const ENDINGS: [&str; 4] = ["ttf", "otf", "ttc", "otc"];

/// Reads the typefaces of a folder, in the order of their names, and has reports use them.
///
/// # Errors
/// The folder cannot be read, or holds none.
pub(crate) fn take(folder: &Path) -> anyhow::Result<()> {
    let words = || format!("AUDIENCEOS_FONTS is {}, which could not be read", folder.display());
    let typeface = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
    };
    let entries = fs::read_dir(folder).with_context(words)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().with_context(words)?;
    paths.retain(|path| typeface(path));
    paths.sort();
    let files = paths.iter().map(fs::read).collect::<io::Result<Vec<_>>>().with_context(words)?;
    let many = jobs::typefaces(files);
    ensure!(many > 0, "AUDIENCEOS_FONTS is {}, which holds no typeface (.ttf, .otf or .ttc)", folder.display());
    tracing::info!(many, "reports have typefaces of this installation");
    Ok(())
}
