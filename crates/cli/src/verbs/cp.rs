//! Copies and moves between places in S3, of one connection or of two.

use clap::Args;
use dipper_app::{
    Below, Chosen, Copy, Failure, HeaderEdit, Item, ListedAction, Result, Visibility,
};
use dipper_types::{BucketName, JobId, ObjectKey, Prefix, ProfileId, S3Uri};
use serde_json::json;

use super::Context;
use super::matching::{Match, Matches, Meant, meant, no_match};
use super::modify::Headers;
use super::sifting::Sieve;
use super::targets::begun_if_any;
use crate::args_encryption::EncryptArgs;
use crate::args_moving::{ClassArgs, FilterArgs};
use crate::connection::by_name;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};
use crate::wanted::BoundsArgs;

#[derive(Debug, Args)]
#[command(override_usage = "dipper cp [OPTIONS] s3://BUCKET/KEY… s3://BUCKET[/KEY]")]
pub struct Cp {
    /// What is copied (patterns, too), and where to
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
    #[command(flatten)]
    pub encrypt: EncryptArgs,
    #[command(flatten)]
    pub bounds: BoundsArgs,
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
        Some(name) => by_name(context.app, context.args, name).await?,
    };
    let edit: HeaderEdit = options.headers.edit()?;
    let encryption = options.encrypt.server_side(context.app, context.args).await?;
    let sieve = Sieve::of(&options.filters, from)?.within(&options.bounds)?;
    let into_folder = to_path.is_empty() || to_path.ends_with('/') || from.len() > 1;
    let word = if move_away { ("move", "move") } else { ("remote copy", "copy") };
    let mut partly = false;
    for uri in from {
        let (bucket, path) = match S3Uri::parse(uri)? {
            S3Uri::Path(bucket, path) => (bucket, path),
            S3Uri::Bucket(bucket) if options.recursive => (bucket, String::new()),
            _ => return Err(Failure::invalid(format!("'{uri}' names no object"))),
        };
        let meant = match &options.version_id {
            Some(_) => Meant::Path(path),
            None => meant(context, &bucket, &path, options.recursive).await?,
        };
        let sieve = &sieve;
        let way = Way { context, options, word, bucket: &bucket, to_bucket: &to_bucket, sieve };
        let plan = Copy {
            profile: ProfileId::new(context.profile.as_str()),
            bucket: bucket.clone(),
            move_away,
            storage_class: options.class.class(),
            visibility: if options.acl_public { Visibility::Public } else { Visibility::Private },
            edit: edit.clone(),
            encryption: encryption.clone(),
            places: options.encrypt.places(),
            if_absent: options.no_clobber,
        };
        let to = (to_profile.as_str(), plan);
        let ended = match meant {
            Meant::Pattern(glob) => {
                let target = Prefix::folder(&to_path)?;
                let (recursive, cut) = (options.recursive, glob.base().len());
                let found = Matches::of(context, &bucket, &glob, recursive, None).await?;
                let ended = way.streamed(to, found, cut, &target, glob.text().to_owned()).await?;
                ended.ok_or_else(|| no_match(&bucket, &glob))?
            }
            Meant::Path(path) if options.recursive => {
                // As `get -r`: after a slash only what is inside is meant, without it the folder too.
                let prefix = Prefix::folder(&path)?;
                let cut = if path.ends_with('/') {
                    path.len()
                } else {
                    path.rfind('/').map_or(0, |at| at + 1)
                };
                let target = Prefix::folder(&to_path)?;
                // What is copied into the folder itself is not to be found there and copied again.
                let into_itself =
                    bucket == to_bucket && target.as_str().starts_with(prefix.as_str());
                if options.dry_run || into_itself || sieve.is_bounded() {
                    let found = Matches::below(context, &bucket, prefix.as_str(), None).await?;
                    let title = prefix.to_string();
                    let ended = way.streamed(to, found, cut, &target, title).await?;
                    ended.ok_or_else(|| Failure::invalid("there is nothing to copy"))?
                } else {
                    let to_key = Some((cut, target.to_string()));
                    let below = vec![Below { prefix: prefix.to_string(), to: to_key, sieve: None }];
                    way.begin(to, Chosen { below, ..Chosen::default() }).await?
                }
            }
            Meant::Path(path) => {
                let key = ObjectKey::new(path)?;
                let target = match into_folder {
                    true => ObjectKey::new(format!("{}{}", Prefix::folder(&to_path)?, key.name()))?,
                    false => ObjectKey::new(to_path.clone())?,
                };
                let version_id = options.version_id.clone();
                let item = Item { key: target, source: Some(key), version_id, size: 0 };
                let source = item.source.as_ref().unwrap_or(&item.key);
                let version = item.version_id.as_deref();
                let taken = sieve.takes_named(context, &bucket, source, version).await?;
                match options.dry_run {
                    _ if !taken => Ended::Well,
                    true => way.planned(&item),
                    false => way.begin(to, vec![item].into()).await?,
                }
            }
        };
        partly |= matches!(ended, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

/// From where to where.
struct Way<'a> {
    context: &'a Context<'a>,
    options: &'a Cp,
    /// As a person and as a program reads it.
    word: (&'a str, &'a str),
    bucket: &'a BucketName,
    to_bucket: &'a BucketName,
    sieve: &'a Sieve,
}

impl Way<'_> {
    fn planned(&self, item: &Item) -> Ended {
        let source = item.source.as_ref().unwrap_or(&item.key);
        let Self { word: (word, kind), bucket, to_bucket, .. } = self;
        if self.context.args.json {
            json_line(&json!({
                "type": kind, "bucket": bucket, "key": source, "toBucket": to_bucket,
                "toKey": item.key, "dryRun": true,
            }));
        } else {
            line(&format!(
                "{word}: 's3://{bucket}/{}' -> 's3://{to_bucket}/{}'",
                name(source.as_str()),
                name(item.key.as_str())
            ));
        }
        Ended::Well
    }

    async fn begin(&self, (profile, plan): (&str, Copy), chosen: Chosen) -> Result<Ended> {
        let (app, root) = (self.context.app, Prefix::root());
        let chosen = self.sieve.sifted(self.bucket, chosen)?;
        let id = app.copy(profile, self.to_bucket, &root, chosen, plan).await?;
        self.follow(id).await
    }

    /// Found first, then copied: `None` where there is nothing.
    async fn streamed(
        &self,
        (profile, plan): (&str, Copy),
        mut found: Matches,
        cut: usize,
        target: &Prefix,
        title: String,
    ) -> Result<Option<Ended>> {
        let item = |Match { object, .. }: Match| -> Result<Item> {
            let relative = object.key.get(cut..).unwrap_or(&object.key);
            let key = ObjectKey::new(format!("{target}{relative}"))?;
            let source = Some(ObjectKey::new(object.key)?);
            Ok(Item { key, source, version_id: None, size: object.size })
        };
        let wanted = |one: &Match| self.sieve.takes_listed(self.bucket, &one.object);
        if self.options.dry_run {
            let mut any = None;
            while let Some(one) = found.next().await? {
                if !wanted(&one)? {
                    continue;
                }
                any = Some(self.planned(&item(one)?));
            }
            return Ok(any);
        }
        let (app, action) = (self.context.app, ListedAction::Copy(plan));
        let mut draft = app.draft(profile, self.to_bucket, &Prefix::root(), title, action).await?;
        let filled = async {
            while let Some(one) = found.next().await? {
                if wanted(&one)? {
                    draft.add(item(one)?).await?;
                }
            }
            Ok(())
        };
        let filled = filled.await;
        match begun_if_any(draft, filled).await? {
            Some(id) => self.follow(id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn follow(&self, id: JobId) -> Result<Ended> {
        let Self { context, word: (word, kind), bucket, to_bucket, .. } = self;
        context
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
            .await
    }
}
