//! What is written can be read, by us and by others; what was changed on the way is found.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod damage;
mod hostile;
mod lengths;
mod names;
mod parts;
mod recipes;
mod support;
mod vectors;
