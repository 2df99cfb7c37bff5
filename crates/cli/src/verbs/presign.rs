//! Links for people without keys.

use std::time::Duration;

use clap::{Args, ValueEnum};
use dipper_app::{Code, Failure, PostForm, Presign, Presigned, Result};
use dipper_types::{Clock, SystemClock, Timestamp};
use serde_json::json;

use super::targets::{object_only, place};
use super::{Context, words};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum Method {
    Get,
    Head,
    Put,
    Delete,
    /// A form that uploads from a browser
    Post,
}

#[derive(Debug, Args)]
pub struct PresignArgs {
    /// s3://BUCKET/KEY; of --list and --forget also s3://BUCKET and s3://BUCKET/FOLDER/
    #[arg(required_unless_present_any = ["list", "forget"], value_name = "URI")]
    pub uris: Vec<String>,
    /// The links that were made here, and until when they work; never the links themselves
    #[arg(long, conflicts_with = "forget")]
    pub list: bool,
    /// Take links off that list: a number, `expired` or `all`
    #[arg(long, value_name = "WHICH")]
    pub forget: Vec<String>,
    /// Say what would be signed or forgotten
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// What the link lets its holder do
    #[arg(short = 'X', long, value_enum, ignore_case = true, default_value = "GET")]
    pub method: Method,
    /// How long it works, at most 7d
    #[arg(short, long, value_name = "SPAN", default_value = "1h")]
    pub expires: String,
    /// Of this version (GET, DELETE)
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,
    /// A download under this name (GET)
    #[arg(long, value_name = "NAME")]
    pub save_as: Option<String>,
    /// The type that must be sent (PUT, POST), or that is answered (GET)
    #[arg(short, long, value_name = "TYPE")]
    pub mime_type: Option<String>,
    /// The largest upload, in bytes (POST)
    #[arg(long, value_name = "BYTES")]
    pub max_size: Option<u64>,
}

#[derive(Debug, Args)]
pub struct Signurl {
    /// s3://BUCKET/KEY
    pub uri: String,
    /// When it ends: +SECONDS from now, or seconds since 1970
    #[arg(value_name = "EXPIRY", allow_hyphen_values = true)]
    pub expiry: String,
    /// The Content-Disposition of the answer, such as attachment; filename="a.pdf"
    #[arg(long, value_name = "TEXT")]
    pub content_disposition: Option<String>,
    /// The type of the answer
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,
}

#[derive(Debug, Args)]
pub struct Sign {
    /// What is signed with the secret key (HMAC-SHA1, in base64)
    pub text: String,
}

pub async fn sign(context: &Context<'_>, options: &Sign) -> Result<Ended> {
    let signed = context.app.sign_text(&context.profile, &options.text).await?;
    if context.args.json {
        json_line(&json!({ "type": "signature", "signature": signed }));
    } else {
        line(&format!("Signature: {signed}"));
    }
    Ok(Ended::Well)
}

/// RFC 6266: plain for old readers, UTF-8 for the others.
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\') || c == ' ' { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into());
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

pub async fn run(context: &Context<'_>, options: &PresignArgs) -> Result<Ended> {
    let lifetime = words::span(&options.expires)?;
    for uri in &options.uris {
        if options.dry_run {
            planned(context, options, uri, lifetime)?;
            continue;
        }
        if options.method == Method::Post {
            post(context, options, uri, lifetime).await?;
            continue;
        }
        let (bucket, key) = object_only(uri)?;
        let what = match options.method {
            Method::Get => Presign::Get {
                version_id: options.version_id.clone(),
                disposition: options.save_as.as_deref().map(attachment),
                content_type: options.mime_type.clone(),
            },
            Method::Head => Presign::Head,
            Method::Put => Presign::Put { content_type: options.mime_type.clone() },
            _ => Presign::Delete { version_id: options.version_id.clone() },
        };
        let link = context.app.presign(&context.profile, &bucket, &key, &what, lifetime).await;
        let link = link.map_err(|failure| too_long(context, failure))?;
        told(context, &link);
    }
    Ok(Ended::Well)
}

fn planned(
    context: &Context<'_>,
    options: &PresignArgs,
    uri: &str,
    lifetime: Duration,
) -> Result<()> {
    let (bucket, key) = match options.method {
        Method::Post => place(uri)?,
        _ => object_only(uri).map(|(bucket, key)| (bucket, key.to_string()))?,
    };
    let method = format!("{:?}", options.method).to_uppercase();
    let seconds = lifetime.as_secs();
    if context.args.json {
        json_line(&json!({
            "type": "link", "method": method, "bucket": bucket, "key": key, "seconds": seconds,
            "dryRun": true,
        }));
    } else {
        line(&format!("presign: {method} 's3://{bucket}/{}', {seconds} seconds", name(&key)));
    }
    Ok(())
}

fn told(context: &Context<'_>, link: &Presigned) {
    if context.args.json {
        let headers: serde_json::Map<String, serde_json::Value> =
            link.headers.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
        json_line(&json!({
            "type": "link", "method": link.method, "url": link.url, "headers": headers,
            "expiresAt": link.expires.rfc3339(), "shortened": link.shortened,
        }));
        return;
    }
    line(&link.url);
    for (header, value) in &link.headers {
        note(&format!("It must be sent with {header}: {value}"));
    }
    shortened(link);
}

fn shortened(link: &Presigned) {
    if link.shortened {
        note(&format!(
            "WARNING: it ends at {}, with the session that signed it",
            link.expires.rfc3339()
        ));
    }
}

async fn post(
    context: &Context<'_>,
    options: &PresignArgs,
    uri: &str,
    lifetime: Duration,
) -> Result<()> {
    let (bucket, key) = place(uri)?;
    let form = PostForm {
        starts_with: key.is_empty() || key.ends_with('/'),
        key,
        size: options.max_size.map(|most| (0, most)),
        content_type: options.mime_type.clone(),
    };
    let (link, fields) =
        context.app.presign_post(&context.profile, &bucket, &form, lifetime).await?;
    if context.args.json {
        let fields: Vec<_> =
            fields.iter().map(|f| json!({ "name": f.name, "value": f.value })).collect();
        json_line(&json!({
            "type": "form", "method": "POST", "url": link.url, "fields": fields,
            "expiresAt": link.expires.rfc3339(), "shortened": link.shortened,
        }));
        return Ok(());
    }
    let escape = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    line(&format!(
        "<form action=\"{}\" method=\"post\" enctype=\"multipart/form-data\">",
        escape(&link.url)
    ));
    for field in &fields {
        line(&format!(
            "  <input type=\"hidden\" name=\"{}\" value=\"{}\">",
            escape(&field.name),
            escape(&field.value)
        ));
    }
    line("  <input type=\"file\" name=\"file\">\n  <button>Upload</button>\n</form>");
    shortened(&link);
    Ok(())
}

pub async fn signurl(context: &Context<'_>, options: &Signurl) -> Result<Ended> {
    let (bucket, key) = object_only(&options.uri)?;
    let bad = || {
        Failure::invalid(format!("'{}' is no expiry", options.expiry))
            .with_hint("Write +SECONDS, or seconds since 1970.")
    };
    let until = match options.expiry.strip_prefix('+') {
        Some(offset) => {
            let offset: u64 = offset.parse().map_err(|_| bad())?;
            SystemClock.now().plus(Duration::from_secs(offset))
        }
        None => Timestamp::from_secs(options.expiry.parse().map_err(|_| bad())?),
    };
    let what = Presign::Get {
        version_id: None,
        disposition: options.content_disposition.clone(),
        content_type: options.content_type.clone(),
    };
    let link = context.app.presign_until(&context.profile, &bucket, &key, &what, until).await;
    told(context, &link.map_err(|failure| too_long(context, failure))?);
    Ok(Ended::Well)
}

/// What to do about an expiry that can't be.
fn too_long(context: &Context<'_>, failure: Failure) -> Failure {
    match failure.code {
        Code::InvalidInput if !context.args.keys.signature_v2 => failure.with_hint(
            "Choose at most 604800 seconds (7 days), or --signature-v2 if the server still takes it.",
        ),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn names_are_kept_and_quoted() {
        assert_eq!(
            attachment("Ü \"a\".pdf"),
            "attachment; filename=\"_ _a_.pdf\"; filename*=UTF-8''%C3%9C%20%22a%22.pdf"
        );
    }
}
