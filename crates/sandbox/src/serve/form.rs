//! What s3s does not tell of a browser's form, read from the body on the way: the file's name, which
//! S3 puts where the key says `${filename}`, and the field `acl`.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::StreamExt as _;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use s3s::Body;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub file: String,
    pub acl: Option<String>,
}

/// Goes with the request; there when the body has been read up to the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(Arc<Mutex<Option<Fields>>>);

impl Form {
    pub(crate) fn get(&self) -> Option<Fields> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The fields before the file are small.
const MOST: usize = 256 * 1024;

pub(super) fn watched(mut request: Request<Body>) -> Request<Body> {
    let form = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.starts_with("multipart/form-data"));
    if request.method() != Method::POST || !form {
        return request;
    }
    let form_fields = Form::default();
    request.extensions_mut().insert(form_fields.clone());
    request.map(|body| {
        let mut head: Option<Vec<u8>> = Some(Vec::new());
        let frames = body.into_data_stream().map(move |chunk| {
            if let (Ok(chunk), Some(seen)) = (&chunk, &mut head) {
                look(seen, chunk, &form_fields);
                if form_fields.get().is_some() || seen.len() > MOST {
                    head = None;
                }
            }
            chunk.map(Frame::data)
        });
        Body::http_body_unsync(StreamBody::new(frames))
    })
}

fn look(seen: &mut Vec<u8>, chunk: &Bytes, form: &Form) {
    seen.extend_from_slice(chunk);
    let text = String::from_utf8_lossy(seen);
    let fields = file_name(&text).map(|file| Fields { file, acl: field(&text, "acl") });
    *form.0.lock().unwrap_or_else(PoisonError::into_inner) = fields;
}

/// The value of a plain field.
fn field(text: &str, name: &str) -> Option<String> {
    let wanted = format!("name=\"{name}\"");
    let is_it = |line: &&str| {
        line.to_ascii_lowercase().starts_with("content-disposition:") && line.ends_with(&wanted)
    };
    let mut lines = text.split("\r\n");
    lines.by_ref().find(is_it)?;
    lines.by_ref().find(|line| line.is_empty())?;
    lines.next().map(str::to_owned)
}

/// The name in the header of the part `file`, without folders.
fn file_name(text: &str) -> Option<String> {
    text.split("\r\n").take_while(|l| l.len() < 8192).find_map(|line| {
        let lower = line.to_ascii_lowercase();
        if !lower.starts_with("content-disposition:") || !lower.contains("name=\"file\"") {
            return None;
        }
        let at = lower.find("filename=\"")? + "filename=\"".len();
        let name = line.get(at..)?.split('"').next()?;
        Some(name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let part = |name: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n")
        };
        assert_eq!(file_name(&part("a.txt")).as_deref(), Some("a.txt"));
        assert_eq!(file_name(&part("C:\\up\\b.txt")).as_deref(), Some("b.txt"));
        let key = "Content-Disposition: form-data; name=\"key\"\r\n\r\nvalue\r\n--x";
        assert_eq!(file_name(key), None);
        assert_eq!(field(key, "key").as_deref(), Some("value"));
        assert_eq!(field(key, "acl"), None);
    }
}
