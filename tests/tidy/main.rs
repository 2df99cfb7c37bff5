//! The rules of the house that Cargo can't hold. Each rule is a function over text, with a
//! counter-example beside it, so that it can fail; [`house`] runs them all on the real tree.

mod crates;
mod docs;
mod house;
mod messages;
mod sizes;
mod tree;
mod ui;
mod words;
