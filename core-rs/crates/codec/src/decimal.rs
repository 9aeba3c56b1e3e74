//! Decimals as venues write them, rounded to the nearest f64: as `str::parse` does, in fewer steps for the usual ones.

/// Numerator and denominator below these are exact as f64, so that their quotient is the nearest f64 there is: the rule by
/// which Clinger's algorithm begins (How to Read Floating Point Numbers Accurately, 1990).
const EXACT_WHOLE: u64 = 1 << 53;
const EXACT_POWERS: [f64; 20] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19];

/// NaN for a text that is no number.
pub fn nearest(text: &str) -> f64 {
    plain(text.as_bytes()).unwrap_or_else(|| text.parse().unwrap_or(f64::NAN))
}

/// Digits with at most one point among them, and so few that the rule above holds; None for anything else.
fn plain(text: &[u8]) -> Option<f64> {
    let (mut count, mut whole) = digits(0, text);
    let (mut end, mut decimals) = (count, 0);
    if text.get(end) == Some(&b'.') {
        (decimals, whole) = digits(whole, &text[end + 1..]);
        (count, end) = (count + decimals, end + 1 + decimals);
    }
    let is_plain = end == text.len() && (1..EXACT_POWERS.len()).contains(&count) && whole < EXACT_WHOLE;
    is_plain.then(|| whole as f64 / EXACT_POWERS[decimals])
}

/// Appends the digits at the start of a text to a number: how many there are, and the number, which is right as long as it
/// has no more than 19 digits.
#[inline]
pub fn digits(mut number: u64, text: &[u8]) -> (usize, u64) {
    let mut count = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    (count, number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn agrees(text: &str) -> bool {
        let expected: f64 = text.parse().unwrap_or(f64::NAN);
        nearest(text).to_bits() == expected.to_bits()
    }

    #[test]
    fn the_edges_of_the_short_way_are_rounded_as_by_the_standard_library() {
        for text in [
            "",
            ".",
            "..",
            "1.2.3",
            "5.",
            ".5",
            "-1",
            "+1",
            "0",
            "-0",
            "000",
            "1e3",
            "NaN",
            "inf",
            "0x1",
            "1_0",
            " 1",
            "9007199254740991",
            "9007199254740992",
            "9007199254740993",
            "0.9007199254740991",
            "0.9007199254740993",
            "1234567890123456789",
            "12345678901234567890",
            "0.000000000000000001",
            "0.00000000000000001",
            "61800.20",
        ] {
            assert!(agrees(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn every_text_is_read_as_by_the_standard_library(
            text in prop_oneof!["[0-9]{0,12}\\.?[0-9]{0,12}", "[-+]?[0-9]{0,20}\\.?[0-9]{0,10}([eE][-+]?[0-9]{1,3})?", "[0-9.eE+-]{0,12}"]
        ) {
            prop_assert!(agrees(&text));
        }
    }
}
