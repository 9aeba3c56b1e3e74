//! How often one process sends batches: all lanes of all its venues share an allowance of messages.
//!
//! A message of Python's gRPC costs its sender about 80 µs, and its reader as much, whatever its size. One busy lane holds each
//! batch back for a millisecond; fourteen busy ones in one process would still send 14,000 messages a second, more than a
//! processor can. So beyond the allowance every lane holds longer, in turn, and sends as many quotes in fewer messages.

const SECOND_NS: i64 = 1_000_000_000;

/// What a message costs says how often one may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// What comes so long after a lane's last batch leaves at once.
    pub at_once_after_ns: i64,
    /// Whatever came before that leaves then.
    pub at_latest_after_ns: i64,
    /// Of all lanes together; None where messages are nearly free.
    pub messages_per_second: Option<u32>,
}

impl Default for Rhythm {
    /// Of messages that cost as much as Python's.
    fn default() -> Self {
        Self { at_once_after_ns: 1_000_000, at_latest_after_ns: 1_000_000, messages_per_second: Some(2_000) }
    }
}

/// How long a lane holds back what comes after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What comes later than that leaves at once.
    pub at_once_after_ns: i64,
    /// Then whatever waits leaves.
    pub at_latest_after_ns: i64,
}

/// Told of every batch. Times are of a clock that only goes forward, from anywhere.
#[derive(Debug, Default)]
pub struct Pace {
    rhythm: Rhythm,
    /// When the allowance is there again; None before the first batch.
    free_ns: Option<i64>,
}

impl Pace {
    pub fn new(rhythm: Rhythm) -> Self {
        Self { rhythm, free_ns: None }
    }

    /// A batch leaves now: how its lane holds back what comes next.
    pub fn hold(&mut self, at_ns: i64) -> Hold {
        let Rhythm { at_once_after_ns, at_latest_after_ns, messages_per_second } = self.rhythm;
        let owed_ns = messages_per_second.map_or(0, |count| self.spend(at_ns, SECOND_NS / i64::from(count)));
        Hold { at_once_after_ns: at_once_after_ns.max(owed_ns), at_latest_after_ns: at_latest_after_ns.max(owed_ns) }
    }

    /// How long it takes until the allowance is there again.
    fn spend(&mut self, at_ns: i64, message_ns: i64) -> i64 {
        let free_ns = self.free_ns.map_or(at_ns, |free_ns| free_ns.max(at_ns)) + message_ns;
        self.free_ns = Some(free_ns);
        free_ns - at_ns
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
        assert!(sent.iter().sum::<i64>() <= 2_000 + 14);
        assert!(sent.iter().all(|count| *count >= 2_000 / 14 - 2), "{sent:?}");
    }

    #[test]
    fn a_pause_gives_the_allowance_back() {
        let mut pace = Pace::default();
        let burst: Vec<_> = (0..100).map(|_| pace.hold(5)).collect();
        assert!(burst[99].at_latest_after_ns > 10 * MS && burst[99].at_once_after_ns > 10 * MS);
        let again: Vec<_> = (0..100).map(|_| pace.hold(5 + SECOND_NS)).collect();
        assert_eq!(again[0], Hold { at_once_after_ns: MS, at_latest_after_ns: MS });
        assert_eq!(again, burst, "and no more than that");
    }

    #[test]
    fn without_an_allowance_no_lane_waits_for_another() {
        let rhythm = Rhythm { at_once_after_ns: MS / 4, at_latest_after_ns: MS, messages_per_second: None };
        let mut pace = Pace::new(rhythm);
        let burst: Vec<_> = (0..100).map(|_| pace.hold(5)).collect();
        assert!(burst.iter().all(|hold| *hold == Hold { at_once_after_ns: MS / 4, at_latest_after_ns: MS }));
    }
}
