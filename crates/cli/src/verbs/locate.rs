//! Names without a server: what listings told, of all saved connections.

use std::sync::Arc;

use clap::Args as ClapArgs;
use dipper_app::{App, Hit, Profile, Result, RowKind, Search};
use dipper_types::{Clock, SystemClock, Timestamp};
use serde_json::json;

use super::targets::place;
use crate::args::Args;
use crate::connection;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note, size, time};
use crate::wanted::BoundsArgs;

#[derive(Debug, ClapArgs)]
#[command(override_usage = "dipper locate [OPTIONS] WORD…
       dipper locate --refresh s3://BUCKET[/PREFIX] [WORD…]
       dipper locate --known")]
pub struct Locate {
    /// Words that the key has, all of them, capitals or not
    #[arg(value_name = "WORD", required_unless_present_any = ["known", "refresh", "forget"])]
    pub words: Vec<String>,
    /// Only there: s3://BUCKET[/PREFIX]
    #[arg(long = "in", value_name = "URI")]
    pub within: Option<String>,
    /// List this first, so that all of it is known as it is now
    #[arg(long, value_name = "URI", conflicts_with = "within")]
    pub refresh: Option<String>,
    /// Which buckets names are known of, and how many
    #[arg(long, conflicts_with_all = ["words", "refresh", "within"])]
    pub known: bool,
    /// Forget what is known of a bucket
    #[arg(long, value_name = "URI", conflicts_with_all = ["words", "refresh", "within", "known"])]
    pub forget: Option<String>,
    #[command(flatten)]
    pub bounds: BoundsArgs,
    /// STANDARD, GLACIER …
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,
    /// Stop after so many
    #[arg(long, value_name = "NUM")]
    pub limit: Option<u64>,
    /// Say how many there are
    #[arg(long)]
    pub count: bool,
    /// Sizes as people read them
    #[arg(short = 'H', long)]
    pub human_readable_sizes: bool,
}

pub async fn run(app: &Arc<App>, args: &Args, options: &Locate) -> Result<Ended> {
    let profiles = app.profiles().await?;
    if options.known {
        return known(app, args, &profiles);
    }
    // Whoever names no connection means them all; a listing needs one.
    let mut profile = None;
    if let Some(name) = &args.profile {
        profile = Some(connection::by_name(app, args, name).await?);
    } else if args.sandbox || options.refresh.is_some() || options.forget.is_some() {
        profile = Some(connection::choose(app, args).await?);
    }
    if let (Some(uri), Some(profile)) = (&options.forget, &profile) {
        let (bucket, _) = place(uri)?;
        app.forget_index(profile, Some(bucket.as_str()))?;
        return Ok(Ended::Well);
    }
    let within = options.refresh.as_ref().or(options.within.as_ref());
    let (bucket, prefix) = within.map(|uri| place(uri)).transpose()?.unzip();
    let bucket = bucket.map(|bucket| bucket.to_string());
    let prefix = prefix.unwrap_or_default();
    if let (Some(_), Some(profile), Some(bucket)) = (&options.refresh, &profile, &bucket) {
        let listed = app.refresh_index(profile, bucket, &prefix, |_| {}).await?;
        if options.words.is_empty() && !options.count {
            match args.json {
                true => {
                    json_line(&json!({ "type": "listed", "bucket": bucket, "objects": listed }))
                }
                false => line(&format!("{listed} names of s3://{bucket}/{}", name(&prefix))),
            }
            return Ok(Ended::Well);
        }
    }
    let now = SystemClock.now();
    let bounds = options.bounds.bounds()?;
    let ago = |span: std::time::Duration| {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(now.millis().saturating_sub(span))
    };
    let search = Search {
        text: options.words.join(" "),
        profile,
        bucket,
        prefix,
        min_size: bounds.min_size,
        max_size: bounds.max_size,
        modified_after: bounds.max_age.map(ago),
        modified_before: bounds.min_age.map(ago),
        class: options.class.as_ref().map(|class| class.to_uppercase()),
    };
    tell(app, args, options, &profiles, &search)
}

fn tell(
    app: &App,
    args: &Args,
    options: &Locate,
    profiles: &[Profile],
    search: &Search,
) -> Result<Ended> {
    let most = options.limit.unwrap_or(u64::MAX);
    let (mut count, mut bytes, mut oldest) = (0, 0, None);
    let mut more = false;
    app.search_names(search, |hit| {
        if count == most {
            more = true;
            return false;
        }
        count += 1;
        bytes += hit.size.unwrap_or(0);
        oldest = Some(oldest.unwrap_or(hit.listed_at).min(hit.listed_at));
        if !options.count {
            row(args, options, profiles, &hit);
        }
        true
    })?;
    if options.count {
        match args.json {
            true => json_line(&json!({ "type": "located", "count": count, "bytes": bytes })),
            false => line(&format!("{count}")),
        }
    }
    if more {
        note(&format!("WARNING: there is more; shown are {most} rows"));
    }
    if !args.quiet && !args.json {
        match oldest {
            Some(oldest) => {
                let since = time(Some(oldest));
                note(&format!("As listed since {since} (UTC); --refresh s3://BUCKET lists anew"));
            }
            None => note(
                "Nothing of what was listed has such a name; --known tells what was, --refresh s3://BUCKET lists",
            ),
        }
    }
    Ok(Ended::Well)
}

fn row(args: &Args, options: &Locate, profiles: &[Profile], hit: &Hit) {
    let connection = profiles.iter().find(|p| p.id == hit.profile).map(|p| p.name.as_str());
    if args.json {
        json_line(&json!({
            "type": "located",
            "profile": connection,
            "bucket": hit.bucket,
            "key": hit.key,
            "folder": hit.kind == RowKind::Folder,
            "size": hit.size,
            "modified": hit.modified.map(Timestamp::rfc3339),
            "storageClass": hit.class,
            "listedAt": hit.listed_at.rfc3339(),
        }));
        return;
    }
    let width = if options.human_readable_sizes { 6 } else { 12 };
    let bytes = match hit.size {
        Some(bytes) => size(bytes, options.human_readable_sizes),
        None => format!("{:>width$}", "DIR"),
    };
    // One connection goes without saying.
    let whose =
        connection.filter(|_| args.profile.is_none() && !args.sandbox && profiles.len() > 1);
    let whose = whose.map(|whose| format!("  ({})", name(whose))).unwrap_or_default();
    line(&format!(
        "{:16} {bytes}  s3://{}/{}{whose}",
        time(hit.modified),
        hit.bucket,
        name(&hit.key)
    ));
}

fn known(app: &App, args: &Args, profiles: &[Profile]) -> Result<Ended> {
    for bucket in app.indexed()? {
        let whose = profiles.iter().find(|p| p.id == bucket.profile).map(|p| p.name.as_str());
        if args.json {
            json_line(&json!({
                "type": "known",
                "profile": whose,
                "bucket": bucket.bucket,
                "names": bucket.rows,
            }));
        } else {
            let whose = name(whose.unwrap_or("-"));
            line(&format!("{:>12}  s3://{}  ({whose})", bucket.rows, bucket.bucket));
        }
    }
    Ok(Ended::Well)
}
