//! Which connection: keys among the options, `-c`, `--profile` or `--sandbox`; then `$S3CMD_CONFIG`,
//! systemd's credential `s3cfg`, `~/.s3cfg`, the AWS environment, the app's first connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dipper_app::{
    Addressing, App, Code, Connection, Credentials, Failure, Identity, Machine, NetworkOverride,
    Profile, ProfileKind, Proxy, ProxyRules, Result, Transport, Verify, provider_of_endpoint,
    providers,
};
use dipper_types::Secret;

use crate::args::Args;
use crate::passphrase;
use crate::s3cfg::S3cfg;

/// The id of the profile to work with.
pub async fn choose(app: &Arc<App>, args: &Args) -> Result<String> {
    check(args)?;
    if args.sandbox {
        return Ok(app.start_sandbox().await?.id);
    }
    if let Some(name) = &args.profile {
        return by_name(app, args, name).await;
    }
    if let Some(path) = s3cfg_path(args) {
        return from_s3cfg(app, args, &path);
    }
    if args.keys.names_an_account() {
        return from_options(app, args);
    }
    if variable("AWS_ACCESS_KEY_ID").is_some() || variable("AWS_PROFILE").is_some() {
        return from_environment(app, args).await;
    }
    if args.keys.host.is_some() {
        return from_options(app, args);
    }
    match app.profiles().await?.into_iter().next() {
        Some(profile) => saved(app, args, profile).await,
        None => Err(Failure::invalid("there is no connection yet").with_hint(
            "Try --sandbox, name an .s3cfg with -c, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
             or save a connection with `dipper profile add`.",
        )),
    }
}

/// The id of a saved connection, with its vault open.
pub async fn by_name(app: &Arc<App>, args: &Args, name: &str) -> Result<String> {
    match app.find_profile(name).await? {
        Some(profile) => saved(app, args, profile).await,
        None => Err(Failure::invalid(format!("there is no connection '{name}'"))
            .with_hint("`dipper profile ls` lists them.")),
    }
}

async fn saved(app: &Arc<App>, args: &Args, profile: Profile) -> Result<String> {
    if profile.kind == ProfileKind::Vault {
        passphrase::unlock(app, args).await?;
    }
    Ok(profile.id)
}

/// The `.s3cfg` that is meant: named, by the environment, passed by systemd, or at home.
pub fn s3cfg_path(args: &Args) -> Option<PathBuf> {
    let named = args.config.clone().or_else(|| variable("S3CMD_CONFIG").map(PathBuf::from));
    let passed = || passphrase::credential("s3cfg").filter(|path| path.is_file());
    let at_home = || dipper_app::home_folder().map(|home| home.join(".s3cfg"));
    named.or_else(passed).or_else(|| at_home().filter(|path| path.is_file()))
}

/// A saved connection has its own keys and address: what is said besides would be ignored.
fn check(args: &Args) -> Result<()> {
    let keys = &args.keys;
    if keys.secret_key.is_some() && !args.quiet {
        crate::output::note(
            "WARNING: others on this machine can read --secret_key while this runs; an .s3cfg or a saved \
             connection keeps it to yourself",
        );
    }
    let saved = args.profile.is_some() || args.sandbox;
    // These are the verb's own words, too.
    let elsewhere =
        |name: &str| matches!(name, "requester_pays" | "bucket_location" | "signature_v2");
    let said = keys.settings().into_iter().any(|(name, _)| !elsewhere(name));
    match saved && (said || keys.no_sign_request) {
        true => Err(Failure::invalid("a saved connection has its own keys and address")
            .with_hint("Leave out --profile or --sandbox, or the keys and the host.")),
        false => Ok(()),
    }
}

/// What this run says about the way to every server.
pub fn override_network(app: &Arc<App>, args: &Args) -> Result<()> {
    let network = &args.network;
    let mut over = NetworkOverride::default();
    if let Some(url) = &network.proxy {
        over.proxy = Some(Proxy::parse(url).map_err(|e| Failure::invalid(e.to_string()))?);
    }
    if let Some(path) = &network.ca_certs {
        let read = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(Code::LocalIo, format!("{}: {error}", path.display())))?;
        let transport = Transport { roots: Some(read), ..Transport::default() };
        transport
            .check()
            .map_err(|error| Failure::invalid(format!("{}: {error}", path.display())))?;
        over.roots = transport.roots;
    }
    if network.no_check_certificate {
        crate::output::note(
            "WARNING: the server's certificate is not checked: anybody on the way can read and change \
             everything, and take the keys' signatures",
        );
        over.verify = Verify::Nothing;
    } else if network.no_check_hostname {
        crate::output::note("WARNING: the certificate may be another server's");
        over.verify = Verify::Chain;
    }
    over.signature_v2 = args.keys.signature_v2;
    over.cloudfront = variable("AWS_ENDPOINT_URL_CLOUDFRONT");
    app.override_network(over);
    Ok(())
}

/// Whether a file or the environment is at fault, not what was typed.
pub fn is_configuration(args: &Args, failure: &Failure) -> bool {
    args.profile.is_none() && matches!(failure.code, Code::InvalidInput | Code::LocalIo)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// What was named, else what the address tells.
fn provider_of(args: &Args, endpoint: Option<&str>) -> String {
    match (&args.provider, endpoint) {
        (Some(named), _) => named.clone(),
        (None, None) => "aws".to_owned(),
        (None, Some(endpoint)) => provider_of_endpoint(endpoint)
            .map_or_else(|| "custom".to_owned(), |provider| provider.id.clone()),
    }
}

async fn from_environment(app: &Arc<App>, args: &Args) -> Result<String> {
    let keys = &args.keys;
    let scheme = if keys.no_ssl { "http" } else { "https" };
    let endpoint = match &keys.host {
        Some(host) => Some(format!("{scheme}://{host}")),
        None => variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL")),
    };
    let named = keys.region.clone().or_else(|| variable("AWS_REGION"));
    let region = match named.or_else(|| variable("AWS_DEFAULT_REGION")) {
        Some(region) => region,
        None => dipper_app::S3::environment_region().await.unwrap_or_else(|| "us-east-1".into()),
    };
    let credentials = match variable("AWS_PROFILE") {
        Some(name) if variable("AWS_ACCESS_KEY_ID").is_none() => Credentials::AwsProfile { name },
        // Keys that the environment has itself come first, as the AWS CLI has it.
        _ => Credentials::Environment { aws_profile: None },
    };
    let provider = provider_of(args, endpoint.as_deref());
    let mut connection =
        connection(endpoint.as_deref(), &region, &provider, Addressing::Auto, credentials)?;
    connection.options.requester_pays = keys.requester_pays;
    app.add_session("environment", &connection)
}

pub fn connection(
    endpoint: Option<&str>,
    region: &str,
    provider: &str,
    addressing: Addressing,
    credentials: Credentials,
) -> Result<Connection> {
    let provider = providers().into_iter().find(|p| p.id == provider);
    let provider = provider.ok_or_else(|| {
        let known: Vec<String> = providers().iter().map(|p| p.id.clone()).collect();
        Failure::invalid("there is no such provider")
            .with_hint(format!("These are known: {}.", known.join(", ")))
    })?;
    let endpoint = match endpoint {
        Some(text) => Connection::endpoint_from_text(text)?,
        None if !provider.endpoint.is_empty() => {
            Connection::endpoint_from_text(&provider.endpoint.replace("{region}", region))?
        }
        None => return Err(Failure::invalid("an endpoint is needed")),
    };
    Ok(Connection {
        endpoint,
        region: region.to_owned(),
        addressing,
        provider,
        credentials,
        options: dipper_app::Options {
            transport: Transport { proxy: Machine::of_process().proxies, ..Transport::default() },
            ..Default::default()
        },
    })
}

/// The connection that an `.s3cfg` describes.
pub fn read_s3cfg(args: &Args, path: &Path) -> Result<Connection> {
    of_s3cfg(args, S3cfg::read(path)?, path)
}

pub fn of_s3cfg(args: &Args, mut cfg: S3cfg, path: &Path) -> Result<Connection> {
    for (name, value) in args.keys.settings() {
        cfg.set(name, value);
    }
    let host = cfg.get("host_base").unwrap_or("s3.amazonaws.com");
    let host = host.trim_start_matches("http://").trim_start_matches("https://");
    let scheme = if cfg.flag("use_https", true) { "https" } else { "http" };
    let bucket_host = cfg.get("host_bucket").unwrap_or("%(bucket)s.s3.amazonaws.com");
    let addressing =
        if bucket_host.contains("%(bucket)s") { Addressing::Auto } else { Addressing::Path };
    let region = match cfg.get("bucket_location").unwrap_or("US") {
        "US" => "us-east-1",
        "EU" => "eu-west-1",
        other => other,
    };
    let aws = host == "s3.amazonaws.com";
    let credentials = match (cfg.get("access_key"), cfg.get("secret_key")) {
        _ if args.keys.no_sign_request => Credentials::Anonymous,
        (Some(access_key), Some(secret)) => Credentials::Keys {
            access_key: access_key.to_owned(),
            secret_key: Secret::new(secret.to_owned()),
            session_token: cfg.get("access_token").map(|t| Secret::new(t.to_owned())),
        },
        (None, None) => Credentials::Environment { aws_profile: None },
        (Some(_), None) => return Err(Failure::invalid("an access key needs its secret key")),
        (None, Some(_)) => return Err(Failure::invalid("a secret key needs its access key")),
    };
    let endpoint = (!aws).then(|| format!("{scheme}://{host}"));
    let provider = provider_of(args, endpoint.as_deref());
    let mut connection =
        connection(endpoint.as_deref(), region, &provider, addressing, credentials)?;
    connection.options.requester_pays = cfg.flag("requester_pays", false);
    connection.options.signature_v2 = cfg.flag("signature_v2", false);
    let cloudfront = cfg.get("cloudfront_host").filter(|host| *host != "cloudfront.amazonaws.com");
    connection.options.cloudfront = cloudfront.map(Connection::endpoint_from_text).transpose()?;
    network(&cfg, path, &mut connection.options.transport)?;
    Ok(connection)
}

/// Its proxy, its certificates, and what it does not want to be checked.
fn network(cfg: &S3cfg, path: &Path, transport: &mut Transport) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let read = |name: &str| {
        let file = match (name.strip_prefix("~/"), dipper_app::home_folder()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => folder.join(name),
        };
        std::fs::read_to_string(&file)
            .map_err(|error| Failure::new(Code::LocalIo, format!("{}: {error}", file.display())))
    };
    if let Some(host) = cfg.get("proxy_host") {
        let url = format!("http://{host}:{}", cfg.get("proxy_port").unwrap_or("3128"));
        let proxy = Proxy::parse(&url).map_err(|error| Failure::invalid(error.to_string()))?;
        transport.proxy = ProxyRules::always(proxy);
    }
    if let Some(name) = cfg.get("ca_certs_file") {
        transport.roots = Some(read(name)?);
    }
    if let (Some(chain), Some(key)) =
        (cfg.get("ssl_client_cert_file"), cfg.get("ssl_client_key_file"))
    {
        let identity = Identity { chain: read(chain)?, key: Secret::new(read(key)?) };
        transport.identity = Some(identity);
    }
    if !cfg.flag("check_ssl_certificate", true) {
        crate::output::note(&format!(
            "WARNING: {} says not to check the server's certificate",
            path.display()
        ));
        transport.verify = Verify::Nothing;
    } else if !cfg.flag("check_ssl_hostname", true) {
        transport.verify = Verify::Chain;
    }
    transport.check().map_err(|error| Failure::invalid(error.to_string()))
}

/// The same for the same endpoint and account, so that a job finds its connection again in a later
/// run, and never another one.
fn session_name(connection: &Connection) -> String {
    let account = match &connection.credentials {
        Credentials::Keys { access_key, .. } => access_key.as_str(),
        _ => "",
    };
    // FNV-1a: short, and the same in every build.
    let hash = connection
        .endpoint
        .bytes()
        .chain([0])
        .chain(account.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("s3cfg-{hash:016x}")
}

fn from_options(app: &Arc<App>, args: &Args) -> Result<String> {
    let connection = of_s3cfg(args, S3cfg::empty(), Path::new("."))?;
    app.add_session(&session_name(&connection), &connection)
}

fn from_s3cfg(app: &Arc<App>, args: &Args, path: &Path) -> Result<String> {
    let connection = read_s3cfg(args, path)?;
    app.add_session(&session_name(&connection), &connection)
}
