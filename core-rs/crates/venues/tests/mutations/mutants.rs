//! One frame in all the ways in which a single field of it can be otherwise. What stands around the field stays byte by byte.

use serde::de::IgnoredAny;

/// What is done to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Null,
    Absent,
    Empty,
    OtherType,
    Negative,
    Huge,
    Duplicated,
    /// A name that no document knows.
    Unknown,
}

pub const KINDS: [Kind; 8] = [
    Kind::Null,
    Kind::Absent,
    Kind::Empty,
    Kind::OtherType,
    Kind::Negative,
    Kind::Huge,
    Kind::Duplicated,
    Kind::Unknown,
];

/// Of a long list only its first and its last elements are changed.
const ELEMENTS: usize = 2;

#[derive(Clone, Debug)]
pub struct Mutant {
    pub path: String,
    pub kind: Kind,
    /// Whether it has a name, so that it can be absent; elements of lists have places.
    pub is_field: bool,
    pub bytes: Vec<u8>,
}

/// Where a value stands, with its name if it has one.
#[derive(Clone, Debug)]
struct Place {
    path: String,
    member: usize,
    start: usize,
    end: usize,
}

/// All of a JSON text, which may stand behind the number of a packet.
pub fn of_text(text: &str) -> Vec<Mutant> {
    let Some(begin) = text.find(['{', '[']) else { return Vec::new() };
    if serde_json::from_str::<IgnoredAny>(&text[begin..]).is_err() {
        return Vec::new(); // broken on purpose
    }
    let mut mutants = Vec::new();
    for place in places(text, begin) {
        let value = &text[place.start..place.end];
        mutants.extend(KINDS.iter().filter_map(|kind| {
            let (from, to, changed) = changed(text, &place, value, *kind)?;
            let bytes = format!("{}{changed}{}", &text[..from], &text[to..]).into_bytes();
            Some(Mutant { path: place.path.clone(), kind: *kind, is_field: place.member < place.start, bytes })
        }));
        mutants.extend(within(text, &place, value));
    }
    mutants
}

/// A text that is JSON itself.
fn within(text: &str, place: &Place, value: &str) -> Vec<Mutant> {
    let inner = serde_json::from_str::<String>(value).ok().filter(|inner| inner.starts_with('{')).unwrap_or_default();
    let quoted = |mutant: Mutant| {
        let inner = serde_json::to_string(&String::from_utf8(mutant.bytes).unwrap()).unwrap();
        let bytes = format!("{}{inner}{}", &text[..place.start], &text[place.end..]).into_bytes();
        Mutant { path: format!("{}{}", place.path, mutant.path), bytes, ..mutant }
    };
    of_text(&inner).into_iter().map(quoted).collect()
}

/// What takes which bytes' place; None where that would change nothing.
fn changed(text: &str, place: &Place, value: &str, kind: Kind) -> Option<(usize, usize, String)> {
    let first = value.chars().next()?;
    let bare = value.trim_matches('"');
    let is_text = first == '"';
    let is_number = bare.parse::<f64>().is_ok();
    let like = |number: String| if is_text { format!("\"{number}\"") } else { number };
    let new = match kind {
        Kind::Null => "null".to_string(),
        Kind::Absent => {
            let behind = text[place.end..].starts_with(',');
            let before = text[..place.member].ends_with(',');
            let from = if !behind && before { place.member - 1 } else { place.member };
            return Some((from, place.end + usize::from(behind), String::new()));
        }
        Kind::Duplicated => return Some((place.member, place.member, format!("{},", &text[place.member..place.end]))),
        Kind::Empty => match first {
            '{' => "{}".to_string(),
            '[' => "[]".to_string(),
            _ => "\"\"".to_string(),
        },
        Kind::OtherType => match first {
            '{' => "[1]".to_string(),
            '[' => "\"odd\"".to_string(),
            _ => r#"{"is":"odd"}"#.to_string(),
        },
        Kind::Negative if is_number && bare != "0" => like(format!("-{}", bare.trim_start_matches('-'))),
        Kind::Huge if is_number => like("4611686018427387904".to_string()),
        Kind::Unknown if is_text && !is_number => "\"BOGUS\"".to_string(),
        _ => return None,
    };
    (new != value).then_some((place.start, place.end, new))
}

fn places(text: &str, begin: usize) -> Vec<Place> {
    let mut found = Vec::new();
    walk(text, begin, begin, String::new(), &mut found);
    found.retain(|place| !place.path.is_empty());
    found
}

/// Notes the value that begins at `start` and all within it; where it ends.
fn walk(text: &str, member: usize, start: usize, path: String, found: &mut Vec<Place>) -> usize {
    let bytes = text.as_bytes();
    let index = found.len();
    found.push(Place { path: path.clone(), member, start, end: start });
    let end = match bytes[start] {
        b'"' => string_end(bytes, start),
        open @ (b'{' | b'[') => {
            let (mut at, mut count, mut starts) = (skip(bytes, start + 1), 0, Vec::new());
            while !matches!(bytes[at], b'}' | b']') {
                let (name, value) = if open == b'{' {
                    let name_end = string_end(bytes, at);
                    let colon = skip(bytes, name_end);
                    (text[at + 1..name_end - 1].to_string(), skip(bytes, colon + 1))
                } else {
                    (format!("{count}"), at)
                };
                starts.push(found.len());
                at = skip(bytes, walk(text, at, value, format!("{path}.{name}"), found));
                count += 1;
                if bytes[at] == b',' {
                    at = skip(bytes, at + 1);
                }
            }
            if open == b'[' && count > 2 * ELEMENTS {
                found.drain(starts[ELEMENTS]..starts[count - 1]);
            }
            at + 1
        }
        _ => start + text[start..].find([',', '}', ']', ' ', '\n']).unwrap_or(text.len() - start),
    };
    found[index].end = end;
    end
}

fn skip(bytes: &[u8], mut at: usize) -> usize {
    while bytes[at].is_ascii_whitespace() {
        at += 1;
    }
    at
}

/// Behind the quotation mark that ends the string beginning at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// Bytes of a field of a binary frame.
const FIELD: usize = 8;

/// A binary frame in the same ways, for eight bytes at any place, be they a field or parts of two.
pub fn of_binary(frame: &[u8]) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for at in 0..frame.len().saturating_sub(FIELD) {
        for kind in KINDS {
            let field: &[u8] = match kind {
                Kind::Null => &i64::MIN.to_le_bytes(),
                Kind::Absent => &[],
                Kind::Empty => &[0; FIELD],
                Kind::OtherType => b"odd text",
                Kind::Negative => &(-5_i64).to_le_bytes(),
                Kind::Huge => &(1_i64 << 62).to_le_bytes(),
                Kind::Duplicated => &[&frame[at..at + FIELD], &frame[at..at + FIELD]].concat(),
                Kind::Unknown => &[0x77; FIELD],
            };
            let bytes = [&frame[..at], field, &frame[at + FIELD..]].concat();
            mutants.push(Mutant { path: format!(".{at}"), kind, is_field: false, bytes });
        }
    }
    mutants
}
