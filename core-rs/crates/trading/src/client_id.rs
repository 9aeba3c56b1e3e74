//! The names that our orders bear: 128 bits that say whose order it is, of which intent, leg and attempt. A name is used once:
//! venues refuse a repeated one at best while the first order is open, so it serves to find an order, not to protect from two.

use crate::error::TradingError;
use std::fmt;

/// Crockford's base 32 in lower case: letters and digits alone, which every venue takes.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CHARACTERS: u32 = 26;
/// Characters of the other form.
const HEXADECIMAL: usize = 34;
const INSTALL_BITS: u32 = 24;
const INTENT_BITS: u32 = 72;
const ATTEMPT_BITS: u32 = 24;

/// As text, 26 letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(u128);

/// What a name is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIdParts {
    /// 24 bits: which installation, and whether it trades live, on demo or on paper.
    pub install: u32,
    /// 72 bits.
    pub intent: u128,
    pub leg: u8,
    /// 24 bits: a new attempt of a leg has a new name.
    pub attempt: u32,
}

impl ClientId {
    pub fn new(parts: ClientIdParts) -> Result<Self, TradingError> {
        let ClientIdParts { install, intent, leg, attempt } = parts;
        if install >> INSTALL_BITS != 0 || intent >> INTENT_BITS != 0 || attempt >> ATTEMPT_BITS != 0 {
            return Err(TradingError::Unsendable("a part of the client id has more bits than there is room for"));
        }
        let high = u128::from(install) << INTENT_BITS | intent;
        Ok(Self((high << 8 | u128::from(leg)) << ATTEMPT_BITS | u128::from(attempt)))
    }

    pub fn parts(self) -> ClientIdParts {
        let low = |bits: u128, count: u32| bits & ((1 << count) - 1);
        ClientIdParts {
            install: (self.0 >> (INTENT_BITS + 8 + ATTEMPT_BITS)) as u32,
            intent: low(self.0 >> (8 + ATTEMPT_BITS), INTENT_BITS),
            leg: low(self.0 >> ATTEMPT_BITS, 8) as u8,
            attempt: low(self.0, ATTEMPT_BITS) as u32,
        }
    }

    /// As `0x` and 32 hexadecimal digits, where a venue wants 16 bytes.
    pub fn hexadecimal(self) -> String {
        format!("{:#034x}", self.0)
    }

    /// The name that a venue tells, in either form; None where it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        // A name in letters may begin like one in hexadecimal: its length tells.
        if text.len() == HEXADECIMAL {
            let digits = text.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            return digits.and_then(|digits| u128::from_str_radix(digits, 16).ok()).map(Self);
        }
        let value = |byte| ALPHABET.iter().position(|letter| *letter == byte);
        let is_whole = text.len() == CHARACTERS as usize && text.as_bytes()[0] <= b'7';
        is_whole.then(|| text.bytes().try_fold(0, |number, byte| Some(number << 5 | value(byte)? as u128)).map(Self))?
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |place: u32| char::from(ALPHABET[(self.0 >> (5 * place)) as usize & 31]);
        (0..CHARACTERS).rev().try_for_each(|place| write!(formatter, "{}", letter(place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_has_no_room_is_refused() {
        let parts = ClientIdParts { install: 1 << 24, intent: 0, leg: 0, attempt: 0 };
        assert!(ClientId::new(parts).is_err());
        assert!(ClientId::new(ClientIdParts { install: 0, intent: 1 << 72, ..parts }).is_err());
        assert!(ClientId::new(ClientIdParts { install: 0, attempt: 1 << 24, ..parts }).is_err());
    }

    #[test]
    fn a_name_in_letters_may_begin_like_one_in_hexadecimal() {
        let id = ClientId::new(ClientIdParts { install: 0x1d_0000, intent: 0, leg: 0, attempt: 0 }).unwrap();
        assert!(id.to_string().starts_with("0x"), "{id}");
        assert_eq!(ClientId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn names_of_others_are_none_of_ours() {
        for text in [
            "",
            "autoclose-1234567890",
            "abcABC125",
            "8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "0x12",
            "0x+0000000000000000000000000000001",
            "éééééééééééé0a",
        ] {
            assert_eq!(ClientId::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_forms_read_back(install in 0_u32..1 << 24, intent in 0_u128..1 << 72, leg in any::<u8>(), attempt in 0_u32..1 << 24) {
            let parts = ClientIdParts { install, intent, leg, attempt };
            let id = ClientId::new(parts).unwrap();
            prop_assert_eq!(id.parts(), parts);
            prop_assert_eq!(ClientId::parse(&id.to_string()), Some(id));
            prop_assert_eq!(ClientId::parse(&id.hexadecimal()), Some(id));
            prop_assert!(id.to_string().len() == 26 && id.to_string().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }
}
