//! Messages that were made beforehand, over one call and as fast as the other side takes them: what the way costs without
//! what making them costs.

use std::fs;

use bytes::{Buf, Bytes};
use tokio::runtime::Builder;
use tokio_stream::iter;

use crate::control::{Outcome, answer_orders, say};
use crate::grpc::exchange;
use crate::hex::to_hex;

const LENGTH_BYTES: usize = 4;

/// Every order (`null`) is a call of its own, with all messages of the file; told is the server's last answer, in hexadecimal.
pub fn run(target: &str, method: &str, file: &str) -> Outcome {
    let messages = split(fs::read(file)?.into())?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    say(&())?;
    answer_orders(|_: ()| runtime.block_on(send(target, method, messages.clone())))
}

async fn send(target: &str, method: &str, messages: Vec<Bytes>) -> Outcome<String> {
    let mut answers = exchange(target, method, iter(messages)).await?;
    let mut last = Bytes::new();
    while let Some(answer) = answers.message().await? {
        last = answer;
    }
    Ok(to_hex(&last))
}

/// Each message stands behind its length, four bytes, the lowest first.
fn split(mut bytes: Bytes) -> Outcome<Vec<Bytes>> {
    let mut messages = Vec::new();
    while bytes.len() >= LENGTH_BYTES {
        let length = bytes.get_u32_le() as usize;
        if length > bytes.len() {
            return Err("the file ends within a message".into());
        }
        messages.push(bytes.split_to(length));
    }
    if bytes.is_empty() { Ok(messages) } else { Err("the file ends within a length".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stand_behind_their_lengths() {
        let file = Bytes::from_static(b"\x02\0\0\0ab\0\0\0\0\x01\0\0\0c");
        assert_eq!(split(file).unwrap(), [&b"ab"[..], b"", b"c"]);
        assert!(split(Bytes::new()).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_was_cut_is_refused() {
        for cut in [&b"\x02\0\0"[..], b"\x02\0\0\0a"] {
            assert!(split(Bytes::copy_from_slice(cut)).is_err());
        }
    }
}
