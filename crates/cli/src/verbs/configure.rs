//! s3cmd's `--configure` and `--dump-config`: a connection asked for, tried and saved; the settings that
//! are in force.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args as ClapArgs;
use dipper_app::{App, Code, Credentials, Failure, Keep, ProfileDraft, Result};
use dipper_types::S3Uri;
use serde_json::{Value, json};

use super::bucket_only;
use crate::args::{Args, Dry};
use crate::connection;
use crate::exit::Ended;
use crate::output::{self, json as json_line, line, note};
use crate::s3cfg::{DEFAULTS, S3cfg};

#[derive(Debug, ClapArgs)]
pub struct Configure {
    /// s3://BUCKET to try the keys on, where they may not list buckets
    pub uri: Option<String>,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, ClapArgs)]
pub struct DumpConfig {
    /// Of the verb that stands besides; not looked at
    #[arg(hide = true)]
    pub words: Vec<String>,
}

/// What is never shown.
const SECRET: [&str; 3] = ["secret_key", "access_token", "gpg_passphrase"];

pub async fn run(app: &Arc<App>, args: &Args, options: &Configure) -> Result<Ended> {
    if args.profile.is_some() || args.sandbox {
        return Err(Failure::invalid("--configure makes a connection of its own")
            .with_hint("Leave out --profile and --sandbox."));
    }
    if let Some(uri) = &options.uri {
        bucket_only(uri)?;
    }
    let mut cfg = match &args.config {
        Some(path) if path.is_file() => S3cfg::read(path)?,
        _ => S3cfg::empty(),
    };
    for (name, value) in args.keys.settings() {
        cfg.set(name, value);
    }
    loop {
        ask_all(&mut cfg)?;
        show(&cfg);
        if yes("Try it now?", true)? {
            match tried(app, args, &cfg, options.uri.as_deref()).await {
                Ok(words) => note(&format!("It works: {words}")),
                Err(failure) => {
                    output::failure(&failure, false);
                    if yes("Change something?", true)? {
                        continue;
                    }
                }
            }
        }
        break;
    }
    if options.dry.dry_run {
        let place = args.config.as_ref().map(|path| path.display().to_string());
        let place = place.unwrap_or_else(|| "a saved connection".into());
        note(&format!("It would be saved: {place}"));
        return Ok(Ended::Well);
    }
    if !yes("Save it?", false)? {
        return Err(Failure::new(Code::Cancelled, "nothing was saved"));
    }
    match &args.config {
        Some(path) => {
            cfg.write(path)?;
            saved(args, json!({ "type": "configured", "file": path }), &path.display().to_string());
        }
        None => {
            let name = keep(app, args, &cfg).await?;
            saved(args, json!({ "type": "configured", "profile": name }), &format!("'{name}'"));
        }
    }
    Ok(Ended::Well)
}

fn saved(args: &Args, event: Value, place: &str) {
    if args.json {
        json_line(&event);
    } else if !args.quiet {
        line(&format!("Configuration saved to {place}"));
    }
}

fn ask_all(cfg: &mut S3cfg) -> Result<()> {
    note("Enter takes what stands in brackets.");
    ask(cfg, "access_key", "Access key (none: from the environment)", "")?;
    ask(cfg, "secret_key", "Secret key", "")?;
    ask(cfg, "bucket_location", "Region", "US")?;
    ask(cfg, "host_base", "S3 endpoint, HOST[:PORT]", "s3.amazonaws.com")?;
    let host = cfg.get("host_base").unwrap_or("s3.amazonaws.com").to_owned();
    // Of a server whose names of buckets before its own nobody knows: by path.
    let template =
        if host == "s3.amazonaws.com" { "%(bucket)s.s3.amazonaws.com".into() } else { host };
    ask(cfg, "host_bucket", "Host of a bucket, with %(bucket)s for its name", &template)?;
    note("Encryption with a password comes with a later version; it is not asked for.");
    let https = yes("Use HTTPS?", cfg.flag("use_https", true))?;
    cfg.set("use_https", if https { "True" } else { "False" }.to_owned());
    ask(cfg, "proxy_host", "HTTP proxy, if one is needed", "")?;
    if cfg.get("proxy_host").is_some() {
        ask(cfg, "proxy_port", "Its port", "3128")?;
    }
    Ok(())
}

/// One setting; what was said before, else `usual`, stays where nothing is said now.
fn ask(cfg: &mut S3cfg, key: &str, question: &str, usual: &str) -> Result<()> {
    let secret = SECRET.contains(&key);
    let known = cfg.get(key).unwrap_or(usual).to_owned();
    let shown = if secret && !known.is_empty() { "***" } else { known.as_str() };
    let bracket = if shown.is_empty() { String::new() } else { format!(" [{shown}]") };
    let said = said(&format!("{question}{bracket}: "), secret)?;
    let value = if said.is_empty() { known } else { said };
    if cfg.get(key) != Some(value.as_str()) {
        cfg.set(key, value);
    }
    Ok(())
}

fn yes(question: &str, usual: bool) -> Result<bool> {
    let hint = if usual { "Y/n" } else { "y/N" };
    let said = said(&format!("{question} [{hint}] "), false)?;
    Ok(match said.to_ascii_lowercase().as_str() {
        "" => usual,
        word => word.starts_with('y'),
    })
}

fn said(question: &str, secret: bool) -> Result<String> {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(question.as_bytes()).and_then(|()| out.flush());
    let mut text = String::new();
    let read = {
        let _hidden = (secret && std::io::stdin().is_terminal()).then(hidden::Echo::off).flatten();
        std::io::stdin().lock().read_line(&mut text)
    };
    if secret && std::io::stdin().is_terminal() {
        let _ = writeln!(out);
    }
    match read {
        Ok(0) => Err(Failure::new(Code::Cancelled, "the answers ended; nothing was saved")),
        Ok(_) => Ok(text.trim().to_owned()),
        Err(error) => Err(Failure::new(Code::LocalIo, format!("standard input: {error}"))),
    }
}

#[cfg(unix)]
mod hidden {
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// The terminal shows nothing of what is typed until this is dropped.
    pub struct Echo(Termios);

    impl Echo {
        pub fn off() -> Option<Self> {
            let before = tcgetattr(std::io::stdin()).ok()?;
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent).ok()?;
            Some(Self(before))
        }
    }

    impl Drop for Echo {
        fn drop(&mut self) {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
        }
    }
}

#[cfg(not(unix))]
mod hidden {
    pub struct Echo;

    impl Echo {
        pub fn off() -> Option<Self> {
            None
        }
    }
}

fn show(cfg: &S3cfg) {
    note("New settings:");
    let keys = ["access_key", "secret_key", "bucket_location", "host_base", "host_bucket"];
    for key in keys.iter().chain(&["use_https", "proxy_host", "proxy_port"]) {
        note(&format!("  {key} = {}", masked(key, cfg.get(key).unwrap_or_default())));
    }
}

fn masked<'a>(key: &str, value: &'a str) -> &'a str {
    if SECRET.contains(&key) && !value.is_empty() { "***" } else { value }
}

async fn tried(app: &Arc<App>, args: &Args, cfg: &S3cfg, uri: Option<&str>) -> Result<String> {
    let path = args.config.as_deref().unwrap_or(Path::new("."));
    let made = connection::of_s3cfg(args, cfg.clone(), path)?;
    let id = app.add_session("configured", &made)?;
    match uri.map(S3Uri::parse).transpose()? {
        Some(S3Uri::Bucket(bucket)) => {
            app.client(&id).await?.head_bucket(&bucket).await?;
            Ok(format!("s3://{bucket} is there"))
        }
        _ => Ok(format!("{} buckets", app.buckets(&id).await?.len())),
    }
}

/// As a saved connection: the keys go into the vault.
async fn keep(app: &Arc<App>, args: &Args, cfg: &S3cfg) -> Result<String> {
    crate::passphrase::unlock(app, args).await?;
    let made = connection::of_s3cfg(args, cfg.clone(), Path::new("."))?;
    let Credentials::Keys { access_key, secret_key, session_token } = made.credentials else {
        return Err(Failure::invalid("there are no keys to keep")
            .with_hint("Say them, or write a file with --config FILE."));
    };
    let host = made.endpoint.split_once("://").map_or(made.endpoint.as_str(), |(_, host)| host);
    let usual = if host.is_empty() { "AWS" } else { host };
    let named = said(&format!("Name of the connection [{usual}]: "), false)?;
    let name = if named.is_empty() { usual.to_owned() } else { named };
    let mut options = dipper_app::ProfileOptions::default();
    if let Some(host) = cfg.get("proxy_host") {
        let url = format!("http://{host}:{}", cfg.get("proxy_port").unwrap_or("3128"));
        options.network.proxy = dipper_app::ProxyChoice::Url { url };
    }
    let draft = ProfileDraft {
        id: app.find_profile(&name).await?.map(|known| known.id),
        name: name.clone(),
        provider: made.provider.id.clone(),
        endpoint: made.endpoint,
        region: made.region,
        addressing: made.addressing,
        access_key,
        secret_key,
        session_token,
        keep: Keep::Vault,
        // It was said: no HTTPS.
        allow_http: true,
        options,
        client_key: None,
        keep_options: false,
    };
    app.save_profile(draft).await?;
    Ok(name)
}

/// `--dump-config`: s3cmd's settings as they are in force, without secrets.
pub fn dump(args: &Args) -> Result<Ended> {
    if args.profile.is_some() || args.sandbox {
        return Err(Failure::invalid("--dump-config tells of an .s3cfg")
            .with_hint("`dipper profile show` tells of a saved connection."));
    }
    let path: Option<PathBuf> = connection::s3cfg_path(args);
    let mut cfg = match &path {
        Some(path) => S3cfg::read(path)?,
        None => S3cfg::empty(),
    };
    for (name, value) in args.keys.settings() {
        cfg.set(name, value);
    }
    let mut all: Vec<(&str, &str)> = DEFAULTS.to_vec();
    for (key, value) in cfg.entries() {
        match all.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = value,
            None => all.push((key, value)),
        }
    }
    all.sort_unstable();
    if args.json {
        let settings: serde_json::Map<String, Value> =
            all.iter().map(|(key, value)| ((*key).to_owned(), masked(key, value).into())).collect();
        json_line(&json!({ "type": "configuration", "file": path, "settings": settings }));
        return Ok(Ended::Well);
    }
    line("[default]");
    for (key, value) in all {
        line(&format!("{key} = {}", masked(key, value)));
    }
    Ok(Ended::Well)
}
