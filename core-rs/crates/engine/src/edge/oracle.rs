//! Random pairs of books against exact rationals: sizes are equal, money and edges equal to the last rounding.
//!
//! The oracle knows neither steps nor wide numbers: it adds up levels, and bisects
//! whole numbers of lots by the definitions alone. `EDGE_CASES` says how many pairs; 300 unless it is set (`make edges`).

use super::{Asked, Edge, LegBook, Lot, NoEdge, SizeRefusal, SizedEdge, edge};
use crossbook_market::Level;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[(self.next() % of.len() as u64) as usize]
    }
}

/// A decimal, as the text of a venue would have it: `digits` and how many of them are behind the point.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: i64,
    places: u32,
}

impl Decimal {
    fn float(self) -> f64 {
        format!("{}e-{}", self.digits, self.places).parse().unwrap()
    }

    fn exact(self) -> BigRational {
        BigRational::new(BigInt::from(self.digits), BigInt::from(10).pow(self.places))
    }
}

#[derive(Debug)]
struct Leg {
    levels: Vec<(Decimal, Decimal)>,
    fee: Decimal,
    lot: Option<Decimal>,
    min_notional: Option<Decimal>,
    min_size: Option<Decimal>,
    max_size: Option<Decimal>,
    price_limit: Option<Decimal>,
    /// 1 for asks, which rise, and -1 for bids.
    sign: i64,
}

#[derive(Debug)]
struct Case {
    buy: Leg,
    sell: Leg,
    rate: Decimal,
    net: Decimal,
    notionals: Vec<Decimal>,
}

impl Leg {
    fn random(random: &mut Random, middle: i64, places: u32, sign: i64) -> Self {
        let lot = Decimal { digits: random.pick(&[1, 1, 1, 2, 3, 5, 7, 10, 25]), places: random.pick(&[0, 1, 3, 4]) };
        let is_known = random.within(0, 9) > 0;
        let mut price = middle + sign * random.within(-middle / 80, middle / 1_000);
        let levels = (0..random.within(1, 12)).map(|_| {
            let size = Decimal { digits: lot.digits * random.within(1, random_top(lot)), places: lot.places };
            let level = (Decimal { digits: price.max(1), places }, size);
            price += sign * random.within(1, (middle / 2_000).max(1));
            level
        });
        let levels: Vec<(Decimal, Decimal)> = levels.collect();
        let last = levels[random.within(0, levels.len() as i64 - 1) as usize].0;
        let price_limit = Decimal { digits: last.digits + random.within(-1, 1), ..last };
        let fee = Decimal { digits: random.within(-20, 120), places: 3 };
        let some = |random: &mut Random, value| (random.within(0, 2) > 0).then_some(value);
        let min_notional = Decimal { digits: random.within(1, 200), places: 0 };
        let max_size = Decimal { digits: lot.digits * random.within(1, 60), places: lot.places };
        let min_size = Decimal { digits: lot.digits * random.within(1, 6), places: lot.places };
        Self {
            levels,
            fee,
            lot: is_known.then_some(lot),
            min_notional: some(random, min_notional),
            min_size: (random.within(0, 7) == 0).then_some(min_size),
            max_size: some(random, max_size),
            price_limit: (random.within(0, 4) == 0).then_some(price_limit),
            sign,
        }
    }

    fn with_book<T>(&self, act: impl FnOnce(&LegBook<'_>) -> T) -> T {
        let levels: Vec<Level> =
            self.levels.iter().map(|(price, size)| Level { price: price.float(), size: size.float() }).collect();
        act(&LegBook {
            levels: &levels,
            fee_percent: self.fee.float(),
            lot: self.lot.and_then(|lot| Lot::of(&[lot.float()])),
            min_notional: self.min_notional.map(Decimal::float),
            min_size: self.min_size.map(Decimal::float),
            max_size: self.max_size.map(Decimal::float),
            price_limit: self.price_limit.map(Decimal::float),
        })
    }

    /// What is known to be for sale at prices that orders are taken at.
    fn known(&self) -> BigRational {
        self.levels.iter().filter(|(price, _)| self.takes(*price)).map(|(_, size)| size.exact()).sum()
    }

    fn takes(&self, price: Decimal) -> bool {
        let sign = BigRational::from(BigInt::from(self.sign));
        self.price_limit.is_none_or(|limit| price.exact() * &sign <= limit.exact() * &sign)
    }

    fn is_cut(&self) -> bool {
        self.levels.iter().any(|(price, _)| !self.takes(*price))
    }

    /// What so many coins come to, level after level.
    fn money(&self, size: &BigRational) -> BigRational {
        let (mut left, mut money) = (size.clone(), BigRational::zero());
        for (price, level) in &self.levels {
            let taken = left.clone().min(level.exact());
            money += &taken * price.exact();
            left -= taken;
        }
        assert!(left.is_zero(), "beyond what the book holds");
        money
    }
}

fn random_top(lot: Decimal) -> i64 {
    if lot.places == 0 { 9 } else { 200 }
}

impl Case {
    fn random(random: &mut Random) -> Self {
        let places = random.within(0, 6) as u32;
        let middle = random.within(2_000, 99_999_999);
        let rate = if random.within(0, 1) == 0 { (1, 0) } else { (random.within(99_000_000, 101_000_000), 8) };
        let notionals = (0..3).map(|_| Decimal { digits: random.within(1, 1_000_000), places: random.pick(&[0, 2]) });
        let notionals = notionals.collect();
        Self {
            buy: Leg::random(random, middle, places, 1),
            sell: Leg::random(random, middle, places, -1),
            rate: Decimal { digits: rate.0, places: rate.1 },
            net: Decimal { digits: random.within(-300, 600), places: 3 },
            notionals,
        }
    }

    fn engine(&self) -> Result<Edge, NoEdge> {
        let notionals: Vec<f64> = self.notionals.iter().map(|notional| notional.float()).collect();
        let asked = Asked { rate: self.rate.float(), net_percent: self.net.float(), notionals: &notionals };
        self.buy.with_book(|buy| self.sell.with_book(|sell| edge(buy, sell, &asked)))
    }

    fn lot(&self) -> BigRational {
        let lots: Vec<BigRational> =
            [&self.buy, &self.sell].into_iter().filter_map(|leg| Some(leg.lot?.exact())).collect();
        match lots.as_slice() {
            [] => BigRational::new(BigInt::from(1), BigInt::from(10).pow(18)),
            [one] => one.clone(),
            [one, other, ..] => {
                let scale = BigRational::from(BigInt::from(10).pow(18));
                let (mut a, mut b) = ((one * &scale).to_integer(), (other * &scale).to_integer());
                let product = &a * &b;
                while !b.is_zero() {
                    (a, b) = (b.clone(), a % b);
                }
                BigRational::from(product / a) / scale
            }
        }
    }

    fn limit(&self) -> Option<BigRational> {
        [&self.buy, &self.sell].into_iter().filter_map(|leg| Some(leg.max_size?.exact())).min()
    }

    fn known(&self) -> BigRational {
        self.buy.known().min(self.sell.known())
    }

    fn capped(&self) -> BigRational {
        let known = self.known();
        self.limit().map_or(known.clone(), |limit| limit.min(known))
    }

    fn profit(&self, size: &BigRational) -> BigRational {
        let hundred = BigRational::from(BigInt::from(100));
        let both = |fee: &Decimal| fee.exact() * BigRational::from(BigInt::from(2)) / &hundred;
        let one = BigRational::from(BigInt::from(1));
        let got = self.sell.money(size) * self.rate.exact() * (&one - both(&self.sell.fee));
        got - self.buy.money(size) * (one + both(&self.buy.fee))
    }

    fn net(&self, size: &BigRational) -> BigRational {
        self.profit(size) / self.buy.money(size) * BigRational::from(BigInt::from(100))
    }

    /// The most whole lots up to `limit` for which `holds`, which holds for all up to some number.
    fn most(&self, limit: &BigRational, holds: impl Fn(&BigRational) -> bool) -> BigRational {
        let lot = self.lot();
        let (mut low, mut high) = (BigInt::zero(), (limit / &lot).floor().to_integer() + 1);
        while &high - &low > BigInt::from(1) {
            let middle: BigInt = (&low + &high) / 2;
            if holds(&(&lot * BigRational::from(middle.clone()))) { low = middle } else { high = middle }
        }
        lot * BigRational::from(low)
    }

    fn largest(&self) -> BigRational {
        self.most(&self.capped(), |size| self.net(size) >= self.net.exact())
    }

    /// Where profit stops to rise: at the end of one of the levels, whatever the lots.
    fn best(&self) -> BigRational {
        let mut ends: Vec<BigRational> = Vec::new();
        for leg in [&self.buy, &self.sell] {
            let mut end = BigRational::zero();
            for (_, size) in &leg.levels {
                end += size.exact();
                ends.push(end.clone());
            }
        }
        let (known, mut best, mut highest) = (self.known(), BigRational::zero(), BigRational::zero());
        ends.retain(|end| *end <= known);
        ends.sort();
        for end in ends {
            let profit = self.profit(&end);
            if profit > highest {
                (best, highest) = (end, profit);
            }
        }
        let limit = self.limit().map_or(best.clone(), |limit| limit.min(best));
        self.most(&limit, |_| true)
    }

    fn check(&self, name: &str, found: &SizedEdge, size: &BigRational) {
        let context = || format!("{name} of {self:#?}\nis {found:#?}, expected {size}");
        assert!(is_rounded(found.size, size), "{}", context());
        if size.is_zero() {
            assert!(found.refusal.is_some(), "{}", context());
            return;
        }
        let (paid, got) = (self.buy.money(size), self.sell.money(size));
        assert!(is_rounded(found.buy_notional, &paid), "{}", context());
        assert!(is_rounded(found.sell_notional, &got), "{}", context());
        assert!(is_rounded(found.net_percent, &self.net(size)), "{}", context());
        assert!(is_rounded(found.profit, &self.profit(size)), "{}", context());
        let is_below = |leg: &Leg, money: &BigRational| leg.min_notional.is_some_and(|least| *money < least.exact());
        let is_too_little = is_below(&self.buy, &paid) || is_below(&self.sell, &got);
        let is_too_small = |leg: &Leg| leg.min_size.is_some_and(|least| *size < least.exact());
        let refusal = if is_too_small(&self.buy) || is_too_small(&self.sell) {
            Some(SizeRefusal::BelowMinSize)
        } else {
            is_too_little.then_some(SizeRefusal::BelowMinNotional)
        };
        assert_eq!(found.refusal, refusal, "{}", context());
    }

    /// Whether what limits the size is a price.
    fn is_cut(&self) -> bool {
        [&self.buy, &self.sell].iter().any(|leg| leg.is_cut() && leg.known() == self.known())
    }

    fn check_all(&self) -> Option<Edge> {
        let found = self.engine();
        if self.known().is_zero() {
            assert_eq!(found, Err(NoEdge::BeyondPriceLimit), "{self:#?}");
            return None;
        }
        let found = found.unwrap();
        self.check("the largest", &found.largest, &self.largest());
        self.check("the best", &found.best, &self.best());
        for (notional, at) in self.notionals.iter().zip(&found.at_notionals) {
            self.check_notional(&notional.exact(), at);
        }
        let whole = self.known();
        let is_limited =
            !self.is_cut() && self.limit().is_none_or(|limit| whole <= limit) && self.net(&whole) >= self.net.exact();
        assert_eq!(found.is_limited_by_depth, is_limited, "{self:#?}");
        Some(found)
    }

    fn check_notional(&self, notional: &BigRational, found: &SizedEdge) {
        let known = self.known();
        if *notional > self.buy.money(&known) {
            let beyond = if self.is_cut() { SizeRefusal::BeyondPriceLimit } else { SizeRefusal::BeyondDepth };
            return assert_eq!(found.refusal, Some(beyond), "{self:#?}");
        }
        let size = self.most(&known, |size| self.buy.money(size) <= *notional);
        if self.limit().is_some_and(|limit| size > limit) {
            return assert_eq!(found.refusal, Some(SizeRefusal::AboveMaxSize), "{self:#?}");
        }
        self.check("a notional", found, &size);
    }
}

/// Whether the float is the one nearest to the number, or its neighbour where the number is as good as between both.
fn is_rounded(found: f64, exact: &BigRational) -> bool {
    let exact_float = exact.to_f64().unwrap();
    if found == exact_float {
        return true;
    }
    let between = (BigRational::from_float(found).unwrap() + BigRational::from_float(exact_float).unwrap())
        / BigRational::from(BigInt::from(2));
    let is_neighbour = found.next_up() == exact_float || found.next_down() == exact_float;
    is_neighbour && (between - exact).abs() * BigRational::from(BigInt::from(10).pow(24)) < exact.abs()
}

#[test]
fn sizes_and_edges_are_those_of_exact_rationals() {
    let cases = std::env::var("EDGE_CASES").map_or(300, |cases| cases.parse().unwrap());
    let (mut tally, mut cut, mut refused) = ([0_u32; 3], 0_u64, 0_u64);
    for seed in 0..cases {
        let case = Case::random(&mut Random(seed));
        cut += u64::from(case.is_cut());
        let Some(found) = case.check_all() else {
            refused += 1;
            continue;
        };
        tally[0] += u32::from(found.largest.size > 0.0);
        tally[1] += u32::from(found.largest.size > 0.0 && !found.is_limited_by_depth);
        tally[2] += u32::from(found.at_notionals.iter().any(|at| at.refusal.is_none()));
    }
    // Many pairs have something to find, and not all of it at the end of the books.
    assert!(tally.iter().all(|count| u64::from(*count) * 8 >= cases), "{tally:?} of {cases}");
    assert!(cut * 20 >= cases && refused * 100 >= cases, "{cut} cut and {refused} refused of {cases}");
    println!("{cases} pairs: {} largest sizes, {cut} cut by price limits, {refused} refused for them", tally[0]);
}
