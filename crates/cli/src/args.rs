use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::args_profile::{NetworkArgs, ProfileVerb};

const CONNECTION: &str = "Connection (else $S3CMD_CONFIG, ~/.s3cfg, AWS environment, first saved)";
const OUTPUT: &str = "Output";

const EXAMPLES: &str = "Examples:
  dipper --sandbox mb s3://photos             try it without an account
  dipper --sandbox put -r Pictures s3://photos/
  dipper -c ~/.s3cfg ls s3://photos/Pictures/
  dipper get -r s3://photos/Pictures .

Exit codes are s3cmd's: 0 well, 2 some of it failed, 12 not there, 64 usage, 77 not allowed,
78 no usable connection, 111 nothing listens there.";

/// A client for S3: s3cmd's verbs and options, faster and safer.
#[derive(Debug, Parser)]
#[command(name = "dipper", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Args {
    /// Read the connection from this .s3cfg file
    #[arg(short, long, value_name = "FILE", global = true, help_heading = CONNECTION)]
    pub config: Option<PathBuf>,
    /// Use a saved connection, by name
    #[arg(long, value_name = "NAME", global = true, help_heading = CONNECTION)]
    #[arg(conflicts_with_all = ["config", "sandbox"])]
    pub profile: Option<String>,
    /// Use the built-in sandbox
    #[arg(long, global = true, help_heading = CONNECTION)]
    #[arg(conflicts_with_all = ["config", "profile"])]
    pub sandbox: bool,
    /// One JSON object a line instead of text
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub json: bool,
    /// Say less
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub quiet: bool,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List buckets, or objects and folders
    Ls(Ls),
    /// Upload files and folders
    Put(Put),
    /// Download objects
    Get(Get),
    /// Delete objects
    #[command(alias = "rm")]
    Del(Del),
    /// Make buckets
    Mb(Mb),
    /// Remove empty buckets
    Rb(Rb),
    /// Make objects or buckets public or private by ACL
    Setacl(Setacl),
    /// Everything about a bucket or an object
    Info(Uris),
    /// Who can do what with a bucket, and which line decides
    Access(Uris),
    /// Set a bucket's policy from a JSON file
    Setpolicy(Setpolicy),
    /// Delete a bucket's policy
    Delpolicy(Uris),
    /// Saved connections
    Profile(ProfileVerb),
    /// The transfer queue
    Jobs(JobsVerb),
    /// Serve the built-in S3 server to any tool
    Sandbox(Sandbox),
}

#[derive(Debug, ClapArgs)]
pub struct Ls {
    /// s3://BUCKET[/PREFIX]; none lists the buckets
    #[arg(value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below, without folders
    #[arg(short, long)]
    pub recursive: bool,
    /// Sizes in kB, MB, GB
    #[arg(short = 'H', long)]
    pub human_readable_sizes: bool,
    /// With ETag and storage class
    #[arg(short, long)]
    pub long_listing: bool,
    /// Stop after so many rows
    #[arg(long, value_name = "NUM")]
    pub limit: Option<u64>,
}

#[derive(Debug, ClapArgs)]
#[command(override_usage = "dipper put [OPTIONS] FILE… s3://BUCKET[/PREFIX]")]
pub struct Put {
    /// Files or folders, and where they go; `-` reads standard input
    #[arg(required = true, num_args = 2.., value_name = "PATH")]
    pub paths: Vec<String>,
    /// Folders, with everything in them
    #[arg(short, long)]
    pub recursive: bool,
    /// Everyone may read what is uploaded
    #[arg(short = 'P', long, conflicts_with = "acl_private")]
    pub acl_public: bool,
    /// Only the owner may (the default)
    #[arg(long)]
    pub acl_private: bool,
    /// STANDARD, STANDARD_IA, GLACIER …
    #[arg(long, value_name = "CLASS")]
    pub storage_class: Option<String>,
    /// Content type; else by the name's ending
    #[arg(short, long, value_name = "TYPE")]
    pub mime_type: Option<String>,
    /// NAME:VALUE, such as Cache-Control:no-cache or x-amz-meta-colour:blue
    #[arg(long, value_name = "HEADER")]
    pub add_header: Vec<String>,
}

#[derive(Debug, ClapArgs)]
#[command(override_usage = "dipper get [OPTIONS] s3://BUCKET/KEY… [FILE|FOLDER]")]
pub struct Get {
    /// Objects, and where they go, else here; `-` writes to standard output
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Everything below a folder or in a bucket
    #[arg(short, long)]
    pub recursive: bool,
    /// Overwrite local files
    #[arg(short, long)]
    pub force: bool,
    /// Leave local files that are there
    #[arg(long)]
    pub skip_existing: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Del {
    /// s3://BUCKET/KEY
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// Allow to empty a whole bucket
    #[arg(short, long)]
    pub force: bool,
    /// Say what would be deleted
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Mb {
    /// s3://BUCKET
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Where the bucket is made; else in the connection's region
    #[arg(long, visible_alias = "region", value_name = "REGION")]
    pub bucket_location: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub struct Rb {
    /// s3://BUCKET
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub struct Setacl {
    /// s3://BUCKET[/KEY]
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everyone may read it; of a bucket: the list of names
    #[arg(short = 'P', long, conflicts_with = "acl_private")]
    pub acl_public: bool,
    /// Only the owner may
    #[arg(long)]
    pub acl_private: bool,
    /// Every object below a folder
    #[arg(short, long)]
    pub recursive: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Uris {
    /// s3://BUCKET[/KEY]
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub struct Setpolicy {
    /// The policy, as JSON
    pub file: PathBuf,
    /// s3://BUCKET
    pub uri: String,
}

#[derive(Debug, ClapArgs)]
pub struct JobsVerb {
    #[command(subcommand)]
    pub verb: JobsAction,
}

#[derive(Debug, Subcommand)]
pub enum JobsAction {
    /// List jobs
    Ls,
    /// Do again what failed, or go on with what was cut off
    Resume { job: String },
    /// Stop a job; what it has done stays
    Cancel { job: String },
    /// Forget finished jobs
    Clear,
}

#[derive(Debug, ClapArgs)]
pub struct Sandbox {
    /// Listen here; otherwise where it listened last time, or a free port
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Keep everything in this folder
    #[arg(long, value_name = "DIR", conflicts_with = "memory")]
    pub data: Option<PathBuf>,
    /// Keep everything in memory, and forget it at the end
    #[arg(long)]
    pub memory: bool,
    /// Begin with a bucket `seed` of so many small objects
    #[arg(long, value_name = "NUM")]
    pub seed_keys: Option<u64>,
    /// New buckets as at AWS: ACLs off, public access blocked
    #[arg(long)]
    pub aws_defaults: bool,
}
