use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use dipper_app::{
    Addressing, App, Code, Credentials, Failure, Keep, Profile, ProfileDraft, ProfileKind,
    ProxyChoice, Result, RoleSource, RoleWay, SignInState, SignInStatus, SsoWay, Way,
    WebIdentityWay,
};
use dipper_types::Secret;
use serde_json::json;

use crate::args::Args;
use crate::args_profile::{ProfileAction, ProfileAdd, ProfileVerb};
use crate::connection::read_s3cfg;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};
use crate::passphrase;

pub async fn run(app: &Arc<App>, args: &Args, options: &ProfileVerb) -> Result<Ended> {
    if options.dry_run && planned(app, args, &options.verb).await? {
        return Ok(Ended::Well);
    }
    match &options.verb {
        ProfileAction::Ls => list(app, args).await?,
        ProfileAction::Rm { name } => {
            let profile = named(app, name).await?;
            app.remove_profile(&profile.id).await?;
        }
        ProfileAction::Add(add) => {
            passphrase::unlock(app, args).await?;
            let draft = draft(args, add)?;
            let saved = app.save_profile(draft).await?;
            let anonymous = saved.options.sign_in == Way::Keys && saved.access_key_hint.is_none();
            if args.json {
                json_line(&described(&saved));
            } else if !args.quiet {
                line(&format!("Saved '{}' ({})", saved.name, saved.endpoint));
                if anonymous {
                    note("It has no keys: its requests are not signed.");
                }
                if matches!(saved.options.sign_in, Way::Sso(_)) {
                    note(&format!("Sign in with `dipper profile login {}`.", saved.name));
                }
            }
        }
        ProfileAction::Show { name } => show(app, args, name).await?,
        ProfileAction::Login { name, open } => login(app, args, name, *open).await?,
        ProfileAction::Logout { name } => {
            let profile = named(app, name).await?;
            app.sign_out(&profile.id).await?;
        }
        ProfileAction::Import(import) => {
            return super::profile_import::run(app, args, import, options.dry_run).await;
        }
    }
    Ok(Ended::Well)
}

/// Says what would be done; false where nothing would be but to tell, or what is to be done tells it
/// itself.
async fn planned(app: &Arc<App>, args: &Args, verb: &ProfileAction) -> Result<bool> {
    let (word, name, endpoint) = match verb {
        ProfileAction::Ls | ProfileAction::Show { .. } | ProfileAction::Import(_) => {
            return Ok(false);
        }
        ProfileAction::Add(add) => {
            let draft = draft(args, add)?;
            app.check_profile(&draft).await?;
            ("save", draft.name, draft.endpoint)
        }
        ProfileAction::Rm { name } => ("remove", name.clone(), named(app, name).await?.endpoint),
        ProfileAction::Login { name, .. } => {
            ("login", name.clone(), named(app, name).await?.endpoint)
        }
        ProfileAction::Logout { name } => {
            ("logout", name.clone(), named(app, name).await?.endpoint)
        }
    };
    if args.json {
        json_line(&json!({
            "type": "profile", "name": name, "endpoint": endpoint, "would": word, "dryRun": true,
        }));
    } else {
        line(&format!("{word}: '{}' ({endpoint})", self::name(&name)));
    }
    Ok(true)
}

async fn named(app: &Arc<App>, name: &str) -> Result<Profile> {
    app.find_profile(name).await?.ok_or_else(|| {
        Failure::invalid(format!("there is no connection '{name}'"))
            .with_hint("`dipper profile ls` lists them.")
    })
}

fn kind(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Sandbox => "sandbox",
        ProfileKind::Vault => "vault",
        ProfileKind::Session => "session",
        ProfileKind::Environment => "environment",
    }
}

fn described(profile: &Profile) -> serde_json::Value {
    json!({
        "type": "profile", "id": profile.id, "name": profile.name, "kind": kind(profile.kind),
        "provider": profile.provider, "endpoint": profile.endpoint, "region": profile.region,
    })
}

async fn list(app: &Arc<App>, args: &Args) -> Result<()> {
    for profile in app.profiles().await? {
        if args.json {
            json_line(&described(&profile));
        } else {
            line(&format!(
                "{:24} {:8} {}",
                name(&profile.name),
                kind(profile.kind),
                profile.endpoint
            ));
        }
    }
    Ok(())
}

fn way(way: &Way) -> &'static str {
    match way {
        Way::Keys => "keys",
        Way::Environment => "environment",
        Way::AwsProfile { .. } => "AWS profile",
        Way::Sso(_) => "IAM Identity Center",
        Way::Role(_) => "role",
        Way::WebIdentity(_) => "web identity",
        Way::Instance { .. } => "instance metadata",
    }
}

fn state(status: &SignInStatus) -> &'static str {
    match status.state {
        SignInState::Permanent => "permanent",
        SignInState::Ready => "ready",
        SignInState::SignedIn => "signed in",
        SignInState::NeedsUser => "needs a sign-in",
    }
}

async fn show(app: &Arc<App>, args: &Args, wanted: &str) -> Result<()> {
    let profile = named(app, wanted).await?;
    let status = app.sign_in_status(&profile.id).await?;
    let expires = status.expires.map(dipper_types::Timestamp::rfc3339);
    let options = &profile.options;
    if args.json {
        let mut all = described(&profile);
        all["signIn"] = json!({
            "way": options.sign_in, "state": state(&status), "expires": expires,
            "renewable": status.renewable,
        });
        all["options"] = json!({
            "network": options.network, "start": options.start, "fips": options.fips,
            "requesterPays": options.requester_pays, "dualStack": options.dual_stack,
            "accelerate": options.accelerate,
        });
        all["accessKeyHint"] = json!(profile.access_key_hint);
        json_line(&all);
        return Ok(());
    }
    let row = |what: &str, value: &str| line(&format!("{what:14} {}", name(value)));
    row("Name", &profile.name);
    row("Endpoint", &profile.endpoint);
    row("Region", &profile.region);
    row("Provider", &profile.provider);
    row("Signs in by", way(&options.sign_in));
    if let Some(hint) = &profile.access_key_hint {
        row("Access key", hint);
    }
    row("Session", state(&status));
    if let Some(expires) = expires {
        row("Until", &expires);
    }
    if let Some(start) = &options.start {
        row("Begins in", start);
    }
    if let ProxyChoice::Url { url } = &options.network.proxy {
        row("Proxy", url);
    }
    if let Some(pin) = &options.network.pin {
        row("Pinned", pin);
    }
    Ok(())
}

async fn login(app: &Arc<App>, args: &Args, wanted: &str, open: bool) -> Result<()> {
    let profile = named(app, wanted).await?;
    let Way::Sso(sso) = &profile.options.sign_in else {
        let status = app.sign_in(&profile.id).await?;
        return signed_in(args, &status);
    };
    let flow = app.begin_device_flow(sso).await?;
    let code = &flow.code;
    let address = code.verification_uri_complete.as_ref().unwrap_or(&code.verification_uri);
    if args.json {
        json_line(&json!({
            "type": "device", "userCode": code.user_code, "verificationUri": code.verification_uri,
            "verificationUriComplete": code.verification_uri_complete,
            "expires": code.expires.rfc3339(),
        }));
    } else {
        line(&format!("Open {address}"));
        line(&format!("and confirm the code {}", code.user_code));
    }
    if open && open::that_detached(address).is_err() {
        note("No browser could be opened here.");
    }
    tokio::select! {
        ended = app.end_of_device_flow(flow.id) => signed_in(args, &ended?),
        _ = tokio::signal::ctrl_c() => {
            app.cancel_device_flow(flow.id);
            Err(Failure::new(Code::Cancelled, "the sign-in was given up"))
        }
    }
}

fn signed_in(args: &Args, status: &SignInStatus) -> Result<()> {
    let expires = status.expires.map(dipper_types::Timestamp::rfc3339);
    if args.json {
        json_line(&json!({
            "type": "signedIn", "expires": expires, "renewable": status.renewable,
        }));
    } else if !args.quiet {
        match expires {
            Some(expires) => line(&format!("Signed in until {expires}")),
            None => line("Signed in"),
        }
    }
    Ok(())
}

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Code::LocalIo, format!("{}: {error}", path.display())))
}

/// Keys never come from argv: from an `.s3cfg` (`-c`) or two lines of standard input.
fn draft(args: &Args, add: &ProfileAdd) -> Result<ProfileDraft> {
    let at_aws = add.sso_start_url.is_some() || add.aws_profile.is_some() || add.instance;
    let usual = if at_aws && add.endpoint.is_none() { "aws" } else { "custom" };
    let provider = args.provider.as_deref().unwrap_or(usual);
    if !dipper_app::providers().iter().any(|p| p.id == provider) {
        return Err(Failure::invalid(format!("there is no provider '{provider}'")));
    }
    let mut draft = ProfileDraft {
        id: None,
        name: add.name.clone(),
        provider: provider.to_owned(),
        endpoint: add.endpoint.clone().unwrap_or_default(),
        region: add.region.clone().unwrap_or_default(),
        addressing: Addressing::Auto,
        access_key: String::new(),
        secret_key: Secret::new(String::new()),
        session_token: None,
        keep: Keep::Vault,
        allow_http: add.allow_http,
        options: Default::default(),
        client_key: None,
        keep_options: false,
    };
    let options = &mut draft.options;
    options.sign_in = sign_in(add)?;
    options.start = add.bucket.as_ref().map(|b| b.trim_start_matches("s3://").to_owned());
    options.requester_pays = add.requester_pays;
    options.fips = add.fips;
    options.dual_stack = add.dual_stack;
    options.accelerate = add.accelerate;
    let network = &mut options.network;
    network.pin = add.pin.clone();
    if let Some(url) = &args.network.proxy {
        network.proxy = ProxyChoice::Url { url: url.clone() };
    }
    network.roots = args.network.ca_certs.as_deref().map(text).transpose()?;
    network.client_certificate = add.client_cert.as_deref().map(text).transpose()?;
    draft.client_key = add.client_key.as_deref().map(text).transpose()?.map(Secret::new);
    if let Some(path) = &args.config {
        let read = read_s3cfg(args, path)?;
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
    if add.anonymous || !draft.options.sign_in.takes_keys() {
        return Ok(draft);
    }
    if std::io::stdin().is_terminal() {
        note("Type the access key id and the secret key, one a line; two empty lines for none:");
    }
    let mut lines = std::io::stdin().lock().lines();
    let mut next = || lines.next().and_then(|l| l.ok()).unwrap_or_default();
    draft.access_key = next();
    draft.secret_key = Secret::new(next());
    draft.session_token = Some(next()).filter(|t| !t.trim().is_empty()).map(Secret::new);
    Ok(draft)
}

fn sign_in(add: &ProfileAdd) -> Result<Way> {
    if let Some(role_arn) = &add.role_arn {
        if let Some(file) = &add.web_identity_token_file {
            return Ok(Way::WebIdentity(WebIdentityWay {
                token_file: super::absolute(file)?.to_string_lossy().into_owned(),
                role_arn: role_arn.clone(),
                session_name: add.role_session_name.clone(),
                sts_endpoint: add.sts_endpoint.clone(),
                region: None,
            }));
        }
        let source = match &add.aws_profile {
            Some(name) => RoleSource::AwsProfile { name: name.clone() },
            None if add.environment => RoleSource::Environment,
            None if add.instance => RoleSource::Instance,
            None if add.sso_start_url.is_some() => {
                return Err(Failure::invalid("a role can't be taken on from --sso-start-url")
                    .with_hint(
                        "Write both as profiles of ~/.aws/config, and name one with --aws-profile.",
                    ));
            }
            None => RoleSource::Keys,
        };
        return Ok(Way::Role(RoleWay {
            source,
            role_arn: role_arn.clone(),
            external_id: add.external_id.clone(),
            session_name: add.role_session_name.clone(),
            duration_seconds: add.duration,
            mfa_serial: add.mfa_serial.clone(),
            sts_endpoint: add.sts_endpoint.clone(),
            region: None,
        }));
    }
    let own = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(if let Some(start_url) = &add.sso_start_url {
        Way::Sso(SsoWay {
            start_url: start_url.clone(),
            region: own(&add.sso_region),
            session: Some(add.sso_session.clone().unwrap_or_else(|| "dipper".into())),
            account_id: own(&add.sso_account),
            role_name: own(&add.sso_role),
            oidc_endpoint: std::env::var("AWS_ENDPOINT_URL_SSO_OIDC").ok(),
            portal_endpoint: std::env::var("AWS_ENDPOINT_URL_SSO").ok(),
        })
    } else if let Some(name) = &add.aws_profile {
        Way::AwsProfile { name: name.clone() }
    } else if add.environment {
        Way::Environment
    } else if add.instance {
        Way::Instance { endpoint: None }
    } else {
        Way::Keys
    })
}
