//! The methods that are served here, and how many calls of each may run at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// Of one message of its client.
    pub max_message_bytes: usize,
}

pub struct Places {
    numbers: HashMap<String, usize>,
    methods: Vec<(Arc<Semaphore>, Refusal, AtomicU64)>,
}

impl Places {
    pub fn new(methods: &[Method]) -> Self {
        let numbers = methods.iter().enumerate().map(|(number, method)| (method.path.clone(), number)).collect();
        let of = |method: &Method| {
            (Arc::new(Semaphore::new(method.places)), method.when_full.clone(), AtomicU64::new(0))
        };
        Self { numbers, methods: methods.iter().map(of).collect() }
    }

    pub fn find(&self, path: &str) -> Option<usize> {
        self.numbers.get(path).copied()
    }

    /// A place until it is dropped, or what the call is told.
    pub fn take(&self, method: usize) -> Result<OwnedSemaphorePermit, Status> {
        let (places, when_full, refused) = &self.methods[method];
        Arc::clone(places).try_acquire_owned().map_err(|_| {
            refused.fetch_add(1, Ordering::Relaxed);
            when_full.clone().into()
        })
    }

    pub fn refused(&self) -> Vec<u64> {
        self.methods.iter().map(|(.., refused)| refused.load(Ordering::Relaxed)).collect()
    }
}
