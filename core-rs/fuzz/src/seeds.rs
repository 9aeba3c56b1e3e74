//! Writes what fuzzing begins with: the frames of each case of the venues' fixtures, most of them recorded, a stream of batches,
//! and calls of it. `seeds FOLDER` makes a folder in it for each target.

use crossbook_fuzz::fixture::Piece;
use crossbook_fuzz::{fixture_of, stream, written};
use std::error::Error;
use std::fs;
use std::path::Path;

type Seed = (String, Vec<u8>);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("seeds FOLDER")?;
    for (target, seeds) in [("frames", frames()), ("batches", batches()), ("port", port())] {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}

fn frames() -> Vec<Seed> {
    let venues = crossbook_venues::profiles().enumerate();
    venues
        .flat_map(|(number, profile)| {
            let case = move |(name, pieces): (String, Vec<Piece>)| {
                let body: Vec<u8> = pieces.iter().filter_map(frame).flatten().collect();
                (format!("{}-{}", profile.id, name.replace(['/', ' '], "-")), [vec![number as u8], body].concat())
            };
            fixture_of(profile.id).cases.into_iter().map(case).collect::<Vec<_>>()
        })
        .collect()
}

/// What is too long for a piece is left out.
fn frame(piece: &Piece) -> Option<Vec<u8>> {
    match piece {
        Piece::Text(bytes) => written(0, bytes),
        Piece::Binary(bytes) => written(1, bytes),
        Piece::Answer(bytes) => written(2, bytes),
        Piece::Wait(ns) => written(3, &((ns / 1_000_000).min(i64::from(u16::MAX)) as u16).to_le_bytes()),
        Piece::Reopen => None,
    }
}

fn batches() -> Vec<Seed> {
    let seed = |count: u64, then: u8| {
        let said = std::iter::once(written(0, &stream::hello()));
        let said = said.chain(stream::batches(count).map(|batch| written(1, &batch)));
        (format!("{count}-{then}"), said.chain([written(then, &[])]).flatten().flatten().collect())
    };
    (1..8).flat_map(|count| [2, 3].map(|then| seed(count, then))).collect()
}

fn port() -> Vec<Seed> {
    let said = |kind: u8, number: u8, bytes: &[u8]| written(kind, &[&[number], bytes].concat()).unwrap_or_default();
    let call = |timeout: &[u8], hello: &[u8]| {
        let batches = stream::batches(3).flat_map(|batch| said(80, 1, &batch)).collect();
        [said(16, 1, timeout), said(80, 1, hello), batches].concat()
    };
    vec![
        ("served".into(), call(b"", &stream::hello())),
        ("deadline".into(), call(b"50m", &stream::hello())),
        ("malformed deadline".into(), call(b"x", &stream::hello())),
        ("refused".into(), call(b"", &[0])),
        ("compressed".into(), [said(16, 1, b""), said(81, 1, b"\x1f\x8b\x08")].concat()),
        ("reset".into(), [said(16, 1, b""), said(3, 1, &[0, 0, 0, 0, 8])].concat()),
        ("ping and settings".into(), [said(6, 0, &[0; 9]), said(4, 0, &[0, 0, 4, 0, 0, 0, 0])].concat()),
        ("window".into(), said(8, 0, &[0, 0, 0, 1, 0])),
        ("continued".into(), [said(1, 1, &[0]), said(9, 1, &[4])].concat()),
    ]
}
