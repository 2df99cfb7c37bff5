//! The sandbox over real HTTP, as any S3 client sees it.

#![expect(clippy::unwrap_used, reason = "a test that can not go on panics")]

mod access;
mod documents;
mod durable;
mod encryption;
mod faults;
mod foreign;
mod guard;
mod lifecycle;
mod listing;
mod lock;
mod multipart;
mod objects;
mod support;
mod versions;
mod web;
