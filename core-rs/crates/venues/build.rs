//! Tells the tests whether real frames lie beside the repository: `cfg(recordings)`, and `cfg(recording = "<venue>/<file>")` for
//! each file. A test that needs what is not there is ignored, so that every run says how many were.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(recordings)");
    println!("cargo::rustc-check-cfg=cfg(recording, values(any()))");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/recordings");
    // A path that does not exist would have everything built afresh each time: `tests/recordings.rs` tells of a folder that
    // has come since.
    let watched = if folder.is_dir() { folder.as_path() } else { Path::new("build.rs") };
    println!("cargo::rerun-if-changed={}", watched.display());
    if folder.is_dir() {
        println!("cargo::rustc-cfg=recordings");
        venues(&folder)
            .iter()
            .flat_map(|venue| files(venue))
            .for_each(|name| println!("cargo::rustc-cfg=recording={name:?}"));
    }
}

fn venues(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The names of a venue's files, as `<venue>/<file>`.
fn files(venue: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(venue).into_iter().flatten().flatten().map(|entry| entry.path());
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    entries.map(|file| format!("{}/{}", name(venue), name(&file))).collect()
}
