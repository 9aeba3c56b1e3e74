//! What waits for one reader of one instrument.

use crossbook_market::Quote;

/// Most quotes that wait for one reader of one instrument.
pub const MAX_PENDING: usize = 4;

/// A quote replaces the one that waits before it if the book state is the same; a change of state waits beside it.
///
/// When all places are taken, the middle of the story is left out, so that neighbours still differ in state. No change is
/// hidden: a reader that saw a state sees another one before it sees that state again, if the instrument left it.
#[derive(Debug, Default)]
pub struct Pending {
    quotes: Vec<Quote>,
}

impl Pending {
    pub fn len(&self) -> usize {
        self.quotes.len()
    }

    /// Returns how many quotes the new one replaced.
    pub fn push(&mut self, quote: Quote) -> usize {
        if let Some(last) = self.quotes.last_mut().filter(|last| last.state == quote.state) {
            *last = quote;
            return 1;
        }
        let replaced = if self.quotes.len() == MAX_PENDING { self.leave_out_middle() } else { 0 };
        self.quotes.push(quote);
        replaced
    }

    /// Oldest first.
    pub fn drain(&mut self, limit: usize) -> impl Iterator<Item = Quote> {
        let count = limit.min(self.quotes.len());
        self.quotes.drain(..count)
    }

    fn leave_out_middle(&mut self) -> usize {
        let last = MAX_PENDING - 1;
        let is_same_state = self.quotes[0].state == self.quotes[last].state;
        self.quotes.drain(1..if is_same_state { MAX_PENDING } else { last }).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbook_market::BookState;
    use proptest::prelude::*;

    fn quote(number: u8, receive_ns: i64) -> Quote {
        Quote::without_prices(0, BookState::from_number(number).unwrap(), receive_ns)
    }

    proptest! {
        /// Whatever the order of states and of reading, against the whole story.
        #[test]
        fn a_change_of_state_is_never_hidden(states in prop::collection::vec((1..6u8, prop::bool::weighted(0.1)), 1..80)) {
            let (mut pending, mut read, mut replaced) = (Pending::default(), Vec::new(), 0);
            for (time, &(state, is_read)) in states.iter().enumerate() {
                replaced += pending.push(quote(state, time as i64));
                prop_assert!(pending.len() <= MAX_PENDING);
                if is_read {
                    read.extend(pending.drain(MAX_PENDING));
                }
            }
            read.extend(pending.drain(MAX_PENDING));
            prop_assert_eq!(read.len() + replaced, states.len());
            prop_assert_eq!(read.last().unwrap().receive_ns, states.len() as i64 - 1);
            for pair in read.windows(2) {
                let between = &states[pair[0].receive_ns as usize..=pair[1].receive_ns as usize];
                let left = between.iter().any(|&(state, _)| state != pair[0].state as u8);
                prop_assert!(pair[0].receive_ns < pair[1].receive_ns);
                prop_assert!(pair[0].state != pair[1].state || !left);
            }
        }
    }
}
