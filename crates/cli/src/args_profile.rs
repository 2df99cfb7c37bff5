use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// What says how the server is reached, whatever the connection is.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Go through this proxy: http://, https:// or socks5://HOST:PORT; else the environment's
    #[arg(long, global = true, value_name = "URL", env = "DIPPER_PROXY", hide_env_values = true)]
    pub proxy: Option<String>,
    /// Trust the certificates in this PEM file, besides the system's
    #[arg(long, global = true, value_name = "FILE", visible_alias = "ca-cert")]
    pub ca_certs: Option<PathBuf>,
    /// Do not check the server's certificate. Anybody on the way can read and change everything
    #[arg(long, global = true, conflicts_with = "check_certificate")]
    pub no_check_certificate: bool,
    /// Check it (the default)
    #[arg(long, global = true, hide = true)]
    pub check_certificate: bool,
    /// Check the certificate, but not whether it is for this host
    #[arg(long, global = true, conflicts_with = "check_hostname")]
    pub no_check_hostname: bool,
    /// Check both (the default)
    #[arg(long, global = true, hide = true)]
    pub check_hostname: bool,
}

/// s3cmd's words for a connection. Each beats what an .s3cfg says.
#[derive(Debug, Clone, Default, ClapArgs)]
#[command(next_help_heading = "Connection, as s3cmd has it")]
pub struct KeyArgs {
    /// The access key. Others on this machine can read the command line
    #[arg(long = "access_key", alias = "access-key", global = true, value_name = "KEY")]
    pub access_key: Option<String>,
    /// Its secret
    #[arg(long = "secret_key", alias = "secret-key", global = true, value_name = "KEY")]
    pub secret_key: Option<String>,
    /// The token of temporary keys
    #[arg(long = "access_token", alias = "access-token", global = true, value_name = "TOKEN")]
    pub access_token: Option<String>,
    /// Send no keys, as somebody without any
    #[arg(long, global = true, conflicts_with_all = ["access_key", "secret_key", "access_token"])]
    pub no_sign_request: bool,
    /// HOST[:PORT] of the server
    #[arg(long, global = true, value_name = "HOST")]
    pub host: Option<String>,
    /// HOST[:PORT] of a bucket, with %(bucket)s for its name; without: by path
    #[arg(long, global = true, value_name = "HOST")]
    pub host_bucket: Option<String>,
    /// Use https (the default)
    #[arg(short, long, global = true, overrides_with = "no_ssl")]
    pub ssl: bool,
    /// Use http: anybody on the way can read and change everything
    #[arg(long, global = true)]
    pub no_ssl: bool,
    /// The region
    #[arg(long, global = true, value_name = "REGION", alias = "bucket-location")]
    pub region: Option<String>,
    /// Show this certificate to the server (PEM)
    #[arg(long, global = true, value_name = "FILE", requires = "ssl_key")]
    pub ssl_cert: Option<PathBuf>,
    /// And its key
    #[arg(long, global = true, value_name = "FILE", requires = "ssl_cert")]
    pub ssl_key: Option<PathBuf>,
    /// Sign as old servers want it (Signature Version 2)
    #[arg(long, global = true)]
    pub signature_v2: bool,
    /// A key for SSE-C (32 bytes, base64 or hexadecimal): what is read may have been encrypted with it
    #[arg(long, global = true, value_name = "FILE")]
    pub sse_c_key_file: Option<PathBuf>,
    /// Pay for the requests where the bucket's owner does not
    #[arg(long, global = true)]
    pub requester_pays: bool,
}

impl KeyArgs {
    /// Whether they say which account it is, or that it is none.
    pub fn names_an_account(&self) -> bool {
        self.access_key.is_some() || self.no_sign_request
    }

    /// As lines of an .s3cfg.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        let mut text = |name, value: Option<&str>| {
            if let Some(value) = value {
                all.push((name, value.to_owned()));
            }
        };
        text("access_key", self.access_key.as_deref());
        text("secret_key", self.secret_key.as_deref());
        text("access_token", self.access_token.as_deref());
        text("host_base", self.host.as_deref());
        text("host_bucket", self.host_bucket.as_deref());
        text("bucket_location", self.region.as_deref());
        text("ssl_client_cert_file", self.ssl_cert.as_deref().and_then(|path| path.to_str()));
        text("ssl_client_key_file", self.ssl_key.as_deref().and_then(|path| path.to_str()));
        text("use_https", self.no_ssl.then_some("False").or(self.ssl.then_some("True")));
        text("signature_v2", self.signature_v2.then_some("True"));
        text("requester_pays", self.requester_pays.then_some("True"));
        // A server by its host alone has no names of buckets before it.
        if self.host.is_some() && self.host_bucket.is_none() {
            all.push(("host_bucket", self.host.clone().unwrap_or_default()));
        }
        all
    }
}

#[derive(Debug, ClapArgs)]
pub struct ProfileVerb {
    #[command(subcommand)]
    pub verb: ProfileAction,
    /// Say what would be saved, forgotten or taken over
    #[arg(short = 'n', long, global = true)]
    pub dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub enum ProfileAction {
    /// List saved connections
    Ls,
    /// Save a connection; its keys come from standard input, one a line, or from -c FILE
    Add(Box<ProfileAdd>),
    /// Everything about a connection but its secrets, and until when it is signed in
    Show { name: String },
    /// Sign in: in a browser, or with the code of a device
    Login {
        name: String,
        /// Open the browser here
        #[arg(long)]
        open: bool,
    },
    /// Forget the token of IAM Identity Center, for the AWS CLI, too
    Logout { name: String },
    /// Take connections over from another program
    Import(ProfileImport),
    /// Forget a connection and its keys
    Rm { name: String },
}

#[derive(Debug, ClapArgs)]
pub struct ProfileAdd {
    pub name: String,
    /// https://HOST[:PORT]; else the provider's own
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Else the provider's default
    #[arg(long)]
    pub region: Option<String>,
    /// Sign nothing, and ask for no keys
    #[arg(long, conflicts_with_all = ["aws_profile", "sso_start_url", "environment", "instance"])]
    pub anonymous: bool,
    /// Sign in as this profile of ~/.aws
    #[arg(long, value_name = "PROFILE")]
    pub aws_profile: Option<String>,
    /// Sign in with what the environment has
    #[arg(long)]
    pub environment: bool,
    /// Sign in as the machine in the cloud that this is
    #[arg(long)]
    pub instance: bool,
    /// Sign in in a browser, at this start page of IAM Identity Center
    #[arg(long, value_name = "URL", requires_all = ["sso_region", "sso_account", "sso_role"])]
    pub sso_start_url: Option<String>,
    #[arg(long, value_name = "REGION")]
    pub sso_region: Option<String>,
    #[arg(long, value_name = "ID")]
    pub sso_account: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub sso_role: Option<String>,
    /// The sso-session whose token the AWS CLI shares [default: dipper]
    #[arg(long, value_name = "NAME")]
    pub sso_session: Option<String>,
    /// Take on this role, with the keys or the sign-in named besides
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<String>,
    #[arg(long, value_name = "ID", requires = "role_arn")]
    pub external_id: Option<String>,
    #[arg(long, value_name = "NAME", requires = "role_arn")]
    pub role_session_name: Option<String>,
    #[arg(long, value_name = "SECONDS", requires = "role_arn")]
    pub duration: Option<u32>,
    /// Ask for this device's code when the role is taken on
    #[arg(long, value_name = "ARN", requires = "role_arn")]
    pub mfa_serial: Option<String>,
    /// Take on the role with the token in this file
    #[arg(long, value_name = "FILE", requires = "role_arn")]
    pub web_identity_token_file: Option<PathBuf>,
    /// Where roles are given; else AWS's own, or the endpoint itself
    #[arg(long, value_name = "URL")]
    pub sts_endpoint: Option<String>,
    /// This certificate is shown to the server (PEM) …
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub client_cert: Option<PathBuf>,
    /// … with this key, which is kept in the vault
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
    /// Take the certificate with this SHA-256 fingerprint, though nobody vouches for it
    #[arg(long, value_name = "HEX")]
    pub pin: Option<String>,
    /// BUCKET or BUCKET/PREFIX/ to begin with, for keys that may not list buckets
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Say that this account pays for what it reads
    #[arg(long)]
    pub requester_pays: bool,
    /// AWS endpoints with FIPS 140 modules
    #[arg(long)]
    pub fips: bool,
    /// AWS endpoints that have IPv6, too
    #[arg(long)]
    pub dual_stack: bool,
    /// AWS Transfer Acceleration
    #[arg(long)]
    pub accelerate: bool,
    /// Agree to plain http to another machine
    #[arg(long)]
    pub allow_http: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum From {
    S3cfg,
    Rclone,
    Aws,
    Mc,
    Cyberduck,
}

#[derive(Debug, ClapArgs)]
pub struct ProfileImport {
    /// Whose file it is; else by its name
    #[arg(long, value_enum)]
    pub from: Option<From>,
    /// Else where that program keeps it
    pub file: Option<PathBuf>,
    /// Take all that can be taken
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
    /// Take this one; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,
}
