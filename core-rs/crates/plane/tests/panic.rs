//! A panic of the plane's thread ends its process, and says why; one of another thread is that thread's business.
//!
//! The process that ends is this very test binary, run once more and told by a variable what to do.

use crossbook_plane::Plane;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

const PART: &str = "CROSSBOOK_TEST_PART";
const SIGABRT: i32 = 6;

fn again(test: &str, part: &str) -> Output {
    let program = std::env::current_exe().unwrap();
    Command::new(program).args([test, "--exact", "--nocapture"]).env(PART, part).output().unwrap()
}

fn is_child() -> bool {
    std::env::var_os(PART).is_some()
}

#[test]
fn a_panic_of_the_planes_thread_ends_the_process_and_says_why() {
    if is_child() {
        let plane = Plane::start().unwrap();
        plane.handle().spawn(async { panic!("nobody foresaw this") });
        std::thread::park();
    }
    let output = again("a_panic_of_the_planes_thread_ends_the_process_and_says_why", "plane");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.signal(), Some(SIGABRT), "{told}");
    assert!(told.contains("thread 'crossbook-plane'") && told.contains("nobody foresaw this"), "{told}");
}

#[test]
fn a_panic_of_another_thread_does_not() {
    if is_child() {
        let _plane = Plane::start().unwrap();
        assert!(std::thread::spawn(|| panic!("only here")).join().is_err());
        return;
    }
    assert!(again("a_panic_of_another_thread_does_not", "other").status.success());
}
