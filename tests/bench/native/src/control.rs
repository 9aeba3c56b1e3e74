//! How the bench speaks with a tool: a line in, a line of JSON out.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::process::{self, ExitCode};
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Builder;

pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// One line of JSON.
pub fn say(told: &impl Serialize) -> Outcome {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, told)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Answers every line of standard input until it ends.
pub fn answer_orders<Order: DeserializeOwned, Told: Serialize>(
    mut answer: impl FnMut(Order) -> Outcome<Told>,
) -> Outcome {
    for line in io::stdin().lock().lines() {
        say(&answer(serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

/// Runs it on one thread of its own, as a service would. When it ends, the process does, and says why: it is never to.
pub fn serve(work: impl Future<Output = Outcome> + Send + 'static) {
    thread::spawn(move || {
        let outcome = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Into::into)
            .and_then(|runtime| runtime.block_on(work));
        let _ = exit_code(outcome.and(Err("ended by itself".into())));
        process::exit(1);
    });
}

/// What went wrong goes to standard error.
pub fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crossbook-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
