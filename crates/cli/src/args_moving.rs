//! s3cmd's options that several verbs share: which files, and how they go up.

use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use dipper_app::{
    Adopt, ChecksumWish, Code, Failure, Result, Rules, Sending, Types, pattern_lines,
};

const FILTERS: &str = "Which files (see docs/sync.md)";
const PARTS: &str = "How they are sent";

/// What is left out.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct FilterArgs {
    /// Leave out what the pattern hits
    #[arg(long, value_name = "GLOB", help_heading = FILTERS)]
    pub exclude: Vec<String>,
    /// The same, by the lines of a file
    #[arg(long, value_name = "FILE", help_heading = FILTERS)]
    pub exclude_from: Vec<PathBuf>,
    /// The same, by a regular expression
    #[arg(long, value_name = "REGEX", help_heading = FILTERS)]
    pub rexclude: Vec<String>,
    #[arg(long, value_name = "FILE", help_heading = FILTERS)]
    pub rexclude_from: Vec<PathBuf>,
    /// Take it nevertheless
    #[arg(long, value_name = "GLOB", help_heading = FILTERS)]
    pub include: Vec<String>,
    #[arg(long, value_name = "FILE", help_heading = FILTERS)]
    pub include_from: Vec<PathBuf>,
    #[arg(long, value_name = "REGEX", help_heading = FILTERS)]
    pub rinclude: Vec<String>,
    #[arg(long, value_name = "FILE", help_heading = FILTERS)]
    pub rinclude_from: Vec<PathBuf>,
}

impl FilterArgs {
    /// Checked: each can be read as a pattern.
    pub fn rules(&self) -> Result<Rules> {
        let rules = Rules {
            exclude: patterns(&self.exclude, &self.exclude_from)?,
            rexclude: patterns(&self.rexclude, &self.rexclude_from)?,
            include: patterns(&self.include, &self.include_from)?,
            rinclude: patterns(&self.rinclude, &self.rinclude_from)?,
        };
        rules.filter()?;
        Ok(rules)
    }
}

fn patterns(given: &[String], files: &[PathBuf]) -> Result<Vec<String>> {
    let mut all = given.to_vec();
    for file in files {
        let mut text = String::new();
        reader(file)?.read_to_string(&mut text).map_err(|error| unreadable(file, &error))?;
        all.extend(pattern_lines(&text).map(str::to_owned));
    }
    Ok(all)
}

fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::LocalIo, format!("{}: {error}", file.display()))
}

/// A file, or standard input for `-`.
fn reader(file: &Path) -> Result<Box<dyn BufRead>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let opened = std::fs::File::open(file).map_err(|error| unreadable(file, &error))?;
    Ok(Box::new(BufReader::new(opened)))
}

/// The names in a list of files, a line each, as they are read. Whatever stands in it, nothing outside
/// of the source is meant.
pub fn names(file: &Path) -> Result<impl Iterator<Item = Result<String>>> {
    let (lines, file) = (reader(file)?.lines(), file.to_owned());
    Ok(lines.filter_map(move |line| {
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(unreadable(&file, &error))),
        };
        let line = line.trim_end_matches('\r');
        let line = line.strip_prefix("./").unwrap_or(line);
        if line.is_empty() {
            return None;
        }
        let inside = Path::new(line).components().all(|part| matches!(part, Component::Normal(_)));
        Some(match inside {
            true => Ok(line.to_owned()),
            false => Err(Failure::invalid(format!("'{line}' is no path below the source"))),
        })
    }))
}

/// How files go up.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct SendArgs {
    /// Parts of so many MiB (5 to 5120), and in parts what is larger than one; else by the size
    #[arg(long, value_name = "MIB", help_heading = PARTS)]
    #[arg(value_parser = clap::value_parser!(u64).range(5..=5120))]
    pub multipart_chunk_size_mb: Option<u64>,
    /// In one request, however large
    #[arg(long, help_heading = PARTS, conflicts_with = "multipart_chunk_size_mb")]
    pub disable_multipart: bool,
    /// Send this checksum, which the server compares and keeps with the object; else the best it knows
    #[arg(long, value_name = "ALGO", value_enum, help_heading = PARTS)]
    pub checksum: Option<ChecksumWord>,
    /// Guess types by the names' endings (the default)
    #[arg(short = 'M', long, hide = true, overrides_with = "no_guess_mime_type")]
    pub guess_mime_type: bool,
    /// Without a guess by the name: --default-mime-type
    #[arg(long, help_heading = PARTS)]
    pub no_guess_mime_type: bool,
    /// The type of what can't be guessed; else binary/octet-stream
    #[arg(long, value_name = "TYPE", help_heading = PARTS)]
    pub default_mime_type: Option<String>,
    /// Say `charset=UTF-8` with the types of these endings: txt,html
    #[arg(long, value_name = "EXTS", help_heading = PARTS)]
    pub add_encoding_exts: Option<String>,
}

impl SendArgs {
    pub fn sending(&self) -> Sending {
        let exts = self.add_encoding_exts.as_deref().unwrap_or_default().split(',');
        let exts = exts.map(|ext| ext.trim().trim_start_matches('.')).filter(|ext| !ext.is_empty());
        Sending {
            part_size: self.multipart_chunk_size_mb.map(|mib| mib << 20),
            whole: self.disable_multipart,
            types: Types {
                no_guess: self.no_guess_mime_type,
                fallback: self.default_mime_type.clone(),
                utf8: exts.map(str::to_owned).collect(),
            },
            checksum: self.checksum.map(ChecksumWord::wish),
            ..Sending::default()
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ChecksumWord {
    Crc64nvme,
    Crc32c,
    Crc32,
    Sha1,
    Sha256,
    /// Compared, and not kept
    Md5,
}

impl ChecksumWord {
    fn wish(self) -> ChecksumWish {
        match self {
            Self::Crc64nvme => ChecksumWish::Crc64nvme,
            Self::Crc32c => ChecksumWish::Crc32c,
            Self::Crc32 => ChecksumWish::Crc32,
            Self::Sha1 => ChecksumWish::Sha1,
            Self::Sha256 => ChecksumWish::Sha256,
            Self::Md5 => ChecksumWish::Md5,
        }
    }
}

/// Which storage class.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct ClassArgs {
    /// STANDARD, STANDARD_IA, GLACIER …
    #[arg(long, value_name = "CLASS")]
    pub storage_class: Option<String>,
    /// The class REDUCED_REDUNDANCY
    #[arg(long, visible_alias = "rr", conflicts_with = "storage_class")]
    pub reduced_redundancy: bool,
    #[arg(long, alias = "no-rr", hide = true, overrides_with = "reduced_redundancy")]
    pub no_reduced_redundancy: bool,
}

impl ClassArgs {
    pub fn class(&self) -> Option<String> {
        let reduced = || self.reduced_redundancy.then(|| "REDUCED_REDUNDANCY".to_owned());
        self.storage_class.clone().or_else(reduced)
    }
}

/// An unfinished upload of the key, begun by s3cmd or another client.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct AdoptArgs {
    /// Go on with the unfinished upload of the key that another client began, if there is one
    #[arg(long, help_heading = PARTS)]
    pub continue_put: bool,
    /// Go on with this one
    #[arg(long, value_name = "ID", help_heading = PARTS)]
    pub upload_id: Option<String>,
}

impl AdoptArgs {
    pub fn adopt(&self) -> Option<Adopt> {
        match (&self.upload_id, self.continue_put) {
            (Some(id), _) => Some(Adopt::This(id.clone())),
            (None, true) => Some(Adopt::Only),
            (None, false) => None,
        }
    }
}
