//! What venues say in the body of an answer when they are asked too often.

use serde_json::Value;

/// An answer that is longer has something else to say.
const LONGEST_REFUSAL: usize = 4096;

/// Whether the body is a refusal with one of these codes, a number or a text, at this path of fields.
pub(crate) fn has_code(body: &[u8], path: &[&str], codes: &[&str]) -> bool {
    if body.len() > LONGEST_REFUSAL {
        return false;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return false };
    match path.iter().try_fold(&answer, |value, field| value.get(field)) {
        Some(Value::String(code)) => codes.contains(&code.as_str()),
        Some(Value::Number(code)) => codes.contains(&code.to_string().as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::throttling_words;

    #[test]
    fn a_code_is_found_as_a_number_and_as_a_text_where_it_belongs_and_nowhere_else() {
        for (body, is_found) in [
            (r#"{"error":{"code":10028}}"#, true),
            (r#"{"error":{"code":"10028"}}"#, true),
            (r#"{"code":10028}"#, false),
            (r#"{"error":10028}"#, false),
            (r#"{"error":{"code":1}}"#, false),
            ("10028", false),
            ("", false),
        ] {
            assert_eq!(has_code(body.as_bytes(), &["error", "code"], &["10028"]), is_found, "{body}");
        }
        let long = format!(r#"{{"error":{{"code":10028}},"x":"{}"}}"#, "x".repeat(LONGEST_REFUSAL));
        assert!(!has_code(long.as_bytes(), &["error", "code"], &["10028"]));
    }

    #[test]
    fn every_venue_is_believed_that_429_and_418_mean_too_often_and_200_does_not() {
        for profile in crate::profiles() {
            for (status, is_throttled) in [(429, true), (418, true), (200, false), (404, false), (503, false)] {
                let words = throttling_words(profile.id, status, b"{}").unwrap();
                assert_eq!(words.is_some(), is_throttled, "{} {status}", profile.id);
            }
        }
        assert!(throttling_words("nowhere", 429, b"").is_err());
    }

    #[test]
    fn some_say_it_otherwise() {
        for (venue, status, body) in [
            ("bybit", 403, r#"{"retCode":10010,"retMsg":"access too frequent"}"#),
            ("bybit", 200, r#"{"retCode":10006,"retMsg":"Too many visits. Exceeded the API Rate Limit."}"#),
            ("bybit", 200, r#"{"retCode":10018,"retMsg":"Out of the frequency limit of IP"}"#),
            ("kucoin", 200, r#"{"code":"429000","msg":"too many requests"}"#),
            ("deribit", 400, r#"{"jsonrpc":"2.0","error":{"code":10028,"message":"too_many_requests"}}"#),
        ] {
            assert_eq!(throttling_words(venue, status, body.as_bytes()), Ok(Some(body.as_bytes())), "{venue} {status}");
        }
        assert_eq!(throttling_words("bybit", 200, br#"{"retCode":0,"result":{}}"#), Ok(None));
    }
}
