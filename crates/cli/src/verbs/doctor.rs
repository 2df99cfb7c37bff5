//! `dipper doctor`: what a server can do, tried out.

use clap::Args;
use dipper_app::{DoctorOutcome, Fix, Result};
use serde_json::json;

use super::{Context, bucket_only};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// s3://BUCKET: written to below .dipper-doctor-…/ only, and cleaned up
    pub uri: String,
    /// Make the changes that are offered (saved connections)
    #[arg(long)]
    pub fix: bool,
}

pub async fn run(context: &Context<'_>, options: &DoctorArgs) -> Result<Ended> {
    let bucket = bucket_only(&options.uri)?;
    let doctor = context.app.doctor(&context.profile, bucket.as_str()).await?;
    let mut ill = false;
    for finding in &doctor.findings {
        ill |= finding.outcome == DoctorOutcome::Bad;
        if context.args.json {
            let mut event = serde_json::to_value(finding).unwrap_or_default();
            event["type"] = "finding".into();
            json_line(&event);
        } else {
            let mark = match finding.outcome {
                DoctorOutcome::Good => "ok     ",
                DoctorOutcome::Missing => "without",
                DoctorOutcome::Bad => "BAD    ",
            };
            line(&format!("{mark} {:18} {}", finding.check, name(&finding.detail)));
        }
        let Some(fix) = &finding.fix else { continue };
        if options.fix {
            context.app.mend(&context.profile, fix).await?;
            note(&format!("Changed: {}", words(fix)));
        } else if !context.args.json {
            line(&format!("        {:18} --fix makes it: {}", "", words(fix)));
        }
    }
    for key in &doctor.left {
        note(&format!("WARNING: could not clean up s3://{bucket}/{key}"));
    }
    if context.args.json {
        json_line(
            &json!({ "type": "doctor", "bucket": bucket, "healthy": !ill, "left": doctor.left }),
        );
    }
    Ok(if ill { Ended::Partly } else { Ended::Well })
}

fn words(fix: &Fix) -> String {
    match fix {
        Fix::Region(to) => format!("region {to}"),
        Fix::Addressing(to) => format!("addressing {to:?}").to_lowercase(),
    }
}
