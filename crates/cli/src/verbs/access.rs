use dipper_app::{AccessLine, Code, Exposure, Failure, Result, Severity, What, Who};

use super::{Context, bucket_only};
use crate::args::{Delpolicy, Setpolicy, Uris};
use crate::exit::Ended;
use crate::output::{json, line, name};

pub async fn run(context: &Context<'_>, options: &Uris) -> Result<Ended> {
    for uri in &options.uris {
        let bucket = bucket_only(uri)?;
        let access = context.app.bucket_access(&context.profile, bucket.as_str()).await?;
        if context.args.json {
            let mut told = serde_json::to_value(&access).unwrap_or_default();
            told["type"] = "access".into();
            told["bucket"] = bucket.as_str().into();
            json(&told);
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
    if options.dry.dry_run {
        let check = context.app.check_policy(bucket.as_str(), &text);
        let wrong = check.problems.iter().find(|p| p.severity == Severity::Error);
        if let Some(p) = wrong {
            let where_ = format!("line {}, column {}: {}", p.line, p.column, p.message);
            return Err(Failure::invalid(where_));
        }
        planned(context, bucket.as_str(), "set");
        return Ok(Ended::Well);
    }
    context.app.put_policy(&context.profile, bucket.as_str(), &text).await?;
    context.say(&format!("s3://{bucket}/: Policy updated"));
    Ok(Ended::Well)
}

fn planned(context: &Context<'_>, bucket: &str, word: &str) {
    if context.args.json {
        json(&serde_json::json!({
            "type": "policy", "bucket": bucket, "done": word, "dryRun": true,
        }));
    } else {
        line(&format!("s3://{bucket}/: policy would be {word}"));
    }
}

pub async fn delete_policy(context: &Context<'_>, options: &Delpolicy) -> Result<Ended> {
    for uri in &options.uris {
        let bucket = bucket_only(uri)?;
        if options.dry.dry_run {
            planned(context, bucket.as_str(), "removed");
            continue;
        }
        context.app.delete_policy(&context.profile, bucket.as_str()).await?;
        context.say(&format!("s3://{bucket}/: Policy deleted"));
    }
    Ok(Ended::Well)
}
