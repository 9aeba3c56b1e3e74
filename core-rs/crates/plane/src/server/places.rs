//! The methods that are served here, and how many calls of each may wait for their first word or run at a time.

use super::call::Call;
use crate::bells::Bell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Code, Status};

/// What a call is told that ends before its time: a google.rpc.Status in its parts.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: i32,
    pub message: String,
    /// The whole google.rpc.Status, encoded.
    pub details: Vec<u8>,
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Status::with_details(Code::from(refusal.code), refusal.message, refusal.details.into())
    }
}

/// A streaming method.
#[derive(Clone, Debug)]
pub struct Method {
    /// As in a request: "/package.Service/Method".
    pub path: String,
    /// Calls that may run at a time.
    pub places: usize,
    /// What those beyond are told.
    pub when_full: Refusal,
    /// Of one message, either way.
    pub max_message_bytes: usize,
    pub silence: Silence,
}

/// What holds for calls that have said nothing: so they keep none out that speaks.
#[derive(Clone, Debug)]
pub struct Silence {
    /// How many there may be.
    pub places: usize,
    /// What the one that has been silent for longest is told when there are more, or all of them have said too much of it.
    pub when_oldest: Refusal,
    /// How long one may be silent.
    pub patience: Duration,
    /// What it is told then.
    pub when_late: Refusal,
}

/// Of the largest messages, what all calls of a method together may have said that have not finished their first word.
const UNFINISHED_MESSAGES: usize = 4;

pub struct Places {
    numbers: HashMap<String, usize>,
    methods: Vec<Place>,
    bell: Arc<Bell>,
}

/// A call among those that have said nothing.
pub struct Silent<'a> {
    place: &'a Place,
    call: &'a Arc<Call>,
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        self.place.silent().retain(|other| !Arc::ptr_eq(other, self.call));
    }
}

struct Place {
    method: Method,
    running: Arc<Semaphore>,
    silent: Mutex<VecDeque<Arc<Call>>>,
    refused: AtomicU64,
}

impl Places {
    /// The bell rings when a call is refused for want of a place.
    pub fn new(methods: Vec<Method>, bell: Arc<Bell>) -> Self {
        let numbers = methods.iter().enumerate().map(|(number, method)| (method.path.clone(), number)).collect();
        let of = |method: Method| Place {
            running: Arc::new(Semaphore::new(method.places)),
            method,
            silent: Mutex::default(),
            refused: AtomicU64::new(0),
        };
        Self { numbers, methods: methods.into_iter().map(of).collect(), bell }
    }

    pub fn find(&self, path: &str) -> Option<usize> {
        self.numbers.get(path).copied()
    }

    pub fn max_message_bytes(&self, method: usize) -> usize {
        self.methods[method].method.max_message_bytes
    }

    pub fn silence(&self, method: usize) -> &Silence {
        &self.methods[method].method.silence
    }

    /// The call waits for its first word, until what is returned is dropped; when too many do, the oldest of them ends.
    pub fn fall_silent<'a>(&'a self, call: &'a Arc<Call>) -> Silent<'a> {
        let place = &self.methods[call.method];
        let mut silent = place.silent();
        silent.push_back(Arc::clone(call));
        let oldest = if silent.len() > place.method.silence.places { silent.pop_front() } else { None };
        drop(silent);
        if let Some(oldest) = oldest {
            oldest.refuse(place.method.silence.when_oldest.clone().into());
        }
        Silent { place, call }
    }

    /// So much more of the call's messages has come. While it counts as silent it waits in memory: when all of that is too much,
    /// the oldest end.
    pub fn weigh(&self, call: &Arc<Call>, bytes: usize) {
        let place = &self.methods[call.method];
        let mut silent = place.silent();
        if !silent.iter().any(|other| Arc::ptr_eq(other, call)) {
            return;
        }
        call.said.fetch_add(bytes, Ordering::Relaxed);
        let said = |call: &Arc<Call>| call.said.load(Ordering::Relaxed);
        let mut all: usize = silent.iter().map(said).sum();
        let mut ended = Vec::new();
        while all > UNFINISHED_MESSAGES * place.method.max_message_bytes {
            let Some(oldest) = silent.pop_front() else { break };
            all -= said(&oldest);
            ended.push(oldest);
        }
        drop(silent);
        ended.iter().for_each(|call| call.refuse(place.method.silence.when_oldest.clone().into()));
    }

    /// A place among those that run until it is dropped, or what the call is told.
    pub fn take(&self, method: usize) -> Result<OwnedSemaphorePermit, Status> {
        let place = &self.methods[method];
        Arc::clone(&place.running).try_acquire_owned().map_err(|_| {
            place.refused.fetch_add(1, Ordering::Relaxed);
            self.bell.ring();
            place.method.when_full.clone().into()
        })
    }

    pub fn refused(&self) -> Vec<u64> {
        self.methods.iter().map(|place| place.refused.load(Ordering::Relaxed)).collect()
    }
}

impl Place {
    fn silent(&self) -> MutexGuard<'_, VecDeque<Arc<Call>>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bells::Bells;
    use std::net::{Ipv4Addr, SocketAddr};
    use tokio::sync::oneshot::{Receiver, error::TryRecvError};

    fn refusal(code: Code) -> Refusal {
        Refusal { code: code as i32, message: String::new(), details: vec![] }
    }

    fn places(bells: &Arc<Bells>) -> Places {
        let silence = Silence {
            places: 2,
            when_oldest: refusal(Code::ResourceExhausted),
            patience: Duration::from_secs(1),
            when_late: refusal(Code::InvalidArgument),
        };
        let method = |path: &str| Method {
            path: path.into(),
            places: 1,
            when_full: refusal(Code::ResourceExhausted),
            max_message_bytes: 100,
            silence: silence.clone(),
        };
        Places::new(vec![method("/a/A"), method("/a/B")], Arc::new(bells.bell()))
    }

    type Decided = Receiver<Result<(), Status>>;

    fn call(bells: &Arc<Bells>) -> (Arc<Call>, Decided) {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        Call::new(0, peer, &http::HeaderMap::new(), bells.bell())
    }

    fn is_undecided(decided: &mut Decided) -> bool {
        matches!(decided.try_recv(), Err(TryRecvError::Empty))
    }

    #[test]
    fn methods_are_found_by_their_whole_path() {
        let places = places(&Bells::new().unwrap());
        assert_eq!((places.find("/a/A"), places.find("/a/B"), places.find("/a/")), (Some(0), Some(1), None));
    }

    #[test]
    fn each_method_has_places_of_its_own_which_are_free_again() {
        let bells = Bells::new().unwrap();
        let places = places(&bells);
        let held = places.take(0).unwrap();
        assert_eq!(places.take(0).unwrap_err().code(), Code::ResourceExhausted);
        assert_eq!((places.refused(), bells.take()), (vec![1, 0], vec![places.bell.id()]));
        assert!(places.take(1).is_ok());
        drop(held);
        assert!(places.take(0).is_ok());
    }

    #[test]
    fn of_too_many_silent_calls_the_oldest_goes_and_those_that_spoke_do_not_count() {
        let bells = Bells::new().unwrap();
        let places = places(&bells);
        let (calls, mut decided): (Vec<_>, Vec<_>) = (0..4).map(|_| call(&bells)).unzip();
        let mut waits: Vec<_> = calls[..2].iter().map(|call| places.fall_silent(call)).collect();
        waits.pop(); // the second has spoken
        waits.extend(calls[2..].iter().map(|call| places.fall_silent(call)));
        assert_eq!(decided[0].try_recv().unwrap().unwrap_err().code(), Code::ResourceExhausted);
        assert!(decided[1..].iter_mut().all(is_undecided));
        drop(waits);
        assert!(places.methods[0].silent().is_empty());
    }

    #[test]
    fn of_unfinished_first_words_the_oldest_go_when_they_are_too_much_together() {
        let bells = Bells::new().unwrap();
        let places = places(&bells);
        let (calls, mut decided): (Vec<_>, Vec<_>) = (0..2).map(|_| call(&bells)).unzip();
        let waits: Vec<_> = calls.iter().map(|call| places.fall_silent(call)).collect();
        for (call, bytes) in [(0, 100), (1, 200), (0, 100)] {
            places.weigh(&calls[call], bytes);
            assert!(decided.iter_mut().all(is_undecided));
        }
        places.weigh(&calls[1], 1);
        assert_eq!(decided[0].try_recv().unwrap().unwrap_err().code(), Code::ResourceExhausted);
        drop(waits); // it has spoken: what comes now is read by somebody
        places.weigh(&calls[1], 1_000);
        assert!(is_undecided(&mut decided[1]));
    }
}
