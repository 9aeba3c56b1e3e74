//! A scanner without any cleverness, written from the description of the lifecycle: after every quote it recomputes every
//! pair of every leg. The incremental one must tell the same story.

use std::collections::BTreeMap;

use crossbook_market::{BookState, Instrument, Quote};
use proptest::prelude::*;

use super::super::{EventKind, OpportunityEvent, RefusalReason, ScannerSettings};
use super::{SECOND_NS, instrument, live, payload, scanner, settings};

type Names = (String, String);
/// Kind, buy and sell symbol, close reason, net percent, cause.
type Story = (u8, Names, Option<RefusalReason>, f64, i64);

#[derive(Clone, Copy)]
enum Naive {
    Idle,
    Refused(RefusalReason),
    Pending(i64),
    Open { told: f64, last: f64, last_receive_ns: i64 },
}

struct Oracle {
    settings: ScannerSettings,
    instruments: Vec<Instrument>,
    quotes: BTreeMap<u32, Quote>,
    pairs: BTreeMap<(u32, u32), Naive>,
    refusals: BTreeMap<u8, u64>,
}

impl Oracle {
    fn on_quote(&mut self, quote: Quote, now_ns: i64) -> Vec<Story> {
        self.quotes.insert(quote.instrument, quote);
        let legs: Vec<u32> = self.quotes.keys().copied().collect();
        let mut told = Vec::new();
        for &buy in &legs {
            for &sell in &legs {
                if self.instruments[buy as usize].venue != self.instruments[sell as usize].venue {
                    let is_cause = buy == quote.instrument || sell == quote.instrument;
                    told.extend(self.look(buy, sell, is_cause.then_some(quote.receive_ns), now_ns));
                }
            }
        }
        told
    }

    fn net(&self, buy: u32, sell: u32) -> Option<f64> {
        let price = |leg: u32, price: f64| price / self.instruments[leg as usize].asset_scale;
        let fee = |leg: u32| self.instruments[leg as usize].taker_fee_percent.unwrap_or(0.0);
        let (ask, bid) = (price(buy, self.quotes[&buy].ask), price(sell, self.quotes[&sell].bid));
        let is_live = [buy, sell].iter().all(|leg| self.quotes[leg].state == BookState::Live);
        let fees = fee(buy) + fee(sell) * (bid / ask);
        (is_live && ask > 0.0 && bid > 0.0).then(|| (bid - ask) / ask * 100.0 - fees - fees)
    }

    fn refusal(&self, buy: u32, sell: u32, now_ns: i64) -> Option<RefusalReason> {
        let quotes = [&self.quotes[&buy], &self.quotes[&sell]];
        let fixed = [&self.instruments[buy as usize], &self.instruments[sell as usize]];
        let mids = [0, 1].map(|leg| (quotes[leg].bid + quotes[leg].ask) / 2.0 / fixed[leg].asset_scale);
        let is_dollar = |leg: &Instrument| ["USD", "USDT"].contains(&leg.quote_currency.as_str());
        let converts = fixed[0].quote_currency == fixed[1].quote_currency || fixed.iter().all(|leg| is_dollar(leg));
        let sizes = (quotes[0].ask_size * fixed[0].asset_scale, quotes[1].bid_size * fixed[1].asset_scale);
        let limits = &self.settings;
        let checks = [
            (quotes.iter().any(|quote| quote.state != BookState::Live), RefusalReason::NotLive),
            (quotes.iter().any(|quote| quote.bid == 0.0 || quote.ask == 0.0), RefusalReason::EmptySide),
            (quotes.iter().any(|quote| quote.bid >= quote.ask), RefusalReason::Crossed),
            (quotes.iter().any(|quote| now_ns - quote.receive_ns > limits.max_age_ns), RefusalReason::TooOld),
            ((quotes[0].receive_ns - quotes[1].receive_ns).abs() > limits.max_skew_ns, RefusalReason::Skewed),
            (quotes.iter().any(|quote| quote.receive_ns - now_ns > limits.max_skew_ns), RefusalReason::Skewed),
            (!converts, RefusalReason::RateUnknown),
            (
                (mids[0] - mids[1]).abs() / mids[0].min(mids[1]) * 100.0 > limits.max_mid_difference_percent,
                RefusalReason::MidsApart,
            ),
            (fixed.iter().any(|leg| leg.taker_fee_percent.is_none()), RefusalReason::FeeUnknown),
            (
                sizes.0.min(sizes.1) * (quotes[0].ask / fixed[0].asset_scale) < limits.min_notional,
                RefusalReason::TooSmall,
            ),
        ];
        checks.into_iter().find(|(is_bad, _)| *is_bad).map(|(_, reason)| reason)
    }

    fn look(&mut self, buy: u32, sell: u32, cause_ns: Option<i64>, now_ns: i64) -> Option<Story> {
        let before = *self.pairs.get(&(buy, sell)).unwrap_or(&Naive::Idle);
        let net = self.net(buy, sell);
        let is_open = matches!(before, Naive::Open { .. });
        let opens = net.is_some_and(|net| net >= self.settings.open_net_percent);
        let holds = opens || (is_open && net.is_some_and(|net| net >= self.settings.close_net_percent));
        let reason = match net {
            Some(_) if !holds => Some(RefusalReason::BelowThreshold),
            _ => self.refusal(buy, sell, now_ns),
        };
        let receive_ns = self.quotes[&buy].receive_ns.max(self.quotes[&sell].receive_ns);
        let names = (self.instruments[buy as usize].symbol.clone(), self.instruments[sell as usize].symbol.clone());
        let (after, told) = match (reason, before) {
            (Some(reason), _) => {
                let was_refused = matches!(before, Naive::Refused(earlier) if earlier == reason);
                let was_idle = matches!(before, Naive::Idle) && !opens;
                if reason != RefusalReason::BelowThreshold && !was_refused && !was_idle {
                    *self.refusals.entry(reason as u8).or_default() += 1;
                }
                let story = match before {
                    Naive::Open { last, last_receive_ns, .. } => {
                        Some((EventKind::Closed, Some(reason), last, cause_ns.unwrap_or(last_receive_ns)))
                    }
                    _ => None,
                };
                (if opens { Naive::Refused(reason) } else { Naive::Idle }, story)
            }
            (None, Naive::Open { told, .. }) => {
                let net = net.unwrap();
                let moved = (net - told).abs() >= self.settings.update_step_percent;
                let story = moved.then_some((EventKind::Updated, None, net, cause_ns.unwrap_or(receive_ns)));
                (Naive::Open { told: if moved { net } else { told }, last: net, last_receive_ns: receive_ns }, story)
            }
            (None, _) => {
                let net = net.unwrap();
                let since_ns = if let Naive::Pending(since_ns) = before { since_ns } else { now_ns };
                if now_ns - since_ns >= self.settings.min_life_ns {
                    let story = (EventKind::Opened, None, net, cause_ns.unwrap_or(receive_ns));
                    (Naive::Open { told: net, last: net, last_receive_ns: receive_ns }, Some(story))
                } else {
                    (Naive::Pending(since_ns), None)
                }
            }
        };
        self.pairs.insert((buy, sell), after);
        told.map(|(kind, reason, net, cause_ns)| (kind as u8, names, reason, net, cause_ns))
    }
}

/// Six legs of one asset with every oddity: two of one venue, a multiplied contract, an unknown fee, a foreign currency.
fn instruments() -> Vec<Instrument> {
    let leg = |number: usize, venue: &str| Instrument { symbol: format!("leg{number}"), ..instrument(venue, "BTC") };
    let mut legs: Vec<Instrument> =
        ["a", "b", "c", "c", "d", "e"].iter().enumerate().map(|(number, venue)| leg(number, venue)).collect();
    legs[1].asset_scale = 1000.0;
    legs[2].quote_currency = "USD".to_owned();
    legs[3].taker_fee_percent = Some(0.0);
    legs[4].taker_fee_percent = None;
    legs[5].quote_currency = "EUR".to_owned();
    legs
}

fn story(event: &OpportunityEvent) -> Story {
    let names = (event.spread.buy.symbol.clone(), event.spread.sell.symbol.clone());
    (event.kind as u8, names, event.close_reason, event.spread.costs.net_percent, event.cause_ns)
}

fn sorted(mut story: Vec<Story>) -> Vec<Story> {
    story.sort_by(|a, b| a.partial_cmp(b).unwrap());
    story
}

prop_compose! {
    /// A quote near 100 with a spread that now and then crosses, of any state and size; and the time that passes first.
    fn steps()(
        leg in 0..6u32, mid in 99.0..101.0f64, half in -0.01..0.05f64, size in 0.5..20.0f64, kind in 0..40u8,
        wait_ns in 0..2 * SECOND_NS, delay_ns in prop_oneof![9 => 0..SECOND_NS, 1 => -7 * SECOND_NS..0],
    ) -> (Quote, i64, i64) {
        let scale = if leg == 1 { 1000.0 } else { 1.0 };
        let mut quote = live(leg, (mid - half) * scale, (mid + half) * scale, size / scale, 0);
        match kind {
            0 => quote.bid = 0.0,
            1 => quote.ask = 0.0,
            2 => quote = Quote::without_prices(leg, BookState::Resyncing, 0),
            3 => quote.bid /= 2.0,
            _ => {}
        }
        (quote, wait_ns, delay_ns)
    }
}

proptest! {
    #[test]
    fn the_incremental_scanner_tells_what_a_full_recompute_tells(
        steps in prop::collection::vec(steps(), 1..120), min_life_ns in prop::sample::select(vec![0, SECOND_NS]),
    ) {
        let settings = ScannerSettings { min_life_ns, suspect_after_ns: i64::MAX, ..settings() };
        let instruments = instruments();
        let mut oracle = Oracle {
            settings: settings.clone(),
            instruments: instruments.clone(),
            quotes: BTreeMap::new(),
            pairs: BTreeMap::new(),
            refusals: BTreeMap::new(),
        };
        let mut scanner = scanner(settings);
        let mut now_ns = 1_000 * SECOND_NS;
        for (mut quote, wait_ns, delay_ns) in steps {
            now_ns += wait_ns;
            quote.receive_ns = now_ns - delay_ns;
            let mut events = scanner.on_batch(&payload(&instruments, &[quote]), now_ns, 0).unwrap();
            events.extend(scanner.on_timer(now_ns));
            prop_assert_eq!(sorted(events.iter().map(story).collect()), sorted(oracle.on_quote(quote, now_ns)));
        }
        prop_assert_eq!(scanner.stats().refusals, oracle.refusals.into_iter().collect::<Vec<_>>());
    }
}
