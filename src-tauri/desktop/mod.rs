//! What belongs to the desktop: the window, files that are dropped on it, the clipboard, logs.

pub mod clipboard;
pub mod drop;
pub mod leave;
pub mod log;
pub mod tray;
pub mod window;

use std::process::ExitCode;

/// Before there is a window, the terminal is the only place to speak.
#[expect(clippy::print_stderr, reason = "there is no window to say it in")]
pub fn fatal(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}
