//! Folders and objects as a tree. A folder is asked for when it is shown, and no more than a page of
//! each open one is in memory.

use std::collections::VecDeque;

use clap::Args;
use dipper_app::{ListRequest, ListedObject, Listing, Result};
use dipper_types::{BucketName, Prefix, S3Uri};
use serde_json::json;

use super::Context;
use super::targets::place;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, size};

#[derive(Debug, Args)]
pub struct Tree {
    /// s3://BUCKET[/FOLDER]
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// So many levels deep
    #[arg(short = 'L', long, value_name = "NUM")]
    pub level: Option<usize>,
    /// Folders only
    #[arg(short = 'd', long)]
    pub dirs_only: bool,
    /// With sizes
    #[arg(long)]
    pub sizes: bool,
    /// With sizes in kB, MB, GB
    #[arg(short = 'H', long)]
    pub human_readable_sizes: bool,
}

enum Entry {
    Folder(String),
    Object(ListedObject),
}

impl Entry {
    fn key(&self) -> &str {
        match self {
            Self::Folder(prefix) => prefix,
            Self::Object(object) => &object.key,
        }
    }
}

/// What is in one folder, in order.
struct Inside {
    prefix: String,
    listing: Listing,
    page: VecDeque<Entry>,
    dirs_only: bool,
}

impl Inside {
    async fn next(&mut self) -> Result<Option<Entry>> {
        self.fill().await?;
        Ok(self.page.pop_front())
    }

    async fn is_over(&mut self) -> Result<bool> {
        self.fill().await?;
        Ok(self.page.is_empty())
    }

    async fn fill(&mut self) -> Result<()> {
        while self.page.is_empty() {
            let Some(page) = self.listing.next().await? else { return Ok(()) };
            let mut entries: Vec<Entry> =
                page.common_prefixes.into_iter().map(Entry::Folder).collect();
            // The folder's own marker is no thing in it.
            let objects = page.objects.into_iter().filter(|object| object.key != self.prefix);
            entries.extend(objects.filter(|_| !self.dirs_only).map(Entry::Object));
            entries.sort_by(|a, b| a.key().as_bytes().cmp(b.key().as_bytes()));
            self.page = entries.into();
        }
        Ok(())
    }
}

#[derive(Default)]
struct Count {
    folders: u64,
    objects: u64,
    bytes: u64,
}

pub async fn run(context: &Context<'_>, options: &Tree) -> Result<Ended> {
    let mut places = Vec::new();
    for uri in &options.uris {
        match S3Uri::parse(uri)? {
            S3Uri::Service => {
                for bucket in context.app.buckets(&context.profile).await? {
                    places.push((BucketName::new(bucket.name)?, String::new()));
                }
            }
            _ => places.push(place(uri)?),
        }
    }
    for (bucket, path) in places {
        let prefix = Prefix::folder(&path)?.to_string();
        let mut count = Count::default();
        if !context.args.json {
            line(&format!("s3://{bucket}/{}", name(&prefix)));
        }
        below(context, options, &bucket, prefix, &mut count).await?;
        if context.args.json {
            json_line(&json!({
                "type": "tree", "bucket": bucket, "prefix": path, "folders": count.folders,
                "objects": count.objects, "bytes": count.bytes,
            }));
            continue;
        }
        let objects = match options.dirs_only {
            true => String::new(),
            false => format!(", {} objects", count.objects),
        };
        let bytes = match options.sizes || options.human_readable_sizes {
            true => format!(", {}", size(count.bytes, options.human_readable_sizes).trim()),
            false => String::new(),
        };
        line(&format!("\n{} folders{objects}{bytes}", count.folders));
    }
    Ok(Ended::Well)
}

async fn below(
    context: &Context<'_>,
    options: &Tree,
    bucket: &BucketName,
    prefix: String,
    count: &mut Count,
) -> Result<()> {
    let s3 = context.app.client(&context.profile).await?;
    let open = |prefix: String| {
        let request =
            ListRequest { prefix: prefix.clone(), by_folder: true, ..ListRequest::default() };
        let listing = s3.list(bucket, request);
        Inside { prefix, listing, page: VecDeque::new(), dirs_only: options.dirs_only }
    };
    // A stack of our own, with whether each folder on the way was the last one of its own.
    let mut open_folders = vec![(open(prefix), true)];
    while let Some((inside, _)) = open_folders.last_mut() {
        let Some(entry) = inside.next().await? else {
            open_folders.pop();
            continue;
        };
        let above = inside.prefix.len();
        let is_last = inside.is_over().await?;
        let depth = open_folders.len();
        if context.args.json {
            tell(bucket, &entry, depth);
        } else {
            let mut text: String = open_folders[1..]
                .iter()
                .map(|(_, was_last)| if *was_last { "    " } else { "│   " })
                .collect();
            text.push_str(if is_last { "└── " } else { "├── " });
            if let Entry::Object(object) = &entry
                && (options.sizes || options.human_readable_sizes)
            {
                let bytes = size(object.size, options.human_readable_sizes);
                text.push_str(&format!("[{bytes}]  "));
            }
            text.push_str(&name(entry.key().get(above..).unwrap_or(entry.key())));
            line(&text);
        }
        match entry {
            Entry::Object(object) => {
                count.objects += 1;
                count.bytes = count.bytes.saturating_add(object.size);
            }
            Entry::Folder(prefix) => {
                count.folders += 1;
                if options.level.is_none_or(|most| depth < most) {
                    open_folders.push((open(prefix), is_last));
                }
            }
        }
    }
    Ok(())
}

fn tell(bucket: &BucketName, entry: &Entry, depth: usize) {
    json_line(&match entry {
        Entry::Folder(prefix) => {
            json!({ "type": "folder", "bucket": bucket, "prefix": prefix, "depth": depth })
        }
        Entry::Object(object) => json!({
            "type": "object", "bucket": bucket, "key": object.key, "size": object.size,
            "modified": object.modified.map(|at| at.rfc3339()), "etag": object.etag,
            "storageClass": object.storage_class.as_deref(), "depth": depth,
        }),
    });
}
