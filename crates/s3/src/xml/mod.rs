//! XML as S3 speaks it: no attributes that matter, no mixed content.

mod element;
mod walk;

pub(crate) use element::Element;
pub(crate) use walk::{Visit, walk};

/// What is wrong with a document. For an [`crate::Error`] of class `NotS3`.
#[derive(Debug, thiserror::Error)]
#[error("an answer that is not whole XML: {0}")]
pub(crate) struct Malformed(pub String);

/// Characters that XML 1.0 can't say even as a reference are left out.
pub(crate) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}
