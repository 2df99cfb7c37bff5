//! What a damaged `dipper.db` does to whoever opens it: an error at most.

#![no_main]

#[path = "../../crates/state/tests/damaged.rs"]
mod damaged;

libfuzzer_sys::fuzz_target!(|data: &[u8]| damaged::read(data));
