//! Keys with control characters get names that every tool can list: `^A` for the first of them.

use clap::Args;
use dipper_app::{Copy, HeaderEdit, Result, Visibility};
use dipper_types::{ObjectKey, Prefix, ProfileId};
use serde_json::json;

use super::Context;
use super::targets::place;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

#[derive(Debug, Args)]
pub struct Fixbucket {
    /// s3://BUCKET[/PREFIX]
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Say what would be renamed
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// The name without control characters; `None` where it has none.
fn fixed(key: &str) -> Option<String> {
    if !key.chars().any(|c| c.is_ascii_control()) {
        return None;
    }
    let mut text = String::with_capacity(key.len() + 2);
    for c in key.chars() {
        match u8::try_from(c) {
            Ok(0x7f) => text.push_str("^?"),
            Ok(byte) if byte < 0x20 => {
                text.push('^');
                text.push(char::from(byte + 0x40));
            }
            _ => text.push(c),
        }
    }
    Some(text)
}

pub async fn run(context: &Context<'_>, options: &Fixbucket) -> Result<Ended> {
    let mut partly = false;
    for uri in &options.uris {
        let (bucket, prefix) = place(uri)?;
        let told = |from: &str, to: &str| {
            if context.args.json {
                let mut event =
                    json!({ "type": "move", "bucket": bucket, "key": from, "toKey": to });
                if options.dry_run {
                    event["dryRun"] = true.into();
                }
                json_line(&event);
                return;
            }
            let (from, to) = (name(from), name(to));
            let text = format!("rename: 's3://{bucket}/{from}' -> 's3://{bucket}/{to}'");
            if options.dry_run { line(&text) } else { context.say(&text) }
        };
        let prefix = Prefix::new(prefix)?;
        if options.dry_run {
            let each = |key: ObjectKey, _| {
                if let Some(to) = fixed(key.as_str()) {
                    told(key.as_str(), &to);
                }
            };
            context.app.each_below(&context.profile, &bucket, &prefix, each).await?;
            continue;
        }
        let plan = Copy {
            profile: ProfileId::new(context.profile.as_str()),
            bucket: bucket.clone(),
            move_away: true,
            storage_class: None,
            visibility: Visibility::Private,
            edit: HeaderEdit::default(),
            encryption: None,
            places: None,
            // What has the new name already stays.
            if_absent: true,
        };
        let job = context.app.plan_moves(&context.profile, &bucket, &prefix, plan, fixed).await?;
        let Some(job) = job else { continue };
        context.app.begin_planned(job).await?;
        let ended = context
            .follow(job, |_, _, item| {
                told(item.source.as_deref().unwrap_or_default(), &item.key);
            })
            .await?;
        partly |= matches!(ended, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

#[cfg(test)]
mod tests {
    use super::fixed;

    #[test]
    fn control_characters_get_carets() {
        for (key, want) in [
            ("a\u{1}b", Some("a^Ab")),
            ("\u{0}\u{1f}\u{7f}", Some("^@^_^?")),
            ("tab\there/x", Some("tab^Ihere/x")),
            ("ü^A", None),
            ("plain", None),
        ] {
            assert_eq!(fixed(key).as_deref(), want, "{key:?}");
        }
    }
}
