//! `presign --list` and `--forget`: the links that were made here. It needs no connection.

use std::sync::Arc;

use dipper_app::{App, Failure, MadeLink, Result};
use dipper_types::S3Uri;
use serde_json::json;

use super::presign::PresignArgs;
use crate::args::Args;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

pub async fn run(app: &Arc<App>, args: &Args, options: &PresignArgs) -> Result<Ended> {
    let places = options.uris.iter().map(|uri| S3Uri::parse(uri).map_err(Failure::from));
    let places = places.collect::<Result<Vec<_>>>()?;
    let mut links = app.made_links()?;
    links.retain(|link| places.is_empty() || places.iter().any(|place| lies_in(link, place)));
    if options.forget.is_empty() {
        links.iter().for_each(|link| told(args, link, false));
        return Ok(Ended::Well);
    }
    let wanted = chosen(&links, &options.forget)?;
    links.retain(|link| wanted.contains(&link.id));
    if !options.dry_run {
        app.forget_links(wanted).await?;
    }
    for link in &links {
        told(args, link, options.dry_run);
    }
    if links.iter().any(|link| !link.expired) && !args.quiet {
        note("They work until they end: only the list forgets them.");
    }
    Ok(Ended::Well)
}

fn lies_in(link: &MadeLink, place: &S3Uri) -> bool {
    match place {
        S3Uri::Service => true,
        S3Uri::Bucket(bucket) => link.row.bucket == bucket.as_str(),
        S3Uri::Path(bucket, path) => {
            let below = || path.ends_with('/') && link.row.key.starts_with(path.as_str());
            link.row.bucket == bucket.as_str() && (link.row.key == *path || below())
        }
    }
}

/// By their numbers, `expired` or `all`.
fn chosen(links: &[MadeLink], words: &[String]) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for word in words {
        match word.as_str() {
            "all" => ids.extend(links.iter().map(|link| link.id)),
            "expired" => ids.extend(links.iter().filter(|l| l.expired).map(|link| link.id)),
            number => {
                let id = number.parse().ok().filter(|id| links.iter().any(|link| link.id == *id));
                ids.push(id.ok_or_else(|| {
                    Failure::invalid(format!("there is no link {number} in the list")).with_hint(
                        "`dipper presign --list` tells their numbers; or say all, or expired.",
                    )
                })?);
            }
        }
    }
    Ok(ids)
}

fn told(args: &Args, link: &MadeLink, dry_run: bool) {
    let MadeLink { id, row, expired } = link;
    if args.json {
        let mut all = json!({
            "type": "madeLink", "id": id, "madeAt": row.made_at.rfc3339(), "method": row.method,
            "bucket": row.bucket, "key": row.key, "versionId": row.version,
            "expiresAt": row.expires_at.rfc3339(), "expired": expired,
            "connection": row.connection, "signer": row.signer,
        });
        if dry_run {
            all["dryRun"] = true.into();
        }
        return json_line(&all);
    }
    let version = row.version.as_ref().map(|v| format!("  ({v})")).unwrap_or_default();
    let signer = row.signer.as_ref().map(|end| format!("  key …{end}")).unwrap_or_default();
    line(&format!(
        "{id:>6}  {:6}  {} {}  s3://{}/{}{version}  {}{signer}",
        row.method,
        if *expired { "ended" } else { "until" },
        row.expires_at.rfc3339(),
        row.bucket,
        name(&row.key),
        name(&row.connection)
    ));
}
