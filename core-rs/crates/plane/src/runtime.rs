//! The plane's one thread and its runtime.

use crate::bells::Bells;
use std::io::Result;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

const THREAD: &str = "crossbook-plane";

/// Runs from its start to its close; one for each process is enough.
pub struct Plane {
    /// Those by which Python hears of it.
    pub bells: Arc<Bells>,
    handle: Handle,
    process: u32,
    life: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl Plane {
    /// Fails when the system gives no thread or descriptor.
    pub fn start() -> Result<Self> {
        end_process_on_panic();
        let bells = Bells::new()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name(THREAD.into()).spawn(run)?;
        Ok(Self { bells, handle, process: std::process::id(), life: Mutex::new(Some((stop, thread))) })
    }

    /// What tasks are spawned on.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Ends every task and waits for the thread; may be called again. In a child of `fork`, where the thread is not, it does
    /// nothing: what the child holds of it is the parent's.
    pub fn close(&self) {
        let life = self.life.lock().unwrap_or_else(PoisonError::into_inner).take();
        match life {
            Some(life) if std::process::id() != self.process => std::mem::forget(life),
            Some((stop, thread)) => {
                drop(stop);
                let _ = thread.join();
            }
            None => {}
        }
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        self.close();
    }
}

/// tokio keeps a task's panic to itself, and a dead thread says nothing: so the hook ends the process, once it has told why.
fn end_process_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            tell(panic);
            if std::thread::current().name() == Some(THREAD) {
                std::process::abort();
            }
        }));
    });
}
