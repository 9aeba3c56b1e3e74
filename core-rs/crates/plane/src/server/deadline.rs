//! Until when a client wants its answer: grpc-timeout, read and kept to as grpcio does.

use http::HeaderMap;
use std::time::Duration;
use tokio::task::AbortHandle;
use tonic::Status;

const HEADER: &str = "grpc-timeout";

/// How long the client waits; none when it does not say. Or what it is told when it says so in no such words.
pub fn of(headers: &HeaderMap) -> Result<Option<Duration>, Status> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let malformed = || Status::internal("Error parsing 'grpc-timeout' metadata");
    value.to_str().ok().and_then(parse).ok_or_else(malformed).map(Some)
}

/// Digits and a unit; blanks around either. What is too large to count is without end.
fn parse(value: &str) -> Option<Duration> {
    let value = value.trim_matches(' ');
    let (unit_at, unit) = value.char_indices().next_back()?;
    let digits = value[..unit_at].trim_end_matches(' ');
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count = digits.parse().unwrap_or(u64::MAX);
    Some(match unit {
        'H' => Duration::from_secs(count.saturating_mul(3_600)),
        'M' => Duration::from_secs(count.saturating_mul(60)),
        'S' => Duration::from_secs(count),
        'm' => Duration::from_millis(count),
        'u' => Duration::from_micros(count),
        'n' => Duration::from_nanos(count),
        _ => return None,
    })
}

/// Does something when the time is over, unless it is dropped before.
pub struct Deadline(AbortHandle);

impl Deadline {
    pub fn set(after: Duration, when_over: impl FnOnce(&Status) + Send + 'static) -> Self {
        let wait = async move {
            tokio::time::sleep(after).await;
            when_over(&Status::deadline_exceeded("Deadline Exceeded"));
        };
        Self(tokio::spawn(wait).abort_handle())
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    fn read(value: &str) -> Result<Option<Duration>, Code> {
        let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), value.parse().unwrap())]);
        of(&headers).map_err(|status| status.code())
    }

    #[test]
    fn who_says_nothing_has_time() {
        assert!(of(&HeaderMap::new()).unwrap().is_none());
    }

    #[test]
    fn every_unit_is_known_and_blanks_do_not_matter() {
        for (value, milliseconds) in [("1H", 3_600_000), ("2M", 120_000), ("3S", 3_000), ("0004m", 4), (" 5 m ", 5)] {
            assert_eq!(read(value), Ok(Some(Duration::from_millis(milliseconds))), "{value:?}");
        }
        assert_eq!(read("6u"), Ok(Some(Duration::from_micros(6))));
        assert_eq!(read("7n"), Ok(Some(Duration::from_nanos(7))));
        assert_eq!(read("0S"), Ok(Some(Duration::ZERO)));
    }

    #[test]
    fn what_no_clock_counts_to_is_without_end() {
        assert_eq!(read("99999999999999999999H"), Ok(Some(Duration::from_secs(u64::MAX))));
    }

    #[test]
    fn what_is_no_time_is_refused_as_grpcio_refuses_it() {
        for value in ["", " ", "S", "100", "1x", "abc", "-1S", "+1S", "1.5S", "1 1S", "1SS", "\u{7f}"] {
            if let Ok(value) = http::HeaderValue::from_str(value) {
                let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), value)]);
                assert_eq!(of(&headers).unwrap_err().code(), Code::Internal);
            }
        }
    }
}
