//! Decimals behind floats, and sizes as whole atto-coins.

/// Places of an atto-coin.
const PLACES: i32 = 18;
/// Sizes end there, ten billion billion coins: sums of thousands of them still fit.
const MAX_ATTOS: i128 = 10_i128.pow(37) / 4096;
/// Whole numbers below it are exact in a float.
const EXACT_LIMIT: f64 = 9_007_199_254_740_992.0;
/// Powers of ten that are exact in a float.
const MAX_POWER: i32 = 22;
/// By how much a size may differ from whole lots and still be meant as such: it was multiplied with a contract's worth.
const ROUNDING: f64 = 1e-15;

/// The decimal with the fewest places that reads back as `value`, which is finite: (mantissa, places). Exact for whatever was
/// read from a text of up to 15 digits.
pub(super) fn decimal(value: f64) -> (i128, i32) {
    for places in 0..=MAX_POWER {
        let mantissa = (value * power(places)).round();
        if mantissa.abs() >= EXACT_LIMIT {
            break;
        }
        if mantissa / power(places) == value {
            return (mantissa as i128, places);
        }
    }
    written(value)
}

/// The same from the shortest text, whose digits may be more than a float holds exactly.
fn written(value: f64) -> (i128, i32) {
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').expect("it is in the form asked for");
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mantissa = format!("{whole}{fraction}").parse().expect("17 digits at most");
    let exponent: i32 = exponent.parse().expect("a float's exponent");
    (mantissa, fraction.len() as i32 - exponent)
}

/// Up to `MAX_POWER`.
pub(super) fn power(places: i32) -> f64 {
    10_f64.powi(places)
}

/// A positive size as whole atto-coins, rounded down; what is not positive is nothing.
pub(super) fn attos(size: f64) -> i128 {
    if size.is_nan() || size <= 0.0 {
        return 0;
    }
    if size >= MAX_ATTOS as f64 / 1e18 {
        return MAX_ATTOS;
    }
    let (mantissa, places) = decimal(size);
    shift(mantissa, PLACES - places).unwrap_or(MAX_ATTOS)
}

/// `mantissa` times ten to the `places`, rounded towards zero; None beyond the range.
fn shift(mantissa: i128, places: i32) -> Option<i128> {
    match u32::try_from(places) {
        Ok(up) => mantissa.checked_mul(10_i128.checked_pow(up)?),
        Err(_) => Some(10_i128.checked_pow(places.unsigned_abs()).map_or(0, |divisor| mantissa / divisor)),
    }
}

/// The smallest step of a size, in whole atto-coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot(i128);

impl Lot {
    /// Where no lot is known.
    pub(super) const NONE: Self = Self(1);

    /// The product of these, such as a lot in contracts and what a contract is worth in coins; None when one is unknown, that
    /// is not positive, or when it is no whole number of atto-coins.
    pub fn of(factors: &[f64]) -> Option<Self> {
        let (mut mantissa, mut places) = (1_i128, 0);
        for &factor in factors {
            if !factor.is_finite() || factor <= 0.0 {
                return None;
            }
            let (digits, more) = decimal(factor);
            (mantissa, places) = (mantissa.checked_mul(digits)?, places + more);
        }
        let lot = shift(mantissa, PLACES - places)?;
        let is_whole = shift(lot, places - PLACES) == Some(mantissa);
        (is_whole && (1..=MAX_ATTOS).contains(&lot)).then_some(Self(lot))
    }

    pub(super) fn attos(self) -> i128 {
        self.0
    }

    /// The smallest size that is whole in both.
    pub(super) fn common(self, other: Self) -> Option<Self> {
        let (mut divisor, mut rest) = (self.0, other.0);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        (self.0 / divisor).checked_mul(other.0).filter(|lot| *lot <= MAX_ATTOS).map(Self)
    }

    /// A level's size: whole lots where it means to be.
    pub(super) fn size(self, size: f64) -> i128 {
        let lots = (size / (self.0 as f64 / 1e18)).round();
        if (1.0..EXACT_LIMIT).contains(&lots)
            && let Some(whole) = self.0.checked_mul(lots as i128)
            && (whole as f64 / 1e18 - size).abs() <= size * ROUNDING
        {
            return whole.min(MAX_ATTOS);
        }
        attos(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_means_the_decimal_that_it_was_read_from() {
        for (value, expected) in [
            (0.1, (1, 1)),
            (84_492.5, (844_925, 1)),
            (3e-9, (3, 9)),
            (1e22, (1, -22)),
            (0.123_456_789_012_345_68, (12_345_678_901_234_568, 17)),
        ] {
            let (mantissa, places) = decimal(value);
            let (expected_mantissa, expected_places) = expected;
            let scaled = |mantissa: i128, places: i32| shift(mantissa, PLACES - places);
            assert_eq!(scaled(mantissa, places), scaled(expected_mantissa, expected_places), "{value}");
        }
    }

    #[test]
    fn sizes_are_whole_atto_coins_rounded_down_and_bounded() {
        assert_eq!(attos(0.3), 300_000_000_000_000_000);
        assert_eq!((attos(0.0), attos(-1.0), attos(f64::NAN), attos(1e-19)), (0, 0, 0, 0));
        assert_eq!((attos(f64::INFINITY), attos(1e300)), (MAX_ATTOS, MAX_ATTOS));
    }

    #[test]
    fn lots_multiply_and_meet_without_rounding() {
        let lot = |factors: &[f64]| Lot::of(factors).unwrap();
        assert_eq!(lot(&[0.1, 0.01, 1000.0]), lot(&[1.0]));
        assert_eq!(lot(&[0.001]).common(lot(&[0.0003])), Some(lot(&[0.003])));
        assert_eq!(lot(&[10.0]).common(lot(&[15.0])), Some(lot(&[30.0])));
        assert_eq!((Lot::of(&[0.0]), Lot::of(&[1.0, f64::NAN]), Lot::of(&[1e-19])), (None, None, None));
    }

    #[test]
    fn a_size_that_a_contract_s_worth_has_rounded_is_whole_lots_again() {
        let lot = Lot::of(&[1.0, 0.57]).unwrap();
        assert_eq!(lot.size(100.0 * 0.57), 57 * 10_i128.pow(18));
        assert_eq!(lot.size(57.01), attos(57.01), "what is no whole number of lots stays what it is");
    }
}
