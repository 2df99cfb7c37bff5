//! Connections that other programs know. Text in, drafts and a report out; secrets go from there
//! straight into the vault and never to a window.

mod aws;
mod cyberduck;
mod mc;
mod rclone;
mod s3cfg;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use dipper_s3::{Addressing, Provider, is_loopback};
use dipper_types::Secret;

use crate::profile_body::{ProfileOptions, ProxyChoice, Way};
use crate::profiles::{Keep, ProfileDraft};
use crate::{App, Code, Failure, Profile, Result};

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    S3cfg,
    Rclone,
    Aws,
    Mc,
    Cyberduck,
}

/// No configuration of a person is larger.
const LARGEST: u64 = 4 << 20;

/// What an import says about one line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// As the file has it.
    pub what: String,
    /// Absent: it was taken.
    pub why_not: Option<&'static str>,
}

/// A connection found in a file.
#[derive(Debug, Clone)]
pub struct Found {
    pub name: String,
    pub(crate) draft: ProfileDraft,
    pub notes: Vec<Note>,
    /// Why it can't be a connection here, if it can't.
    pub unusable: Option<String>,
}

impl Found {
    pub fn provider(&self) -> &str {
        &self.draft.provider
    }

    pub fn endpoint(&self) -> &str {
        &self.draft.endpoint
    }

    pub fn region(&self) -> &str {
        &self.draft.region
    }

    pub fn options(&self) -> &ProfileOptions {
        &self.draft.options
    }

    pub fn has_keys(&self) -> bool {
        !self.draft.access_key.is_empty() && !self.draft.secret_key.expose().is_empty()
    }
}

/// What a file holds.
#[derive(Debug, Clone, Default)]
pub struct Import {
    pub found: Vec<Found>,
    /// About the file as a whole: what is no connection for S3, what can't be read.
    pub notes: Vec<Note>,
}

/// How one of them ended.
#[derive(Debug, Clone)]
pub struct Taken {
    pub name: String,
    pub result: Result<Profile>,
}

/// The text of a file that may need more to be read.
pub(crate) struct Given<'a> {
    pub text: &'a str,
    pub password: Option<&'a Secret<String>>,
    /// `$NAME` as a whole value, where the format has it.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// A file that this one names, if it can be read.
    pub file: &'a dyn Fn(&str) -> Option<Secret<String>>,
}

fn note(what: impl Into<String>) -> Note {
    Note { what: shown(what), why_not: None }
}

fn left(what: impl Into<String>, why: &'static str) -> Note {
    Note { what: shown(what), why_not: Some(why) }
}

/// A name from a stranger's file, short and without what could move a cursor or turn the writing.
fn shown(what: impl Into<String>) -> String {
    let turns = |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    what.into().chars().filter(|c| !c.is_control() && !turns(c)).take(200).collect()
}

/// An address without the user name and password in it, and whether there were some.
fn without_user(address: &str) -> (String, bool) {
    match address.rsplit_once('@') {
        Some((head, host)) => {
            let scheme = head.split_once("://").map_or("https", |(scheme, _)| scheme);
            (format!("{scheme}://{host}"), true)
        }
        None => (address.to_owned(), false),
    }
}

fn empty(name: &str) -> ProfileDraft {
    ProfileDraft {
        id: None,
        name: shown(name),
        provider: "custom".into(),
        endpoint: String::new(),
        region: String::new(),
        addressing: Addressing::Auto,
        access_key: String::new(),
        secret_key: Secret::new(String::new()),
        session_token: None,
        keep: Keep::Vault,
        allow_http: false,
        options: ProfileOptions::default(),
        client_key: None,
        keep_options: false,
    }
}

impl Found {
    fn new(name: &str) -> Self {
        Self { name: shown(name), draft: empty(name), notes: Vec::new(), unusable: None }
    }

    fn take(&mut self, what: &str) {
        self.notes.push(note(what));
    }

    fn leave(&mut self, what: &str, why: &'static str) {
        self.notes.push(left(what, why));
    }

    /// Puts an address in, and knows AWS by it.
    fn at(&mut self, endpoint: &str) {
        let plain = endpoint.starts_with("http://") && !is_loopback(endpoint);
        if plain {
            // A file that says http has been agreed to; the badge stays.
            self.draft.allow_http = true;
        }
        let host = endpoint.split("://").last().unwrap_or_default();
        let host = host.split([':', '/']).next().unwrap_or_default();
        if host.ends_with(".amazonaws.com") || host == "amazonaws.com" {
            self.draft.provider = "aws".into();
        }
        self.draft.endpoint = endpoint.to_owned();
    }

    fn provide(&mut self, id: &str) {
        if Provider::by_id(id).id == id {
            self.draft.provider = id.to_owned();
        }
    }
}

/// Reads a file's text. Nothing is asked of anybody, and nothing is run.
pub(crate) fn read(kind: ImportKind, given: &Given<'_>) -> Result<Import> {
    if given.text.contains('\0') {
        return Err(Failure::invalid("this is no text: it has NUL bytes"));
    }
    let mut import = match kind {
        ImportKind::S3cfg => s3cfg::read(given),
        ImportKind::Rclone => rclone::read(given)?,
        ImportKind::Aws => aws::read(given),
        ImportKind::Mc => mc::read(given)?,
        ImportKind::Cyberduck => cyberduck::read(given)?,
    };
    for found in &mut import.found {
        // What is told of an address is told to a window: no password goes along.
        let (endpoint, had_user) = without_user(found.draft.endpoint.trim());
        found.draft.endpoint = shown(endpoint.as_str());
        found.draft.region = shown(found.draft.region.trim());
        if had_user {
            found.unusable = Some(
                "its address holds a user name or password; only host and port belong there".into(),
            );
        }
        if found.draft.endpoint != endpoint {
            found.unusable = Some("its address holds what no address has".into());
        }
        let endpoint = found.draft.endpoint.as_str();
        if found.unusable.is_some() || (endpoint.is_empty() && found.draft.provider == "aws") {
            continue;
        }
        match dipper_s3::Connection::endpoint_from_text(endpoint) {
            Ok(endpoint) => found.draft.endpoint = endpoint,
            Err(error) => found.unusable = Some(error.to_string()),
        }
    }
    Ok(import)
}

impl App {
    /// What a file holds, without its secrets. `None`: the file where that program keeps it.
    pub async fn preview_import(
        &self,
        kind: ImportKind,
        file: Option<&Path>,
        password: Option<Secret<String>>,
    ) -> Result<Import> {
        let path = match file {
            Some(file) => file.to_owned(),
            None => self.usual_file(kind).ok_or_else(|| {
                Failure::invalid("name the file: there is no usual place for it here")
            })?,
        };
        if kind == ImportKind::Aws {
            return self.preview_aws(file).await;
        }
        let text = Secret::new(text_of(&path).await?);
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let home = crate::home_folder();
        let file = move |name: &str| {
            let path = match (name.strip_prefix("~/"), &home) {
                (Some(rest), Some(home)) => home.join(rest),
                _ => folder.join(name),
            };
            let small = std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() <= LARGEST);
            small.then(|| std::fs::read_to_string(path).ok().map(Secret::new)).flatten()
        };
        let variable = |name: &str| std::env::var(name).ok();
        let text = text.expose();
        let given = Given { text, password: password.as_ref(), variable: &variable, file: &file };
        read(kind, &given)
    }

    /// Saves what was found under the given names; `None` saves all that can be used.
    pub async fn take_import(&self, import: Import, names: Option<&[String]>) -> Vec<Taken> {
        let mut taken = Vec::new();
        for found in import.found {
            if names.is_some_and(|names| !names.contains(&found.name)) {
                continue;
            }
            let result = match found.unusable {
                Some(why) if names.is_some() => Err(Failure::invalid(why)),
                Some(_) => continue,
                None => self.save_profile(found.draft).await,
            };
            taken.push(Taken { name: found.name, result });
        }
        taken
    }

    /// Both of the AWS files are read as one; a named file stands for the config.
    async fn preview_aws(&self, file: Option<&Path>) -> Result<Import> {
        let machine = &self.connections.machine;
        let config = match (file, &machine.aws_config) {
            (Some(file), _) => text_of(file).await?,
            (None, Some(path)) => text_of(path).await.unwrap_or_default(),
            (None, None) => String::new(),
        };
        let own = file.is_none_or(|file| machine.aws_config.as_deref() == Some(file));
        let credentials = match (&machine.aws_credentials, own) {
            (Some(path), true) => text_of(path).await.unwrap_or_default(),
            _ => String::new(),
        };
        Ok(aws::both(&config, &credentials, own))
    }

    fn usual_file(&self, kind: ImportKind) -> Option<PathBuf> {
        let home = crate::home_folder()?;
        let word = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        Some(match kind {
            ImportKind::S3cfg => word("S3CMD_CONFIG").unwrap_or_else(|| home.join(".s3cfg")),
            ImportKind::Rclone => word("RCLONE_CONFIG").unwrap_or_else(|| {
                let own = dirs::config_dir().map(|d| d.join("rclone").join("rclone.conf"));
                own.filter(|p| p.is_file()).unwrap_or_else(|| home.join(".rclone.conf"))
            }),
            ImportKind::Aws => self.connections.machine.aws_config.clone()?,
            ImportKind::Mc => home.join(".mc").join("config.json"),
            ImportKind::Cyberduck => return None,
        })
    }
}

async fn contents(path: &Path) -> Result<Vec<u8>> {
    let failed =
        |error: std::io::Error| Failure::new(Code::LocalIo, format!("{}: {error}", path.display()));
    let meta = tokio::fs::metadata(path).await.map_err(failed)?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err(Failure::invalid(format!(
            "{} is too large for a configuration",
            path.display()
        )));
    }
    tokio::fs::read(path).await.map_err(failed)
}

async fn text_of(path: &Path) -> Result<String> {
    let text = decoded(contents(path).await?);
    text.ok_or_else(|| Failure::invalid(format!("{} is no text", path.display())))
}

/// UTF-8, with or without a mark in front; or UTF-16 with one, as Windows writes it.
fn decoded(bytes: Vec<u8>) -> Option<String> {
    let wide = |of: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|two| of([two[0], two[1]])).collect();
        String::from_utf16(&units).ok()
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

/// `[section]` and `key = value`, as all of these programs have it; keys in small letters.
fn ini(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push((title.trim().to_owned(), Vec::new()));
            continue;
        }
        let (Some((_, words)), Some((key, value))) = (sections.last_mut(), line.split_once('='))
        else {
            continue;
        };
        words.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    sections
}

fn yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1")
}

/// What a window has open: paths that were chosen, and what was read.
#[derive(Default)]
pub(crate) struct Desk {
    next: AtomicU32,
    files: Mutex<HashMap<u32, PathBuf>>,
    read: Mutex<HashMap<u32, Import>>,
}

impl App {
    /// Remembers a file that the user has chosen.
    pub fn stage_import(&self, path: PathBuf) -> u32 {
        let id = self.desk.next.fetch_add(1, Ordering::Relaxed);
        let mut files = self.desk.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(id, path);
        id
    }

    /// Reads a staged file, or the one where that program keeps it, and holds what was found: its
    /// secrets stay here until they are taken or forgotten.
    pub async fn open_import(
        &self,
        kind: ImportKind,
        file: Option<u32>,
        password: Option<Secret<String>>,
    ) -> Result<(u32, Import)> {
        let path = match file {
            None => None,
            Some(id) => {
                let files = self.desk.files.lock().unwrap_or_else(PoisonError::into_inner);
                let path = files.get(&id).cloned();
                Some(path.ok_or_else(|| Failure::invalid("choose the file again"))?)
            }
        };
        let import = self.preview_import(kind, path.as_deref(), password).await?;
        let id = self.desk.next.fetch_add(1, Ordering::Relaxed);
        let mut read = self.desk.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(id, import.clone());
        Ok((id, import))
    }

    pub async fn take_open_import(&self, id: u32, names: Option<&[String]>) -> Result<Vec<Taken>> {
        let import = {
            let read = self.desk.read.lock().unwrap_or_else(PoisonError::into_inner);
            read.get(&id).cloned()
        };
        let import = import.ok_or_else(|| Failure::invalid("read the file again"))?;
        Ok(self.take_import(import, names).await)
    }

    pub fn close_import(&self, id: u32) {
        self.desk.read.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

#[cfg(test)]
mod reports;
#[cfg(test)]
mod tests;
