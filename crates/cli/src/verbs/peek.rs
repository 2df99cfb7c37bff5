//! `cat`, `head`, `tail`: what is in objects, to standard output.

use std::io::Write;

use clap::Args;
use dipper_app::{Code, Failure, GetRequest, HeadRequest, ObjectHead, Result, S3};
use dipper_types::{BucketName, ObjectKey};

use super::Context;
use super::at::At;
use super::matching::Objects;
use crate::exit::Ended;

#[derive(Debug, Args)]
pub struct Cat {
    /// s3://BUCKET/KEY, or a pattern
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// This version
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,
    #[command(flatten)]
    pub at: At,
}

#[derive(Debug, Args)]
pub struct Peek {
    /// s3://BUCKET/KEY, or a pattern
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// So many lines
    #[arg(short = 'n', long, value_name = "NUM", default_value_t = 10)]
    pub lines: u64,
    /// So many bytes instead
    #[arg(long, value_name = "NUM")]
    pub bytes: Option<u64>,
    /// This version
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,
    #[command(flatten)]
    pub at: At,
}

/// Lines are looked for from the end in steps of this.
const STEP: u64 = 64 * 1024;

/// What was asked for, as it was when it was looked at: an object that changes meanwhile is an error.
struct Source {
    s3: S3,
    bucket: BucketName,
    key: ObjectKey,
    version_id: Option<String>,
    head: ObjectHead,
}

impl Source {
    async fn open(
        context: &Context<'_>,
        bucket: &BucketName,
        (key, version_id): (ObjectKey, Option<String>),
    ) -> Result<Self> {
        let s3 = context.app.client(&context.profile).await?;
        let bucket = bucket.clone();
        let asked = HeadRequest { version_id: version_id.clone(), ..HeadRequest::default() };
        let head = s3.head_object_of(&bucket, &key, &asked).await?;
        Ok(Self { s3, bucket, key, version_id, head })
    }

    fn request(&self, first: u64, len: u64) -> GetRequest {
        GetRequest {
            // A server may refuse a range of nothing, and some can't do any.
            range: (len < self.head.size).then_some((first, len)),
            if_match: self.head.etag.clone(),
            version_id: self.version_id.clone(),
            ..GetRequest::default()
        }
    }

    /// These bytes, in the order they come, as long as `more` wants them.
    async fn each(
        &self,
        (first, len): (u64, u64),
        mut more: impl FnMut(&[u8]) -> Result<bool>,
    ) -> Result<()> {
        if len == 0 {
            return Ok(());
        }
        let request = self.request(first, len);
        let mut download = self.s3.get_object(&self.bucket, &self.key, &request).await?;
        let mut came = 0;
        while let Some(bytes) = download.next().await {
            let bytes = bytes?;
            came += bytes.len() as u64;
            if !more(&bytes)? {
                return Ok(());
            }
        }
        match came == len {
            true => Ok(()),
            false => Err(Failure::new(
                Code::ChecksumMismatch,
                format!("{len} bytes were announced, {came} came"),
            )),
        }
    }
}

/// False once nobody reads any more.
fn write(bytes: &[u8]) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(Code::LocalIo, format!("standard output: {error}"))),
    }
}

/// Whole objects, each verified before its first byte is written.
pub async fn cat(context: &Context<'_>, options: &Cat) -> Result<Ended> {
    for uri in &options.uris {
        let version = options.version_id.as_deref();
        let mut objects = Objects::of(context, uri, version, &options.at).await?;
        while let Some((key, version)) = objects.next().await? {
            let ended = super::get::whole(context, &objects.bucket, key, version).await?;
            if !matches!(ended, Ended::Well) {
                return Ok(ended);
            }
        }
    }
    Ok(Ended::Well)
}

pub async fn head(context: &Context<'_>, options: &Peek) -> Result<Ended> {
    for uri in &options.uris {
        let version = options.version_id.as_deref();
        let mut objects = Objects::of(context, uri, version, &options.at).await?;
        while let Some(object) = objects.next().await? {
            let source = Source::open(context, &objects.bucket, object).await?;
            let size = source.head.size;
            if let Some(bytes) = options.bytes {
                source.each((0, bytes.min(size)), write).await?;
                continue;
            }
            let mut left = options.lines;
            let lines = |bytes: &[u8]| {
                let taken = first_lines(bytes, &mut left);
                Ok(write(taken)? && left > 0)
            };
            if options.lines > 0 {
                source.each((0, size), lines).await?;
            }
        }
    }
    Ok(Ended::Well)
}

pub async fn tail(context: &Context<'_>, options: &Peek) -> Result<Ended> {
    for uri in &options.uris {
        let version = options.version_id.as_deref();
        let mut objects = Objects::of(context, uri, version, &options.at).await?;
        while let Some(object) = objects.next().await? {
            let source = Source::open(context, &objects.bucket, object).await?;
            let size = source.head.size;
            let from = match options.bytes {
                Some(bytes) => size.saturating_sub(bytes),
                None => start_of_last(&source, options.lines).await?,
            };
            source.each((from, size - from), write).await?;
        }
    }
    Ok(Ended::Well)
}

/// As much as is still wanted.
fn first_lines<'a>(bytes: &'a [u8], left: &mut u64) -> &'a [u8] {
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' {
            *left -= 1;
            if *left == 0 {
                return &bytes[..=at];
            }
        }
    }
    bytes
}

/// Where the last lines begin, looked for from the end.
async fn start_of_last(source: &Source, lines: u64) -> Result<u64> {
    let size = source.head.size;
    let (mut end, mut found) = (size, 0);
    while end > 0 && lines > 0 {
        let first = end.saturating_sub(STEP);
        let mut bytes = Vec::new();
        source
            .each((first, end - first), |more| {
                bytes.extend_from_slice(more);
                Ok(true)
            })
            .await?;
        for (at, _) in bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let after = first + at as u64 + 1;
            // The last line's own end begins no other.
            if after == size {
                continue;
            }
            found += 1;
            if found == lines {
                return Ok(after);
            }
        }
        end = first;
    }
    Ok(if lines == 0 { size } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::first_lines;

    #[test]
    fn lines_across_pieces() {
        let mut left = 3;
        assert_eq!(first_lines(b"a\nb", &mut left), b"a\nb");
        assert_eq!(first_lines(b"c\nd\ne\n", &mut left), b"c\nd\n");
        assert_eq!(left, 0);
        let mut left = 9;
        assert_eq!(first_lines(b"no end", &mut left), b"no end");
    }
}
