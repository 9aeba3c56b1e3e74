//! Tells the tests whether real frames of orders lie beside the repository: `cfg(recordings)`. A test that needs what is not
//! there is ignored, so that every run says how many were.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(recordings)");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/recordings-orders");
    // A path that does not exist would have everything built afresh each time: `tests/recordings.rs` tells of a folder that
    // has come since.
    let watched = if folder.is_dir() { folder.as_path() } else { Path::new("build.rs") };
    println!("cargo::rerun-if-changed={}", watched.display());
    if folder.is_dir() {
        println!("cargo::rustc-cfg=recordings");
    }
}
