//! Bytes as text.

use bytes::Bytes;

use crate::control::Outcome;

pub fn from_hex(text: &str) -> Outcome<Bytes> {
    let pairs = text.as_bytes().chunks(2).map(std::str::from_utf8);
    pairs.map(|pair| Ok(u8::from_str_radix(pair?, 16)?)).collect::<Outcome<Vec<u8>>>().map(Bytes::from)
}

pub fn to_hex(message: &[u8]) -> String {
    message.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_hexadecimal() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&to_hex(&all)).ok(), Some(Bytes::from(all)));
        assert!(from_hex("0g").is_err());
    }
}
