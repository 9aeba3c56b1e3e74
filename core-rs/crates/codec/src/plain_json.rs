//! JSON as venues nearly always write it: strings without escapes, numbers of 64 bits, little nesting. It is read in one
//! pass, without buffers or messages. Everything else, and every error, is left to `serde_json`: what is accepted here,
//! `serde_json` accepts, and it means the same. `parse` is where the two meet.

use crate::decimal;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Objects and lists within each other; `serde_json` takes 127.
const MAX_DEPTH: u8 = 32;
/// Digits that fit into 64 bits whatever they are.
const SAFE_DIGITS: usize = 19;
/// Bytes that end a string or make it one that is not plain.
const IS_SPECIAL: [bool; 256] = {
    let mut is_special = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        is_special[byte] = true;
        byte += 1;
    }
    is_special[b'"' as usize] = true;
    is_special[b'\\' as usize] = true;
    is_special
};

/// Not for this reader; perhaps for `serde_json`.
#[derive(Debug, PartialEq)]
pub struct NotPlain;

impl fmt::Display for NotPlain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON that is not plain, or not JSON")
    }
}

impl std::error::Error for NotPlain {}

impl de::Error for NotPlain {
    /// `serde_json` finds the words.
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

type Read<T> = Result<T, NotPlain>;

/// Reads one value that is the whole text.
pub fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> Read<T> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    let rest = text.as_bytes()[reader.at..].iter();
    require(rest.copied().all(is_space)).map(|()| value)
}

fn require(holds: bool) -> Read<()> {
    if holds { Ok(()) } else { Err(NotPlain) }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: u8,
}

impl<'de> Reader<'de> {
    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn rest(&self) -> &'de [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not space; it is not taken.
    #[inline]
    fn peek(&mut self) -> Read<u8> {
        match self.byte() {
            Some(byte) if !is_space(byte) => Ok(byte),
            _ => self.skip_space(),
        }
    }

    #[cold]
    fn skip_space(&mut self) -> Read<u8> {
        self.at += self.rest().iter().position(|byte| !is_space(*byte)).ok_or(NotPlain)?;
        self.byte().ok_or(NotPlain)
    }

    #[inline]
    fn take(&mut self, expected: u8) -> Read<()> {
        require(self.peek()? == expected)?;
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Read<()> {
        require(self.text.as_bytes()[self.at..].starts_with(word.as_bytes()))?;
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Read<&'de str> {
        self.take(b'"')?;
        let length = self.rest().iter().position(|byte| IS_SPECIAL[usize::from(*byte)]).ok_or(NotPlain)?;
        let (start, end) = (self.at, self.at + length);
        require(self.text.as_bytes()[end] == b'"')?;
        self.at = end + 1;
        self.text.get(start..end).ok_or(NotPlain)
    }

    /// Passes over digits: how many there were, and their value as far as it fits into 64 bits.
    #[inline]
    fn digits(&mut self) -> (usize, u64) {
        let (count, value) = decimal::digits(0, self.rest());
        self.at += count;
        (count, value)
    }

    #[inline]
    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        let (start, is_negative) = (self.at, self.byte() == Some(b'-'));
        self.at += usize::from(is_negative);
        let first = self.at;
        let (digits, whole) = self.digits();
        require(digits == 1 || (digits > 1 && self.text.as_bytes()[first] != b'0'))?;
        if let Some(b'.' | b'e' | b'E') = self.byte() {
            return self.fraction(start).and_then(|number| visitor.visit_f64(number));
        }
        require(digits <= SAFE_DIGITS)?;
        if !is_negative {
            return visitor.visit_u64(whole);
        }
        let whole = i64::try_from(whole).map_err(|_| NotPlain)?;
        require(whole != 0)?; // minus zero is no integer
        visitor.visit_i64(-whole)
    }

    /// The number that begins at `start`, read up to its point or exponent.
    fn fraction(&mut self, start: usize) -> Read<f64> {
        if self.byte() == Some(b'.') {
            self.at += 1;
            require(self.digits().0 > 0)?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            require(self.digits().0 > 0)?;
        }
        let number = decimal::nearest(self.text.get(start..self.at).ok_or(NotPlain)?);
        require(number.is_finite()).map(|()| number)
    }

    /// Reads what stands between brackets, all of it.
    #[inline]
    fn within<T>(&mut self, [open, close]: [u8; 2], read: impl FnOnce(Elements<'_, 'de>) -> Read<T>) -> Read<T> {
        self.take(open)?;
        self.depth += 1;
        require(self.depth <= MAX_DEPTH)?;
        let value = read(Elements { reader: self, close, is_first: true })?;
        self.depth -= 1;
        self.take(close).map(|()| value)
    }
}

/// What stands between brackets, separated by commas.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    close: u8,
    is_first: bool,
}

impl Elements<'_, '_> {
    /// Whether there is another, and goes to it.
    #[inline]
    fn advance(&mut self) -> Read<bool> {
        if self.reader.peek()? == self.close {
            return Ok(false);
        }
        if !std::mem::replace(&mut self.is_first, false) {
            self.reader.take(b',')?;
        }
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = NotPlain;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if self.advance()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = NotPlain;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        if !self.advance()? {
            return Ok(None);
        }
        let key = self.reader.string()?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Read<V::Value> {
        self.reader.take(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = NotPlain;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek()? {
            b'"' => visitor.visit_borrowed_str(self.string()?),
            b'-' | b'0'..=b'9' => self.number(visitor),
            b'[' => self.within(*b"[]", |elements| visitor.visit_seq(elements)),
            b'{' => self.within(*b"{}", |elements| visitor.visit_map(elements)),
            b't' => self.word("true").and_then(|()| visitor.visit_bool(true)),
            b'f' => self.word("false").and_then(|()| visitor.visit_bool(false)),
            b'n' => self.word("null").and_then(|()| visitor.visit_unit()),
            _ => Err(NotPlain),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.peek()? == b'n' {
            self.word("null").and_then(|()| visitor.visit_none())
        } else {
            visitor.visit_some(self)
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Decimal, Levels, Object, Side, Text};
    use proptest::prelude::*;
    use serde_json::Value;
    use std::borrow::Cow;
    use std::fmt::Debug;

    /// Every kind of field that venues' frames have.
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Everything<'a> {
        #[serde(borrow, default)]
        a: Cow<'a, str>,
        #[serde(borrow)]
        b: Option<Text<'a>>,
        c: Option<&'a str>,
        d: Option<i64>,
        #[serde(default)]
        e: u64,
        f: Option<Decimal>,
        g: Option<Levels>,
        h: Option<Side>,
        #[serde(default)]
        i: Object<Inner>,
        j: Option<(bool, f64)>,
        k: Option<Mixed>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        x: Option<String>,
        y: Vec<i64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Mixed {
        Number(f64),
        Text(String),
        Inner(Inner),
    }

    /// What is read here, `serde_json` reads as well, and the same; whether it was.
    fn agrees<'a, T: Deserialize<'a> + Debug>(text: &'a str) -> bool {
        let Ok(value) = from_str::<T>(text) else { return false };
        let expected = serde_json::from_str::<T>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(format!("{value:?}"), format!("{expected:?}"), "{text}");
        true
    }

    #[test]
    fn what_venues_send_is_plain() {
        for text in [
            r#"{"e":"bookTicker","u":400900217,"E":1568014460893,"s":"BNBUSDT","b":"25.3519","B":"31.21","x":null}"#,
            r#"{"asks":[["8476.98","415","0","13"]],"bids":[],"ts":"1597026383085","checksum":-855196043}"#,
            r#"[[27.504,1939,5],[2.75052E+1,11194,8],{"price":"","size":"0"},true,false,1795271234297695894]"#,
            " {\n\t\"a\" : [ ] , \"\u{e4}\" : { } }\r\n",
        ] {
            assert!(agrees::<Value>(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_serde_json() {
        for text in [r#""a\"b""#, r#"{"a\u0041":1}"#, "12345678901234567890", "-0", "1e400", "-9223372036854775808"] {
            assert_eq!(from_str::<Value>(text), Err(NotPlain), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        assert_eq!(from_str::<Value>(&deep), Err(NotPlain));
        assert!(serde_json::from_str::<Value>(&deep).is_ok());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "1e+",
            "nul",
            "nulls",
            "tru",
            "\"",
            "\"a",
            "\"a\nb\"",
            "1 1",
            "[1}",
            "{\"a\":1]",
        ] {
            assert_eq!(from_str::<Value>(text), Err(NotPlain), "{text}");
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
    }

    /// Pieces of JSON, good ones and bad ones, in any order.
    fn jumble() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "{\"",
            "\":",
            "\",\"",
            "\"",
            "a",
            "\\",
            "\\n",
            "\u{e4}",
            "\u{1}",
            " ",
            "\n",
            "0",
            "-",
            "1",
            "12",
            ".",
            "e",
            "E+",
            "1.5",
            "true",
            "false",
            "null",
            "nul",
            "123456789012345678",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// One value of any kind.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_string()),
            any::<bool>().prop_map(|value| value.to_string()),
            any::<i64>().prop_map(|value| value.to_string()),
            any::<u64>().prop_map(|value| value.to_string()),
            any::<f64>().prop_map(|value| format!("{value:?}")),
            "-?[0-9]{1,9}\\.[0-9]{1,9}([eE][-+]?[0-9]{1,2})?",
            "\"-?[0-9]{0,9}\\.?[0-9]{0,9}\"",
            "\"[a-zA-Z\u{e4}\\\\ -]{0,6}\"",
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(",")));
            let field = (prop::sample::select(vec!["price", "size", "x", "y", "qty"]), inner);
            let object = prop::collection::vec(field, 0..4).prop_map(object);
            prop_oneof![list, object]
        })
    }

    fn field_name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "other"])
    }

    fn object(fields: Vec<(&str, String)>) -> String {
        let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn nothing_is_read_that_serde_json_refuses_or_reads_otherwise(text in jumble()) {
            agrees::<Value>(&text);
            agrees::<Everything<'_>>(&text);
        }

        #[test]
        fn frames_of_any_shape_are_read_as_by_serde_json(
            fields in prop::collection::vec((field_name(), value()), 0..6),
            at in any::<prop::sample::Index>(),
            spoilt in "[\\x00-\\x7f]",
        ) {
            let text = object(fields);
            agrees::<Value>(&text);
            agrees::<Everything<'_>>(&text);
            let place = at.index(text.len());
            if text.is_char_boundary(place) && text.is_char_boundary(place + 1) {
                let text = format!("{}{spoilt}{}", &text[..place], &text[place + 1..]);
                agrees::<Value>(&text);
                agrees::<Everything<'_>>(&text);
            }
        }
    }
}
