//! What an `.s3cfg` says of transfers, as s3cmd 2.4.0 heeds it. The command line beats it.

use std::path::{Path, PathBuf};

use dipper_app::{Failure, Result};

use crate::args::{Args, HeaderArgs, KeepArgs, Verb};
use crate::args_encryption::EncryptArgs;
use crate::args_moving::{ClassArgs, SendArgs};
use crate::connection::s3cfg_path;
use crate::s3cfg::S3cfg;
use crate::verbs::cf::CfArgs;
use crate::verbs::modify::Headers;
use crate::verbs::sync::Sync;

/// s3cmd's own: a file that says so was written by s3cmd, and chose nothing.
const USUAL_CHUNK: i64 = 15;

/// Fills in what was not said, from the `.s3cfg` that the run uses, if it uses one.
///
/// # Errors
/// A setting that can't be read.
pub fn apply(args: &mut Args) -> Result<()> {
    if args.profile.is_some() || args.sandbox || !heeds(&args.verb) {
        return Ok(());
    }
    let Some(path) = s3cfg_path(args) else { return Ok(()) };
    // One that can't be read is told of when it is read for its keys.
    let Ok(cfg) = S3cfg::load(&path) else { return Ok(()) };
    let said = Said { cfg, path };
    match &mut args.verb {
        Verb::Put(o) => {
            headers(&said, &mut o.headers)?;
            keep(&said, &mut o.keep)?;
            send(&said, &mut o.send)?;
            cf(&said, &mut o.cf)?;
            rate(&said, &mut o.limit_rate);
            o.stop_on_error |= said.flag("stop_on_error")?;
            o.dry_run |= said.flag("dry_run")?;
        }
        Verb::Pipe(o) => {
            headers(&said, &mut o.headers)?;
            rate(&said, &mut o.limit_rate);
            o.dry_run |= said.flag("dry_run")?;
        }
        Verb::Sync(o) => {
            sync(&said, o)?;
            o.delete_removed |= !o.no_delete_removed && said.flag("delete_removed")?;
            o.stop_on_error |= said.flag("stop_on_error")?;
            o.dry_run |= said.flag("dry_run")?;
        }
        // What it deletes must have been said to it.
        Verb::Watch(o) => {
            sync(&said, &mut o.sync)?;
            o.sync.dry_run |= said.flag("dry_run")?;
        }
        Verb::Get(o) => {
            let decided = o.force || o.continue_get || o.conflicts.rule().is_some();
            o.skip_existing |= !decided && said.flag("skip_existing")?;
            o.stop_on_error |= said.flag("stop_on_error")?;
            o.dry_run |= said.flag("dry_run")?;
            rate(&said, &mut o.limit_rate);
        }
        Verb::Cp(o) | Verb::Mv(o) => {
            o.acl_public |= !o.acl_private && said.flag("acl_public")?;
            class(&said, &mut o.class)?;
            edits(&said, &mut o.headers)?;
            server_side(&said, &mut o.encrypt)?;
            o.dry_run |= said.flag("dry_run")?;
        }
        Verb::Del(o) => {
            o.max_delete = o.max_delete.or(most(&said)?);
            o.dry_run |= said.flag("dry_run")?;
        }
        Verb::Modify(o) => {
            server_side(&said, &mut o.encrypt)?;
            o.dry_run |= said.flag("dry_run")?;
        }
        Verb::Restore(o) => o.dry_run |= said.flag("dry_run")?,
        Verb::Ls(o) | Verb::La(o) => {
            o.human_readable_sizes |= said.flag("human_readable_sizes")?;
            o.long_listing |= said.flag("long_listing")?;
            o.list_md5 |= said.flag("list_md5")?;
        }
        Verb::Du(o) => o.human_readable_sizes |= said.flag("human_readable_sizes")?,
        _ => {}
    }
    Ok(())
}

fn heeds(verb: &Verb) -> bool {
    use Verb as V;
    matches!(
        verb,
        V::Put(_)
            | V::Pipe(_)
            | V::Sync(_)
            | V::Watch(_)
            | V::Get(_)
            | V::Cp(_)
            | V::Mv(_)
            | V::Del(_)
            | V::Modify(_)
            | V::Restore(_)
            | V::Ls(_)
            | V::La(_)
            | V::Du(_)
    )
}

/// At the server. What the command line says of it counts as a whole.
fn server_side(said: &Said, o: &mut EncryptArgs) -> Result<()> {
    if !o.is_said() {
        o.server_side_encryption = said.flag("server_side_encryption")?;
        o.server_side_encryption_kms_id = said.text("kms_key");
    }
    Ok(())
}

fn headers(said: &Said, o: &mut HeaderArgs) -> Result<()> {
    let said_so = o.encrypt.is_said();
    server_side(said, &mut o.encrypt)?;
    o.encrypt.encrypt |= !said_so && said.flag("encrypt")?;
    o.acl_public |= !o.acl_private && said.flag("acl_public")?;
    class(said, &mut o.class)?;
    o.mime_type = o.mime_type.take().or_else(|| said.text("mime_type"));
    add_headers(said, &mut o.add_header)
}

fn edits(said: &Said, o: &mut Headers) -> Result<()> {
    o.mime_type = o.mime_type.take().or_else(|| said.text("mime_type"));
    add_headers(said, &mut o.add_header)
}

/// Before those of the command line, which are set over them.
fn add_headers(said: &Said, given: &mut Vec<String>) -> Result<()> {
    let Some(text) = said.text("add_headers") else { return Ok(()) };
    let all: Vec<String> = text.split(',').map(|header| header.trim().to_owned()).collect();
    if all.iter().any(|header| !header.contains(':')) {
        return Err(said.bad("add_headers", "NAME:VALUE,NAME:VALUE"));
    }
    given.splice(0..0, all);
    Ok(())
}

/// A class comes before reduced redundancy.
fn class(said: &Said, o: &mut ClassArgs) -> Result<()> {
    if o.storage_class.is_none() && !o.reduced_redundancy {
        o.storage_class = said.text("storage_class");
        o.reduced_redundancy = !o.no_reduced_redundancy && said.flag("reduced_redundancy")?;
    }
    Ok(())
}

fn keep(said: &Said, o: &mut KeepArgs) -> Result<()> {
    o.no_preserve |= !o.preserve && !said.flag_or("preserve_attrs", true)?;
    o.keep_dirs |= said.flag("keep_dirs")?;
    Ok(())
}

fn send(said: &Said, o: &mut SendArgs) -> Result<()> {
    let parts = said.flag_or("enable_multipart", true)?;
    if o.multipart_chunk_size_mb.is_none() && !o.disable_multipart {
        o.disable_multipart = !parts;
        let chunk = said.number("multipart_chunk_size_mb")?.filter(|mib| *mib != USUAL_CHUNK);
        if let Some(mib) = chunk.filter(|_| parts) {
            let mib = u64::try_from(mib).ok().filter(|mib| (5..=5120).contains(mib));
            let bad = || said.bad("multipart_chunk_size_mb", "5 to 5120");
            o.multipart_chunk_size_mb = Some(mib.ok_or_else(bad)?);
        }
    }
    o.no_guess_mime_type |= !o.guess_mime_type && !said.flag_or("guess_mime_type", true)?;
    o.default_mime_type = o.default_mime_type.take().or_else(|| said.text("default_mime_type"));
    o.add_encoding_exts = o.add_encoding_exts.take().or_else(|| said.text("add_encoding_exts"));
    Ok(())
}

fn cf(said: &Said, o: &mut CfArgs) -> Result<()> {
    o.cf_invalidate |= said.flag("invalidate_on_cf")?;
    o.cf_invalidate_default_index |= said.flag("invalidate_default_index_on_cf")?;
    o.cf_no_invalidate_default_index_root |=
        !said.flag_or("invalidate_default_index_root_on_cf", true)?;
    Ok(())
}

fn sync(said: &Said, o: &mut Sync) -> Result<()> {
    headers(said, &mut o.headers)?;
    send(said, &mut o.send)?;
    cf(said, &mut o.cf)?;
    rate(said, &mut o.limit_rate);
    o.skip_existing |= said.flag("skip_existing")?;
    o.no_preserve |= !o.preserve && !said.flag_or("preserve_attrs", true)?;
    o.keep_dirs |= said.flag("keep_dirs")?;
    o.max_delete = o.max_delete.or(most(said)?);
    Ok(())
}

/// `-1` is no limit.
fn most(said: &Said) -> Result<Option<u64>> {
    Ok(said.number("max_delete")?.and_then(|most| u64::try_from(most).ok()))
}

fn rate(said: &Said, given: &mut Option<String>) {
    *given = given.take().or_else(|| said.text("limitrate").filter(|rate| rate != "0"));
}

struct Said {
    cfg: S3cfg,
    path: PathBuf,
}

impl Said {
    fn text(&self, key: &str) -> Option<String> {
        self.cfg.get(key).map(str::to_owned)
    }

    fn flag(&self, key: &str) -> Result<bool> {
        self.flag_or(key, false)
    }

    /// As s3cmd reads them; a word that is neither is no quiet "no".
    fn flag_or(&self, key: &str, default: bool) -> Result<bool> {
        match self.text(key).map(|text| text.to_ascii_lowercase()).as_deref() {
            None => Ok(default),
            Some("true" | "yes" | "on" | "1") => Ok(true),
            Some("false" | "no" | "off" | "0") => Ok(false),
            // What is not set is written so by some.
            Some("none") => Ok(default),
            Some(_) => Err(self.bad(key, "True or False")),
        }
    }

    fn number(&self, key: &str) -> Result<Option<i64>> {
        let read = |text: String| text.parse().map_err(|_| self.bad(key, "a number"));
        self.text(key).map(read).transpose()
    }

    fn bad(&self, key: &str, wanted: &str) -> Failure {
        let (path, found): (&Path, _) = (&self.path, self.cfg.get(key).unwrap_or_default());
        Failure::invalid(format!("{}: '{found}' is no value of {key}", path.display()))
            .with_hint(format!("Write {key} = {wanted}."))
    }
}
