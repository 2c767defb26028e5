//! Puts a hash over the sources of the brain, and of what feeds it, into the program: states made by other code are never
//! taken for the same, even if nobody thought of raising the version.

use std::{fs, io, path::Path};

/// FNV-1a, 64 bits (Fowler, Noll & Vo).
fn hash(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

fn sources(folder: &Path, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "tests" {
            sources(&path, found)?;
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let brain = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [brain.to_owned(), brain.join("../jobs/run_brain")] {
        println!("cargo::rerun-if-changed={}", folder.display());
        sources(&folder, &mut found)?;
    }
    // Where a file lies does not matter.
    found.sort_unstable();
    let all = found.iter().fold(0xcbf2_9ce4_8422_2325, |all, text| hash(all, text.as_bytes()));
    println!("cargo::rustc-env=BRAIN_SOURCES={all:016x}");
    Ok(())
}
