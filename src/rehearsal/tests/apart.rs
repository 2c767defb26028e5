//! The product cannot look into the truth: nothing that it is made of knows this crate.

use std::{fs, path::Path};

/// The text of every source and manifest below a folder.
fn texts(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "toml" || kind == "sql") {
            into.push((path.display().to_string(), fs::read_to_string(&path).unwrap().to_lowercase()));
        }
    }
}

#[test]
fn what_reads_stores_and_decides_does_not_know_this_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = 0;
    for room in ["model", "store", "service", "providers", "jobs", "brain", "writer"] {
        let mut files = vec![];
        let folder = root.join("src").join(room);
        if folder.exists() {
            texts(&folder, &mut files);
        }
        seen += files.len();
        let named: Vec<_> = files.iter().filter(|(_, text)| text.contains("rehearsal")).map(|(file, _)| file).collect();
        assert!(named.is_empty(), "the rehearsal is named in {named:?}");
    }
    assert!(seen > 100, "only {seen} files were read");
    // Pages may say the word to people, but cannot use the crate.
    for manifest in ["app/Cargo.toml", "frontend/Cargo.toml"] {
        assert!(!fs::read_to_string(root.join(manifest)).unwrap().contains("rehearsal"), "{manifest}");
    }
}
