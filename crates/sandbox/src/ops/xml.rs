//! Answers whose text is written here, not by s3s: listings, which are long and many, and what s3s
//! can't write. The operation runs inside s3s like any other; its answer carries the text along, and
//! `serve` puts it in place of the body.

use std::fmt::Write as _;

use bytes::Bytes;
use dipper_types::Timestamp;
use s3s::S3Response;
use time::OffsetDateTime;

use crate::model::Sum;

/// The text that becomes the body.
#[derive(Clone)]
pub(crate) struct Written(pub Bytes);

pub(super) struct Xml {
    out: String,
    root: &'static str,
    /// The last time that was written: a listing's lines have many alike.
    time: Option<(Timestamp, String)>,
}

impl Xml {
    pub(super) fn new(root: &'static str) -> Self {
        Self::with_capacity(root, 1024)
    }

    pub(super) fn with_capacity(root: &'static str, bytes: usize) -> Self {
        let mut out = String::with_capacity(bytes);
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
        out.push_str(root);
        out.push_str(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        Self { out, root, time: None }
    }

    pub(super) fn open(&mut self, name: &str) -> &mut Self {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        self
    }

    pub(super) fn close(&mut self, name: &str) -> &mut Self {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self
    }

    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.open(name);
        escape(text, &mut self.out);
        self.close(name)
    }

    pub(super) fn number(&mut self, name: &str, number: u64) -> &mut Self {
        self.open(name);
        let mut digits = [0_u8; 20];
        let (mut at, mut left) = (digits.len(), number);
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.out.extend(digits[at..].iter().map(|d| char::from(*d)));
        self.close(name)
    }

    pub(super) fn etag(&mut self, etag: &str) -> &mut Self {
        self.out.push_str("<ETag>&quot;");
        self.out.push_str(etag);
        self.out.push_str("&quot;</ETag>");
        self
    }

    pub(super) fn sum(&mut self, sum: &Sum) -> &mut Self {
        self.text("ChecksumAlgorithm", sum.algorithm.name());
        self.text("ChecksumType", if sum.composite { "COMPOSITE" } else { "FULL_OBJECT" })
    }

    pub(super) fn time(&mut self, name: &str, at: Timestamp) -> &mut Self {
        self.open(name);
        match &self.time {
            Some((known, text)) if *known == at => self.out.push_str(text),
            _ => {
                let text = iso(at);
                self.out.push_str(&text);
                self.time = Some((at, text));
            }
        }
        self.close(name)
    }

    pub(super) fn answer<T>(mut self, output: T) -> S3Response<T> {
        let root = self.root;
        self.close(root);
        let mut response = S3Response::new(output);
        response.extensions.insert(Written(Bytes::from(self.out)));
        response
    }
}

/// `2026-01-02T03:04:05.000Z`, as S3 writes times in XML.
fn iso(at: Timestamp) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (time.date(), time.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

/// Control characters are written by number, as S3 does: strict parsers refuse some of them in
/// any form, but a carriage return that is written as it is would be read as a line feed.
fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let instead = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            0..=31 | 127 => "",
            // U+FFFE and U+FFFF are no characters of XML either; they pass, as they do on S3.
            _ => continue,
        };
        out.push_str(&text[from..at]);
        from = at + 1;
        if instead.is_empty() {
            // Writing to a String does not fail.
            let _written = write!(out, "&#x{byte:X};");
        } else {
            out.push_str(instead);
        }
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_numbers_times() {
        let mut xml = Xml::new("R");
        xml.text("K", "a<b>&\"c\"\r\n\u{1}é").number("N", 0).number("N", u64::MAX);
        xml.time("T", Timestamp::from_secs(0)).time("T", Timestamp::from_secs(0));
        let text = xml.answer(()).extensions.get::<Written>().unwrap().0.clone();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert!(text.contains("<K>a&lt;b&gt;&amp;&quot;c&quot;&#xD;&#xA;&#x1;é</K>"), "{text}");
        assert!(text.contains("<N>0</N><N>18446744073709551615</N>"));
        assert!(text.contains("<T>1970-01-01T00:00:00.000Z</T><T>1970-01-01T00:00:00.000Z</T>"));
        assert!(text.ends_with("</R>"));
    }
}
