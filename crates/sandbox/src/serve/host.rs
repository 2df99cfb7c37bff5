use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// The names this server goes by. Everything before them is a bucket.
const DOMAINS: [&str; 2] = ["s3.localhost", "localhost"];

/// A `Host` header without its port.
pub(super) fn name_of(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}

/// The bucket in a local host name, or none; `Err` for a host that is not ours.
pub(super) fn bucket_of(host: &str) -> Result<Option<&str>, ()> {
    let name = name_of(host);
    if matches!(name, "127.0.0.1" | "[::1]") {
        return Ok(None);
    }
    for domain in DOMAINS {
        let Some(head) = name.len().checked_sub(domain.len()).and_then(|n| name.get(..n)) else {
            continue;
        };
        if !name[head.len()..].eq_ignore_ascii_case(domain) {
            continue;
        }
        if head.is_empty() {
            return Ok(None);
        }
        if let Some(bucket) = head.strip_suffix('.') {
            return Ok(Some(bucket));
        }
    }
    Err(())
}

/// Virtual hosts: `BUCKET.localhost`, `BUCKET.s3.localhost`.
pub(super) struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let virtual_host = VirtualHost::new(name_of(host));
        Ok(match bucket_of(host) {
            Ok(Some(bucket)) => virtual_host.with_bucket(bucket),
            Ok(None) | Err(()) => virtual_host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (host, bucket) in [
            ("127.0.0.1", Ok(None)),
            ("127.0.0.1:9000", Ok(None)),
            ("localhost:9000", Ok(None)),
            ("LOCALHOST", Ok(None)),
            ("[::1]:9000", Ok(None)),
            ("photos.localhost:9000", Ok(Some("photos"))),
            ("a.b.localhost", Ok(Some("a.b"))),
            ("photos.s3.localhost", Ok(Some("photos"))),
            ("s3.localhost", Ok(None)),
            ("evil.example", Err(())),
            ("localhost.evil.example", Err(())),
            ("notlocalhost", Err(())),
            ("127.0.0.1.evil.example", Err(())),
            ("", Err(())),
        ] {
            assert_eq!(bucket_of(host), bucket, "{host}");
        }
    }
}
