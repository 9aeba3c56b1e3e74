//! Tests of real frames (`recorded_*.rs`) are ignored where the build found none; a folder that came since is not passed over.

mod support;

#[test]
fn the_build_knows_whether_there_are_recordings() {
    let is_there = support::recordings().is_dir();
    assert_eq!(
        is_there,
        cfg!(recordings),
        "../shared/recordings has come or gone: touch core-rs/crates/venues/build.rs"
    );
}
