//! What targets and seeds share: how an input is divided into pieces, and the fixtures of the venues.

#[allow(dead_code)] // the venues' tests use all of it
#[path = "../../crates/venues/tests/support/fixture.rs"]
pub mod fixture;
pub mod stream;

use fixture::Fixture;
use std::path::Path;

/// One part of an input: a byte that says what it is, two bytes of length, and so many bytes.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    pub kind: u8,
    /// As many as were announced, or all that are left.
    pub bytes: &'a [u8],
}

/// All of an input.
pub fn pieces(mut rest: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let [kind, low, high, behind @ ..] = rest else { return None };
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let (bytes, left) = behind.split_at(behind.len().min(length));
        rest = left;
        Some(Piece { kind: *kind, bytes })
    })
}

/// The same written; none when it is too long for one.
pub fn written(kind: u8, bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(bytes.len()).ok()?.to_le_bytes();
    Some([&[kind], &length[..], bytes].concat())
}

/// What a venue's tests play.
pub fn fixture_of(venue: &str) -> Fixture {
    Fixture::read_from(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/venues/tests/conformance"), venue)
}
