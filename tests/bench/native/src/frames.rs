//! Whole WebSocket frames of a server: made, and told apart in what another server sends.

use bytes::{Bytes, BytesMut};

const TEXT: u8 = 0x81;
const SHORT: usize = 126;
const HEAD_END: &[u8] = b"\r\n\r\n";
const SWITCHED: &[u8] = b"HTTP/1.1 101";

/// Appends an unmasked text frame.
pub fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(TEXT);
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(size), _) if usize::from(size) < SHORT => out.push(size),
        (_, Ok(size)) => {
            out.push(126);
            out.extend_from_slice(&size.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(text.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(text);
}

/// Bytes on their way to a client, given on only in whole frames: between two of them, others may be put in.
pub struct Whole {
    held: BytesMut,
    state: State,
}

enum State {
    Head,
    Frames,
    Plain, // no WebSocket: nothing is ever put in
}

impl Whole {
    pub fn new() -> Self {
        Self { held: BytesMut::new(), state: State::Head }
    }

    /// What may be given on now.
    pub fn take(&mut self, data: &[u8]) -> Bytes {
        self.held.extend_from_slice(data);
        let size = match self.state {
            State::Head => self.end_of_head(),
            State::Frames => frames_end(&self.held),
            State::Plain => self.held.len(),
        };
        self.held.split_to(size).freeze()
    }

    fn end_of_head(&mut self) -> usize {
        let Some(at) = self.held.windows(HEAD_END.len()).position(|four| four == HEAD_END) else { return 0 };
        if !self.held.starts_with(SWITCHED) {
            self.state = State::Plain;
            return self.held.len();
        }
        self.state = State::Frames;
        let head = at + HEAD_END.len();
        head + frames_end(&self.held[head..])
    }
}

/// Where the last whole frame ends.
fn frames_end(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(size) = frame_size(&data[at..]).filter(|&size| size <= (data.len() - at) as u64) {
        at += size as usize;
    }
    at
}

/// Of the frame that begins here, its header included; None while that says not enough. A server masks nothing.
fn frame_size(data: &[u8]) -> Option<u64> {
    match *data.get(1)? {
        126 => Some(4 + u64::from(u16::from_be_bytes(*data.get(2..)?.first_chunk()?))),
        127 => u64::from_be_bytes(*data.get(2..)?.first_chunk()?).checked_add(10),
        short => Some(2 + u64::from(short)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(sizes: &[usize]) -> Vec<u8> {
        let mut out = Vec::new();
        sizes.iter().for_each(|&size| push_text(&mut out, &vec![b'x'; size]));
        out
    }

    #[test]
    fn headers_grow_with_their_frames() {
        assert_eq!([125, 126, 65_535, 65_536].map(|size| frames(&[size]).len() - size), [2, 4, 4, 10]);
    }

    #[test]
    fn a_frame_is_given_on_when_it_is_whole_however_it_comes() {
        let head = b"HTTP/1.1 101 Switching\r\nA: b\r\n\r\n".to_vec();
        let head_size = head.len();
        let all = [head, frames(&[3, 200, 0, 70_000])].concat();
        let ends: Vec<usize> = [0, 5, 204, 2, 70_010]
            .iter()
            .scan(head_size, |end, size| {
                *end += size;
                Some(*end)
            })
            .collect();
        for step in [1, 7, 1_000, all.len()] {
            let (mut whole, mut given) = (Whole::new(), 0);
            for piece in all.chunks(step) {
                given += whole.take(piece).len();
                assert!(given == 0 || ends.contains(&given), "{given} in steps of {step}");
            }
            assert_eq!(given, all.len());
        }
    }

    #[test]
    fn an_answer_that_opens_no_socket_passes() {
        let mut whole = Whole::new();
        assert_eq!(whole.take(b"HTTP/1.1 200 OK\r\n\r\n{\x7f").len(), 21);
        assert_eq!(whole.take(b"any").len(), 3);
    }
}
