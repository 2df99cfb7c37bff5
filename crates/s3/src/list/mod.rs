//! Listings: pages of objects, versions, uploads and parts, read by our own XML reader, since that is
//! where a listing's time goes. Keys travel URL-encoded: XML can't say every character.

mod listing;
mod objects;
mod split;
mod uploads;
mod versions;

pub use listing::Listing;
pub use objects::{ListPage, ListRequest, ListedObject};
pub use uploads::{ListedPart, UploadEntry};
pub use versions::{VersionEntry, VersionRequest, VersionsPage};

use percent_encoding::percent_decode_str;

use crate::error::{Class, Error};
use crate::raw::Request;
use crate::xml::Malformed;

/// What a key or a prefix says in an answer.
fn decode(text: &str, encoded: bool) -> String {
    if !encoded || !text.bytes().any(|b| matches!(b, b'%' | b'+')) {
        return text.to_owned();
    }
    // `+` stands for a space in what form encoders write; a real plus comes as %2B.
    let spaced = if text.contains('+') { text.replace('+', " ") } else { text.to_owned() };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn wrong(request: &Request<'_>, what: &str) -> Error {
    Error::answer(request.op, Class::NotS3, what).at(Some(request.bucket), request.key)
}

fn malformed(request: &Request<'_>, error: &Malformed) -> Error {
    wrong(request, &error.to_string())
}
