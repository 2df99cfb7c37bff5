//! Copies and moves between places in S3, of one connection or of two.

use clap::Args;
use dipper_app::{Below, Chosen, Copy, Failure, HeaderEdit, Item, Result, Visibility};
use dipper_types::{ObjectKey, Prefix, ProfileId, S3Uri};
use serde_json::json;

use super::Context;
use super::modify::Headers;
use super::sifting::Sieve;
use crate::args_moving::{ClassArgs, FilterArgs};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

#[derive(Debug, Args)]
#[command(override_usage = "dipper cp [OPTIONS] s3://BUCKET/KEY… s3://BUCKET[/KEY]")]
pub struct Cp {
    /// What is copied, and where to
    #[arg(required = true, num_args = 2.., value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// Copy into a bucket of this saved connection
    #[arg(long, value_name = "NAME")]
    pub to_profile: Option<String>,
    /// This version
    #[arg(long, value_name = "ID", conflicts_with = "recursive")]
    pub version_id: Option<String>,
    /// Everyone may read the copy
    #[arg(short = 'P', long)]
    pub acl_public: bool,
    /// Only the owner may (the default)
    #[arg(long, conflicts_with = "acl_public")]
    pub acl_private: bool,
    #[command(flatten)]
    pub class: ClassArgs,
    #[command(flatten)]
    pub filters: FilterArgs,
    #[command(flatten)]
    pub headers: Headers,
    /// Leave objects that are there
    #[arg(long)]
    pub no_clobber: bool,
    /// Say what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

pub async fn run(context: &Context<'_>, options: &Cp, move_away: bool) -> Result<Ended> {
    let Some((to, from)) = options.uris.split_last() else { return Ok(Ended::Well) };
    let (to_bucket, to_path) = match S3Uri::parse(to)? {
        S3Uri::Bucket(bucket) => (bucket, String::new()),
        S3Uri::Path(bucket, path) => (bucket, path),
        S3Uri::Service => return Err(Failure::invalid("a place to copy to is needed")),
    };
    let to_profile = match &options.to_profile {
        None => context.profile.clone(),
        Some(name) => match context.app.find_profile(name).await? {
            Some(profile) => profile.id,
            None => {
                return Err(Failure::invalid(format!("there is no connection '{name}'"))
                    .with_hint("`dipper profile ls` lists them."));
            }
        },
    };
    let edit: HeaderEdit = options.headers.edit()?;
    let into_folder = to_path.is_empty() || to_path.ends_with('/') || from.len() > 1;
    let (word, kind) = if move_away { ("move", "move") } else { ("remote copy", "copy") };
    let sieve = Sieve::of(&options.filters, from)?;
    let mut partly = false;
    for uri in from {
        let (bucket, path) = match S3Uri::parse(uri)? {
            S3Uri::Path(bucket, path) => (bucket, path),
            S3Uri::Bucket(bucket) if options.recursive => (bucket, String::new()),
            _ => return Err(Failure::invalid(format!("'{uri}' names no object"))),
        };
        let chosen = if options.recursive {
            // As `get -r`: after a slash only what is inside is meant, without it the folder too.
            let prefix = Prefix::folder(&path)?;
            let base = if path.ends_with('/') {
                path.len()
            } else {
                path.rfind('/').map_or(0, |at| at + 1)
            };
            let target = Prefix::folder(&to_path)?;
            // What is copied into the folder itself is not to be found there and copied again.
            let into_itself = bucket == to_bucket && target.as_str().starts_with(prefix.as_str());
            if options.dry_run || into_itself {
                let app = context.app;
                let below = app.everything_below(&context.profile, &bucket, &prefix).await?;
                let items = below.into_iter().map(|(key, size)| {
                    let relative = key.as_str().get(base..).unwrap_or(key.as_str());
                    Ok(Item {
                        key: ObjectKey::new(format!("{target}{relative}"))?,
                        source: Some(key),
                        version_id: None,
                        size,
                    })
                });
                Chosen::from(items.collect::<Result<Vec<_>>>()?)
            } else {
                let to = Some((base, target.to_string()));
                let below = vec![Below { prefix: prefix.to_string(), to, sieve: None }];
                Chosen { below, ..Chosen::default() }
            }
        } else {
            let key = ObjectKey::new(path)?;
            let target = match into_folder {
                true => ObjectKey::new(format!("{}{}", Prefix::folder(&to_path)?, key.name()))?,
                false => ObjectKey::new(to_path.clone())?,
            };
            let version_id = options.version_id.clone();
            vec![Item { key: target, source: Some(key), version_id, size: 0 }].into()
        };
        let chosen = sieve.sifted(&bucket, chosen)?;
        if chosen.is_empty() {
            continue;
        }
        if options.dry_run {
            for item in &chosen.items {
                let source = item.source.as_ref().unwrap_or(&item.key);
                line(&format!(
                    "{word}: 's3://{bucket}/{}' -> 's3://{to_bucket}/{}'",
                    name(source.as_str()),
                    name(item.key.as_str())
                ));
            }
            continue;
        }
        let plan = Copy {
            profile: ProfileId::new(context.profile.as_str()),
            bucket: bucket.clone(),
            move_away,
            storage_class: options.class.class(),
            visibility: if options.acl_public { Visibility::Public } else { Visibility::Private },
            edit: edit.clone(),
            if_absent: options.no_clobber,
        };
        let prefix = Prefix::root();
        let id = context.app.copy(&to_profile, &to_bucket, &prefix, chosen, plan).await?;
        let ended = context
            .follow(id, |job, number, item| {
                let source = item.source.as_deref().unwrap_or(&item.key);
                if context.args.json {
                    json_line(&json!({
                        "type": kind, "bucket": bucket, "key": source, "toBucket": to_bucket,
                        "toKey": item.key, "size": item.size, "verifiedBy": item.verified,
                    }));
                } else {
                    context.say(&format!(
                        "{word}: 's3://{bucket}/{}' -> 's3://{to_bucket}/{}'  [{number} of {}]",
                        name(source),
                        name(&item.key),
                        job.files_total
                    ));
                }
            })
            .await?;
        partly |= matches!(ended, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}
