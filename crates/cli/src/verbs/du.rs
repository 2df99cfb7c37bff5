//! How much is there: by bucket, by folder, by class, by age, or with every version.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use dipper_app::{Result, VersionRequest};
use dipper_types::{BucketName, Clock, S3Uri, SystemClock, Timestamp};
use serde_json::json;

use super::Context;
use super::at::At;
use super::matching::{Match, Matches, Meant, meant};
use crate::exit::Ended;
use crate::glob::Glob;
use crate::output::{json as json_line, line, name, size};

#[derive(Debug, Args)]
pub struct Du {
    /// s3://BUCKET[/PREFIX], or a pattern; none takes every bucket
    #[arg(value_name = "URI")]
    pub uris: Vec<String>,
    /// Sizes in kB, MB, GB
    #[arg(short = 'H', long)]
    pub human_readable_sizes: bool,
    /// Also each folder, so many levels deep
    #[arg(long, value_name = "LEVELS", default_value_t = 0)]
    pub depth: usize,
    /// With every older version
    #[arg(long, conflicts_with = "at")]
    pub versions: bool,
    /// Apart by storage class, or by age in days
    #[arg(long, value_name = "WHAT", conflicts_with = "depth")]
    pub by: Option<By>,
    #[command(flatten)]
    pub at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    Class,
    Age,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    bytes: u64,
    objects: u64,
}

impl Sum {
    fn add(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.objects += 1;
    }
}

/// What is told of one address: the whole, and its shares by name.
#[derive(Default)]
struct Usage {
    all: Sum,
    shares: BTreeMap<String, Sum>,
}

pub async fn run(context: &Context<'_>, options: &Du) -> Result<Ended> {
    let mut wanted = Vec::new();
    for uri in &options.uris {
        match S3Uri::parse(uri)? {
            S3Uri::Bucket(bucket) => wanted.push((bucket, Meant::Path(String::new()))),
            S3Uri::Path(bucket, path) => {
                // A star at the end takes all that begins so, also with s3cmd.
                let bare = path.strip_suffix('*').filter(|_| !context.args.raw);
                let meant = match bare.filter(|bare| !Glob::is(bare)) {
                    Some(prefix) => Meant::Path(prefix.to_owned()),
                    None => meant(context, &bucket, &path, false).await?,
                };
                wanted.push((bucket, meant));
            }
            S3Uri::Service => {}
        }
    }
    let everywhere = wanted.is_empty();
    if everywhere {
        for bucket in context.app.buckets(&context.profile).await? {
            wanted.push((BucketName::new(bucket.name)?, Meant::Path(String::new())));
        }
    }
    let mut total = 0_u64;
    for (bucket, meant) in &wanted {
        let usage = usage(context, options, bucket, meant).await?;
        total = total.saturating_add(usage.all.bytes);
        let path = match meant {
            Meant::Path(path) => path,
            Meant::Pattern(glob) => glob.text(),
        };
        tell(context, options, bucket, path, &usage);
    }
    if everywhere && !context.args.json {
        let human = options.human_readable_sizes;
        line(&"-".repeat(12));
        line(&format!("{:<12} Total", size(total, human).trim()));
    }
    Ok(Ended::Well)
}

fn tell(context: &Context<'_>, options: &Du, bucket: &BucketName, prefix: &str, usage: &Usage) {
    let human = options.human_readable_sizes;
    // Not as wide as in a listing, where the unit has a column of its own.
    let width = if human { 5 } else { 12 };
    let row = |what: &str, sum: &Sum| {
        let bytes = size(sum.bytes, human);
        line(&format!("{:>width$} {:>7} objects {what}", bytes.trim(), sum.objects));
    };
    if context.args.json {
        for (share, sum) in &usage.shares {
            let mut event = json!({
                "type": "usage", "bucket": bucket, "prefix": prefix,
                "bytes": sum.bytes, "objects": sum.objects,
            });
            match options.by {
                None => event["prefix"] = json!(share),
                Some(By::Class) => event["storageClass"] = json!(share),
                Some(By::Age) => event["days"] = json!(share),
            }
            json_line(&event);
        }
        json_line(&json!({
            "type": "usage", "bucket": bucket, "prefix": prefix,
            "bytes": usage.all.bytes, "objects": usage.all.objects,
        }));
        return;
    }
    for (share, sum) in &usage.shares {
        match options.by {
            None => row(&format!("s3://{bucket}/{}", name(share)), sum),
            Some(By::Class) => row(&format!("{share} in s3://{bucket}/{}", name(prefix)), sum),
            Some(By::Age) => {
                row(&format!("{share} days old in s3://{bucket}/{}", name(prefix)), sum)
            }
        }
    }
    row(&format!("s3://{bucket}/{}", name(prefix)), &usage.all);
}

async fn usage(
    context: &Context<'_>,
    options: &Du,
    bucket: &BucketName,
    meant: &Meant,
) -> Result<Usage> {
    let s3 = context.app.client(&context.profile).await?;
    let (prefix, glob) = match meant {
        Meant::Path(path) => (path.as_str(), None),
        Meant::Pattern(glob) => (glob.prefix(), Some(glob)),
    };
    let now = SystemClock.now();
    let mut usage = Usage::default();
    let mut count = |key: &str, bytes: u64, class: Option<&str>, modified: Option<Timestamp>| {
        usage.all.add(bytes);
        match options.by {
            Some(By::Class) => {
                let class = class.unwrap_or("STANDARD").to_owned();
                usage.shares.entry(class).or_default().add(bytes);
            }
            Some(By::Age) => usage.shares.entry(age(now, modified)).or_default().add(bytes),
            None => {
                for folder in folders(key, prefix, options.depth) {
                    usage.shares.entry(folder.to_owned()).or_default().add(bytes);
                }
            }
        }
    };
    if options.versions {
        let mut request = VersionRequest { prefix: prefix.to_owned(), ..VersionRequest::default() };
        loop {
            let page = s3.list_versions_page(bucket, &request).await?;
            let counts = |key: &str| glob.is_none_or(|glob| glob.covers(key));
            let kept = page.versions.iter().filter(|version| !version.is_delete_marker);
            for version in kept.filter(|version| counts(&version.key)) {
                let class = version.storage_class.as_deref();
                count(&version.key, version.size, class, version.modified);
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
    } else {
        let at = options.at.moment()?;
        let mut found = match glob {
            Some(glob) => Matches::of(context, bucket, glob, true, at).await?,
            None => Matches::below(context, bucket, prefix, at).await?,
        };
        while let Some(Match { object, .. }) = found.next().await? {
            count(&object.key, object.size, object.storage_class.as_deref(), object.modified);
        }
    }
    Ok(usage)
}

/// The folders that a key lies in, below the prefix, down to so many levels.
fn folders<'a>(key: &'a str, prefix: &str, depth: usize) -> impl Iterator<Item = &'a str> {
    let from = prefix.len().min(key.len());
    let rest = key.get(from..).unwrap_or("");
    rest.match_indices('/').take(depth).map(move |(at, _)| &key[..from + at + 1])
}

/// In steps that people keep things for.
fn age(now: Timestamp, modified: Option<Timestamp>) -> String {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let Some(modified) = modified else { return "?".to_owned() };
    let days = (now.millis() - modified.millis()).max(0) / DAY;
    let steps =
        [("000-001", 1), ("001-007", 7), ("007-030", 30), ("030-090", 90), ("090-365", 365)];
    let step = steps.iter().find(|(_, until)| days < *until);
    step.map_or("365-", |(name, _)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_down_to_a_level() {
        let of = |key, prefix, depth| folders(key, prefix, depth).collect::<Vec<_>>();
        assert_eq!(of("a/b/c/d", "", 2), ["a/", "a/b/"]);
        assert_eq!(of("a/b/c/d", "a/", 1), ["a/b/"]);
        assert_eq!(of("a/b/c/d", "a/b", 1), ["a/b/"]);
        assert_eq!(of("file", "", 3), [""; 0]);
        assert_eq!(of("a/b", "", 0), [""; 0]);
    }

    #[test]
    fn ages_in_steps() {
        let day = 24 * 60 * 60 * 1000;
        let now = Timestamp::from_millis(1000 * day);
        let of = |days: i64| age(now, Some(Timestamp::from_millis((1000 - days) * day)));
        assert_eq!((of(0), of(6), of(400)), ("000-001".into(), "001-007".into(), "365-".into()));
        assert_eq!(age(now, None), "?");
    }
}
