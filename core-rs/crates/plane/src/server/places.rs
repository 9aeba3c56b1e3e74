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
    /// What the one that has been silent for longest is told when there are more.
    pub when_oldest: Refusal,
    /// How long one may be silent.
    pub patience: Duration,
    /// What it is told then.
    pub when_late: Refusal,
}

pub struct Places {
    numbers: HashMap<String, usize>,
    methods: Vec<Place>,
    bell: Arc<Bell>,
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

    /// The call waits for its first word; when too many do, the oldest of them ends.
    pub fn fall_silent(&self, call: &Arc<Call>) {
        let place = &self.methods[call.method];
        let mut silent = place.silent();
        silent.push_back(Arc::clone(call));
        let oldest = if silent.len() > place.method.silence.places { silent.pop_front() } else { None };
        drop(silent);
        if let Some(oldest) = oldest {
            oldest.refuse(place.method.silence.when_oldest.clone().into());
        }
    }

    /// It waits no more.
    pub fn speak(&self, call: &Arc<Call>) {
        self.methods[call.method].silent().retain(|other| !Arc::ptr_eq(other, call));
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
