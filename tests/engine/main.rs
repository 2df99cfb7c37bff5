//! The engine's suites over every crate: one binary, one trial a behaviour.
//!
//! A trial that needs what this machine lacks lists as ignored, with the reason in front of its
//! name. Some trials need a process of their own to be killed or restarted: the binary then runs
//! itself with [`child::ROLE`] set.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a trial fails by panicking, and tells"
)]

mod bad_input;
mod child;
mod contract;
mod failures;
mod front;
mod keychain;
mod lies;
mod providers;
mod rig;
mod scripted;
mod sign_in;
mod support;
mod transfers;
mod transport;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = child::run() {
        return code;
    }
    let arguments = libtest_mimic::Arguments::from_args();
    let trials = [
        contract::trials(),
        transfers::trials(),
        lies::trials(),
        bad_input::trials(),
        failures::trials(),
        keychain::trials(),
        sign_in::trials(),
        transport::trials(),
        providers::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}
