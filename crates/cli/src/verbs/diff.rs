//! Two trees side by side: `diff` as a sync sees them, `check` by their bytes.

use clap::Args;
use dipper_app::{Contrast, Filter, How, Result, Side, SyncNote, SyncWhy, TreeFinding as Finding};
use serde_json::json;

use super::{Context, shown};
use crate::connection::by_name;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

#[derive(Debug, Args)]
#[command(after_help = "Exit code 0: the same. 1: they differ. Any other: it could not be told.")]
pub struct Diff {
    #[command(flatten)]
    pub trees: Trees,
    /// Go by contents alone: where nothing tells of them, say so
    #[arg(long, conflicts_with = "size_only")]
    pub checksum: bool,
    /// Go by sizes alone
    #[arg(long, visible_alias = "no-check-md5")]
    pub size_only: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: every byte is the same, as far as checksums tell. 1: something differs, is \
                  missing or can't be compared. Any other: it could not be told."
)]
pub struct Check {
    #[command(flatten)]
    pub trees: Trees,
    /// Read what can't be compared otherwise
    #[arg(long)]
    pub download: bool,
}

#[derive(Debug, Args)]
pub struct Trees {
    /// A folder or file, or s3://BUCKET[/PATH]
    pub one: String,
    /// The same
    pub other: String,
    /// The second is a place of this saved connection
    #[arg(long, value_name = "NAME")]
    pub to_profile: Option<String>,
    /// Leave out what the pattern hits, as `sync` does
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Take it nevertheless
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Also tell what is the same
    #[arg(long, visible_alias = "same")]
    pub all: bool,
}

pub async fn diff(context: &Context<'_>, options: &Diff) -> Result<Ended> {
    let how = match (options.checksum, options.size_only) {
        (true, _) => How::Checksum,
        (_, true) => How::Size,
        _ => How::Sync,
    };
    let found = compared(context, &options.trees, how).await?;
    Ok(ended(&found))
}

pub async fn check(context: &Context<'_>, options: &Check) -> Result<Ended> {
    let how = if options.download { How::Bytes } else { How::Checksum };
    let found = compared(context, &options.trees, how).await?;
    let counts = found.counts;
    if context.args.json {
        json_line(&json!({
            "type": "check", "same": counts.same, "differs": counts.differs,
            "onlyFirst": counts.only_first, "onlySecond": counts.only_second,
            "notComparable": counts.unknown, "unreadable": found.troubles,
        }));
    } else {
        context.say(&format!(
            "{} the same, {} differ, {} only in the first, {} only in the second, {} not comparable",
            counts.same, counts.differs, counts.only_first, counts.only_second, counts.unknown
        ));
        if counts.unknown > 0 && !options.download && !context.args.quiet {
            note("NOTE: --download reads what can't be compared by what both sides know of it");
        }
    }
    Ok(ended(&found))
}

fn ended(found: &Contrast) -> Ended {
    match found.counts.all_same() {
        _ if found.troubles > 0 => Ended::Partly,
        true => Ended::Well,
        false => Ended::Different,
    }
}

async fn compared(context: &Context<'_>, trees: &Trees, how: How) -> Result<Contrast> {
    let mut filter = Filter::default();
    for pattern in &trees.exclude {
        filter.exclude_glob(pattern)?;
    }
    for pattern in &trees.include {
        filter.include_glob(pattern)?;
    }
    let second = match &trees.to_profile {
        None => context.profile.clone(),
        Some(name) => by_name(context.app, context.args, name).await?,
    };
    let one = (context.profile.as_str(), trees.one.as_str());
    let other = (second.as_str(), trees.other.as_str());
    let tell = |finding: Finding| tell(context, trees, &finding);
    let found = context.app.contrast((one, other), filter, how, tell).await?;
    for found in &found.notes {
        let text = match found {
            SyncNote::Link(path) => format!("skipped {}: a symbolic link", shown(path).display()),
            SyncNote::Loop(path) => {
                format!("skipped {}: it leads back to itself", shown(path).display())
            }
            SyncNote::Special(path) => {
                format!("skipped {}: no regular file", shown(path).display())
            }
            SyncNote::Name(path) | SyncNote::Stranger(path) => {
                format!("skipped {}: its name can't be a key", shown(path).display())
            }
            SyncNote::Unreadable { what, error } => format!("{what}: {error}"),
            _ => continue,
        };
        note(&format!("WARNING: {text}"));
    }
    Ok(found)
}

fn tell(context: &Context<'_>, trees: &Trees, finding: &Finding) {
    let sides = [&trees.one, &trees.other];
    if context.args.json {
        json_line(&match finding {
            Finding::Only { side, key, size } => json!({
                "type": "only", "in": if *side == Side::Source { "first" } else { "second" },
                "key": key, "size": size,
            }),
            Finding::Differs { key, sizes, why } => json!({
                "type": "differs", "key": key, "why": why.word(), "sizes": [sizes.0, sizes.1],
            }),
            Finding::Unknown { key, size } => {
                json!({ "type": "notComparable", "key": key, "size": size })
            }
            Finding::Same { key, size, why } if trees.all => {
                json!({ "type": "same", "key": key, "size": size, "why": why.word() })
            }
            Finding::Same { .. } => return,
        });
        return;
    }
    line(&match finding {
        Finding::Only { side, key, .. } => {
            let place = sides[usize::from(*side == Side::Target)];
            format!("only in {}: {}", name(place), name(key))
        }
        Finding::Differs { key, sizes: (one, other), why: SyncWhy::OtherSize } => {
            format!("differs: {} (size: {one} and {other} bytes)", name(key))
        }
        Finding::Differs { key, why: SyncWhy::Newer, .. } => {
            format!("differs: {} (time; nothing tells of its content)", name(key))
        }
        Finding::Differs { key, .. } => format!("differs: {} (content)", name(key)),
        Finding::Unknown { key, .. } => {
            format!("not comparable: {} (no checksum that both sides know)", name(key))
        }
        Finding::Same { key, why, .. } if trees.all => {
            format!("same: {} ({})", name(key), why.word().trim_start_matches("same-"))
        }
        Finding::Same { .. } => return,
    });
}
