//! What venues say in the body of an answer when they are asked too often.

use crate::profile::Throttling;
use serde_json::Value;

/// An answer that is longer has something else to say.
const LONGEST_REFUSAL: usize = 4096;

/// Statuses that mean it everywhere: too many requests, and the ban for going on after that.
const STATUSES: [u16; 2] = [429, 418];

impl Throttling {
    /// The venue's own words, where this answer means that it is asked too often.
    pub(crate) fn words<'a>(&self, status: u16, body: &'a [u8]) -> Option<&'a [u8]> {
        let is_told = STATUSES.contains(&status) || self.statuses.contains(&status);
        (is_told || has_code(body, self.code_at, self.codes)).then_some(body)
    }
}

/// Whether the body is a refusal with one of these codes, a number or a text, at this path of fields.
fn has_code(body: &[u8], path: &[&str], codes: &[&str]) -> bool {
    if codes.is_empty() || body.len() > LONGEST_REFUSAL {
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
    use crate::registry::{find, throttling_words};

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

    /// Status and body of what each venue answers.
    const REFUSALS: [(&str, u16, &str); 17] = [
        ("binance", 403, "<html>"),
        ("binance", 400, r#"{"code":-1003,"msg":"Too many requests; current limit is 2400 requests per minute."}"#),
        ("bitget", 200, r#"{"code":"429","msg":"Too many requests","requestTime":1789456510736,"data":null}"#),
        ("bitget", 400, r#"{"code":"1001","msg":"The request is too frequent and has been throttled"}"#),
        ("bybit", 403, r#"{"retCode":10010,"retMsg":"access too frequent"}"#),
        ("bybit", 200, r#"{"retCode":10006,"retMsg":"Too many visits. Exceeded the API Rate Limit."}"#),
        ("bybit", 200, r#"{"retCode":10018,"retMsg":"Out of the frequency limit of IP"}"#),
        ("deribit", 400, r#"{"jsonrpc":"2.0","error":{"code":10028,"message":"too_many_requests"}}"#),
        ("gateio", 200, r#"{"label":"TOO_MANY_REQUESTS","message":"Request Rate limit Exceeded (429)"}"#),
        ("gateio", 400, r#"{"label":"TOO_FAST","message":"too fast"}"#),
        ("krakenfutures", 200, r#"{"result":"error","error":"apiLimitExceeded","serverTime":"2026-11-21T00:00:00Z"}"#),
        ("kucoin", 200, r#"{"code":"429000","msg":"Too many requests. System-level rate limit exceeded."}"#),
        ("lighter", 400, r#"{"code":23000,"message":"Too Many Requests!"}"#),
        ("mexc", 200, r#"{"success":false,"code":510,"message":"Requests are too frequent"}"#),
        ("mexc", 200, r#"{"success":false,"code":429,"message":"Too Many Requests"}"#),
        ("okx", 200, r#"{"code":"50011","msg":"Too Many Requests","data":[]}"#),
        ("phemex", 200, r#"{"code":39995,"msg":"Too many requests.","data":null}"#),
    ];

    #[test]
    fn some_say_it_otherwise() {
        for (venue, status, body) in REFUSALS {
            assert_eq!(throttling_words(venue, status, body.as_bytes()), Ok(Some(body.as_bytes())), "{venue} {status}");
        }
    }

    #[test]
    fn every_code_and_status_that_a_venue_names_stands_in_the_table() {
        for profile in crate::profiles() {
            let told = find(profile.id).unwrap().conduct().throttling;
            let of_venue = || REFUSALS.iter().filter(|(venue, ..)| *venue == profile.id);
            for code in told.codes {
                let is_shown = of_venue().any(|(.., body)| has_code(body.as_bytes(), told.code_at, &[code]));
                assert!(is_shown, "{} {code}", profile.id);
            }
            for status in told.statuses {
                assert!(of_venue().any(|(_, shown, _)| shown == status), "{} {status}", profile.id);
            }
        }
    }

    #[test]
    fn what_means_it_on_one_venue_means_nothing_on_another() {
        for (venue, body) in [
            ("okx", r#"{"code":"50001","msg":"Service temporarily unavailable"}"#),
            ("okx", r#"{"code":429}"#),
            ("bybit", r#"{"retCode":0,"result":{}}"#),
            ("mexc", r#"{"success":true,"code":0,"data":[]}"#),
            ("gateio", r#"[{"name":"BTC_USDT"}]"#),
            ("lighter", r#"{"code":200,"order_book_details":[]}"#),
        ] {
            assert_eq!(throttling_words(venue, 200, body.as_bytes()), Ok(None), "{venue} {body}");
        }
        assert_eq!(throttling_words("coindcx", 403, b"<html>"), Ok(None), "it keeps countries out by that");
    }
}
