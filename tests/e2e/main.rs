//! The real window, on a display without a screen: the journeys that users take, a real file drop
//! among them. Where a tool is missing, the journeys show as ignored with the reason.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail loudly, and tell what it measured"
)]

mod anonymous;
mod blocked;
mod connect;
mod doctor;
mod drop;
mod keys;
mod stage;
mod tour;
mod transfers;

use libtest_mimic::{Arguments, Trial};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let missing = stage::missing();
    let journeys: [(&str, fn()); 6] = [
        ("tour", tour::play),
        ("connect", connect::play),
        ("blocked", blocked::play),
        ("doctor", doctor::play),
        ("transfers", transfers::play),
        ("keys", keys::play),
    ];
    let trials = journeys
        .into_iter()
        .map(|(name, play)| {
            let name = match &missing {
                Some(why) => format!("{name} ({why})"),
                None => name.to_owned(),
            };
            let trial = Trial::test(name, move || {
                play();
                Ok(())
            });
            trial.with_ignored_flag(missing.is_some())
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
