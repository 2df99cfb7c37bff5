//! The command line, by its real binary: one file a verb, each test with a server and folders of
//! its own.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod access;
mod bugs;
mod configure;
mod connection;
mod cp;
mod del;
mod documents;
mod get;
mod house;
mod info;
mod jobs;
mod links;
mod ls;
mod mb;
mod names;
mod peek;
mod profile;
mod profile_import;
mod put;
mod rb;
mod sandbox;
mod sending;
mod setacl;
mod setpolicy;
mod sign;
mod sign_in;
mod stopped;
mod support;
mod sync;
mod versions;
