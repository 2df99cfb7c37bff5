//! Listings whose pages lie.

use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;
use s3s::{Body, HttpResponse};

use crate::faults::Paging;

/// Which of the two tokens is next.
static TURN: AtomicU64 = AtomicU64::new(0);

pub(super) async fn lie(how: Paging, response: HttpResponse) -> HttpResponse {
    let (mut head, body) = response.into_parts();
    let Ok(body) = body.collect().await else {
        return HttpResponse::from_parts(head, Body::empty());
    };
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let text = told(how, &text);
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    HttpResponse::from_parts(head, Body::from(text))
}

fn told(how: Paging, text: &str) -> String {
    if how == Paging::OutOfOrder {
        return first_last(text);
    }
    let text = without(text, "NextContinuationToken");
    let text = text.replace("<IsTruncated>false</IsTruncated>", "<IsTruncated>true</IsTruncated>");
    // Tokens of this server are the last key in base64: `a` and `b`.
    let token = match how {
        Paging::SameToken => "YQ",
        Paging::Alternating if TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) => "YQ",
        Paging::Alternating => "Yg",
        Paging::NoToken | Paging::OutOfOrder => return without(&text, "NextMarker"),
    };
    let end = "</ListBucketResult>";
    text.replace(end, &format!("<NextContinuationToken>{token}</NextContinuationToken>{end}"))
}

fn without(text: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    match (text.find(&open), text.find(&close)) {
        (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to + close.len()..]),
        _ => text.to_owned(),
    }
}

fn first_last(text: &str) -> String {
    let (open, close) = ("<Contents>", "</Contents>");
    let (Some(from), Some(last)) = (text.find(open), text.rfind(close)) else {
        return text.to_owned();
    };
    let Some(first) = text[from..].find(close).map(|end| from + end + close.len()) else {
        return text.to_owned();
    };
    let last = last + close.len();
    format!("{}{}{}{}", &text[..from], &text[first..last], &text[from..first], &text[last..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told() {
        let page = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents>1</Contents>\
            <Contents>2</Contents></ListBucketResult>";
        assert!(told(Paging::OutOfOrder, page).contains("<Contents>2</Contents><Contents>1<"));
        let endless = told(Paging::SameToken, page);
        assert!(endless.contains("<IsTruncated>true") && endless.contains("Token>YQ<"));
        let stuck = told(Paging::NoToken, &endless);
        assert!(stuck.contains("<IsTruncated>true") && !stuck.contains("Token>"));
        let turns = [told(Paging::Alternating, page), told(Paging::Alternating, page)];
        assert_ne!(turns[0], turns[1]);
    }
}
