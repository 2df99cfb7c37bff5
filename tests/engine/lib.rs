//! Cross-crate suites of the engine.
