//! Typefaces of this installation, with which reports set letters that the one in the program has not.

use std::{fs, io, path::Path};

use anyhow::{Context, ensure};

/// How files of typefaces end.
const ENDINGS: [&str; 4] = ["ttf", "otf", "ttc", "otc"];

/// What a folder held.
#[derive(Debug)]
pub(crate) struct Taken {
    /// How many typefaces.
    pub(crate) many: usize,
    /// The files that are called typefaces and could not be read as such, each with why.
    pub(crate) unread: Vec<String>,
}

/// Reads the typefaces of a folder, and says in the log what could not be read.
///
/// # Errors
/// The folder cannot be read, or holds none.
pub(crate) fn install(folder: &Path) -> anyhow::Result<()> {
    let Taken { many, unread } = take(folder)?;
    for file in unread {
        tracing::warn!(file, "a typeface of AUDIENCEOS_FONTS could not be read: reports do without it");
    }
    tracing::info!(many, "reports have typefaces of this installation");
    Ok(())
}

/// Reads the typefaces of a folder, in the order of their names, and has reports use them. Folders in it are not read.
///
/// # Errors
/// The folder cannot be read, or holds none.
pub(crate) fn take(folder: &Path) -> anyhow::Result<Taken> {
    let words = || format!("AUDIENCEOS_FONTS is {}, which could not be read", folder.display());
    let typeface = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
    };
    let entries = fs::read_dir(folder).with_context(words)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().with_context(words)?;
    paths.retain(|path| typeface(path));
    paths.sort();
    let (mut unread, mut names, mut files) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        match fs::read(&path) {
            Ok(file) => {
                names.push(path.display().to_string());
                files.push(file);
            }
            Err(error) => unread.push(format!("{} ({error})", path.display())),
        }
    }
    let held = jobs::typefaces(files);
    let none = names.into_iter().zip(&held).filter(|(_, many)| **many == 0);
    unread.extend(none.map(|(name, _)| format!("{name} (it holds no typeface)")));
    let many: usize = held.iter().sum();
    let why = if unread.is_empty() { String::new() } else { format!("; could not be read: {}", unread.join(", ")) };
    ensure!(
        many > 0,
        "AUDIENCEOS_FONTS is {}, which holds no typeface (.ttf, .otf, .ttc or .otc; folders in it are not read){why}",
        folder.display()
    );
    Ok(Taken { many, unread })
}
