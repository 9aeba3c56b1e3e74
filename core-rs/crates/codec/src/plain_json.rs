//! The one reader of JSON. It reads in one pass, without buffers or messages, what venues nearly always write: strings without
//! escapes, numbers of 64 bits, little nesting; the rest the long way. It takes what `serde_json` takes, to the same meaning,
//! but for one rule:
//!
//! **Null is absent.** A field that is null is as if it were not there, whatever its type: integers, texts and lists take
//! their defaults, and what is needed is missing. A null in a list, where its place means something, and in a table, whose
//! keys are data, stays a null.

use crate::decimal;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt;

/// Objects and lists within each other, as many as `serde_json` takes.
const MAX_DEPTH: u8 = 127;
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

/// Not JSON, or not of the type asked for. `serde_json` finds the words.
#[derive(Debug, PartialEq)]
pub struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not the expected JSON")
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

type Read<T> = Result<T, Unreadable>;

/// Reads one value that is the whole text.
pub fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> Read<T> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    let rest = text.as_bytes()[reader.at..].iter();
    require(rest.copied().all(is_space)).map(|()| value)
}

fn require(holds: bool) -> Read<()> {
    if holds { Ok(()) } else { Err(Unreadable) }
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
        self.at += self.rest().iter().position(|byte| !is_space(*byte)).ok_or(Unreadable)?;
        self.byte().ok_or(Unreadable)
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
    fn string(&mut self) -> Read<Cow<'de, str>> {
        self.take(b'"')?;
        let length = self.rest().iter().position(|byte| IS_SPECIAL[usize::from(*byte)]).ok_or(Unreadable)?;
        let (start, end) = (self.at, self.at + length);
        if self.text.as_bytes()[end] != b'"' {
            return self.escaped();
        }
        self.at = end + 1;
        self.text.get(start..end).map(Cow::Borrowed).ok_or(Unreadable)
    }

    /// The string whose quotation mark was taken, as it may hold anything.
    #[cold]
    fn escaped(&mut self) -> Read<Cow<'de, str>> {
        let start = self.at - 1;
        while self.byte().ok_or(Unreadable)? != b'"' {
            self.at += if self.byte() == Some(b'\\') { 2 } else { 1 };
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).ok_or(Unreadable)?;
        serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| Unreadable)
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
        match i64::try_from(whole) {
            _ if digits > SAFE_DIGITS => self.long_number(start, visitor),
            _ if !is_negative => visitor.visit_u64(whole),
            Ok(whole) if whole != 0 => visitor.visit_i64(-whole),
            _ => self.long_number(start, visitor), // minus zero is no integer
        }
    }

    /// The whole number that begins at `start`, as it may be of any length.
    #[cold]
    fn long_number<V: Visitor<'de>>(&mut self, start: usize, visitor: V) -> Read<V::Value> {
        let text = self.text.get(start..self.at).ok_or(Unreadable)?;
        match (text.parse(), text.parse()) {
            (Ok(number), _) => visitor.visit_u64(number),
            (_, Ok(number)) if number != 0 => visitor.visit_i64(number),
            _ => self.fraction(start).and_then(|number| visitor.visit_f64(number)),
        }
    }

    /// The number that begins at `start`, read up to its point or exponent.
    fn fraction(&mut self, start: usize) -> Read<f64> {
        self.pass_fraction()?;
        let number = decimal::nearest(self.text.get(start..self.at).ok_or(Unreadable)?);
        require(number.is_finite()).map(|()| number)
    }

    /// A number of any size, for whoever does not look at it.
    fn pass_number(&mut self) -> Read<()> {
        self.at += usize::from(self.byte() == Some(b'-'));
        let (first, (digits, _)) = (self.at, self.digits());
        require(digits == 1 || (digits > 1 && self.text.as_bytes()[first] != b'0'))?;
        self.pass_fraction()
    }

    fn pass_fraction(&mut self) -> Read<()> {
        if self.byte() == Some(b'.') {
            self.at += 1;
            require(self.digits().0 > 0)?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            require(self.digits().0 > 0)?;
        }
        Ok(())
    }

    /// Reads what stands between brackets, all of it.
    #[inline]
    fn within<T>(&mut self, [open, close]: [u8; 2], read: impl FnOnce(Elements<'_, 'de>) -> Read<T>) -> Read<T> {
        self.take(open)?;
        self.depth += 1;
        require(self.depth <= MAX_DEPTH)?;
        let value = read(Elements { reader: self, close, is_first: true, keeps_nulls: false })?;
        self.depth -= 1;
        self.take(close).map(|()| value)
    }
}

/// What stands between brackets, separated by commas.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    close: u8,
    is_first: bool,
    /// Whether a field that is null is one all the same.
    keeps_nulls: bool,
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
    type Error = Unreadable;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if self.advance()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Unreadable;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        while self.advance()? {
            let key = self.reader.string()?;
            self.reader.take(b':')?;
            if self.reader.peek()? != b'n' || self.keeps_nulls {
                return seed.deserialize(Name(key)).map(Some);
            }
            self.reader.word("null")?;
        }
        Ok(None)
    }

    /// The colon was taken with the key.
    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Read<V::Value> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unreadable;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek()? {
            b'"' => visit_text(self.string()?, visitor),
            b'-' | b'0'..=b'9' => self.number(visitor),
            b'[' => self.within(*b"[]", |elements| visitor.visit_seq(elements)),
            b'{' => self.within(*b"{}", |elements| visitor.visit_map(elements)),
            b't' => self.word("true").and_then(|()| visitor.visit_bool(true)),
            b'f' => self.word("false").and_then(|()| visitor.visit_bool(false)),
            b'n' => self.word("null").and_then(|()| visitor.visit_unit()),
            _ => Err(Unreadable),
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

    /// A table: its keys are data, and a null beside one is wrong.
    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        require(self.peek()? == b'{')?;
        self.within(*b"{}", |elements| visitor.visit_map(Elements { keeps_nulls: true, ..elements }))
    }

    /// The name of one of its values is all that an enum is read from.
    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(self, _: &str, _: &[&str], visitor: V) -> Read<V::Value> {
        visitor.visit_enum(self.string()?.into_owned().into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => self.pass_number().and_then(|()| visitor.visit_unit()),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct struct identifier
    }
}

#[inline]
fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Read<V::Value> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

/// The name of a field.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Unreadable;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visit_text(self.0, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Decimal, Levels, Object, Side, Text, without_nulls};
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

    /// Without nulls, both read alike or refuse alike; whether they read.
    fn agrees<'a, T: Deserialize<'a> + Debug>(text: &'a str) -> bool {
        let value = from_str::<T>(text);
        let expected = serde_json::from_str::<T>(text);
        match (&value, &expected) {
            (Ok(value), Ok(expected)) => assert_eq!(format!("{value:?}"), format!("{expected:?}"), "{text}"),
            (Err(_), Err(_)) => {}
            _ if text.contains("null") => {}
            _ => panic!("{value:?} is not {expected:?}: {text}"),
        }
        value.is_ok()
    }

    /// The same with the fields that are null left out of what `serde_json` reads. Of a name that comes twice it takes the
    /// last, null or not.
    fn agrees_but_for_nulls(text: &str) {
        let (value, expected) = (from_str::<Value>(text), serde_json::from_str::<Value>(text));
        assert_eq!(value.is_ok(), expected.is_ok(), "{text}");
        if !text.contains("null") {
            assert_eq!(value.ok(), expected.ok(), "{text}");
        }
    }

    #[test]
    fn what_venues_send_is_read_in_one_pass_or_the_long_way() {
        for text in [
            r#"{"e":"bookTicker","u":400900217,"E":1568014460893,"s":"BNBUSDT","b":"25.3519","B":"31.21","x":true}"#,
            r#"{"asks":[["8476.98","415","0","13"]],"bids":[],"ts":"1597026383085","checksum":-855196043}"#,
            r#"[[27.504,1939,5],[2.75052E+1,11194,8],{"price":"","size":"0"},true,false,1795271234297695894]"#,
            " {\n\t\"a\" : [ ] , \"\u{e4}\" : { } }\r\n",
            r#""a\"b\\""#,
            r#"{"a\u0041":1,"\ud83d\ude00":"\n"}"#,
            "[12345678901234567890,123456789012345678901234567890,-0,-9223372036854775808,-9223372036854775809]",
            &format!("{}{}", "[".repeat(127), "]".repeat(127)),
        ] {
            assert!(agrees::<Value>(text), "{text}");
        }
    }

    #[test]
    fn a_null_is_as_if_it_were_not_there() {
        let read = |text: &str| format!("{:?}", from_str::<Everything<'_>>(text).map_err(|_| text));
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "other"] {
            assert_eq!(read(&format!(r#"{{"{name}":null}}"#)), read("{}"));
            assert_eq!(read(&format!(r#"{{"y":1,"{name}" : null ,"x":2}}"#)), read(r#"{"y":1,"x":2}"#));
        }
        let value: Value = serde_json::from_str(r#"{"a":{"b":null,"c":[null,{"d":null}]},"e":null}"#).unwrap();
        assert_eq!(from_str(&value.to_string()), Ok(without_nulls(value)), "also where no type is known");
        assert_eq!(from_str::<Inner>(r#"{"x":"","y":null}"#).map(|_| ()), Err(Unreadable), "what is needed is missing");
    }

    #[test]
    fn a_null_in_a_list_or_a_table_stays_one() {
        type Table = std::collections::BTreeMap<String, Option<f64>>;
        assert_eq!(from_str::<Table>(r#"{"99.5":null}"#).map(|table| table.len()), Ok(1));
        assert_eq!(from_str::<std::collections::BTreeMap<String, f64>>(r#"{"99.5":null}"#), Err(Unreadable));
        assert_eq!(from_str::<(Option<u64>, Option<u64>)>("[1,null]"), Ok((Some(1), None)));
        assert_eq!(from_str::<Levels>(r#"[[null,"1"]]"#), Err(Unreadable));
    }

    #[test]
    fn an_enum_is_read_from_its_name() {
        #[derive(Debug, Deserialize, PartialEq)]
        enum Way {
            Up,
        }
        assert_eq!((from_str(r#""Up""#), from_str::<Way>(r#""Down""#)), (Ok(Way::Up), Err(Unreadable)));
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
            assert_eq!(from_str::<Value>(text), Err(Unreadable), "{text}");
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

    #[test]
    fn a_number_beyond_every_f64_costs_nothing_where_nobody_looks_at_it() {
        #[derive(Debug, Deserialize)]
        struct Seen {
            x: u64,
        }
        let read = |number: &str| from_str::<Seen>(&format!(r#"{{"other":[{number}],"x":7}}"#)).map(|seen| seen.x);
        assert_eq!((read("-4E1869304"), read("1e999"), read("123456789012345678901234567890")), (Ok(7), Ok(7), Ok(7)));
        assert_eq!(
            (read("01"), read("1."), read("-"), read("1e")),
            (Err(Unreadable), Err(Unreadable), Err(Unreadable), Err(Unreadable))
        );
        assert!(from_str::<f64>("1e999").is_err(), "where somebody does, it is no number");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn nothing_is_read_that_serde_json_refuses_or_reads_otherwise(text in jumble()) {
            agrees_but_for_nulls(&text);
            agrees::<Everything<'_>>(&text);
        }

        #[test]
        fn frames_of_any_shape_are_read_as_by_serde_json(
            fields in prop::collection::vec((field_name(), value()), 0..6),
            at in any::<prop::sample::Index>(),
            spoilt in "[\\x00-\\x7f]",
        ) {
            let text = object(fields);
            agrees_but_for_nulls(&text);
            agrees::<Everything<'_>>(&text);
            let place = at.index(text.len());
            if text.is_char_boundary(place) && text.is_char_boundary(place + 1) {
                let text = format!("{}{spoilt}{}", &text[..place], &text[place + 1..]);
                agrees_but_for_nulls(&text);
                agrees::<Everything<'_>>(&text);
            }
        }
    }
}
