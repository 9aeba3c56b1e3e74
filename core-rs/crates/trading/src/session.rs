//! Keys, and requests that are signed by them. Neither prints what is secret.

use crate::error::TradingError;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// What a venue gave for an account.
#[derive(Debug)]
pub struct Credentials {
    /// The key's public half, or the account's address.
    pub key: SecretString,
    pub secret: SecretString,
    /// Where the venue wants a third word.
    pub passphrase: Option<SecretString>,
}

impl Credentials {
    pub(crate) fn key(&self) -> &str {
        self.key.expose_secret()
    }

    pub(crate) fn passphrase(&self) -> Result<&SecretString, TradingError> {
        self.passphrase.as_ref().ok_or(TradingError::Missing("the passphrase of the key"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Live,
    /// The venue's own demo or test net.
    Demo,
}

/// By whom and when a request is made.
#[derive(Debug)]
pub struct Session<'a> {
    pub credentials: &'a Credentials,
    pub environment: Environment,
    /// The venue's clock: the local one, put right by the measured offset.
    pub now_ms: i64,
    /// Of milliseconds too, but rising with each request, as venues want that refuse a number which they have seen.
    pub nonce: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request whose bytes are the ones that were signed: send them as they are, and a POST never twice.
#[derive(Clone, PartialEq)]
pub struct SignedRequest {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Option<String>,
}

/// Without what signs it.
impl fmt::Debug for SignedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(formatter, "SignedRequest({} {path})", self.method.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venues::testing::{credentials, session};

    #[test]
    fn nothing_secret_is_printed() {
        let credentials = credentials();
        let request = SignedRequest {
            method: Method::Post,
            target: "/order?symbol=X&signature=abc".to_string(),
            headers: vec![("X-KEY", "abc".to_string())],
            body: Some("abc".to_string()),
        };
        let printed = format!("{:?} {credentials:?} {request:?}", session(&credentials));
        assert!(printed.contains("SignedRequest(POST /order)"), "{printed}");
        for secret in ["the key", "the secret", "the passphrase", "abc"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn a_missing_passphrase_is_said() {
        let credentials = Credentials { passphrase: None, ..credentials() };
        assert_eq!(credentials.passphrase().unwrap_err(), TradingError::Missing("the passphrase of the key"));
    }
}
