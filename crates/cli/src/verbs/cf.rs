//! CloudFront: s3cmd's `cf…` verbs, and what is to be fetched anew after `put` and `sync`.

use clap::Args;
use dipper_app::{
    Distribution, DistributionEdit, Document, Failure, Invalidation, ItemState, Result,
    TransferFilter, Which, cdn_exact, cdn_path,
};
use dipper_types::{BucketName, JobId, S3Uri};
use serde_json::{Value, json};

use super::targets::place;
use super::{Context, bucket_only};
use crate::args::Dry;
use crate::exit::Ended;
use crate::output::{failure, json as json_line, line, name, note};

const CDN: &str = "CloudFront";

#[derive(Debug, Args)]
pub struct CfList {}

#[derive(Debug, Args)]
pub struct CfInfo {
    /// cf://DISTRIBUTION or s3://BUCKET; none tells of all
    #[arg(value_name = "URI")]
    pub uris: Vec<String>,
}

#[derive(Debug, Args)]
pub struct CfUris {
    /// cf://DISTRIBUTION or s3://BUCKET
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct CfInval {
    /// s3://BUCKET/KEY; a folder with its slash, and a bucket, mean all that is below
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct CfInvalInfo {
    /// cf://DISTRIBUTION[/INVALIDATION] or s3://BUCKET
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
}

#[derive(Debug, Args)]
pub struct CfEdit {
    /// s3://BUCKET, or cf://DISTRIBUTION of one that is there
    pub uri: String,
    /// Let it answer
    #[arg(long, overrides_with = "disable")]
    pub enable: bool,
    /// Switch it off
    #[arg(long)]
    pub disable: bool,
    /// A host name of yours that leads to it
    #[arg(long, value_name = "CNAME")]
    pub cf_add_cname: Vec<String>,
    /// One that does no longer
    #[arg(long, value_name = "CNAME")]
    pub cf_remove_cname: Vec<String>,
    #[arg(long, value_name = "TEXT")]
    pub cf_comment: Option<String>,
    /// What it answers at its root, such as index.html
    #[arg(long, value_name = "KEY")]
    pub cf_default_root_object: Option<String>,
    /// Where its log goes: s3://BUCKET/PREFIX
    #[arg(long, value_name = "URI", conflicts_with = "no_access_logging")]
    pub access_logging_target_prefix: Option<String>,
    /// Log no more
    #[arg(long)]
    pub no_access_logging: bool,
    #[command(flatten)]
    pub dry: Dry,
}

/// What is to be fetched anew after an upload.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct CfArgs {
    /// Have CloudFront fetch anew what was uploaded
    #[arg(long, help_heading = CDN)]
    pub cf_invalidate: bool,
    /// Of a website also its index documents themselves, and not only their folders
    #[arg(long, help_heading = CDN)]
    pub cf_invalidate_default_index: bool,
    /// Not the folders of its index documents
    #[arg(long, help_heading = CDN)]
    pub cf_no_invalidate_default_index_root: bool,
}

impl CfEdit {
    fn edit(&self) -> Result<DistributionEdit> {
        let logging = match &self.access_logging_target_prefix {
            Some(uri) => {
                let (bucket, prefix) = place(uri)?;
                Some(Some((bucket.to_string(), prefix)))
            }
            None => self.no_access_logging.then_some(None),
        };
        Ok(DistributionEdit {
            add_aliases: self.cf_add_cname.clone(),
            remove_aliases: self.cf_remove_cname.clone(),
            comment: self.cf_comment.clone(),
            root: self.cf_default_root_object.clone(),
            logging,
            enabled: self.enable.then_some(true).or(self.disable.then_some(false)),
        })
    }
}

/// `cf://ID[/MORE]`
fn cf(uri: &str) -> Option<(&str, Option<&str>)> {
    let rest = uri.strip_prefix("cf://")?.trim_end_matches('/');
    let (id, more) = rest.split_once('/').map_or((rest, None), |(id, more)| (id, Some(more)));
    (!id.is_empty()).then_some((id, more))
}

/// Of an address the distribution's id; a bucket must have one only.
async fn id_of(context: &Context<'_>, uri: &str) -> Result<String> {
    if let Some((id, None)) = cf(uri) {
        return Ok(id.to_owned());
    }
    if !S3Uri::is_s3(uri) {
        return Err(Failure::invalid(format!("'{uri}' is no distribution"))
            .with_hint("Write cf://DISTRIBUTION, or s3://BUCKET of the bucket behind it."));
    }
    let bucket = bucket_only(uri)?;
    let all = context.app.distributions_of(&context.profile, &bucket).await?;
    match all.as_slice() {
        [one] => Ok(one.id.clone()),
        many => {
            let ids: Vec<String> = many.iter().map(|one| format!("cf://{}", one.id)).collect();
            Err(Failure::invalid(format!("s3://{bucket} has {} distributions", many.len()))
                .with_hint(format!("Say which: {}.", ids.join(", "))))
        }
    }
}

fn row(label: &str, value: &str) {
    line(&format!("{:15} {}", format!("{label}:"), name(value)));
}

fn origin(one: &Distribution) -> String {
    match one.bucket() {
        Some(bucket) => format!("s3://{bucket}"),
        None => one.origins.join(", "),
    }
}

fn described(one: &Distribution) -> Value {
    json!({
        "type": "distribution", "id": one.id, "bucket": one.bucket(), "origins": one.origins,
        "domain": one.domain, "aliases": one.aliases, "comment": one.comment,
        "defaultRootObject": one.root, "status": one.status, "enabled": one.enabled,
        "logging": one.logging.as_ref().map(|(bucket, prefix)| format!("s3://{bucket}/{prefix}")),
        "modified": one.modified.map(|at| at.rfc3339()), "etag": one.etag,
    })
}

/// All there is to say. A list tells less.
fn told(context: &Context<'_>, one: &Distribution, whole: bool) {
    if context.args.json {
        json_line(&described(one));
        return;
    }
    if context.args.quiet {
        return;
    }
    row("Origin", &origin(one));
    row("DistId", &format!("cf://{}", one.id));
    row("DomainName", &one.domain);
    if whole {
        row("CNAMEs", &one.aliases.join(", "));
        row("Comment", &one.comment);
    }
    row("Status", &one.status);
    row("Enabled", if one.enabled { "True" } else { "False" });
    if whole {
        row("DfltRootObject", one.root.as_deref().unwrap_or("None"));
        let log = one.logging.as_ref();
        let log = log.map(|(bucket, prefix)| format!("s3://{bucket}/{prefix}"));
        row("Logging", log.as_deref().unwrap_or("Disabled"));
        row("Etag", one.etag.as_deref().unwrap_or_default());
    }
    line("");
}

pub async fn list(context: &Context<'_>, _: &CfList) -> Result<Ended> {
    for one in context.app.distributions(&context.profile).await? {
        told(context, &one, false);
    }
    Ok(Ended::Well)
}

pub async fn info(context: &Context<'_>, options: &CfInfo) -> Result<Ended> {
    let mut ids = Vec::new();
    for uri in &options.uris {
        ids.push(id_of(context, uri).await?);
    }
    if options.uris.is_empty() {
        let all = context.app.distributions(&context.profile).await?;
        ids.extend(all.into_iter().map(|one| one.id));
    }
    for id in ids {
        told(context, &context.app.distribution(&context.profile, &id).await?, true);
    }
    Ok(Ended::Well)
}

pub async fn create(context: &Context<'_>, options: &CfEdit) -> Result<Ended> {
    let (edit, bucket) = (options.edit()?, bucket_only(&options.uri)?);
    if options.dry.dry_run {
        return Ok(planned(context, "cfcreate", &format!("s3://{bucket}")));
    }
    let made = context.app.create_distribution(&context.profile, &bucket, &edit).await?;
    context.say("Distribution created:");
    told(context, &made, true);
    Ok(Ended::Well)
}

pub async fn modify(context: &Context<'_>, options: &CfEdit) -> Result<Ended> {
    let edit = options.edit()?;
    if edit == DistributionEdit::default() {
        return Err(Failure::invalid("say what to change").with_hint(
            "--enable, --disable, --cf-comment, --cf-add-cname, --cf-remove-cname, \
             --cf-default-root-object, --access-logging-target-prefix or --no-access-logging.",
        ));
    }
    let id = id_of(context, &options.uri).await?;
    if options.dry.dry_run {
        return Ok(planned(context, "cfmodify", &format!("cf://{id}")));
    }
    let now = context.app.modify_distribution(&context.profile, &id, &edit).await?;
    context.say("Distribution modified:");
    told(context, &now, true);
    Ok(Ended::Well)
}

pub async fn delete(context: &Context<'_>, options: &CfUris) -> Result<Ended> {
    let mut ids = Vec::new();
    for uri in &options.uris {
        ids.push(id_of(context, uri).await?);
    }
    for id in ids {
        if options.dry.dry_run {
            planned(context, "cfdelete", &format!("cf://{id}"));
            continue;
        }
        let waits = || {
            if !context.args.quiet {
                note(&format!("NOTE: cf://{id} is switched off first; that takes some minutes"));
            }
        };
        context.app.delete_distribution(&context.profile, &id, waits).await?;
        if context.args.json {
            json_line(&json!({ "type": "delete", "distribution": id }));
        } else {
            context.say(&format!("Distribution cf://{id} deleted"));
        }
    }
    Ok(Ended::Well)
}

/// What a dry run says.
fn planned(context: &Context<'_>, verb: &str, what: &str) -> Ended {
    if context.args.json {
        json_line(&json!({ "type": verb, "distribution": what, "dryRun": true }));
    } else {
        line(&format!("{verb}: {}", name(what)));
    }
    Ended::Well
}

fn asked(context: &Context<'_>, id: &str, one: &Invalidation) {
    if context.args.json {
        json_line(&invalidation(id, one));
        return;
    }
    context.say(&format!("Invalidation of {} paths begun: cf://{id}/{}", one.paths.len(), one.id));
}

fn invalidation(distribution: &str, one: &Invalidation) -> Value {
    json!({
        "type": "invalidation", "distribution": distribution, "id": one.id, "status": one.status,
        "createdAt": one.created.map(|at| at.rfc3339()), "paths": one.paths,
    })
}

pub async fn invalidate(context: &Context<'_>, options: &CfInval) -> Result<Ended> {
    let mut wanted: Vec<(BucketName, Vec<String>)> = Vec::new();
    for uri in &options.uris {
        let (bucket, key) = place(uri)?;
        let path = cdn_path(&key);
        match wanted.iter_mut().find(|(known, _)| *known == bucket) {
            Some((_, paths)) => paths.push(path),
            None => wanted.push((bucket, vec![path])),
        }
    }
    for (bucket, paths) in wanted {
        for one in context.app.distributions_of(&context.profile, &bucket).await? {
            if options.dry.dry_run {
                let what = format!("cf://{}  {}", one.id, paths.join(" "));
                planned(context, "cfinval", &what);
                continue;
            }
            for made in context.app.invalidate(&context.profile, &one.id, &paths).await? {
                asked(context, &one.id, &made);
            }
        }
    }
    Ok(Ended::Well)
}

pub async fn invalidations(context: &Context<'_>, options: &CfInvalInfo) -> Result<Ended> {
    for uri in &options.uris {
        let (id, all) = match cf(uri) {
            Some((id, Some(one))) => {
                let found = context.app.invalidation(&context.profile, id, one).await?;
                (id.to_owned(), vec![found])
            }
            _ => {
                let id = id_of(context, uri).await?;
                let all = context.app.invalidations(&context.profile, &id).await?;
                (id, all)
            }
        };
        for one in &all {
            if context.args.json {
                json_line(&invalidation(&id, one));
                continue;
            }
            row("URI", &format!("cf://{id}/{}", one.id));
            row("Status", &one.status);
            row("Created", &one.created.map(|at| at.rfc3339()).unwrap_or_default());
            row("Nr of paths", &one.paths.len().to_string());
            for path in &one.paths {
                line(&format!("  {}", name(path)));
            }
            line("");
        }
    }
    Ok(Ended::Well)
}

/// What a key's readers ask for.
fn paths_of(key: &str, index: Option<&str>, options: CfArgs) -> Vec<String> {
    let folder = index.and_then(|index| key.strip_suffix(index));
    let Some(folder) = folder.filter(|folder| folder.is_empty() || folder.ends_with('/')) else {
        return vec![cdn_exact(key)];
    };
    let mut paths = Vec::new();
    if !options.cf_no_invalidate_default_index_root {
        paths.push(cdn_exact(folder));
    }
    if options.cf_invalidate_default_index {
        paths.push(cdn_exact(key));
    }
    paths
}

/// Of a website, the name of its index documents.
async fn index_of(context: &Context<'_>, bucket: &BucketName) -> Option<String> {
    let (app, which) = (context.app, Which::default());
    let text = app.document(&context.profile, bucket, Document::Website, which).await.ok()??;
    let website: Value = serde_json::from_str(&text).ok()?;
    website["indexDocument"]["suffix"].as_str().map(str::to_owned)
}

/// `--cf-invalidate`: what these jobs brought to the bucket is to be fetched anew.
pub async fn after(
    context: &Context<'_>,
    options: CfArgs,
    bucket: &BucketName,
    jobs: &[JobId],
) -> Result<Ended> {
    if !options.cf_invalidate || jobs.is_empty() {
        return Ok(Ended::Well);
    }
    let fetched = async {
        let standing = context.app.distributions_of(&context.profile, bucket).await?;
        let index = index_of(context, bucket).await;
        let mut paths = Vec::new();
        for job in jobs {
            let mut last = 0;
            loop {
                let items = context.app.transfers_after(*job, TransferFilter::All, last, 500)?;
                let Some(end) = items.last() else { break };
                last = end.id;
                for item in items.iter().filter(|item| item.state == ItemState::Completed) {
                    paths.extend(paths_of(&item.key, index.as_deref(), options));
                }
                // Whole requests go at once: nothing is held for a million keys.
                if paths.len() >= dipper_app::PATHS_AT_ONCE {
                    let rest = paths.split_off(dipper_app::PATHS_AT_ONCE);
                    again(context, &standing, &paths).await?;
                    paths = rest;
                }
            }
        }
        again(context, &standing, &paths).await
    };
    match fetched.await {
        Ok(()) => Ok(Ended::Well),
        // What was uploaded is there: only CloudFront does not know.
        Err(error) => {
            failure(&error, context.args.json);
            Ok(Ended::Partly)
        }
    }
}

async fn again(context: &Context<'_>, standing: &[Distribution], paths: &[String]) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    for one in standing {
        for made in context.app.invalidate(&context.profile, &one.id, paths).await? {
            asked(context, &one.id, &made);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_documents_are_asked_for_by_their_folders() {
        let usual = CfArgs { cf_invalidate: true, ..CfArgs::default() };
        let both = CfArgs { cf_invalidate_default_index: true, ..usual };
        let neither = CfArgs { cf_no_invalidate_default_index_root: true, ..usual };
        let index = Some("index.html");
        for (key, index, options, want) in [
            ("a/index.html", None, usual, &["/a/index.html"][..]),
            ("a/index.html", index, usual, &["/a/"]),
            ("index.html", index, usual, &["/"]),
            ("a/index.html", index, both, &["/a/", "/a/index.html"]),
            ("a/index.html", index, neither, &[]),
            ("a/myindex.html", index, usual, &["/a/myindex.html"]),
        ] {
            assert_eq!(paths_of(key, index, options), want, "{key} {options:?}");
        }
    }

    #[test]
    fn addresses_of_distributions() {
        assert_eq!(cf("cf://E1"), Some(("E1", None)));
        assert_eq!(cf("cf://E1/I2"), Some(("E1", Some("I2"))));
        assert_eq!(cf("cf://"), None);
        assert_eq!(cf("s3://b"), None);
    }
}
