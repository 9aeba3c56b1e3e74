//! Numbers of 106 bits: a float and what it leaves out (Dekker 1971, "A floating-point technique for extending the available
//! precision"). Enough to add up thousands of products of decimals and still know which of two sums is the larger.

use super::exact::{decimal, power};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `high` is the number rounded to a float, `low` the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Wide {
    high: f64,
    low: f64,
}

/// 2^27 + 1, which splits a float into halves of 26 bits.
const SPLITTER: f64 = 134_217_729.0;
/// Differences below this part of what was subtracted are rounding: 2^-96.
const ROUNDING: f64 = 1.0 / (1_u128 << 96) as f64;

impl Wide {
    /// The decimal that the float was read from.
    pub fn of(value: f64) -> Self {
        if !value.is_finite() {
            return Self { high: value, low: 0.0 };
        }
        let (mantissa, places) = decimal(value);
        let mut number = Self::whole(mantissa);
        let mut places = places;
        while places > 0 {
            let step = places.min(22);
            number = number / Self::from(power(step));
            places -= step;
        }
        while places < 0 {
            let step = places.max(-22);
            number = number * Self::from(power(-step));
            places -= step;
        }
        number
    }

    /// Rounded beyond 106 bits.
    pub fn whole(number: i128) -> Self {
        let high = number as f64;
        Self { high, low: (number - high as i128) as f64 }
    }

    /// Coins.
    pub fn size(attos: i128) -> Self {
        Self::whole(attos) / Self::from(1e18)
    }

    /// The nearest float.
    pub fn rounded(self) -> f64 {
        self.high
    }

    /// Towards zero, in the range of sizes; zero for what is no number.
    pub fn floor(self) -> i128 {
        let (high, low) = (self.high.floor(), (self.high - self.high.floor()) + self.low);
        (high as i128).saturating_add(low.floor() as i128)
    }

    /// Whether it is more than the rounding of numbers as large as `scale`.
    pub fn is_positive(self, scale: Self) -> bool {
        self.high > scale.high.abs() * ROUNDING
    }

    /// Whether it is not less than zero by more than the rounding of numbers as large as `scale`.
    pub fn is_not_negative(self, scale: Self) -> bool {
        self.high >= -(scale.high.abs() * ROUNDING)
    }

    fn normal(high: f64, low: f64) -> Self {
        let sum = high + low;
        Self { high: sum, low: low - (sum - high) }
    }
}

impl From<f64> for Wide {
    /// The float itself.
    fn from(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }
}

impl Neg for Wide {
    type Output = Self;

    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Add for Wide {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (high, rest) = exact_sum(self.high, other.high);
        let (low, rest_of_low) = exact_sum(self.low, other.low);
        let sum = Self::normal(high, rest + low);
        Self::normal(sum.high, sum.low + rest_of_low)
    }
}

impl Sub for Wide {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let (high, rest) = exact_product(self.high, other.high);
        Self::normal(high, rest + (self.high * other.low + self.low * other.high))
    }
}

impl Div for Wide {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * Self::from(first);
        let second = rest.high / other.high;
        let third = (rest - other * Self::from(second)).high / other.high;
        Self::normal(first, second) + Self::from(third)
    }
}

/// The sum and what rounding took from it.
fn exact_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// The product and what rounding took from it; of numbers far from a float's limits.
fn exact_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let ((a_high, a_low), (b_high, b_low)) = (halves(a), halves(b));
    (product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low)
}

fn halves(value: f64) -> (f64, f64) {
    let scaled = SPLITTER * value;
    let high = scaled - (scaled - value);
    (high, value - high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_add_up_to_what_they_say() {
        let sum = Wide::of(0.1) + Wide::of(0.2);
        assert!((sum - Wide::of(0.3)).is_not_negative(sum) && !(sum - Wide::of(0.3)).is_positive(sum));
        assert_eq!(sum.rounded(), 0.3);
        let product = Wide::of(100.4) * Wide::of(0.999) - Wide::of(100.299_6);
        assert!(product.is_not_negative(Wide::of(100.0)) && !product.is_positive(Wide::of(100.0)));
    }

    #[test]
    fn a_difference_that_a_float_would_lose_is_seen() {
        let (large, small) = (Wide::of(1e15), Wide::of(1e-9));
        assert!((large + small - large).is_positive(large));
        assert_eq!((large + small - large).rounded(), 1e-9);
    }

    #[test]
    fn numbers_round_down_to_whole_ones() {
        assert_eq!(Wide::whole(10_i128.pow(30) + 1).floor(), 10_i128.pow(30) + 1);
        assert_eq!((Wide::of(2.999_999) / Wide::of(1.0)).floor(), 2);
        assert_eq!((Wide::of(1.0) / Wide::of(3.0) * Wide::of(3.0) + Wide::of(1e-20)).floor(), 1);
    }
}
