use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use dipper_app::{Addressing, App, Credentials, Failure, Keep, ProfileDraft, ProfileKind, Result};
use dipper_types::Secret;
use serde_json::json;

use crate::args::{Args, ProfileAction, ProfileVerb};
use crate::connection::read_s3cfg;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

pub async fn run(app: &Arc<App>, args: &Args, options: &ProfileVerb) -> Result<Ended> {
    match &options.verb {
        ProfileAction::Ls => list(app, args).await?,
        ProfileAction::Rm { name } => {
            let profile = app.find_profile(name).await?;
            let profile = profile
                .ok_or_else(|| Failure::invalid(format!("there is no connection '{name}'")))?;
            app.remove_profile(&profile.id).await?;
        }
        ProfileAction::Add { name, endpoint, region, provider } => {
            let draft = draft(args, name, endpoint.as_deref(), region.as_deref(), provider)?;
            let anonymous = draft.access_key.trim().is_empty();
            let saved = app.save_profile(draft).await?;
            if !args.quiet && !args.json {
                line(&format!("Saved '{}' ({})", saved.name, saved.endpoint));
                if anonymous {
                    note("It has no keys: its requests are not signed.");
                }
            }
        }
    }
    Ok(Ended::Well)
}

async fn list(app: &Arc<App>, args: &Args) -> Result<()> {
    for profile in app.profiles().await? {
        let kind = match profile.kind {
            ProfileKind::Sandbox => "sandbox",
            ProfileKind::Vault => "vault",
            ProfileKind::Session => "session",
            ProfileKind::Environment => "environment",
        };
        if args.json {
            json_line(&json!({
                "type": "profile", "id": profile.id, "name": profile.name, "kind": kind,
                "provider": profile.provider, "endpoint": profile.endpoint, "region": profile.region,
            }));
        } else {
            line(&format!("{:24} {:8} {}", name(&profile.name), kind, profile.endpoint));
        }
    }
    Ok(())
}

/// Keys never come from argv: from an `.s3cfg` (`-c`) or two lines of standard input.
fn draft(
    args: &Args,
    name: &str,
    endpoint: Option<&str>,
    region: Option<&str>,
    provider: &str,
) -> Result<ProfileDraft> {
    let mut draft = ProfileDraft {
        id: None,
        name: name.to_owned(),
        provider: provider.to_owned(),
        endpoint: endpoint.unwrap_or_default().to_owned(),
        region: region.unwrap_or_default().to_owned(),
        addressing: Addressing::Auto,
        access_key: String::new(),
        secret_key: Secret::new(String::new()),
        session_token: None,
        keep: Keep::Vault,
        allow_http: false,
        options: Default::default(),
        client_key: None,
    };
    if let Some(path) = &args.config {
        let read = read_s3cfg(path)?;
        draft.provider = read.provider.id.clone();
        draft.endpoint = read.endpoint;
        draft.region = read.region;
        draft.addressing = read.addressing;
        // An .s3cfg that says http has been agreed to.
        draft.allow_http = true;
        if let Credentials::Keys { access_key, secret_key, session_token } = read.credentials {
            draft.access_key = access_key;
            draft.secret_key = secret_key;
            draft.session_token = session_token;
        }
        return Ok(draft);
    }
    if draft.endpoint.is_empty() {
        let known = dipper_app::providers().iter().find(|p| p.id == provider);
        let known =
            known.ok_or_else(|| Failure::invalid(format!("there is no provider '{provider}'")))?;
        let region = region.unwrap_or(&known.default_region);
        draft.endpoint = known.endpoint.replace("{region}", region);
    }
    if std::io::stdin().is_terminal() {
        note("Type the access key id and the secret key, one a line; two empty lines for none:");
    }
    let mut lines = std::io::stdin().lock().lines();
    let mut next = || lines.next().and_then(|l| l.ok()).unwrap_or_default();
    draft.access_key = next();
    draft.secret_key = Secret::new(next());
    Ok(draft)
}
