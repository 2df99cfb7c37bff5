use dipper_app::{AccessLine, Code, Exposure, Failure, Result, What, Who};

use super::{Context, bucket_only};
use crate::args::{Setpolicy, Uris};
use crate::exit::Ended;
use crate::output::{json, line, name};

pub async fn run(context: &Context<'_>, options: &Uris) -> Result<Ended> {
    for uri in &options.uris {
        let bucket = bucket_only(uri)?;
        let access = context.app.bucket_access(&context.profile, bucket.as_str()).await?;
        if context.args.json {
            json(&access);
            continue;
        }
        let word = match access.exposure {
            Exposure::Private => "private",
            Exposure::Public => "PUBLIC",
            Exposure::Partly => "partly PUBLIC",
            Exposure::Unknown => "unknown",
        };
        line(&format!("s3://{bucket}/: {word}"));
        for one in &access.lines {
            line(&format!("   {}", sentence(one)));
        }
    }
    Ok(Ended::Well)
}

fn sentence(line: &AccessLine) -> String {
    let who = match line.who {
        Who::Everyone => "everyone",
        Who::Authenticated => "any signed-in account",
        Who::Owner => "the owner",
        Who::Other => "another account",
    };
    let may = if line.allowed { "may" } else { "may not" };
    let what = match line.what {
        What::ReadObjects => "read objects",
        What::ListNames => "list names",
        What::WriteObjects => "write objects",
        What::ReadAcl => "read the ACL",
        What::WriteAcl => "change the ACL",
    };
    let below = match line.prefix.as_deref() {
        Some("") | None => String::new(),
        Some(prefix) => format!(" in {}", name(prefix)),
    };
    format!("{who} {may} {what}{below} ({}: {})", line.by, name(&line.detail))
}

pub async fn set_policy(context: &Context<'_>, options: &Setpolicy) -> Result<Ended> {
    let bucket = bucket_only(&options.uri)?;
    let text = std::fs::read_to_string(&options.file)
        .map_err(|e| Failure::new(Code::LocalIo, format!("{}: {e}", options.file.display())))?;
    context.app.put_policy(&context.profile, bucket.as_str(), &text).await?;
    context.say(&format!("s3://{bucket}/: Policy updated"));
    Ok(Ended::Well)
}

pub async fn delete_policy(context: &Context<'_>, options: &Uris) -> Result<Ended> {
    for uri in &options.uris {
        let bucket = bucket_only(uri)?;
        context.app.delete_policy(&context.profile, bucket.as_str()).await?;
        context.say(&format!("s3://{bucket}/: Policy deleted"));
    }
    Ok(Ended::Well)
}
