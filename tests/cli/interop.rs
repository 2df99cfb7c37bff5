//! The real s3cmd and s5cmd as the other side. Where they can't be had, the cases are listed as
//! ignored, with the reason.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[cfg(unix)]
mod cron;
mod differential;
mod drop_in;
mod elsewhere;
mod handover;
mod settings;
#[expect(dead_code, reason = "the tests of the verbs use all of it")]
mod support;

use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::support::{Ran, World, masked, noise};

const S3CMD: &str = "2.4.0";

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let s3cmd = find("s3cmd", &["--version"], S3CMD);
    let s5cmd = find("s5cmd", &["version"], "v2");
    let mut trials = Vec::new();
    for (name, case) in [
        ("listings_are_the_same", listings as fn(&PathBuf)),
        ("s3cmd_reads_what_dipper_wrote", theirs_reads_ours),
        ("dipper_reads_what_s3cmd_wrote", ours_reads_theirs),
        ("s3cmd_finds_nothing_to_do_after_put", nothing_to_do_after_put),
        ("s3cmd_finds_nothing_to_do_after_sync", nothing_to_do_after_sync),
        ("sync_finds_nothing_to_do_after_s3cmd", nothing_to_do_after_s3cmd),
        ("sync_filters_are_the_same", filters),
        ("exit_codes_are_the_same", exit_codes),
        ("lines_are_the_same", lines),
        ("verbs_end_and_say_the_same", differential::verbs),
        ("settings_of_a_file_do_the_same", settings::same::<0>),
        ("settings_of_a_file_do_the_same_too", settings::same::<1>),
        ("settings_of_a_file_do_all_the_same", settings::same::<2>),
        ("uploads_of_s3cmd_are_ended", handover::from_s3cmd),
        ("uploads_of_another_file_are_not_mixed", handover::from_s3cmd_of_another_file),
        ("s3cmd_ends_our_uploads", handover::to_s3cmd),
        ("its_bugs_are_not_ours", handover::bugs),
        ("encrypted_by_either_read_by_both", encrypted),
        ("a_crontab_needs_no_environment", crontab),
        ("every_command_is_known", drop_in::commands),
        ("every_option_is_taken", drop_in::options),
    ] {
        trials.push(trial("s3cmd", name, &s3cmd, case));
    }
    for (variable, name, case) in [
        ("DIPPER_TEST_MOTO", "cloudfront_on_moto", elsewhere::cloudfront as fn()),
        ("DIPPER_TEST_RGW", "signature_v2_on_ceph", elsewhere::signature_v2),
    ] {
        trials.push(match std::env::var_os(variable) {
            Some(_) => Trial::test(name, move || {
                case();
                Ok::<(), Failed>(())
            }),
            None => {
                let why = std::env::var(format!("{variable}_MISSING"));
                let why = why.unwrap_or_else(|_| format!("{variable} is not set"));
                Trial::test(name, || Ok(())).with_kind(why).with_ignored_flag(true)
            }
        });
    }
    #[cfg(unix)]
    trials.push(trial("cron", "a_line_of_a_real_crontab", &cron::there(), |cron| cron::line(cron)));
    trials.push(trial("s5cmd", "there_and_back", &s5cmd, s5cmd_both_ways));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(kind: &str, name: &str, tool: &Result<PathBuf, String>, case: fn(&PathBuf)) -> Trial {
    match tool.clone() {
        Ok(tool) => Trial::test(name, move || {
            case(&tool);
            Ok::<(), Failed>(())
        })
        .with_kind(kind),
        // The reason stands in the name's kind, so that a list shows it.
        Err(why) => Trial::test(name, || Ok(())).with_kind(why).with_ignored_flag(true),
    }
}

/// `$DIPPER_TEST_S3CMD` and the like, else xtask's tools in the cache folder, else the path.
fn find(name: &str, version: &[&str], want: &str) -> Result<PathBuf, String> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let named = variable(&format!("DIPPER_TEST_{}", name.to_uppercase()));
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let mut places: Vec<PathBuf> = cache.map(|c| c.join("dipper/tools/bin")).into_iter().collect();
    places.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut places: Vec<PathBuf> = places.iter().map(|place| place.join(&file)).collect();
    places.splice(0..0, named);
    let found = places.into_iter().find(|path| path.is_file());
    let Some(path) = found else { return Err(format!("there is no {name}")) };
    let said = Command::new(&path).args(version).output().map_err(|e| format!("{name}: {e}"))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    match said.contains(want) {
        true => Ok(path),
        false => Err(format!("{name} is {}, not {want}", said.trim())),
    }
}

fn world() -> World {
    let world = World::with_bucket();
    world.write("tree/a b.txt", "hello");
    world.write("tree/sub/ü ß.bin", noise(70_000, 1));
    world.write("tree/large.bin", noise(17 << 20, 2));
    world.write("tree/empty", "");
    world
}

const FILES: [&str; 4] = ["a b.txt", "sub/ü ß.bin", "large.bin", "empty"];

fn s3cmd(world: &World, tool: &PathBuf, words: &[&str]) -> Ran {
    let mut command = Command::new(tool);
    world.surround(&mut command);
    command.env("LC_ALL", "C.UTF-8").arg("--no-progress").args(words);
    world.finish(command)
}

/// `-e`, with the real gpg, which writes and reads for s3cmd.
fn encrypted(tool: &PathBuf) {
    let world = world();
    let path = world.home().join(".s3cfg");
    let text = std::fs::read_to_string(&path).unwrap()
        + "gpg_command = /usr/bin/gpg\ngpg_passphrase = pässword 1\n";
    std::fs::write(&path, text).unwrap();
    for (name, size) in [("none", 0), ("one", 1), ("edge", 5 << 20), ("past", (5 << 20) + 1)] {
        world.write(&format!("plain/{name} ü"), noise(size, 1));
    }
    world.write("plain/text", "the same words again and again. ".repeat(9000));
    let names = ["none ü", "one ü", "edge ü", "past ü", "text"];
    for name in names {
        let (file, theirs, ours) = (
            format!("plain/{name}"),
            format!("s3://bucket/s/{name}"),
            format!("s3://bucket/d/{name}"),
        );
        s3cmd(&world, tool, &["put", "-e", &file, &theirs]).ok();
        world.run(["put", "-e", &file, &ours]).ok();
        for uri in [&theirs, &ours] {
            world.run(["get", "--force", uri, "by-dipper"]).ok();
            assert!(world.read("by-dipper") == world.read(&file), "dipper {uri}");
            let _ = std::fs::remove_file(world.path("by-s3cmd"));
            s3cmd(&world, tool, &["get", "--force", uri, "by-s3cmd"]).ok();
            assert!(world.read("by-s3cmd") == world.read(&file), "s3cmd {uri}");
        }
    }
    // A whole tree, which s3cmd leaves encrypted.
    world.run(["sync", "s3://bucket/s/", "tree-back/"]).ok();
    for name in names {
        assert!(world.read(&format!("tree-back/{name}")) == world.read(&format!("plain/{name}")));
    }
}

fn same_bytes(world: &World, other: &str) {
    for file in FILES {
        let (one, two) =
            (world.read(&format!("tree/{file}")), world.read(&format!("{other}/{file}")));
        assert!(one == two, "{file} differs");
    }
}

fn listings(tool: &PathBuf) {
    let world = world();
    world.run(["put", "-r", "tree/", "s3://bucket/x/"]).ok();
    for words in [
        ["ls"].as_slice(),
        &["ls", "s3://bucket"],
        &["ls", "s3://bucket/x/"],
        &["ls", "s3://bucket/x"],
        &["ls", "-r", "s3://bucket/x/"],
        &["ls", "-H", "s3://bucket/x/"],
        &["-H", "ls", "s3://bucket/x/"],
        &["la"],
        &["du"],
        &["du", "s3://bucket/x"],
        &["du", "-H"],
        &["du", "-H", "s3://bucket/x/"],
    ] {
        let (ours, theirs) = (world.run(words).ok(), s3cmd(&world, tool, words).ok());
        assert_eq!(masked(&ours.out), masked(&theirs.out), "{words:?}");
    }
}

fn theirs_reads_ours(tool: &PathBuf) {
    let world = world();
    world.run(["put", "-r", "tree/", "s3://bucket/x/"]).ok();
    std::fs::create_dir(world.path("back")).unwrap();
    s3cmd(&world, tool, &["get", "-r", "s3://bucket/x/", "back/"]).ok();
    same_bytes(&world, "back");
}

fn ours_reads_theirs(tool: &PathBuf) {
    let world = world();
    s3cmd(&world, tool, &["put", "-r", "tree/", "s3://bucket/x/"]).ok();
    world.run(["get", "-r", "s3://bucket/x/", "back"]).ok();
    same_bytes(&world, "back");
}

/// Neither up nor down, with a large file in parts among them.
fn nothing_to_do_after_put(tool: &PathBuf) {
    let world = world();
    world.run(["put", "-r", "tree/", "s3://bucket/x/"]).ok();
    for words in [
        ["sync", "--dry-run", "tree/", "s3://bucket/x/"],
        ["sync", "--dry-run", "s3://bucket/x/", "tree/"],
    ] {
        let ran = s3cmd(&world, tool, &words).ok();
        assert_eq!(ran.out, "", "{words:?}");
    }
    // What was kept comes back.
    std::fs::create_dir(world.path("back")).unwrap();
    s3cmd(&world, tool, &["sync", "s3://bucket/x/", "back/"]).ok();
    same_bytes(&world, "back");
    let seconds = |name: &str| {
        let modified = world.path(name).metadata().unwrap().modified().unwrap();
        modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    };
    for file in FILES {
        assert_eq!(seconds(&format!("back/{file}")), seconds(&format!("tree/{file}")), "{file}");
    }
}

const DELETING: [&str; 2] = ["sync", "--delete-removed"];

fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    words.iter().chain(more).copied().collect()
}

fn nothing_to_do_after_sync(tool: &PathBuf) {
    let world = world();
    world.run(["sync", "tree/", "s3://bucket/x/"]).ok();
    let (up, down) = (["tree/", "s3://bucket/x/"], ["s3://bucket/x/", "tree/"]);
    for place in [up, down] {
        let words = with(&with(&DELETING, &["--dry-run"]), &place);
        assert_eq!(s3cmd(&world, tool, &words).ok().out, "", "{words:?}");
    }
    world.run(["sync", "s3://bucket/x/", "back/"]).ok();
    let words = with(&with(&DELETING, &["--dry-run"]), &["back/", "s3://bucket/x/"]);
    assert_eq!(s3cmd(&world, tool, &words).ok().out, "");
}

/// Parts of 15 MiB are not ours: the MD5 among the metadata tells.
fn nothing_to_do_after_s3cmd(tool: &PathBuf) {
    let world = world();
    s3cmd(&world, tool, &["sync", "tree/", "s3://bucket/x/"]).ok();
    for place in [["tree/", "s3://bucket/x/"], ["s3://bucket/x/", "tree/"]] {
        let words = with(&DELETING, &place);
        assert_eq!(world.run(&words).ok().out, "", "{words:?}");
    }
    world.run(["sync", "s3://bucket/x/", "back/"]).ok();
    same_bytes(&world, "back");
    for file in FILES {
        let of = |tree: &str| {
            let meta = world.path(&format!("{tree}/{file}")).metadata().unwrap();
            let modified = meta.modified().unwrap();
            modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
        };
        assert_eq!(of("back"), of("tree"), "{file}");
    }
    let words = with(&DELETING, &["back/", "s3://bucket/x/"]);
    assert_eq!(s3cmd(&world, tool, &with(&words, &["--dry-run"])).ok().out, "");
}

/// The same plans as s3cmd's own, up and down, on a tree of names that patterns like.
fn filters(tool: &PathBuf) {
    let world = World::with_bucket();
    for name in [
        "foo/a.txt",
        "foo/b.bin",
        "bar/foo/a.txt",
        "xfoo/a.txt",
        "foobar",
        "barfoo",
        "foo.txt",
        "a.txt",
        "deep/er/a.txt",
        "deep/er/a.txt.gz",
        "deep/keep/z",
        "keep/y",
        "a/c",
        "abc",
        "b.txt",
        "c.txt",
        "dir/x foo",
        "é/ü.txt",
    ] {
        world.write(&format!("tree/{name}"), name);
    }
    world.run(["sync", "tree/", "s3://bucket/there/"]).ok();
    std::fs::create_dir(world.path("void")).unwrap();
    for options in [
        &["--exclude=foo"][..],
        &["--exclude=foo/*"],
        &["--exclude=/foo/*"],
        &["--exclude=foo/"],
        &["--exclude=foo/", "--include=*.txt"],
        &["--exclude=*.txt"],
        &["--exclude=*", "--include=*.txt"],
        &["--include=*.txt", "--exclude=*"],
        &["--exclude=a?c"],
        &["--exclude=[ab].txt"],
        &["--exclude=[!ab].txt"],
        &["--exclude=x foo"],
        &["--rexclude=^foo"],
        &["--rexclude=foo"],
        &["--rexclude=\\.(txt|gz)$", "--rinclude=^deep"],
        &["--rexclude=^(?!deep/|keep/)"],
        &["--exclude=*", "--rinclude=keep"],
        &["--exclude=ü*"],
    ] {
        for place in [["tree/", "s3://bucket/new/"], ["s3://bucket/there/", "void/"]] {
            let words = with(&with(&["sync", "--dry-run"], options), &place);
            let sorted = |ran: Ran| {
                let out = ran.ok().out;
                // s3cmd also says what it leaves out.
                let kept = out.lines().filter(|line| !line.starts_with("exclude: "));
                let mut lines: Vec<String> = kept.map(str::to_owned).collect();
                lines.sort();
                lines
            };
            let (ours, theirs) = (sorted(world.run(&words)), sorted(s3cmd(&world, tool, &words)));
            assert_eq!(ours, theirs, "{words:?}");
        }
    }
}

/// The same classes. Two differ on purpose: an object that is not there is 12 here with every verb,
/// and a name that can't be a bucket is refused (64) before anybody is asked.
fn exit_codes(tool: &PathBuf) {
    let world = world();
    world.run(["put", "tree/a b.txt", "s3://bucket/a"]).ok();
    let server = &world.server;
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let wrong = world.s3cfg("wrong", server.host(), &server.access_key, "0000");
    let closed = world.s3cfg("closed", &nobody, "AKIANOBODY", "0000");
    let (wrong, closed) = (wrong.to_str().unwrap(), closed.to_str().unwrap());
    world.write("there", "x");
    for words in [
        ["ls", "s3://no-such-bucket"].as_slice(),
        &["get", "s3://bucket/a", "there"],
        &["put", "not-there", "s3://bucket/x"],
        &["put", "tree", "s3://bucket/x/"],
        &["put", "-r", "tree", "s3://bucket/x"],
        &["put", "tree/a b.txt", "s3://no-such-bucket/x"],
        &["rb", "s3://bucket"],
        &["rb", "s3://no-such-bucket"],
        &["del", "s3://bucket"],
        &["del", "-r", "s3://bucket"],
        &["setacl", "-P", "s3://bucket/missing"],
        &["info", "s3://bucket/missing"],
        &["-c", wrong, "ls"],
        &["-c", closed, "--max-retries=1", "ls"],
        &["-c", "no-such-file", "ls"],
        &["nonsense"],
    ] {
        let theirs = s3cmd(&world, tool, words);
        let ours = world.run(words);
        assert_eq!(ours.code, theirs.code, "{words:?}\nours: {}\ns3cmd: {}", ours.err, theirs.err);
    }
}

fn lines(tool: &PathBuf) {
    let world = world();
    for words in [
        ["mb", "s3://second"].as_slice(),
        &["rb", "s3://second"],
        &["put", "tree/a b.txt", "s3://bucket/p/"],
        &["get", "s3://bucket/p/a b.txt"],
        &["get", "--force", "s3://bucket/p/a b.txt", "named"],
        &["setacl", "-P", "s3://bucket/p/a b.txt"],
        &["setacl", "--acl-private", "s3://bucket/p/a b.txt"],
        &["del", "s3://bucket/p/a b.txt"],
    ] {
        let theirs = s3cmd(&world, tool, words).ok().out;
        // The same state once more.
        match words {
            ["mb", uri] => drop(world.run(["rb", uri]).ok()),
            ["rb", uri] => drop(world.run(["mb", uri]).ok()),
            ["del", ..] => drop(world.run(["put", "tree/a b.txt", "s3://bucket/p/"]).ok()),
            ["get", uri] => {
                std::fs::remove_file(world.path(uri.rsplit('/').next().unwrap())).unwrap()
            }
            _ => {}
        }
        let ours = world.run(words).ok().out;
        assert_eq!(unmeasured(&ours), unmeasured(&theirs), "{words:?}");
    }
}

/// A line as it stands in a crontab: no environment but what cron sets, no terminal, and `sh`.
fn crontab(tool: &PathBuf) {
    let world = world();
    let at = |name: &str| world.path(name).display().to_string();
    s3cmd(&world, tool, &["ls"]).ok();
    for (program, log) in [
        (tool.clone().into_os_string().into_string().unwrap(), "theirs.log"),
        (env!("CARGO_BIN_EXE_dipper").to_owned(), "ours.log"),
    ] {
        let line = format!(
            "{program} --no-progress sync --delete-removed '{}/' s3://bucket/backup/ >> '{}' 2>&1 \
             && {program} ls s3://bucket/backup/ >> '{}'",
            at("tree"),
            at(log),
            at(log)
        );
        let mut command = Command::new("/bin/sh");
        command.env_clear();
        command
            .env("HOME", world.home())
            .env("SHELL", "/bin/sh")
            .env("PATH", "/usr/bin:/bin")
            .env("LOGNAME", "tester")
            .current_dir(world.home())
            .args(["-c", &line])
            .stdin(std::process::Stdio::null());
        Ran::of(command.output().unwrap()).ok();
    }
    let ours = String::from_utf8(world.read("ours.log")).unwrap();
    let theirs = String::from_utf8(world.read("theirs.log")).unwrap();
    // The second run of the two found all there already; the listing is the same.
    assert!(theirs.contains("upload: ") && !ours.contains("upload: "), "{ours}");
    let listed = |log: &str| -> Vec<String> {
        masked(log).lines().filter(|line| line.contains("  s3://")).map(str::to_owned).collect()
    };
    assert_eq!(listed(&ours), listed(&theirs));
    assert_eq!(listed(&ours).len(), 4);
}

/// Lines without the count, time and rate at their end.
fn unmeasured(text: &str) -> String {
    let plain = |line: &str| {
        let end = [" (", "  ["].iter().filter_map(|mark| line.find(mark)).min();
        format!("{}\n", line[..end.unwrap_or(line.len())].trim_end())
    };
    text.lines().map(plain).collect()
}

fn s5cmd_both_ways(tool: &PathBuf) {
    let world = world();
    let run = |words: &[&str]| {
        let mut command = Command::new(tool);
        world.surround(&mut command);
        command
            .env("AWS_ACCESS_KEY_ID", &world.server.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &world.server.secret_key)
            .env("AWS_REGION", "us-east-1")
            .args(["--endpoint-url", &world.server.endpoint])
            .args(words);
        world.finish(command).ok()
    };
    run(&["cp", "tree/", "s3://bucket/theirs/"]);
    world.run(["get", "-r", "s3://bucket/theirs/", "one"]).ok();
    same_bytes(&world, "one");
    world.run(["put", "-r", "tree/", "s3://bucket/ours/"]).ok();
    run(&["cp", "s3://bucket/ours/*", "two/"]);
    same_bytes(&world, "two");
}
