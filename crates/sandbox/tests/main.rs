//! The sandbox over real HTTP, as any S3 client sees it.

mod access;
mod durable;
mod faults;
mod guard;
mod listing;
mod multipart;
mod objects;
mod support;
