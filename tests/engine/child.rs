//! The binary as its own child.

use std::process::ExitCode;

pub const ROLE: &str = "DIPPER_TEST_CHILD";

pub fn run() -> Option<ExitCode> {
    None
}
