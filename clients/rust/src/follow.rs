//! Following opportunities through lost connections and restarts of the service.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tonic::{Code, Status, Streaming};

use crate::v1::{WatchOpportunitiesRequest, WatchOpportunitiesResponse};
use crate::{Connection, Error};

/// Least and greatest time between two tries; the pauses double, and each is drawn from its upper half.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// What following told.
#[derive(Debug)]
pub enum Told {
    /// The next message.
    Message(WatchOpportunitiesResponse),
    /// The stream broke off; the next call tries again.
    Lost(Error),
}

/// Tells every message of WatchOpportunities, and after a loss resumes behind the last event that it told. Within one
/// process of the service no event is missed or told twice; another one tells some events again, by the same opportunity
/// ids. Whoever keeps the `resume_token` of the last event handled may begin there after a restart of its own.
#[derive(Debug)]
pub struct Follower {
    connection: Connection,
    request: WatchOpportunitiesRequest,
    stream: Option<Streaming<WatchOpportunitiesResponse>>,
    pause: Duration,
    wait: Option<Duration>, // before the next try
}

impl Follower {
    /// `request.resume_token` says where it begins; nothing is asked before the first `next`.
    pub fn new(connection: Connection, request: WatchOpportunitiesRequest) -> Self {
        Self { connection, request, stream: None, pause: FIRST_PAUSE, wait: None }
    }

    /// The next message or loss. A call that is dropped before it ends loses nothing. An error is final: the service
    /// refuses the request.
    pub async fn next(&mut self) -> Result<Told, Error> {
        match self.message().await {
            Ok(message) => {
                self.pause = FIRST_PAUSE;
                if let Some(last) = message.events.last() {
                    self.request.resume_token.clone_from(&last.resume_token);
                }
                Ok(Told::Message(message))
            }
            Err(status) => self.lost(status.into()),
        }
    }

    async fn message(&mut self) -> Result<WatchOpportunitiesResponse, Status> {
        if let Some(wait) = self.wait {
            tokio::time::sleep(wait).await;
            self.wait = None;
        }
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connection.arbitrage().watch_opportunities(self.request.clone()).await?.into_inner(),
        };
        let stream = self.stream.insert(stream);
        let message = stream.message().await?;
        message.ok_or_else(|| Status::new(Code::Unavailable, "the service ended the stream")) // as it does when it stops
    }

    fn lost(&mut self, error: Error) -> Result<Told, Error> {
        self.stream = None;
        if error.is_final() {
            return Err(error);
        }
        let asked = error.retry_after.filter(|asked| *asked > self.pause);
        self.wait = Some(asked.unwrap_or_else(|| upper_half(self.pause)));
        self.pause = LAST_PAUSE.min(2 * self.pause);
        Ok(Told::Lost(error))
    }
}

/// Between half of the pause and all of it, so that clients that lost one server do not come back as one. The standard
/// library's own source of chance is the seed of its hash maps.
fn upper_half(pause: Duration) -> Duration {
    let drawn = RandomState::new().hash_one(0) as f64 / u64::MAX as f64;
    pause.mul_f64(0.5 + drawn / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No pause is below its half or above it whole, and not all are the same.
    #[test]
    fn pauses_are_drawn_from_the_upper_half() {
        let drawn: Vec<_> = (0..1000).map(|_| upper_half(LAST_PAUSE)).collect();
        assert!(drawn.iter().all(|one| (LAST_PAUSE / 2..=LAST_PAUSE).contains(one)));
        assert!(drawn.iter().any(|one| *one != drawn[0]));
    }
}
