//! Tests of real frames (`recorded_*.rs`) are ignored where the build found none; a folder that came since is not passed over,
//! and no file in it either.

mod support;

#[test]
fn the_build_knows_whether_there_are_recordings() {
    let is_there = support::recordings().is_dir();
    assert_eq!(
        is_there,
        cfg!(recordings),
        "../shared/recordings-orders has come or gone: touch core-rs/crates/trading/build.rs"
    );
}

/// A file that nothing reads says nothing.
#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn every_file_of_a_venue_is_read_or_said_not_to_be() {
    for venue in crossbook_trading::venues() {
        let source = format!("{}/tests/recorded_{venue}.rs", env!("CARGO_MANIFEST_DIR"));
        let test = std::fs::read_to_string(&source).unwrap_or_else(|_| panic!("there is no {source}"));
        let names = std::fs::read_dir(support::recordings().join(venue)).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let unread: Vec<String> =
            names.filter(|name| name != "SOURCES.md" && !test.contains(&format!("\"{name}\""))).collect();
        assert_eq!(unread, Vec::<String>::new(), "{venue}");
    }
}
