//! A bucket with versions, or a part of it, is brought back to how it was.

use clap::Args;
use dipper_app::{
    Back, Code, Draft, Failure, Item, ListedAction, ObjectChange, Result, VersionEntry, back_one,
    back_to,
};
use dipper_types::{BucketName, Clock, JobId, ObjectKey, Prefix, SystemClock, Timestamp};
use serde_json::json;

use super::targets::{begun, place};
use super::{Context, words};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

#[derive(Debug, Args)]
pub struct Undo {
    /// s3://BUCKET/KEY, with --recursive s3://BUCKET[/FOLDER]
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// To how it was then: 2026-11-23T05:39:00Z, a date, or a span ago such as 2h
    #[arg(long, value_name = "TIME", required_unless_present = "last")]
    pub to: Option<String>,
    /// Only the last write or deletion of each object
    #[arg(long, conflicts_with = "to")]
    pub last: bool,
    /// Everything below a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// Allow a whole bucket, and --last of more than one object
    #[arg(short, long)]
    pub force: bool,
    /// Say what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

pub async fn run(context: &Context<'_>, options: &Undo) -> Result<Ended> {
    let now = SystemClock.now();
    let to = options.to.as_deref().map(|text| words::past(text, now)).transpose()?;
    if to.is_some_and(|to| to > now) {
        return Err(Failure::invalid("this time is not over yet"));
    }
    if options.last && options.recursive && !options.force {
        return Err(Failure::invalid("--last goes one step back with each object, however old")
            .with_hint("Use --to TIME for a folder; --force means it."));
    }
    let mut places = Vec::new();
    for uri in &options.uris {
        let (bucket, path) = place(uri)?;
        if path.is_empty() && !(options.recursive && options.force) {
            return Err(Failure::invalid(format!("'{uri}' is a whole bucket"))
                .with_hint("Use --recursive --force to bring all of it back."));
        }
        let path = match options.recursive {
            true => Prefix::folder(&path)?.to_string(),
            false => ObjectKey::new(path)?.to_string(),
        };
        places.push((bucket, path));
    }
    for (bucket, _) in &places {
        if context.app.keeps_versions(&context.profile, bucket).await? != Some(true) {
            return Err(Failure::invalid(format!("s3://{bucket} keeps no versions"))
                .with_hint("What was written over or deleted there is gone for ever."));
        }
    }
    let mut partly = false;
    for (bucket, path) in places {
        partly |= matches!(undo(context, options, &bucket, &path, to).await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

/// Three kinds of work, three jobs; none is begun before all is known.
#[derive(Default)]
struct Drafts {
    undelete: Option<Draft>,
    delete: Option<Draft>,
    restore: Option<Draft>,
}

async fn undo(
    context: &Context<'_>,
    options: &Undo,
    bucket: &BucketName,
    path: &str,
    to: Option<Timestamp>,
) -> Result<Ended> {
    let mut drafts = Drafts::default();
    let filled = fill(context, options, (bucket, path, to), &mut drafts).await;
    let Drafts { undelete, delete, restore } = drafts;
    let all = [("undelete", undelete), ("delete", delete), ("restore", restore)];
    let mut jobs: Vec<(&str, JobId)> = Vec::new();
    match filled {
        Err(failure) => {
            for draft in all.into_iter().filter_map(|(_, draft)| draft) {
                draft.give_up().await?;
            }
            return Err(failure);
        }
        Ok(0) => {
            if !context.args.quiet {
                note(&format!("NOTE: s3://{bucket}/{path} is as it was"));
            }
            return Ok(Ended::Well);
        }
        Ok(_) => {
            for (word, draft) in all {
                if let Some(draft) = draft {
                    jobs.push((word, begun(draft, Ok(())).await?));
                }
            }
        }
    }
    let mut partly = false;
    for (word, id) in jobs {
        let ended = context.follow(id, |_, _, item| {
            told(context, word, bucket, &item.key, item.version.as_deref(), false);
        });
        partly |= matches!(ended.await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

/// How many keys are not as they were.
async fn fill(
    context: &Context<'_>,
    options: &Undo,
    (bucket, path, to): (&BucketName, &str, Option<Timestamp>),
    drafts: &mut Drafts,
) -> Result<u64> {
    let (app, profile) = (context.app, &context.profile);
    let mut histories = app.histories(profile, bucket, path).await?;
    let (mut count, mut any) = (0, false);
    while let Some(versions) = histories.next().await? {
        let Some(first) = versions.first() else { continue };
        // Of one object: longer names that begin so come after it.
        if !options.recursive && first.key != path {
            break;
        }
        any = true;
        let back = match to {
            Some(to) => back_to(&versions, to),
            None => back_one(&versions),
        };
        let key = ObjectKey::new(first.key.clone())?;
        let (word, draft, action, items) = match back {
            Back::Nothing => continue,
            Back::Undelete(markers) => {
                let items = markers.iter().map(|marker| version(&key, marker)).collect();
                ("undelete", &mut drafts.undelete, ListedAction::Delete, items)
            }
            Back::Delete => {
                let items = vec![Item::from((key.clone(), first.size))];
                ("delete", &mut drafts.delete, ListedAction::Delete, items)
            }
            Back::Restore(wanted) => {
                let action = ListedAction::Change(ObjectChange::RestoreVersion);
                ("restore", &mut drafts.restore, action, vec![version(&key, &wanted)])
            }
        };
        count += 1;
        if options.dry_run {
            let id = items.first().and_then(|item| item.version_id.as_deref());
            told(context, word, bucket, key.as_str(), id, true);
            continue;
        }
        if draft.is_none() {
            let (root, title) = (Prefix::root(), format!("undo: {word}"));
            *draft = Some(app.draft(profile, bucket, &root, title, action).await?);
        }
        for item in items {
            if let Some(draft) = draft {
                draft.add(item).await?;
            }
        }
    }
    if !any {
        let what = format!("there is nothing, and was nothing, at s3://{bucket}/{path}");
        return Err(Failure::new(Code::ObjectNotFound, what));
    }
    Ok(count)
}

fn version(key: &ObjectKey, of: &VersionEntry) -> Item {
    let version_id = Some(of.version_id.clone());
    Item { key: key.clone(), source: None, version_id, size: of.size }
}

fn told(
    context: &Context<'_>,
    word: &str,
    bucket: &BucketName,
    key: &str,
    version: Option<&str>,
    dry_run: bool,
) {
    if context.args.json {
        let kind = if word == "restore" { "restoreVersion" } else { word };
        let mut event = json!({ "type": kind, "bucket": bucket, "key": key });
        if let Some(version) = version {
            event["versionId"] = version.into();
        }
        if dry_run {
            event["dryRun"] = true.into();
        }
        json_line(&event);
        return;
    }
    let from = match (word, version) {
        ("restore", Some(version)) => format!(" from version {version}"),
        _ => String::new(),
    };
    let text = format!("{word}: 's3://{bucket}/{}'{from}", name(key));
    if dry_run { line(&text) } else { context.say(&text) }
}
