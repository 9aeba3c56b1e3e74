//! A plain value of a frame by its own text, quoted or not: numbers never pass through a float.

use crate::exact::{self, Decimal};
use crossbook_codec::FrameError;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

/// What is absent, null or an empty text is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word(String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Self).map_err(Error::custom),
            Some(b'{' | b'[') | None => Err(Error::custom("a plain value is needed here")),
            Some(b'n') => Ok(Self::default()),
            Some(_) => Ok(Self(text.to_string())),
        }
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(text.to_string())
    }
}

impl Word {
    pub fn text(&self) -> &str {
        &self.0
    }

    pub fn owned(&self) -> String {
        self.0.clone()
    }

    pub fn is(&self, text: &str) -> bool {
        self.0 == text
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, which has to be there.
    pub fn required(&self, what: &'static str) -> Result<String, FrameError> {
        if self.is_empty() { Err(FrameError::Missing(what)) } else { Ok(self.owned()) }
    }

    /// Whether it is `true`; None where it is neither that nor `false`.
    pub fn flag(&self) -> Option<bool> {
        match self.text() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The number, if there is a word at all.
    pub fn number(&self, what: &'static str) -> Result<Option<Decimal>, FrameError> {
        match self.text() {
            "" => Ok(None),
            text => exact::read(text).map(Some).ok_or(FrameError::Invalid(what)),
        }
    }

    /// The number, if there is one and it is not zero, by which a venue says that there is none.
    pub fn nonzero(&self, what: &'static str) -> Result<Option<Decimal>, FrameError> {
        Ok(self.number(what)?.filter(|number| !number.is_zero()))
    }

    /// The same where nothing means none of it: zero.
    pub fn amount(&self, what: &'static str) -> Result<Decimal, FrameError> {
        Ok(self.number(what)?.unwrap_or_default())
    }

    /// The number, which has to be there.
    pub fn needed(&self, what: &'static str) -> Result<Decimal, FrameError> {
        self.number(what)?.ok_or(FrameError::Missing(what))
    }

    /// A time or a count that nothing hangs on: what cannot be read is zero.
    pub fn whole(&self) -> i64 {
        self.0.parse().unwrap_or_default()
    }
}

/// Reads a frame or an answer.
pub fn parse<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, FrameError> {
    serde_json::from_slice(payload).map_err(FrameError::from)
}

/// Characters of a frame that are kept.
const KEPT: usize = 300;

/// What of a frame or an answer is kept for people.
pub(crate) fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Row {
        value: Word,
    }

    fn word(value: &str) -> Word {
        parse::<Row>(format!("{{\"value\":{value}}}").as_bytes()).unwrap().value
    }

    #[test]
    fn a_number_keeps_all_its_digits_whether_quoted_or_not() {
        for value in ["115549.8", "0.055463904", "1.88488874999999999969", "403371203999346688"] {
            assert_eq!(word(value).needed("it").unwrap().to_string(), value);
            assert_eq!(word(&format!("\"{value}\"")), word(value));
        }
    }

    #[test]
    fn null_and_empty_texts_are_nothing_and_other_texts_are_no_number() {
        assert_eq!((word("null"), parse::<Row>(b"{}").unwrap().value), (Word::default(), Word::default()));
        assert!(word("\"\"").number("it").unwrap().is_none() && word("null").needed("it").is_err());
        assert!(matches!(word("\"soon\"").amount("it"), Err(FrameError::Invalid("it"))));
        assert_eq!((word("true").text().to_string(), word("\"a\\\"b\"").owned()), ("true".into(), "a\"b".into()));
        assert_eq!((word("17").whole(), word("\"soon\"").whole()), (17, 0));
        assert_eq!((word("true").flag(), word("\"false\"").flag(), word("1").flag()), (Some(true), Some(false), None));
        assert!(word("\"0.00\"").nonzero("it").unwrap().is_none() && word("\"\"").required("it").is_err());
    }

    #[test]
    fn an_object_or_a_list_is_no_word() {
        assert!(parse::<Row>(br#"{"value":{}}"#).is_err() && parse::<Row>(br#"{"value":[1]}"#).is_err());
    }
}
