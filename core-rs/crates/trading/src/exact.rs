//! Decimals as venues write them, and whole steps: exact, or not at all.

pub use rust_decimal::Decimal;

/// Exactly what a text says; None for what is no number, or has more digits than a decimal holds (28).
pub fn read(text: &str) -> Option<Decimal> {
    // The library takes underscores too.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    match text.split_once(['e', 'E']) {
        None => Decimal::from_str_exact(text).ok(),
        Some((mantissa, exponent)) => scaled(Decimal::from_str_exact(mantissa).ok()?, exponent.parse().ok()?),
    }
}

/// `number` times ten to the `exponent`.
fn scaled(number: Decimal, exponent: i32) -> Option<Decimal> {
    let scale = i32::try_from(number.scale()).ok()?.checked_sub(exponent)?;
    match u32::try_from(scale) {
        Ok(scale) => Decimal::try_from_i128_with_scale(number.mantissa(), scale).ok(),
        Err(_) => {
            let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
            Decimal::try_from_i128_with_scale(number.mantissa().checked_mul(factor)?, 0).ok()
        }
    }
}

/// The smallest step of a size or a price, which is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step(Decimal);

impl Step {
    pub fn of(step: Decimal) -> Option<Self> {
        (step > Decimal::ZERO).then(|| Self(step.normalize()))
    }

    pub fn value(self) -> Decimal {
        self.0
    }

    /// So many steps; None beyond what a decimal holds.
    pub fn times(self, count: i64) -> Option<Decimal> {
        let mantissa = self.0.mantissa().checked_mul(i128::from(count))?;
        Decimal::try_from_i128_with_scale(mantissa, self.0.scale()).ok().map(|number| number.normalize())
    }

    /// How many whole steps this is; None when it lies between two.
    pub fn count(self, value: Decimal) -> Option<i64> {
        let (dividend, divisor) = self.ratio(value)?;
        (dividend % divisor == 0).then(|| i64::try_from(dividend / divisor).ok())?
    }

    /// How many whole steps fit into it; towards minus infinity.
    pub fn floor(self, value: Decimal) -> Option<i64> {
        let (dividend, divisor) = self.ratio(value)?;
        i64::try_from(dividend.div_euclid(divisor)).ok()
    }

    /// `value` by the step as two whole numbers, of which the second is positive.
    fn ratio(self, value: Decimal) -> Option<(i128, i128)> {
        let value = value.normalize();
        let up = |own: u32, other: u32| 10_i128.checked_pow(other.saturating_sub(own));
        let dividend = value.mantissa().checked_mul(up(value.scale(), self.0.scale())?)?;
        Some((dividend, self.0.mantissa().checked_mul(up(self.0.scale(), value.scale())?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step(text: &str) -> Step {
        Step::of(read(text).unwrap()).unwrap()
    }

    #[test]
    fn a_text_is_read_to_the_last_digit_or_not_at_all() {
        for (text, expected) in [
            ("0.1", Some("0.1")),
            ("-296", Some("-296")),
            ("0e-8", Some("0.00000000")),
            ("1.2e-7", Some("0.00000012")),
            ("1.5E3", Some("1500")),
            ("1.88488874999999999969", Some("1.88488874999999999969")),
            ("0.00000000000000000000000000001", None),
            ("99999999999999999999999999999999", None),
            ("", None),
            ("1_0", None),
            ("NaN", None),
            ("1e40", None),
            ("e5", None),
            ("0x1", None),
        ] {
            assert_eq!(read(text).map(|number| number.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_lies_between_two_steps_is_none_of_them_and_is_cut_downwards() {
        let tenth = step("0.1");
        let counted = |text: &str| (tenth.count(read(text).unwrap()), tenth.floor(read(text).unwrap()));
        assert_eq!(counted("0.30"), (Some(3), Some(3)));
        assert_eq!(counted("0.39"), (None, Some(3)));
        assert_eq!(counted("-0.01"), (None, Some(-1)));
        assert_eq!(step("0.5").count(read("100").unwrap()), Some(200));
        assert_eq!((Step::of(Decimal::ZERO), Step::of(Decimal::NEGATIVE_ONE)), (None, None));
    }

    #[test]
    fn a_count_beyond_the_range_is_none() {
        assert_eq!(step("0.0000000000000000000000000001").count(read("79228162514").unwrap()), None);
        assert_eq!(step("7922816251426433759354395033").times(i64::MAX), None);
    }

    proptest! {
        #[test]
        fn so_many_steps_count_as_so_many(mantissa in 1_i64..1_000_000, scale in 0_u32..12, count in any::<i32>()) {
            let step = Step::of(Decimal::new(mantissa, scale)).unwrap();
            let value = step.times(i64::from(count)).unwrap();
            prop_assert_eq!(step.count(value), Some(i64::from(count)));
            prop_assert_eq!(step.floor(value), Some(i64::from(count)));
            prop_assert_eq!(read(&value.to_string()), Some(value));
        }
    }
}
