//! The command line, by its real binary: one file a verb, each test with a server and folders of
//! its own.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod access;
mod bounds;
mod bugs;
mod checksums;
mod configure;
mod connection;
mod cp;
mod defaults;
mod del;
mod diff;
mod documents;
mod dry_run;
mod encryption;
mod find;
mod get;
mod house;
mod info;
mod jobs;
mod json;
mod links;
mod locate;
mod ls;
mod mb;
mod names;
mod peek;
mod pipe;
mod profile;
mod profile_import;
mod progress;
mod put;
mod rb;
mod run;
mod sandbox;
mod sending;
mod setacl;
mod setpolicy;
mod shell;
mod sign;
mod sign_in;
mod stopped;
mod support;
mod sync;
mod tree;
mod undo;
mod vault;
mod versions;
mod watch;
mod wildcards;
