//! JSON pieces that venues share: decimals in quotes, lists of levels, and finding a text in a broken frame.

use crate::error::FrameError;
use crate::{decimal, plain_json};
use crossbook_market::Level;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// Levels of a side that there is room for before more has to be made.
const USUAL_LEVELS: usize = 8;

/// A text, borrowed unless it holds escapes; also behind an `Option`, where serde copies a bare `Cow` always.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A number, quoted or not. Text that is no number becomes NaN, so that the frame still says which symbol it spoilt; empty
/// text, by which venues mark an empty side, is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decimal(pub f64);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DecimalVisitor;
        impl Visitor<'_> for DecimalVisitor {
            type Value = Decimal;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a decimal, quoted or not")
            }
            fn visit_str<E>(self, text: &str) -> Result<Decimal, E> {
                Ok(Decimal(decimal(text)))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Decimal, E> {
                Ok(Decimal(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Decimal, E> {
                Ok(Decimal(value as f64))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Decimal, E> {
                Ok(Decimal(value as f64))
            }
        }
        deserializer.deserialize_any(DecimalVisitor)
    }
}

fn decimal(text: &str) -> f64 {
    if text.is_empty() { 0.0 } else { decimal::nearest(text) }
}

/// A time that nothing hangs on: a whole number, quoted or not. What cannot be read is zero, an unknown time, and costs only
/// itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Time(pub i64);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Plain::deserialize(deserializer).map(|plain| Self(plain.whole().unwrap_or_default()))
    }
}

/// What a venue calls an outcome by: a number or a text, whichever it sends today.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Code(String);

impl Code {
    pub fn number(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    pub fn is(&self, code: &str) -> bool {
        self.0 == code
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Plain::deserialize(deserializer).map(|plain| match plain {
            Plain::Text(text) => Self(text),
            Plain::Whole(number) => Self(number.to_string()),
            Plain::Other => Self("?".to_string()),
        })
    }
}

/// A value of any type, as far as it is one that a single word says.
enum Plain {
    Text(String),
    Whole(i64),
    Other,
}

impl Plain {
    fn whole(self) -> Option<i64> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Whole(number) => Some(number),
            Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlainVisitor;
        impl<'de> Visitor<'de> for PlainVisitor {
            type Value = Plain;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("anything")
            }
            fn visit_str<E>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain::Text(text.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Plain, E> {
                Ok(Plain::Whole(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Plain, E> {
                Ok(i64::try_from(number).map_or(Plain::Other, Plain::Whole))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Plain, E> {
                Ok(Plain::Whole(number as i64))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Plain, E> {
                Ok(Plain::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Plain, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Plain::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Plain::Other)
            }
        }
        deserializer.deserialize_any(PlainVisitor)
    }
}

/// A side: `[["price","size", ...], ...]` or `[{"price":"","size":""}, ...]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels(pub Vec<Level>);

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LevelsVisitor).map(Levels)
    }
}

/// Reads a side; also for types that may hold something else in its place.
pub struct LevelsVisitor;

impl<'de> Visitor<'de> for LevelsVisitor {
    type Value = Vec<Level>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of levels")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<Level>, A::Error> {
        let mut levels = Vec::new();
        while let Some(WireLevel(level)) = sequence.next_element()? {
            if levels.is_empty() {
                levels.reserve_exact(USUAL_LEVELS);
            }
            levels.push(level);
        }
        Ok(levels)
    }
}

struct WireLevel(Level);

impl<'de> Deserialize<'de> for WireLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LevelVisitor;
        impl<'de> Visitor<'de> for LevelVisitor {
            type Value = WireLevel;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a price and a size")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<WireLevel, A::Error> {
                let missing = |index| serde::de::Error::invalid_length(index, &"a price and a size");
                let price = fields.next_element::<Decimal>()?.ok_or_else(|| missing(0))?.0;
                let size = fields.next_element::<Decimal>()?.ok_or_else(|| missing(1))?.0;
                while fields.next_element::<IgnoredAny>()?.is_some() {}
                Ok(WireLevel(Level { price, size }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireLevel, A::Error> {
                let fields = LevelFields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(WireLevel(Level { price: fields.price.0, size: fields.size.0 }))
            }
        }
        deserializer.deserialize_any(LevelVisitor)
    }
}

/// What stands under one name as levels in one frame and as a price in another.
#[derive(Clone, Debug, PartialEq)]
pub enum Side {
    Price(f64),
    Levels(Vec<Level>),
}

impl<'de> Deserialize<'de> for Side {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SideVisitor;
        impl<'de> Visitor<'de> for SideVisitor {
            type Value = Side;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a price or a list of levels")
            }
            fn visit_str<E>(self, text: &str) -> Result<Side, E> {
                Ok(Side::Price(decimal(text)))
            }
            /// Other frames have ids under these names.
            fn visit_u64<E>(self, number: u64) -> Result<Side, E> {
                Ok(Side::Price(number as f64))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, levels: A) -> Result<Side, A::Error> {
                LevelsVisitor.visit_seq(levels).map(Side::Levels)
            }
        }
        deserializer.deserialize_any(SideVisitor)
    }
}

/// What stands there as a price, if anything does; levels are not one.
pub fn price(side: Option<&Side>) -> Result<Option<Decimal>, FrameError> {
    match side {
        None => Ok(None),
        Some(Side::Price(price)) => Ok(Some(Decimal(*price))),
        Some(Side::Levels(_)) => Err(FrameError::Invalid("a price")),
    }
}

/// An object; a list or a plain value in its place, as other frames have it there, is none.
#[derive(Clone, Copy, Debug)]
pub struct Object<T>(pub Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object, a list or a value")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|object| Object(Some(object)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Object<T>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Object(None))
            }
            fn visit_str<E>(self, _text: &str) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
            fn visit_u64<E>(self, _number: u64) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
            fn visit_unit<E>(self) -> Result<Object<T>, E> {
                Ok(Object(None))
            }
        }
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

/// `{"price":"2064.48","size":"0.4950"}`, or with `qty` for the size.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct LevelFields {
    pub price: Decimal,
    #[serde(alias = "qty")]
    pub size: Decimal,
}

impl From<LevelFields> for Level {
    fn from(fields: LevelFields) -> Self {
        Self { price: fields.price.0, size: fields.size.0 }
    }
}

/// Reads a frame or an answer. What is null is absent: see `plain_json`. Checking the text once as a whole is quicker than
/// string by string.
pub fn parse<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, FrameError> {
    let text = std::str::from_utf8(payload).map_err(|_| FrameError::Invalid("text that is not UTF-8"))?;
    plain_json::from_str(text).map_err(|_| match serde_json::from_str::<T>(text) {
        Err(error) => FrameError::Json(error),
        Ok(_) => FrameError::Invalid("JSON with a null where a value is needed"),
    })
}

/// The same rule for what was read without knowing its type: fields that are null are taken out.
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let told = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(told.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_nulls).collect()),
        plain => plain,
    }
}

/// The text between `key` and the next quotation mark. Works on frames that are cut or hold wrong types.
pub fn text_after<'a>(payload: &'a [u8], key: &str) -> Option<&'a str> {
    let start = payload.windows(key.len()).position(|window| window == key.as_bytes())? + key.len();
    let length = payload[start..].iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&payload[start..start + length]).ok()
}

/// Whether these bytes stand anywhere in a frame.
pub fn holds(payload: &[u8], text: &str) -> bool {
    payload.windows(text.len()).any(|window| window == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded_correctly_whether_quoted_or_not() {
        for text in ["0.1", "8.4492e4", "61800.20", "123456789.123456789012345678", "1e-9", "7.2057594037927937e16"] {
            let expected: f64 = text.parse().unwrap();
            let quoted: Decimal = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            let plain: Decimal = serde_json::from_str(text).unwrap();
            assert_eq!((quoted.0.to_bits(), plain.0.to_bits()), (expected.to_bits(), expected.to_bits()), "{text}");
        }
    }

    #[test]
    fn an_optional_text_is_copied_only_where_it_holds_escapes() {
        #[derive(Deserialize)]
        struct Holder<'a> {
            #[serde(borrow)]
            text: Option<Text<'a>>,
        }
        let text = |payload: &'static str| parse::<Holder<'_>>(payload.as_bytes()).unwrap().text;
        assert!(matches!(text(r#"{"text":"plain"}"#), Some(Text(Cow::Borrowed("plain")))));
        assert!(matches!(text(r#"{"text":"a\"b"}"#), Some(Text(Cow::Owned(text))) if text == "a\"b"));
        assert_eq!((text(r#"{"text":null}"#), text("{}")), (None, None));
    }

    #[test]
    fn a_time_or_a_code_of_any_type_costs_only_itself() {
        for (text, time, code) in [
            ("1789498405531", 1_789_498_405_531, "1789498405531"),
            (r#""17""#, 17, "17"),
            ("17.9", 17, "17"),
            ("-5", -5, "-5"),
            (r#""soon""#, 0, "soon"),
            ("18446744073709551615", 0, "?"),
            ("true", 0, "?"),
            (r#"[1,{"a":[]}]"#, 0, "?"),
            (r#"{"a":1,"b":null}"#, 0, "?"),
        ] {
            assert_eq!(parse::<Time>(text.as_bytes()).unwrap(), Time(time), "{text}");
            assert_eq!(parse::<Code>(text.as_bytes()).unwrap().to_string(), code, "{text}");
        }
        let code: Code = parse(b"404").unwrap();
        assert_eq!((code.number(), code.is("404"), Code::default().number()), (Some(404), true, None));
    }

    #[test]
    fn text_that_is_no_number_is_nan_and_empty_text_is_zero() {
        let levels: Levels = serde_json::from_str(r#"[["abc","1"],["","2"]]"#).unwrap();
        assert!(levels.0[0].price.is_nan());
        assert_eq!(levels.0[1].price, 0.0);
    }

    #[test]
    fn levels_come_as_arrays_or_objects_with_anything_behind() {
        let arrays: Levels = serde_json::from_str(r#"[["1.5","2","0","13"],[3,4]]"#).unwrap();
        let objects: Levels =
            serde_json::from_str(r#"[{"price":"1.5","size":"2","x":[]},{"qty":4,"price":3}]"#).unwrap();
        assert_eq!(arrays, objects);
        assert_eq!(arrays.0[0], Level { price: 1.5, size: 2.0 });
    }

    #[test]
    fn what_is_no_object_is_none_and_a_broken_object_is_an_error() {
        let object = |text: &str| serde_json::from_str::<Object<LevelFields>>(text);
        assert_eq!(object(r#"{"price":"9","size":1}"#).unwrap().0.unwrap().price.0, 9.0);
        for text in [r#"[{"price":"9"}]"#, "null", "7", r#""success""#] {
            assert!(object(text).unwrap().0.is_none(), "{text}");
        }
        assert!(object(r#"{"price":[]}"#).is_err());
    }

    #[test]
    fn a_side_is_a_price_or_levels() {
        let side = |text: &str| serde_json::from_str::<Side>(text).unwrap();
        assert_eq!(side(r#""9.5""#), Side::Price(9.5));
        assert_eq!(side(r#""""#), Side::Price(0.0));
        assert_eq!(side(r#"[["9.5","2"]]"#), Side::Levels(vec![Level { price: 9.5, size: 2.0 }]));
        assert!(matches!(side(r#""abc""#), Side::Price(price) if price.is_nan()));
        assert!(serde_json::from_str::<Side>(r#"{"p":1}"#).is_err());
    }

    #[test]
    fn wrong_types_are_errors() {
        for text in [r#"[[null,"1"]]"#, r#"[["1"]]"#, r#"{"a":1}"#, r#"[7]"#, r#"[["1",true]]"#, r#"[{"price":"1"}]"#] {
            assert!(serde_json::from_str::<Levels>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_is_found_in_a_frame_that_is_cut() {
        assert_eq!(text_after(br#"{"e":"x","s":"BTCUSDT","b":[["#, "\"s\":\""), Some("BTCUSDT"));
        assert_eq!(text_after(br#"{"e":"x","s":"BTCUS"#, "\"s\":\""), None);
        assert_eq!(text_after(b"\xff\"s\":\"\xff\"", "\"s\":\""), None);
        assert_eq!(text_after(b"", "\"s\":\""), None);
    }
}
