//! The seam to the window: its TypeScript face, and the configuration that locks it in.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod bindings;
mod config;
