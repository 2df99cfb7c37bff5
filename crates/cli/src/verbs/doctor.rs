//! `dipper doctor`: what a server can do, tried out.

use clap::Args;
use dipper_app::{DoctorOutcome, Finding, Fix, Result};
use serde_json::json;

use super::{Context, bucket_only};
use crate::args::Dry;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// s3://BUCKET: written to below .dipper-doctor-…/ only, and cleaned up
    pub uri: String,
    /// Make the changes that are offered (saved connections)
    #[arg(long)]
    pub fix: bool,
    #[command(flatten)]
    pub dry: Dry,
}

pub async fn run(context: &Context<'_>, options: &DoctorArgs) -> Result<Ended> {
    let bucket = bucket_only(&options.uri)?;
    if options.dry.dry_run {
        if context.args.json {
            json_line(&json!({ "type": "doctor", "bucket": bucket, "dryRun": true }));
        } else {
            line(&format!(
                "doctor: would write below s3://{bucket}/.dipper-doctor-…/, and clean up"
            ));
        }
        return Ok(Ended::Well);
    }
    let mut tell = |finding: &Finding| told(finding, context.args.json, options.fix);
    let doctor = context.app.doctor(&context.profile, bucket.as_str(), &mut tell).await?;
    let ill = doctor.findings.iter().any(|f| f.outcome == DoctorOutcome::Bad);
    if options.fix {
        for fix in doctor.findings.iter().filter_map(|f| f.fix.as_ref()) {
            context.app.mend(&context.profile, fix).await?;
            note(&format!("Changed: {}", words(fix)));
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

/// Each finding as it comes.
fn told(finding: &Finding, json: bool, fix: bool) {
    if json {
        let mut event = serde_json::to_value(finding).unwrap_or_default();
        event["type"] = "finding".into();
        return json_line(&event);
    }
    let mark = match finding.outcome {
        DoctorOutcome::Good => "ok     ",
        DoctorOutcome::Missing => "without",
        DoctorOutcome::Bad => "BAD    ",
    };
    line(&format!("{mark} {:18} {}", finding.check, name(&finding.detail)));
    if let (Some(offered), false) = (&finding.fix, fix) {
        line(&format!("        {:18} --fix makes it: {}", "", words(offered)));
    }
}

fn words(fix: &Fix) -> String {
    match fix {
        Fix::Region(to) => format!("region {to}"),
        Fix::Addressing(to) => format!("addressing {to:?}").to_lowercase(),
    }
}
