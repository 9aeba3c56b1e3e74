//! How often one process sends batches: a lane that has sent little lately sends at once, and all lanes of all venues share an
//! allowance of messages.
//!
//! A message costs its sender some 30 µs of processor time, nearly all of it in Python, and its reader as much, whatever its size.
//! One busy lane sends 4,000 in a second at most; fourteen busy ones in one process would send more than a processor can. So beyond
//! the allowance every lane holds longer, in turn, and sends as many quotes in fewer messages.

const SECOND_NS: i64 = 1_000_000_000;
/// Whatever came before that leaves then.
const AT_LATEST_AFTER_NS: i64 = 1_000_000;
/// Of all lanes together.
const MESSAGES_PER_SECOND: i64 = 6_000;
/// A process that has been quiet may be so far ahead of its allowance.
const AHEAD_NS: i64 = 1_000_000;

/// How long a lane holds back what comes after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What comes later than that leaves at once, if the lane's own rate allows it.
    pub at_once_after_ns: i64,
    /// Then whatever waits leaves.
    pub at_latest_after_ns: i64,
}

/// Told of every batch. Times are of a clock that only goes forward, from anywhere.
#[derive(Debug, Default)]
pub struct Pace {
    /// When the allowance is there again; None before the first batch.
    free_ns: Option<i64>,
}

impl Pace {
    /// A batch leaves now: how its lane holds back what comes next.
    pub fn hold(&mut self, at_ns: i64) -> Hold {
        let free_ns = self.free_ns.map_or(at_ns, |free_ns| free_ns.max(at_ns)) + SECOND_NS / MESSAGES_PER_SECOND;
        self.free_ns = Some(free_ns);
        let owed_ns = free_ns - at_ns;
        Hold { at_once_after_ns: (owed_ns - AHEAD_NS).max(0), at_latest_after_ns: AT_LATEST_AFTER_NS.max(owed_ns) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// How many each lane sends in a second when it always has something to send.
    fn messages_in_a_second(lanes: usize) -> Vec<i64> {
        let mut pace = Pace::default();
        let (mut due, mut sent) = (vec![0; lanes], vec![0; lanes]);
        while let Some(lane) = (0..lanes).min_by_key(|lane| due[*lane]).filter(|lane| due[*lane] < SECOND_NS) {
            sent[lane] += 1;
            due[lane] += pace.hold(due[lane]).at_latest_after_ns;
        }
        sent
    }

    #[test]
    fn one_busy_lane_holds_a_millisecond() {
        assert_eq!(messages_in_a_second(1), [1_000]);
    }

    #[test]
    fn many_busy_lanes_share_the_allowance() {
        let sent = messages_in_a_second(14);
        assert!(sent.iter().sum::<i64>() <= MESSAGES_PER_SECOND + 14);
        assert!(sent.iter().all(|count| *count >= MESSAGES_PER_SECOND / 14 - 2), "{sent:?}");
    }

    #[test]
    fn a_pause_gives_the_allowance_back() {
        let mut pace = Pace::default();
        let burst: Vec<_> = (0..100).map(|_| pace.hold(5)).collect();
        assert!(burst[99].at_latest_after_ns > 10 * MS && burst[99].at_once_after_ns > 10 * MS);
        let again: Vec<_> = (0..100).map(|_| pace.hold(5 + SECOND_NS)).collect();
        assert_eq!(again[0], Hold { at_once_after_ns: 0, at_latest_after_ns: MS });
        assert_eq!(again, burst, "and no more than that");
    }
}
