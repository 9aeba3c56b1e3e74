//! Resume tokens: the log, one per process, the number of an event in it, and the event's time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use thiserror::Error;

/// A resume token in its parts. Number and time are 0 before the first event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub log_id: String,
    pub number: i64,
    pub event_ns: i64,
}

/// Begin without one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("is not a token that this service gave out")]
pub struct TokenError;

impl Token {
    /// As clients keep it.
    pub fn encode(&self) -> String {
        URL_SAFE.encode(format!("{}:{}:{}", self.log_id, self.number, self.event_ns))
    }

    /// What a client kept.
    pub fn decode(token: &str) -> Result<Self, TokenError> {
        let text = URL_SAFE.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(TokenError)?;
        let [log_id, number, event_ns] = text.split(':').collect::<Vec<_>>()[..] else { return Err(TokenError) };
        let integer = |digits: &str| digits.parse().map_err(|_| TokenError);
        Ok(Self { log_id: log_id.to_owned(), number: integer(number)?, event_ns: integer(event_ns)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let token = Token { log_id: "0123abcd".to_owned(), number: 7, event_ns: -1 };
        assert_eq!(token.encode(), "MDEyM2FiY2Q6NzotMQ==");
        assert_eq!(Token::decode(&token.encode()), Ok(token));
    }

    #[test]
    fn what_never_was_a_token_is_refused() {
        for token in ["garbage!", "YWJj", "YTox", "\u{e9}", "AA==", "MDEyM2FiY2Q6NzotMQ", "YTpiOjE=", "YToxOjE6MQ=="] {
            assert_eq!(Token::decode(token), Err(TokenError), "{token}");
        }
    }
}
