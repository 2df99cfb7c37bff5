//! Calls whose documents we write and read ourselves. The SDK still finds the endpoint, signs, sends,
//! tries again and tells errors; an operation that carries nothing of its own lends it the rest.
//!
//! Two reasons: a listing's XML is read far faster by us, and a bucket's documents must come back
//! whole, with what no SDK has a field for yet.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use md5::{Digest, Md5};

use crate::client::{Retries, S3};
use crate::connection::KEY;
use crate::error::{Class, Error};

/// No document of S3 is larger. A page of 1,000 keys of 1,024 bytes has about 4 MiB.
const LARGEST: usize = 64 << 20;
/// A body that breaks off is asked for again.
const READS: u32 = 3;

#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub op: &'static str,
    pub method: &'static str,
    pub bucket: &'a str,
    pub key: Option<&'a str>,
    /// Names and values, not yet encoded; a subresource has no value.
    pub query: Vec<(&'static str, Option<String>)>,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl<'a> Request<'a> {
    pub fn new(op: &'static str, method: &'static str, bucket: &'a str) -> Self {
        Self {
            op,
            method,
            bucket,
            key: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub fn key(mut self, key: &'a str) -> Self {
        self.key = Some(key);
        self
    }

    pub fn flag(mut self, name: &'static str) -> Self {
        self.query.push((name, None));
        self
    }

    pub fn query(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        if let Some(value) = value {
            self.query.push((name, Some(value.into())));
        }
        self
    }

    pub fn header(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        if let Some(value) = value {
            self.headers.push((name, value.into()));
        }
        self
    }

    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// A server that doesn't know the subresource may answer with something else altogether.
    pub fn answered_with(&self, root: &str) -> Error {
        let what = format!("the server answered with <{root}> instead");
        Error::answer(self.op, Class::Unsupported, &what).at(Some(self.bucket), self.key)
    }

    fn query_text(&self) -> String {
        // As SigV4 wants it, `/` encoded as well: what is signed is what is sent.
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, KEY).to_string().replace('/', "%2F")
        };
        let pair = |(name, value): &(&str, Option<String>)| match value {
            Some(value) => format!("{}={}", encode(name), encode(value)),
            None => encode(name),
        };
        self.query.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

/// Puts our request in the place of the carrier's, and takes the answer's body before the SDK does.
#[derive(Debug, Clone)]
struct Carried {
    method: &'static str,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    taken: Arc<Mutex<Option<(Headers, SdkBody)>>>,
}

impl Carried {
    fn rewrite(&self, request: &mut HttpRequest) -> Result<(), BoxError> {
        let uri = request.uri();
        let base = uri.split_once('?').map_or(uri, |(base, _)| base);
        let uri =
            if self.query.is_empty() { base.to_owned() } else { format!("{base}?{}", self.query) };
        request.set_uri(uri)?;
        request.set_method(self.method)?;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            headers.try_insert(*name, value.clone())?;
        }
        if matches!(self.method, "PUT" | "POST") {
            headers.try_insert("content-length", self.body.len().to_string())?;
        }
        if !self.body.is_empty() {
            headers.try_insert("content-md5", BASE64.encode(Md5::digest(&self.body)))?;
            *request.body_mut() = SdkBody::from(self.body.clone());
        }
        Ok(())
    }
}

#[dyn_dispatch_hint]
impl Intercept for Carried {
    fn name(&self) -> &'static str {
        "Carried"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.rewrite(context.request_mut())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response_mut();
        if answer.status().is_success() {
            let body = std::mem::replace(answer.body_mut(), SdkBody::empty());
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            *taken = Some((answer.headers().clone(), body));
        }
        Ok(())
    }
}

impl S3 {
    /// One call, its answer's body whole in memory.
    pub(crate) async fn raw(&self, request: &Request<'_>) -> Result<Bytes, Error> {
        let mut reads = 0;
        loop {
            reads += 1;
            match self.raw_once(request).await {
                // The SDK tries again up to the headers; the body is ours.
                Err((error, true))
                    if error.class.is_transient() && request.method == "GET" && reads < READS =>
                {
                    tracing::debug!(%error, "the answer broke off; asking again");
                }
                answer => return answer.map_err(|(error, _)| error),
            }
        }
    }

    /// On failure, whether it was the body that failed.
    async fn raw_once(&self, request: &Request<'_>) -> Result<Bytes, (Error, bool)> {
        let (bucket, key) = (request.bucket, request.key);
        let carried = Carried {
            method: request.method,
            query: request.query_text(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            taken: Arc::default(),
        };
        // What changes something is sent once more only by those who know what it means.
        let retries = if request.method == "POST" { Retries::Caller } else { Retries::Sdk };
        let sent = match key {
            None => {
                self.run(request.op, Some(bucket), None, retries, |client| {
                    let call = client.delete_bucket_cors().bucket(bucket);
                    let call = call.customize().interceptor(carried.clone());
                    async move { call.send().await.map(drop) }
                })
                .await
            }
            Some(key) => {
                self.run(request.op, Some(bucket), Some(key), retries, |client| {
                    let call = client.delete_object_tagging().bucket(bucket).key(key);
                    let call = call.customize().interceptor(carried.clone());
                    async move { call.send().await.map(drop) }
                })
                .await
            }
        };
        sent.map_err(|error| (error, false))?;
        let taken = carried.taken.lock().unwrap_or_else(PoisonError::into_inner).take();
        let wrong = |what| Error::answer(request.op, Class::NotS3, what).at(Some(bucket), key);
        let (headers, mut body) = taken.ok_or_else(|| (wrong("no answer"), true))?;
        let mut all = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                (Error::transport(request.op, error).at(Some(bucket), key), true)
            })?;
            let Some(data) = frame.data_ref() else { continue };
            if all.len() + data.len() > LARGEST {
                return Err((wrong("an answer of more than 64 MiB"), false));
            }
            all.extend_from_slice(data);
        }
        let announced = headers.get("content-length").and_then(|len| len.parse::<usize>().ok());
        if announced.is_some_and(|len| len != all.len()) {
            let mut error = wrong("an answer that broke off");
            error.class = Class::Network;
            return Err((error, true));
        }
        Ok(all.freeze())
    }

    /// A document that must be there, as text.
    pub(crate) async fn raw_text(&self, request: &Request<'_>) -> Result<String, Error> {
        let answer = self.raw(request).await?;
        String::from_utf8(answer.to_vec()).map_err(|_| {
            Error::answer(request.op, Class::NotS3, "an answer that is not UTF-8")
                .at(Some(request.bucket), request.key)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_as_they_are_signed() {
        let request = Request::new("ListObjectsV2", "GET", "b")
            .flag("versions")
            .query("prefix", Some("a b/ü+&="))
            .query("delimiter", None::<String>);
        assert_eq!(request.query_text(), "versions&prefix=a%20b%2F%C3%BC%2B%26%3D");
    }
}
