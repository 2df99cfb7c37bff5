//! `key`: keys for encryption, and the places where everything is encrypted with one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};
use dipper_app::{App, Code, Failure, KeyInfo, KeyKind, Place, Protection, Result, ServerSide};
use dipper_types::{BucketName, S3Uri, Secret};
use serde_json::json;

use super::Context;
use crate::args::Args;
use crate::args_encryption::EncryptArgs;
use crate::exit::Ended;
use crate::output::{json as json_line, line, note};
use crate::passphrase;

#[derive(Debug, ClapArgs)]
pub struct KeyVerb {
    #[command(subcommand)]
    pub action: KeyAction,
}

#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// List keys and what is encrypted with them by default
    Ls,
    /// Make a key, or take one from elsewhere, and keep it in the vault
    Add {
        name: String,
        /// customer (for SSE-C), passphrase (OpenPGP, age), age (a key pair, or an SSH key), recipients
        /// (of age), rclone (a crypt remote's password, its second one in another line)
        #[arg(long, value_name = "KIND", value_parser = kind, default_value = "customer")]
        kind: KeyKind,
        /// What holds the key, `-` for standard input; without, it is made here or asked for
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// Say what would be done
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
    /// Write a key to a file only you can read, or to standard output with `-`, to keep it elsewhere
    Export {
        name: String,
        #[arg(value_name = "FILE")]
        to: PathBuf,
        /// Say what would be done
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
    /// Forget a key: what was encrypted with it can't be read here any more
    Rm {
        name: String,
        /// Really
        #[arg(short, long)]
        force: bool,
        /// Say what would be done
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
    /// Encrypt everything new in a bucket or below a prefix in one way, unless an upload says otherwise
    Default {
        /// s3://BUCKET[/PREFIX]
        #[arg(value_name = "URI")]
        uri: String,
        #[command(flatten)]
        how: EncryptArgs,
        /// Say what would be done
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
    /// Which places of the connection have a default
    Defaults,
}

impl KeyAction {
    /// Whether it is about a connection's buckets.
    pub fn needs_connection(&self) -> bool {
        matches!(self, Self::Default { .. } | Self::Defaults)
    }
}

pub async fn run(app: &Arc<App>, args: &Args, action: &KeyAction) -> Result<Ended> {
    match action {
        KeyAction::Ls => {
            for key in app.keys()? {
                tell(args, &key);
            }
        }
        KeyAction::Add { name, kind, from, dry_run } => {
            let given = from.as_deref().map(read).transpose()?;
            if *dry_run {
                return would(args, "add", name);
            }
            passphrase::unlock(app, args).await?;
            let made = given.is_none();
            let recipients = add(app, name, *kind, given).await?;
            say(args, "add", name);
            if let (Some(recipients), false) = (&recipients, args.json) {
                line(recipients);
            }
            if made && !args.quiet {
                note(&format!(
                    "The key is in this computer's vault and nowhere else: without it, nobody can read what \
                     was encrypted with it. `dipper key export {name} FILE` writes it to a file."
                ));
            }
        }
        KeyAction::Export { name, to, dry_run: true } => {
            note(&format!("would write '{name}' to {}", to.display()));
        }
        KeyAction::Export { name, to, .. } => {
            passphrase::unlock(app, args).await?;
            write(to, &app.export_key(name).await?)?;
        }
        KeyAction::Rm { name, dry_run: true, .. } => return would(args, "remove", name),
        KeyAction::Rm { name, force: false, .. } => {
            return Err(Failure::invalid(format!(
                "what was encrypted with '{name}' could not be read here any more"
            ))
            .with_hint("--force, if that is meant; `dipper key export` before."));
        }
        KeyAction::Rm { name, .. } => {
            app.remove_key(name).await?;
            say(args, "remove", name);
        }
        KeyAction::Default { .. } | KeyAction::Defaults => {}
    }
    Ok(Ended::Well)
}

pub async fn run_at(context: &Context<'_>, action: &KeyAction) -> Result<Ended> {
    let (app, profile) = (context.app, context.profile.as_str());
    let KeyAction::Default { uri, how, dry_run } = action else {
        for place in app.protected_places(profile)? {
            tell_place(context.args, &place);
        }
        return Ok(Ended::Well);
    };
    let (bucket, prefix) = match S3Uri::parse(uri)? {
        S3Uri::Bucket(bucket) => (bucket, String::new()),
        S3Uri::Path(bucket, prefix) => (bucket, prefix),
        S3Uri::Service => return Err(Failure::invalid("a bucket is needed: s3://BUCKET[/PREFIX]")),
    };
    let with = how.server_side(app, context.args).await?;
    if *dry_run {
        let what = with.as_ref().map_or_else(|| "nothing of its own".to_owned(), words);
        note(&format!("s3://{bucket}/{prefix} would have {what}"));
        return Ok(Ended::Well);
    }
    if let Some(seal) = how.seal(app, context.args).await? {
        app.protect(profile, &bucket, &prefix, Protection::Client { seal }).await?;
        return Ok(Ended::Well);
    }
    set(context, &bucket, &prefix, with, how.no_encrypt).await
}

async fn set(
    context: &Context<'_>,
    bucket: &BucketName,
    prefix: &str,
    with: Option<ServerSide>,
    none: bool,
) -> Result<Ended> {
    let (app, profile) = (context.app, context.profile.as_str());
    match with {
        Some(ServerSide::Customer { key }) if key.starts_with("file:") => {
            return Err(Failure::invalid("a place's key is one of the vault")
                .with_hint("`dipper key add NAME --from FILE` puts it there."));
        }
        Some(with) => {
            app.protect(profile, bucket, prefix, Protection::Server { with }).await?;
        }
        None if none => app.unprotect(profile, bucket, prefix).await?,
        None => {
            return Err(Failure::invalid("say how it is to be encrypted")
                .with_hint("--sse METHOD, --sse-c=KEY, --encrypt-with KEY, or --no-encrypt to forget what was said."));
        }
    }
    Ok(Ended::Well)
}

/// As people say it.
pub fn words(with: &ServerSide) -> String {
    let by = |method: &str, key: &Option<String>| match key {
        Some(key) => format!("{method} with {key}"),
        None => method.to_owned(),
    };
    match with {
        ServerSide::S3 => "SSE-S3".to_owned(),
        ServerSide::Kms { key, .. } => by("SSE-KMS", key),
        ServerSide::Dsse { key } => by("DSSE-KMS", key),
        ServerSide::Customer { key } => format!("SSE-C with '{key}'"),
    }
}

/// `customer`, `passphrase` …
fn kind(text: &str) -> std::result::Result<KeyKind, String> {
    let known = || KeyKind::ALL.map(KeyKind::name).join(", ");
    KeyKind::parse(text).ok_or_else(|| format!("these are known: {}", known()))
}

async fn add(
    app: &Arc<App>,
    name: &str,
    kind: KeyKind,
    given: Option<Secret<Vec<u8>>>,
) -> Result<Option<String>> {
    if kind == KeyKind::Customer {
        return app.add_customer_key(name, given).await.map(|()| None);
    }
    let text = match given {
        Some(bytes) => {
            let text = String::from_utf8(bytes.expose().clone());
            Some(Secret::new(text.map_err(|_| Failure::invalid("this key is no text"))?))
        }
        None if matches!(kind, KeyKind::Passphrase | KeyKind::Rclone) => {
            passphrase::typed("The new passphrase: ")?
        }
        None => None,
    };
    app.add_crypt_key(name, kind, text).await
}

fn tell(args: &Args, key: &KeyInfo) {
    if args.json {
        let places: Vec<_> = key.places.iter().map(place_json).collect();
        return json_line(&json!({
            "type": "key", "name": key.name, "kind": key.kind.name(),
            "created": key.created_at.rfc3339(), "places": places, "recipients": key.recipients,
        }));
    }
    line(&format!("{}  {:10}  {}", key.created_at.rfc3339(), key.kind.name(), key.name));
}

fn place_json(place: &Place) -> serde_json::Value {
    json!({
        "type": "place", "bucket": place.bucket, "prefix": place.prefix,
        "encryption": place.protection,
    })
}

fn tell_place(args: &Args, place: &Place) {
    if args.json {
        return json_line(&place_json(place));
    }
    let how = match &place.protection {
        Protection::Server { with } => words(with),
        Protection::Client { seal } => format!("{} with '{}'", seal.format, seal.keys.join("', '")),
    };
    line(&format!("s3://{}/{}  {how}", place.bucket, place.prefix));
}

fn say(args: &Args, what: &str, name: &str) {
    if args.json {
        json_line(&json!({ "type": "key", "action": what, "name": name }));
    }
}

fn would(args: &Args, what: &str, name: &str) -> Result<Ended> {
    match args.json {
        true => {
            json_line(&json!({ "type": "key", "action": what, "name": name, "dryRun": true }));
        }
        false => note(&format!("would {what} the key '{name}'")),
    }
    Ok(Ended::Well)
}

fn read(path: &Path) -> Result<Secret<Vec<u8>>> {
    let read = if path.as_os_str() == "-" {
        let mut all = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut all).map(|_| all)
    } else {
        std::fs::read(path)
    };
    read.map(Secret::new)
        .map_err(|error| Failure::new(Code::LocalIo, format!("{}: {error}", path.display())))
}

fn write(path: &Path, key: &Secret<String>) -> Result<()> {
    if path.as_os_str() == "-" {
        line(key.expose());
        return Ok(());
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        writeln!(file, "{}", key.expose())?;
        file.sync_all()
    });
    written.map_err(|error| Failure::new(Code::LocalIo, format!("{}: {error}", path.display())))
}
