//! Objects change where they are: headers, class, restore from the archive.

use clap::Args;
use dipper_app::{Code, Failure, HeaderEdit, ListedAction, ObjectChange, Result};
use serde_json::json;

use super::Context;
use super::sifting::Sieve;
use super::targets::{nothing_there, targets};
use crate::args_encryption::EncryptArgs;
use crate::args_moving::{ClassArgs, FilterArgs};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

/// Headers to set and to remove.
#[derive(Debug, Args)]
pub struct Headers {
    /// NAME:VALUE, such as Cache-Control:no-cache or x-amz-meta-colour:blue
    #[arg(long, value_name = "HEADER")]
    pub add_header: Vec<String>,
    /// NAME, such as Cache-Control
    #[arg(long, value_name = "NAME")]
    pub remove_header: Vec<String>,
    /// Content type
    #[arg(short, long, value_name = "TYPE")]
    pub mime_type: Option<String>,
}

impl Headers {
    pub fn edit(&self) -> Result<HeaderEdit> {
        let mut edit = header_edit(&self.add_header, &self.remove_header)?;
        if let Some(kind) = &self.mime_type {
            edit.set.push(("content-type".into(), kind.clone()));
        }
        Ok(edit)
    }
}

/// NAME:VALUE each, and names.
pub fn header_edit(add: &[String], remove: &[String]) -> Result<HeaderEdit> {
    let mut edit = HeaderEdit { remove: remove.to_vec(), ..HeaderEdit::default() };
    for header in add {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| Failure::invalid(format!("'{header}' is not NAME:VALUE")))?;
        edit.set.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    edit.check().map_err(|e| {
        Failure::new(Code::Unsupported, e.to_string()).with_hint(
            "Content-Type, Cache-Control, Content-Disposition, Content-Encoding, \
             Content-Language, Expires, x-amz-website-redirect-location and x-amz-meta-* can be.",
        )
    })?;
    Ok(edit)
}

#[derive(Debug, Args)]
pub struct Modify {
    /// s3://BUCKET/KEY
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder
    #[arg(short, long)]
    pub recursive: bool,
    #[command(flatten)]
    pub headers: Headers,
    #[command(flatten)]
    pub class: ClassArgs,
    #[command(flatten)]
    pub encrypt: EncryptArgs,
    #[command(flatten)]
    pub filters: FilterArgs,
    /// Say what would be changed
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// s3://BUCKET/KEY
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// For how many days it can be read
    #[arg(
        short = 'D',
        long = "restore-days",
        visible_alias = "days",
        value_name = "DAYS",
        default_value_t = 1
    )]
    pub restore_days: u32,
    #[command(flatten)]
    pub filters: FilterArgs,
    /// bulk, standard or expedited
    #[arg(long = "restore-priority", visible_alias = "tier", value_name = "TIER")]
    pub restore_priority: Option<String>,
    /// Say what would be restored
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

pub async fn run(context: &Context<'_>, options: &Modify) -> Result<Ended> {
    let edit = options.headers.edit()?;
    let mut changes = Vec::new();
    if !edit.is_empty() {
        changes.push(ObjectChange::Headers { edit });
    }
    if let Some(class) = options.class.class() {
        changes.push(ObjectChange::StorageClass { class });
    }
    if let Some(with) = options.encrypt.server_side(context.app, context.args).await? {
        changes.push(ObjectChange::Encryption { with });
    }
    if changes.is_empty() {
        return Err(Failure::invalid("say what to change")
            .with_hint("--add-header, --remove-header, --mime-type, --storage-class or --sse."));
    }
    let mut partly = false;
    for change in changes {
        let which = (options.uris.as_slice(), &options.filters, options.recursive);
        let ended = each(context, which, options.dry_run, "modify", change);
        partly |= matches!(ended.await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

pub async fn restore(context: &Context<'_>, options: &Restore) -> Result<Ended> {
    let tier = match options.restore_priority.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None => None,
        Some("bulk") => Some("Bulk".to_owned()),
        Some("standard") => Some("Standard".to_owned()),
        Some("expedited") => Some("Expedited".to_owned()),
        Some(other) => {
            return Err(Failure::invalid(format!("there is no tier '{other}'"))
                .with_hint("bulk, standard or expedited."));
        }
    };
    let change = ObjectChange::Restore { days: options.restore_days, tier };
    let which = (options.uris.as_slice(), &options.filters, options.recursive);
    each(context, which, options.dry_run, "restore", change).await
}

/// One change of many objects, as a job a bucket.
pub async fn each(
    context: &Context<'_>,
    (uris, filters, recursive): (&[String], &FilterArgs, bool),
    dry_run: bool,
    word: &str,
    change: ObjectChange,
) -> Result<Ended> {
    let sieve = Sieve::of(filters, uris)?;
    let mut partly = false;
    for (bucket, objects) in targets(context, uris, recursive).await? {
        if dry_run {
            let (mut each, mut any) = (objects.each(context, &bucket, Some(&sieve)), false);
            while let Some((key, _)) = each.next().await? {
                any = true;
                if context.args.json {
                    json_line(&json!({
                        "type": word, "bucket": bucket, "key": key, "dryRun": true,
                    }));
                } else {
                    line(&format!("{word}: 's3://{bucket}/{}'", name(key.as_str())));
                }
            }
            if !any {
                nothing_there(word, &bucket);
            }
            continue;
        }
        let action = ListedAction::Change(change.clone());
        let id = objects.begin(context, &bucket, action, Some(&sieve)).await?;
        let ended = context
            .follow(id, |job, number, item| {
                if context.args.json {
                    json_line(&json!({ "type": word, "bucket": bucket, "key": item.key }));
                } else {
                    context.say(&format!(
                        "{word}: 's3://{bucket}/{}'  [{number} of {}]",
                        name(&item.key),
                        job.files_total
                    ));
                }
            })
            .await?;
        if context.was_empty(id)? {
            nothing_there(word, &bucket);
        }
        partly |= matches!(ended, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}
