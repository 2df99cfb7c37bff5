//! How what is written is encrypted.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args as ClapArgs, ValueEnum};
use dipper_app::{App, Failure, Protected, Result, Seal, ServerSide};
use dipper_types::Secret;

use crate::args::Args;
use crate::connection::s3cfg_path;
use crate::passphrase;
use crate::s3cfg::S3cfg;

const ENCRYPTION: &str = "Encryption (see docs/encryption.md)";

#[derive(Debug, Clone, Default, ClapArgs)]
pub struct EncryptArgs {
    /// Encrypted by the server with keys of its own: the same as --sse AES256
    #[arg(long, help_heading = ENCRYPTION)]
    pub server_side_encryption: bool,
    /// Encrypted by the server with this key of KMS: an id, an ARN or an alias
    #[arg(long, visible_alias = "sse-kms-key-id", value_name = "KEY", help_heading = ENCRYPTION)]
    pub server_side_encryption_kms_id: Option<String>,
    /// How the server encrypts it: AES256, aws:kms or aws:kms:dsse
    #[arg(long, value_name = "METHOD", value_enum, help_heading = ENCRYPTION)]
    pub sse: Option<SseWord>,
    /// With aws:kms: one call to KMS for many objects
    #[arg(long, help_heading = ENCRYPTION)]
    pub bucket_key: bool,
    /// Encrypted by the server with a key that only you keep: one of `dipper key ls`, or without a
    /// name the one of --sse-c-key-file
    #[arg(long, value_name = "KEY", num_args = 0..=1, default_missing_value = "")]
    #[arg(require_equals = true, help_heading = ENCRYPTION)]
    #[arg(conflicts_with_all = ["sse", "server_side_encryption", "server_side_encryption_kms_id"])]
    pub sse_c: Option<String>,
    /// Encrypted here before it leaves, as s3cmd does: with the gpg_passphrase of the .s3cfg
    #[arg(short = 'e', long, help_heading = ENCRYPTION, conflicts_with = "encrypt_with")]
    pub encrypt: bool,
    /// Encrypted here before it leaves, with these keys of `dipper key ls`
    #[arg(long, value_name = "KEY", value_delimiter = ',', help_heading = ENCRYPTION)]
    pub encrypt_with: Vec<String>,
    /// In which format: openpgp, age or rclone; else as the key's kind has it
    #[arg(long, value_name = "FORMAT", requires = "encrypt_with", help_heading = ENCRYPTION)]
    pub encrypt_as: Option<String>,
    /// Not encrypted as its place says, but as the bucket has it
    #[arg(long, help_heading = ENCRYPTION)]
    #[arg(conflicts_with_all = ["sse", "sse_c", "server_side_encryption", "encrypt", "encrypt_with"])]
    pub no_encrypt: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SseWord {
    #[value(name = "AES256", alias = "s3")]
    Aes256,
    #[value(name = "aws:kms", alias = "kms")]
    Kms,
    #[value(name = "aws:kms:dsse", alias = "dsse")]
    Dsse,
}

impl EncryptArgs {
    /// Whether anything is asked for, or asked not to be.
    pub fn is_said(&self) -> bool {
        self.server_side_encryption
            || self.server_side_encryption_kms_id.is_some()
            || self.sse.is_some()
            || self.sse_c.is_some()
            || self.encrypt
            || !self.encrypt_with.is_empty()
            || self.no_encrypt
    }

    /// What the server is asked for.
    ///
    /// # Errors
    /// Words that contradict each other, and a key that is not there.
    pub async fn server_side(&self, app: &Arc<App>, args: &Args) -> Result<Option<ServerSide>> {
        if let Some(name) = &self.sse_c {
            let key = match (name.as_str(), &args.keys.sse_c_key_file) {
                ("", Some(_)) => used_file(app, args)?.unwrap_or_default(),
                ("", None) => {
                    return Err(Failure::invalid("--sse-c needs a key").with_hint(
                        "--sse-c=NAME, one of `dipper key ls`, or --sse-c-key-file FILE.",
                    ));
                }
                (name, _) => {
                    passphrase::unlock(app, args).await?;
                    name.to_owned()
                }
            };
            return Ok(Some(ServerSide::Customer { key }));
        }
        let key = self.server_side_encryption_kms_id.clone();
        let word = match (self.sse, &key, self.server_side_encryption) {
            (Some(word), _, _) => Some(word),
            // As s3cmd has it: the key alone says how.
            (None, Some(_), _) => Some(SseWord::Kms),
            (None, None, true) => Some(SseWord::Aes256),
            (None, None, false) => None,
        };
        let bucket_key = self.bucket_key.then_some(true);
        match word {
            Some(SseWord::Kms) => Ok(Some(ServerSide::Kms { key, bucket_key })),
            _ if self.bucket_key => Err(Failure::invalid("--bucket-key goes with --sse aws:kms")),
            Some(SseWord::Dsse) => Ok(Some(ServerSide::Dsse { key })),
            Some(SseWord::Aes256) if key.is_some() => {
                Err(Failure::invalid("AES256 has no key of KMS").with_hint("--sse aws:kms has."))
            }
            Some(SseWord::Aes256) => Ok(Some(ServerSide::S3)),
            None => Ok(None),
        }
    }

    /// How it is encrypted here.
    ///
    /// # Errors
    /// A key that is not there, or that can't do it.
    pub async fn seal(&self, app: &Arc<App>, args: &Args) -> Result<Option<Seal>> {
        if self.encrypt {
            let key = gpg_passphrase(app, args)?.ok_or_else(|| {
                Failure::invalid("there is no passphrase to encrypt with").with_hint(
                    "Write gpg_passphrase into the .s3cfg, or `dipper key add` one and name it with \
                     --encrypt-with.",
                )
            })?;
            return app.seal(&[key], Some("openpgp")).map(Some);
        }
        if self.encrypt_with.is_empty() {
            return Ok(None);
        }
        passphrase::unlock(app, args).await?;
        app.seal(&self.encrypt_with, self.encrypt_as.as_deref()).map(Some)
    }

    /// Whether places keep what they say: not where this run says that nothing is to be encrypted.
    pub fn places(&self) -> Option<Vec<Protected>> {
        self.no_encrypt.then(Vec::new)
    }
}

/// The passphrase of the `.s3cfg` that the run uses, made known to the engine: what is read may need it.
///
/// # Errors
/// A file whose own way of encrypting is with public keys.
pub fn gpg_passphrase(app: &App, args: &Args) -> Result<Option<String>> {
    if args.profile.is_some() || args.sandbox {
        return Ok(None);
    }
    let Some(cfg) = s3cfg_path(args).and_then(|path| S3cfg::load(&path).ok()) else {
        return Ok(None);
    };
    let symmetric =
        |template: &str| template.split(' ').any(|word| matches!(word, "-c" | "--symmetric"));
    let Some(passphrase) = cfg.get("gpg_passphrase").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if cfg.get("gpg_encrypt").is_some_and(|template| !symmetric(template)) {
        return Err(Failure::invalid("gpg_encrypt of the .s3cfg encrypts for public keys")
            .with_hint(
                "Dipper encrypts with a passphrase, or for recipients of age: --encrypt-with.",
            ));
    }
    Ok(Some(app.use_passphrase("gpg_passphrase", Secret::new(passphrase.to_owned()))))
}

/// The key file of this run, made known to the engine: what is read may need it, too.
pub fn used_file(app: &App, args: &Args) -> Result<Option<String>> {
    let path: Option<&PathBuf> = args.keys.sse_c_key_file.as_ref();
    path.map(|path| app.use_key_file(path)).transpose()
}
