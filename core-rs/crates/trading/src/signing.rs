//! Signatures by a shared secret (RFC 2104), in the two spellings that venues take, and the time as some of them sign it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Sha256, Sha512};

const DAY_MS: i64 = 86_400_000;

pub fn sha256_hex(secret: &SecretString, text: &str) -> String {
    hex::encode(sha256(secret, text))
}

pub fn sha256_base64(secret: &SecretString, text: &str) -> String {
    STANDARD.encode(sha256(secret, text))
}

pub fn sha512_hex(secret: &SecretString, text: &str) -> String {
    let mut mac =
        Hmac::<Sha512>::new_from_slice(secret.expose_secret().as_bytes()).expect("a key may be of any length");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn sha256(secret: &SecretString, text: &str) -> impl AsRef<[u8]> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("a key may be of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes()
}

/// `2026-11-30T00:00:00.000Z`, from milliseconds since 1970.
pub fn utc(now_ms: i64) -> String {
    let (year, month, day) = date(now_ms.div_euclid(DAY_MS));
    let rest = now_ms.rem_euclid(DAY_MS);
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    let (seconds, millis) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// Year, month and day of a day since 1970: Hinnant's `civil_from_days`, <https://howardhinnant.github.io/date_algorithms.html>.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_signed() {
        for (now_ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_607_418_537_715, "2020-12-08T09:08:57.715Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (1_795_996_800_000, "2026-11-30T00:00:00.000Z"),
        ] {
            assert_eq!(utc(now_ms), expected);
        }
    }
}
