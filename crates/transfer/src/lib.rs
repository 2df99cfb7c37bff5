//! Moves objects: journaled queue, parts, resume, verification.
