use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use dipper_app::{HeaderEdit, ObjectHeaders, OnExisting, Preserve, Result, Visibility};

use crate::args_encryption::EncryptArgs;
use crate::args_moving::{AdoptArgs, ClassArgs, FilterArgs, SendArgs};
use crate::args_profile::{KeyArgs, NetworkArgs, ProfileVerb};
use crate::verbs::at::At;
use crate::verbs::document::{self, Noun};
use crate::verbs::modify::header_edit;
use crate::verbs::{
    batch, capabilities, cf, configure, cp, del, diff, doctor, du, find, fixbucket, get, info,
    jobs, key, locate, mb, modify, mpu, peek, policy, presign, s3cmd, setacl, shell, sync, tree,
    undo, vault, versions, watch,
};
use crate::wanted::BoundsArgs;

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
    /// What prints the vault's passphrase, where no keychain opens it
    #[arg(long, value_name = "COMMAND", global = true, help_heading = CONNECTION)]
    #[arg(env = "DIPPER_PASSWORD_COMMAND", hide_env_values = true)]
    pub password_command: Option<String>,
    /// What service it is, where the address does not tell: aws, minio, ceph, custom …
    #[arg(long, value_name = "ID", global = true, help_heading = CONNECTION)]
    #[arg(conflicts_with_all = ["profile", "sandbox"])]
    pub provider: Option<String>,
    /// At most so much a second, such as 2m, or a timetable: "08:00,512k 19:00,10m 23:00,off"
    #[arg(long, value_name = "RATE", global = true, help_heading = CONNECTION)]
    pub bwlimit: Option<String>,
    /// `*`, `?` and `[` in addresses are themselves, and no wildcards
    #[arg(long, global = true, visible_alias = "literal", help_heading = OUTPUT)]
    pub raw: bool,
    /// One JSON object a line instead of text
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub json: bool,
    /// Say less
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub quiet: bool,
    /// How far it is, also where no terminal is: a line every few seconds, JSON with --json
    #[arg(long, global = true, help_heading = OUTPUT, overrides_with = "no_progress")]
    pub progress: bool,
    /// No progress bars
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub no_progress: bool,
    /// Ask for a connection, try it and save it; with -c FILE as an .s3cfg
    #[arg(long, help_heading = CONNECTION)]
    pub configure: bool,
    /// Say which settings of an .s3cfg are in force, without its secrets
    #[arg(long, help_heading = CONNECTION)]
    pub dump_config: bool,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List buckets, or objects and folders
    Ls(Ls),
    /// List what is in every bucket
    La(Ls),
    /// How much is in buckets or folders
    Du(du::Du),
    /// Find objects by name, size, age, class or tag
    Find(Box<find::Find>),
    /// Find names in what was listed before, without a request
    Locate(Box<locate::Locate>),
    /// Show folders and objects as a tree
    Tree(tree::Tree),
    /// Write whole objects to standard output, once they are verified
    Cat(peek::Cat),
    /// Write the first lines or bytes of objects to standard output
    Head(peek::Peek),
    /// Write the last lines or bytes of objects to standard output
    Tail(peek::Peek),
    /// Upload files and folders
    Put(Box<Put>),
    /// Upload standard input
    Pipe(Box<Pipe>),
    /// Download objects
    Get(get::Get),
    /// Make one tree like another: files and S3, in either direction
    Sync(Box<sync::Sync>),
    /// Keep a folder in S3 as it changes
    Watch(Box<watch::Watch>),
    /// How two trees differ, here or in S3
    Diff(diff::Diff),
    /// Whether two trees have the same bytes, here or in S3
    Check(diff::Check),
    /// Copy objects between places in S3
    Cp(cp::Cp),
    /// Move objects between places in S3
    Mv(cp::Cp),
    /// Delete objects
    #[command(alias = "rm")]
    Del(del::Del),
    /// Change headers or class of objects where they are
    Modify(modify::Modify),
    /// Bring archived objects back for some days
    Restore(modify::Restore),
    /// Make buckets
    Mb(mb::Mb),
    /// Remove buckets
    Rb(mb::Rb),
    /// Everything about a bucket or an object
    Info(info::Info),
    /// Who can do what with a bucket, and which line decides
    Access(Uris),
    /// Links for people without keys
    Presign(presign::PresignArgs),
    /// A link that downloads, as s3cmd words it
    Signurl(presign::Signurl),

    /// Sign a text with the secret key
    Sign(presign::Sign),
    /// Give keys with control characters names that every tool can list
    Fixbucket(fixbucket::Fixbucket),

    /// List versions and delete markers
    Versions(versions::Versions),
    /// Make an older version the newest again
    RestoreVersion(versions::RestoreVersion),
    /// Remove delete markers, so that what they hide is back
    Undelete(versions::Undelete),
    /// Bring objects back to how they were, in buckets with versions
    Undo(undo::Undo),
    /// Delete older versions for ever
    Purge(versions::PurgeArgs),
    /// List unfinished uploads, or abort old ones
    #[command(alias = "mpu")]
    Multipart(mpu::Multipart),
    /// List the parts of an unfinished upload
    Listmp(mpu::OneUpload),
    /// Abort an unfinished upload
    Abortmp(mpu::Abort),

    /// Make objects or buckets public or private by ACL, or edit its grants
    Setacl(setacl::Setacl),
    /// The ACL of a bucket or an object
    Acl(Noun),
    /// The bucket policy
    Policy(policy::PolicyVerb),
    /// Set a bucket's policy from a JSON file
    Setpolicy(Setpolicy),
    /// Delete a bucket's policy
    Delpolicy(Delpolicy),
    /// Whether ACLs count in a bucket (object ownership)
    Ownership(Noun),
    /// What a bucket blocks of public access
    Block(Noun),
    /// Whether versions are kept
    Versioning(Noun),
    /// How a bucket encrypts what comes without encryption of its own
    Encryption(Noun),
    /// What expires and moves to other classes, and when
    Lifecycle(Noun),
    /// Which web pages may use a bucket (CORS)
    Cors(Noun),
    /// A bucket as a website
    Website(Noun),
    /// Where a bucket's access log goes
    Logging(Noun),
    /// Whom a bucket tells of events
    Notification(Noun),
    /// Tags of a bucket or an object
    #[command(alias = "tagging")]
    Tags(Noun),
    /// Object lock of a bucket: the retention new versions get
    Lock(Noun),
    /// Until when an object version can't be deleted
    Retention(Noun),
    /// Legal hold of an object version
    Legalhold(Noun),
    /// Where a bucket's objects are replicated to
    Replication(Noun),
    /// Inventory reports of a bucket
    Inventory(Noun),
    /// Intelligent tiering of a bucket
    Tiering(Noun),
    /// Who pays for requests; `payer s3://BUCKET --requester-pays` as s3cmd has it
    #[command(args_conflicts_with_subcommands = true)]
    Payer(PayerVerb),
    /// Transfer acceleration of a bucket
    Accelerate(Noun),
    /// Try out what a server can do, in a bucket of yours
    Doctor(doctor::DoctorArgs),
    /// What this connection's server turned out to know
    Capabilities(capabilities::CapabilitiesArgs),

    #[command(hide = true)]
    Gettagging(OneUri),
    #[command(hide = true)]
    Settagging(s3cmd::UriWord),
    #[command(hide = true)]
    Deltagging(OneUri),
    #[command(hide = true)]
    Getcors(OneUri),
    #[command(hide = true)]
    Setcors(s3cmd::FileUri),
    #[command(hide = true)]
    Delcors(OneUri),
    #[command(hide = true)]
    Getlifecycle(OneUri),
    #[command(hide = true)]
    Setlifecycle(s3cmd::FileUri),
    #[command(hide = true)]
    Dellifecycle(OneUri),
    #[command(hide = true)]
    Getnotification(OneUri),
    #[command(hide = true)]
    Setnotification(s3cmd::Notification),
    #[command(hide = true)]
    Delnotification(OneUri),
    #[command(hide = true)]
    Setversioning(s3cmd::UriWord),
    #[command(hide = true)]
    Setownership(s3cmd::UriWord),
    #[command(hide = true)]
    Setblockpublicaccess(s3cmd::UriWord),
    #[command(hide = true)]
    Setobjectlegalhold(s3cmd::WordUri),
    #[command(hide = true)]
    Setobjectretention(s3cmd::RetentionUri),
    #[command(hide = true)]
    WsCreate(s3cmd::WsCreate),
    #[command(hide = true)]
    WsDelete(OneUri),
    #[command(hide = true)]
    WsInfo(OneUri),
    #[command(hide = true)]
    Expire(s3cmd::Expire),
    #[command(hide = true)]
    Accesslog(s3cmd::Accesslog),

    #[command(hide = true)]
    Configure(configure::Configure),
    #[command(hide = true)]
    DumpConfig(configure::DumpConfig),

    /// List CloudFront distributions
    Cflist(cf::CfList),
    /// Everything about CloudFront distributions
    Cfinfo(cf::CfInfo),
    /// Put a CloudFront distribution before a bucket
    Cfcreate(cf::CfEdit),
    /// Change a CloudFront distribution
    Cfmodify(cf::CfEdit),
    /// Switch CloudFront distributions off and delete them
    Cfdelete(cf::CfUris),
    /// Have CloudFront fetch objects anew
    Cfinval(cf::CfInval),
    /// How far that is
    Cfinvalinfo(cf::CfInvalInfo),

    /// Saved connections
    Profile(ProfileVerb),
    /// Where saved connections' secrets are, and what opens them
    Vault(vault::VaultVerb),
    /// Keys for encryption, and where everything is encrypted with one
    Key(key::KeyVerb),
    /// The transfer queue
    Jobs(jobs::JobsVerb),
    /// Many commands from a file, in one process
    Run(batch::Run),
    /// Completions for a shell
    Completions(shell::Completions),
    /// Manual pages
    Man(shell::Man),
    /// Serve the built-in S3 server to any tool
    Sandbox(Sandbox),
}

#[derive(Debug, Clone, Copy, ClapArgs)]
pub struct Dry {
    /// Say what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub struct OneUri {
    /// s3://BUCKET[/KEY]
    pub uri: String,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, ClapArgs)]
pub struct Delpolicy {
    /// s3://BUCKET
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, ClapArgs)]
pub struct PayerVerb {
    #[command(subcommand)]
    pub action: Option<document::Action>,
    #[command(flatten)]
    pub words: Option<s3cmd::Payer>,
}

#[derive(Debug, ClapArgs)]
pub struct Ls {
    /// s3://BUCKET[/PREFIX], or a pattern; none lists the buckets
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
    /// With the MD5 of each object, which is asked for where its ETag is none
    #[arg(long)]
    pub list_md5: bool,
    /// Stop after so many rows
    #[arg(long, value_name = "NUM")]
    pub limit: Option<u64>,
    #[command(flatten)]
    pub at: At,
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
    #[command(flatten)]
    pub headers: HeaderArgs,
    /// KEY=VALUE
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    #[command(flatten)]
    pub conflicts: Conflicts,
    #[command(flatten)]
    pub keep: KeepArgs,
    /// Follow symbolic links
    #[arg(short = 'F', long)]
    pub follow_symlinks: bool,
    /// Stop with the first file that fails
    #[arg(long)]
    pub stop_on_error: bool,
    #[command(flatten)]
    pub filters: FilterArgs,
    #[command(flatten)]
    pub bounds: BoundsArgs,
    /// Only the files that are named in it, a line each, below the only folder; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,
    #[command(flatten)]
    pub send: SendArgs,
    #[command(flatten)]
    pub adopt: AdoptArgs,
    #[command(flatten)]
    pub cf: cf::CfArgs,
    /// At most so much a second, such as 500k or 2m
    #[arg(long, value_name = "RATE")]
    pub limit_rate: Option<String>,
    /// Say what would be uploaded
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Pipe {
    /// s3://BUCKET/KEY
    pub uri: String,
    #[command(flatten)]
    pub headers: HeaderArgs,
    /// KEY=VALUE
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    #[command(flatten)]
    pub conflicts: Conflicts,
    /// At most so much a second, such as 500k or 2m
    #[arg(long, value_name = "RATE")]
    pub limit_rate: Option<String>,
    /// Say what would be done, and read nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// What goes up besides the bytes.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub struct KeepArgs {
    /// Keep times, mode and owner with the object, as s3cmd does (the default)
    #[arg(short, long, overrides_with = "no_preserve")]
    pub preserve: bool,
    /// Keep nothing but the bytes
    #[arg(long)]
    pub no_preserve: bool,
    /// Keep the MD5 of large files, too, for which they are read once more (the default)
    #[arg(long, overrides_with = "no_check_md5")]
    pub check_md5: bool,
    /// Read large files once
    #[arg(long)]
    pub no_check_md5: bool,
    /// An empty folder becomes an object that ends in '/'
    #[arg(long, visible_alias = "empty-folders")]
    pub keep_dirs: bool,
}

impl KeepArgs {
    pub fn keep(self) -> Preserve {
        Preserve {
            attributes: !self.no_preserve,
            md5: !self.no_preserve && !self.no_check_md5,
            empty_folders: self.keep_dirs,
            remember: false,
        }
    }
}

/// What uploaded objects are to have.
#[derive(Debug, Clone, ClapArgs)]
pub struct HeaderArgs {
    /// Everyone may read what is uploaded
    #[arg(short = 'P', long, conflicts_with = "acl_private")]
    pub acl_public: bool,
    /// Only the owner may (the default)
    #[arg(long)]
    pub acl_private: bool,
    #[command(flatten)]
    pub class: ClassArgs,
    /// Content type; else by the name's ending
    #[arg(short, long, value_name = "TYPE")]
    pub mime_type: Option<String>,
    /// NAME:VALUE, such as Cache-Control:no-cache or x-amz-meta-colour:blue
    #[arg(long, value_name = "HEADER")]
    pub add_header: Vec<String>,
    #[command(flatten)]
    pub encrypt: EncryptArgs,
}

impl HeaderArgs {
    /// What `--add-header` says.
    pub fn edit(&self) -> Result<HeaderEdit> {
        header_edit(&self.add_header, &[])
    }

    pub fn headers(&self) -> Result<ObjectHeaders> {
        let headers = ObjectHeaders {
            visibility: if self.acl_public { Visibility::Public } else { Visibility::Private },
            storage_class: self.class.class(),
            content_type: self.mime_type.clone(),
            ..ObjectHeaders::default()
        };
        Ok(self.edit()?.apply(&headers))
    }
}

/// What happens to what is there already under that name.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub struct Conflicts {
    /// skip, newer, size, checksum, keep-both, refuse or overwrite
    #[arg(long, value_name = "RULE", value_enum)]
    pub on_existing: Option<OnExistingWord>,
    /// Only where nothing is yet: the same as --on-existing refuse
    #[arg(long, conflicts_with = "on_existing")]
    pub if_none_match: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum OnExistingWord {
    Overwrite,
    /// The other one stays
    Skip,
    /// It is replaced by what was changed later
    Newer,
    /// It is replaced by what has another size
    Size,
    /// It is replaced by what has other bytes
    Checksum,
    /// The new one gets a number
    KeepBoth,
    /// An error
    Refuse,
}

impl Conflicts {
    pub fn rule(self) -> Option<OnExisting> {
        if self.if_none_match {
            return Some(OnExisting::Refuse);
        }
        self.on_existing.map(|word| match word {
            OnExistingWord::Overwrite => OnExisting::Overwrite,
            OnExistingWord::Skip => OnExisting::Skip,
            OnExistingWord::Newer => OnExisting::Newer,
            OnExistingWord::Size => OnExisting::SizeDiffers,
            OnExistingWord::Checksum => OnExisting::Differs,
            OnExistingWord::KeepBoth => OnExisting::KeepBoth,
            OnExistingWord::Refuse => OnExisting::Refuse,
        })
    }
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
    #[command(flatten)]
    pub dry: Dry,
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
    /// And a bucket `tree` of as many, spread over so many folders
    #[arg(long, value_name = "NUM", requires = "seed_keys")]
    pub seed_folders: Option<u64>,
    /// Answer so many milliseconds later, like a far server
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency: u64,
    /// New buckets as at AWS: ACLs off, public access blocked
    #[arg(long)]
    pub aws_defaults: bool,
}
