//! The seam to the window: its TypeScript face, and the configuration that locks it in.

mod bindings;
mod config;
