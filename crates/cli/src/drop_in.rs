//! s3cmd's habits on the command line: options before the verb, options that a verb has no use for,
//! and options of which one is known by what it does not do.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};
use dipper_app::{Failure, Result};

/// Where an option of s3cmd does something.
enum Does {
    /// Nothing here: what it turns off or on is so anyway, or is no matter of the result.
    Nothing,
    /// Something with these verbs of s3cmd; with others it is taken and ignored, as there.
    With(&'static [&'static str]),
}
use Does::{Nothing, With};

impl Does {
    fn something_with(&self, verb: &str) -> bool {
        match self {
            Nothing => false,
            With(verbs) => verbs.contains(&verb),
        }
    }
}

struct Known {
    names: &'static [&'static str],
    value: bool,
    does: Does,
}

const fn flag(names: &'static [&'static str], does: Does) -> Known {
    Known { names, value: false, does }
}

const fn value(names: &'static [&'static str], does: Does) -> Known {
    Known { names, value: true, does }
}

const UP: &[&str] = &["put", "sync"];
const MOVING: &[&str] = &["put", "get", "sync"];
const SIFTED: &[&str] =
    &["put", "get", "sync", "del", "rm", "cp", "mv", "modify", "setacl", "restore"];
const WRITING: &[&str] = &["put", "sync", "cp", "mv", "modify"];
/// Of Dipper's own verbs, those that upload, too: none of them sends in clear what was to be sealed.
const SEALED: &[&str] = &["put", "sync", "pipe", "watch", "cp", "mv", "modify"];
const CLOUDFRONT: &[&str] = &["cfcreate", "cfmodify"];

/// All of s3cmd 2.4.0 but those that every verb of ours has.
const OPTIONS: &[Known] = &[
    flag(&["-n", "--dry-run"], With(&["put", "get", "sync", "del", "rm", "cp", "mv", "restore"])),
    flag(&["-e", "--encrypt"], With(&["put", "sync", "pipe", "watch"])),
    flag(&["--no-encrypt"], Nothing),
    flag(&["-f", "--force"], With(&["get", "del", "rm", "rb", "sync"])),
    flag(&["--continue"], With(&["get"])),
    flag(&["--continue-put"], With(&["put"])),
    value(&["--upload-id"], With(&["put"])),
    flag(&["--skip-existing"], With(&["get", "sync"])),
    flag(
        &["-r", "--recursive"],
        With(&["ls", "put", "get", "del", "rm", "rb", "cp", "mv", "setacl", "modify", "restore"]),
    ),
    flag(&["--check-md5"], Nothing),
    flag(&["--no-check-md5"], With(&["sync"])),
    flag(&["-P", "--acl-public"], With(&["put", "sync", "cp", "mv", "setacl", "mb"])),
    flag(&["--acl-private"], With(&["setacl"])),
    value(&["--acl-grant"], With(&["setacl"])),
    value(&["--acl-revoke"], With(&["setacl"])),
    value(&["-D", "--restore-days"], With(&["restore"])),
    value(&["--restore-priority"], With(&["restore"])),
    flag(&["--delete-removed"], With(&["sync"])),
    flag(&["--no-delete-removed"], Nothing),
    flag(&["--delete-after"], With(&["sync"])),
    flag(&["--delay-updates"], Nothing),
    value(&["--max-delete"], With(&["sync", "del", "rm"])),
    value(&["--limit"], With(&["ls", "la"])),
    value(&["--add-destination"], With(&["sync"])),
    flag(&["--delete-after-fetch"], With(&["get", "sync"])),
    flag(&["-p", "--preserve"], With(UP)),
    flag(&["--no-preserve"], With(UP)),
    flag(&["--keep-dirs"], With(UP)),
    value(&["--exclude"], With(SIFTED)),
    value(&["--exclude-from"], With(SIFTED)),
    value(&["--rexclude"], With(SIFTED)),
    value(&["--rexclude-from"], With(SIFTED)),
    value(&["--include"], With(SIFTED)),
    value(&["--include-from"], With(SIFTED)),
    value(&["--rinclude"], With(SIFTED)),
    value(&["--rinclude-from"], With(SIFTED)),
    value(&["--files-from"], With(UP)),
    flag(&["--reduced-redundancy", "--rr"], With(WRITING)),
    flag(&["--no-reduced-redundancy", "--no-rr"], Nothing),
    value(&["--storage-class"], With(WRITING)),
    value(&["--access-logging-target-prefix"], With(&["accesslog", "cfcreate", "cfmodify"])),
    flag(&["--no-access-logging"], With(&["accesslog", "cfcreate", "cfmodify"])),
    value(&["--default-mime-type"], With(UP)),
    flag(&["-M", "--guess-mime-type"], Nothing),
    flag(&["--no-guess-mime-type"], With(UP)),
    flag(&["--no-mime-magic"], Nothing),
    value(&["-m", "--mime-type"], With(WRITING)),
    value(&["--add-header"], With(WRITING)),
    value(&["--remove-header"], With(&["modify"])),
    flag(&["--server-side-encryption"], With(SEALED)),
    value(&["--server-side-encryption-kms-id"], With(SEALED)),
    value(&["--encoding"], Nothing),
    value(&["--add-encoding-exts"], With(UP)),
    flag(&["--verbatim"], Nothing),
    flag(&["--disable-multipart"], With(UP)),
    value(&["--multipart-chunk-size-mb"], With(UP)),
    flag(&["--list-md5"], With(&["ls", "la"])),
    flag(&["--configure"], Nothing),
    flag(&["--dump-config"], Nothing),
    flag(&["--signature-v2"], Nothing),
    flag(&["--list-allow-unordered"], Nothing),
    flag(&["-H", "--human-readable-sizes"], With(&["ls", "la", "du"])),
    value(&["--ws-index"], With(&["ws-create"])),
    value(&["--ws-error"], With(&["ws-create"])),
    value(&["--expiry-date"], With(&["expire"])),
    value(&["--expiry-days"], With(&["expire"])),
    value(&["--expiry-prefix"], With(&["expire"])),
    flag(&["--skip-destination-validation"], With(&["setnotification"])),
    flag(&["--stats"], Nothing),
    flag(&["--enable"], With(CLOUDFRONT)),
    flag(&["--disable"], With(CLOUDFRONT)),
    flag(&["--cf-invalidate"], With(UP)),
    flag(&["--cf-invalidate-default-index"], With(UP)),
    flag(&["--cf-no-invalidate-default-index-root"], With(UP)),
    value(&["--cf-add-cname"], With(CLOUDFRONT)),
    value(&["--cf-remove-cname"], With(CLOUDFRONT)),
    value(&["--cf-comment"], With(CLOUDFRONT)),
    value(&["--cf-default-root-object"], With(CLOUDFRONT)),
    flag(&["-v", "--verbose"], Nothing),
    flag(&["-d", "--debug"], Nothing),
    flag(&["-F", "--follow-symlinks"], With(UP)),
    value(&["--cache-file"], Nothing),
    value(&["--limit-rate"], With(MOVING)),
    flag(&["--no-connection-pooling"], Nothing),
    flag(&["--requester-pays"], With(&["payer"])),
    flag(&["-l", "--long-listing"], With(&["ls", "la"])),
    flag(&["--stop-on-error"], With(MOVING)),
    value(&["--max-retries"], Nothing),
    value(&["--content-disposition"], With(&["signurl"])),
    value(&["--content-type"], With(&["signurl"])),
];

/// An option with its value, as it was written.
struct Given {
    name: String,
    words: Vec<OsString>,
}

/// The verb first, then its options, those left out that it has no use for, then the rest.
///
/// # Errors
/// An option that s3cmd's verb of that name would heed, and ours can't yet: nothing is done rather
/// than something else.
pub fn arrange(given: Vec<OsString>, command: &Command) -> Result<Vec<OsString>> {
    let mut words = given.into_iter();
    let program = words.next();
    let (mut options, mut rest): (Vec<Given>, Vec<OsString>) = (Vec::new(), Vec::new());
    let mut verb: Option<&Command> = None;
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or("");
        if text == "--" {
            rest.push(word);
            rest.extend(words.by_ref());
        } else if !text.starts_with('-') || text == "-" {
            match (verb, command.find_subcommand(&word)) {
                (None, Some(found)) => {
                    verb = Some(found);
                    // A noun with verbs of its own is nothing of s3cmd's.
                    if found.has_subcommands() && !is_bare(found, words.peek()) {
                        let mut all: Vec<OsString> = program.into_iter().collect();
                        all.extend(options.into_iter().flat_map(|option| option.words));
                        all.push(word);
                        all.extend(words);
                        return Ok(all);
                    }
                }
                _ => rest.push(word),
            }
        } else {
            split(text, &word, |name| takes_value(name, command, verb), &mut words, &mut options);
        }
    }
    // Whatever verb is named besides, these are done instead.
    for (option, instead) in [("--configure", "configure"), ("--dump-config", "dump-config")] {
        if options.iter().any(|given| given.name == option) {
            options.retain(|given| given.name != option);
            verb = command.find_subcommand(instead);
        }
    }
    let mut all: Vec<OsString> = program.into_iter().collect();
    let refused = |name: &str, verb: &str| {
        Failure::invalid(format!("`dipper{verb}` can't do {name} yet"))
            .with_hint("Nothing was done. docs/s3cmd.md lists what differs from s3cmd.")
    };
    let Some(verb) = verb else {
        all.extend(options.into_iter().flat_map(|option| option.words));
        all.extend(rest);
        return Ok(all);
    };
    let name = verb.get_name();
    // The program's own, which no verb has: its version.
    let of_program = |given: &Given| !has(verb, &given.name) && is_own(command, &given.name);
    let (own, options): (Vec<Given>, Vec<Given>) = options.into_iter().partition(of_program);
    all.extend(own.into_iter().flat_map(|option| option.words));
    all.push(name.into());
    for option in options {
        let ours = has(verb, &option.name) || has_global(command, &option.name);
        match known(&option.name) {
            Some(known) if !ours && known.does.something_with(name) => {
                return Err(refused(&option.name, &format!(" {name}")));
            }
            // A verb that has no use for it.
            Some(_) if !ours => {}
            _ => all.extend(option.words),
        }
    }
    all.extend(rest);
    Ok(all)
}

/// `payer s3://BUCKET`, as s3cmd has it.
fn is_bare(verb: &Command, next: Option<&OsString>) -> bool {
    verb.get_name() == "payer"
        && next.and_then(|word| word.to_str()).is_some_and(|word| word.starts_with("s3://"))
}

/// `--name=value`, `--name value`, `-n`, `-xyz`, `-mvalue`.
fn split(
    text: &str,
    word: &OsStr,
    takes_value: impl Fn(&str) -> bool,
    words: &mut impl Iterator<Item = OsString>,
    options: &mut Vec<Given>,
) {
    if text.starts_with("--") {
        let name = text.split_once('=').map_or(text, |(name, _)| name).to_owned();
        let mut all = vec![word.to_owned()];
        if !text.contains('=') && takes_value(&name) {
            all.extend(words.next());
        }
        options.push(Given { name, words: all });
        return;
    }
    let letters: Vec<char> = text.chars().skip(1).collect();
    for (at, letter) in letters.iter().enumerate() {
        let name = format!("-{letter}");
        if !takes_value(&name) {
            options.push(Given { words: vec![name.clone().into()], name });
            continue;
        }
        let value: String = letters[at + 1..].iter().collect();
        let value = if value.is_empty() { words.next() } else { Some(value.into()) };
        let mut all = vec![name.clone().into()];
        all.extend(value);
        options.push(Given { name, words: all });
        return;
    }
}

fn known(name: &str) -> Option<&'static Known> {
    OPTIONS.iter().find(|option| option.names.contains(&name))
}

fn named<'a>(args: impl Iterator<Item = &'a Arg>, name: &str) -> Option<&'a Arg> {
    let mut args = args;
    match name.strip_prefix("--") {
        Some(long) => args.find(|arg| {
            arg.get_long() == Some(long)
                || arg.get_all_aliases().is_some_and(|all| all.contains(&long))
        }),
        None => args.find(|arg| {
            let letter = name.chars().nth(1);
            arg.get_short() == letter
                || arg
                    .get_all_short_aliases()
                    .is_some_and(|all| letter.is_some_and(|l| all.contains(&l)))
        }),
    }
}

fn has(verb: &Command, name: &str) -> bool {
    named(verb.get_arguments(), name).is_some()
}

/// The version's are made when the command is built.
fn is_own(command: &Command, name: &str) -> bool {
    matches!(name, "-V" | "--version")
        || named(command.get_arguments(), name).is_some_and(|arg| !arg.is_global_set())
}

/// Help is everywhere.
fn has_global(command: &Command, name: &str) -> bool {
    matches!(name, "-h" | "--help") || named(command.get_arguments(), name).is_some()
}

fn takes_value(name: &str, command: &Command, verb: Option<&Command>) -> bool {
    let ours = verb
        .and_then(|verb| named(verb.get_arguments(), name))
        .or_else(|| named(command.get_arguments(), name));
    match (ours, known(name)) {
        (Some(arg), _) => arg.get_action().takes_values(),
        (None, Some(known)) => known.value,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn arranged(line: &str) -> Result<String> {
        let command = crate::args::Args::command();
        let words = std::iter::once("dipper").chain(line.split(' ')).map(OsString::from).collect();
        let all = arrange(words, &command)?;
        let all: Vec<String> = all.iter().map(|w| w.to_string_lossy().into_owned()).collect();
        Ok(all[1..].join(" "))
    }

    #[test]
    fn options_may_stand_anywhere() {
        for (given, wanted) in [
            ("-r put a s3://b", "put -r a s3://b"),
            ("put a s3://b -r", "put -r a s3://b"),
            ("-c cfg --acl-public put a s3://b", "put -c cfg --acl-public a s3://b"),
            ("-rPmtext/x put a s3://b", "put -r -P -m text/x a s3://b"),
            ("--mime-type text/x put a s3://b", "put --mime-type text/x a s3://b"),
            ("put -- -r s3://b", "put -- -r s3://b"),
            ("put - s3://b/x", "put - s3://b/x"),
            ("rm s3://b/x", "del s3://b/x"),
            ("--json jobs ls", "--json jobs ls"),
            ("policy get s3://b", "policy get s3://b"),
            ("--version ls", "--version ls"),
            ("payer s3://b --requester-pays", "payer --requester-pays s3://b"),
        ] {
            assert_eq!(arranged(given).unwrap(), wanted, "{given}");
        }
    }

    #[test]
    fn what_a_verb_has_no_use_for_is_left_out() {
        assert_eq!(arranged("ls --acl-public -v --no-mime-magic s3://b").unwrap(), "ls s3://b");
        assert_eq!(
            arranged("del --exclude-not-known s3://b/x").unwrap(),
            "del --exclude-not-known s3://b/x"
        );
    }

    /// Nothing of what s3cmd would heed is refused.
    #[test]
    fn everything_that_does_something_is_there() {
        let mut command = crate::args::Args::command();
        command.build();
        let mut missing = Vec::new();
        for option in OPTIONS {
            let With(verbs) = option.does else { continue };
            for verb in verbs.iter().filter_map(|verb| command.find_subcommand(verb)) {
                for name in option.names {
                    if !has(verb, name) && !has_global(&command, name) {
                        missing.push(format!("{} {name}", verb.get_name()));
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }

    /// Each verb stands in the table that `tests/cli/dry_run.rs` goes through: one that writes takes `-n`.
    #[test]
    fn every_verb_that_writes_has_a_dry_run() {
        fn leaves(command: &Command, path: &str, all: &mut Vec<(String, bool)>) {
            let verbs: Vec<&Command> =
                command.get_subcommands().filter(|verb| verb.get_name() != "help").collect();
            let dry = command.get_arguments().any(|arg| arg.get_id() == "dry_run");
            // `payer` is both: a verb, and a noun with verbs.
            if verbs.is_empty() || command.is_args_conflicts_with_subcommands_set() {
                all.push((path.to_owned(), dry));
            }
            for verb in verbs {
                leaves(verb, format!("{path} {}", verb.get_name()).trim(), all);
            }
        }
        let mut command = crate::args::Args::command();
        command.build();
        let mut all = Vec::new();
        leaves(&command, "", &mut all);
        all.sort();
        let table = include_str!("../../../tests/cli/verbs.txt");
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        let mut told: Vec<(String, bool)> = lines
            .map(|line| line.split_once('|').unwrap())
            .map(|(path, words)| (path.trim().to_owned(), words.trim() != "-"))
            .collect();
        told.sort();
        let names = |of: &[(String, bool)]| of.iter().map(|one| one.0.clone()).collect::<Vec<_>>();
        assert_eq!(names(&all), names(&told));
        for ((path, dry), (_, writes)) in all.iter().zip(&told) {
            assert!(*dry || !writes, "{path} writes, and has no --dry-run");
        }
    }

    #[test]
    fn what_would_be_done_otherwise_is_refused() {
        assert_eq!(arranged("put --encrypt a s3://b").unwrap(), "put --encrypt a s3://b");
        assert_eq!(arranged("-e put a s3://b").unwrap(), "put -e a s3://b");
        assert_eq!(arranged("-e ls s3://b").unwrap(), "ls s3://b");
    }
}
