//! Settings of an `.s3cfg`, by s3cmd and by Dipper, on two buckets of one server: the same objects and
//! files after each, or the difference stands in docs/s3cmd.md.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Ran, World, noise};

/// What stands in the file besides, and the commands, of which `{b}` is the bucket. All begin with the
/// same files, and with `old` in the bucket.
const CASES: &[(&str, &[&str])] = &[
    ("mime_type = text/x-own", &["put -r tree/ s3://{b}/"]),
    ("mime_type = text/x-own", &["put -m text/y tree/one.txt s3://{b}/"]),
    ("mime_type = text/x-own", &["cp s3://{b}/old s3://{b}/new"]),
    ("default_mime_type = foo/bar", &["put -r tree/ s3://{b}/"]),
    ("guess_mime_type = False", &["put -r tree/ s3://{b}/"]),
    ("guess_mime_type = False\ndefault_mime_type = foo/bar", &["put -r tree/ s3://{b}/"]),
    ("guess_mime_type = False", &["put -M -r tree/ s3://{b}/"]),
    ("add_encoding_exts = txt,html", &["put -r tree/ s3://{b}/"]),
    ("acl_public = True", &["put -r tree/ s3://{b}/", "cp s3://{b}/old s3://{b}/new"]),
    ("acl_public = True", &["put --acl-private tree/one.txt s3://{b}/"]),
    ("acl_public = True", &["sync tree/ s3://{b}/"]),
    ("storage_class = STANDARD_IA", &["put -r tree/ s3://{b}/", "cp s3://{b}/old s3://{b}/new"]),
    ("storage_class = STANDARD_IA", &["put --storage-class=GLACIER tree/one.txt s3://{b}/"]),
    ("storage_class = STANDARD_IA", &["sync tree/ s3://{b}/"]),
    ("reduced_redundancy = True", &["put tree/one.txt s3://{b}/"]),
    ("reduced_redundancy = True", &["put --no-reduced-redundancy tree/one.txt s3://{b}/"]),
    ("reduced_redundancy = True\nstorage_class = STANDARD_IA", &["put tree/one.txt s3://{b}/"]),
    (
        "add_headers = cache-control:no-cache, x-amz-meta-colour: blue",
        &[
            "put -r tree/ s3://{b}/",
            "put --add-header=cache-control:max-age=5 tree/one.txt s3://{b}/second",
            "sync tree/ s3://{b}/synced/",
        ],
    ),
    ("preserve_attrs = False", &["put -r tree/ s3://{b}/", "sync tree/ s3://{b}/synced/"]),
    ("preserve_attrs = False", &["put -p tree/one.txt s3://{b}/"]),
    ("multipart_chunk_size_mb = 5", &["put large.bin s3://{b}/"]),
    ("enable_multipart = False", &["put large.bin s3://{b}/"]),
    ("skip_existing = True", &["sync --no-check-md5 changed/ s3://{b}/", "get s3://{b}/old here"]),
    ("skip_existing = True", &["get --force s3://{b}/old here"]),
    ("delete_removed = True", &["sync tree/ s3://{b}/"]),
    ("delete_removed = True", &["sync --no-delete-removed tree/ s3://{b}/"]),
    ("delete_removed = True\nmax_delete = 1", &["sync tree/ s3://{b}/"]),
    ("delete_removed = True\nmax_delete = 1", &["sync --max-delete=5 tree/ s3://{b}/"]),
    ("max_delete = 1", &["del -r s3://{b}/goes/"]),
    ("max_delete = -1", &["del -r s3://{b}/goes/"]),
    ("dry_run = True", &["put tree/one.txt s3://{b}/", "del s3://{b}/old", "sync tree/ s3://{b}/"]),
    ("follow_symlinks = True", &["put -r linked s3://{b}/"]),
    ("keep_dirs = True", &["sync hollow s3://{b}/"]),
    ("check_md5 = False", &["sync tree/ s3://{b}/"]),
    ("limitrate = 100m\nmultipart_chunk_size_mb = 5", &["put large.bin s3://{b}/"]),
    ("recursive = False\nforce = False", &["put tree/one.txt s3://{b}/"]),
];

fn folder(world: &World, place: &str) {
    for (name, text) in [
        ("tree/one.txt", "one"),
        ("tree/page.html", "<p>"),
        ("tree/noending", "?"),
        ("changed/old", "another"),
        ("linked/real", "real"),
        ("hollow/file", "file"),
        ("here", "was here"),
    ] {
        world.write(&format!("{place}/{name}"), text);
    }
    world.write(&format!("{place}/large.bin"), noise(17 << 20, 5));
    std::fs::create_dir_all(world.path(&format!("{place}/hollow/empty"))).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("real", world.path(&format!("{place}/linked/link"))).unwrap();
}

/// Of each object what was to be set, and the file `here`.
fn state(world: &World, bucket: &str, place: &str) -> Vec<String> {
    let rows = world.run(["ls", "-r", "--json", &format!("s3://{bucket}")]).ok().json();
    let mut all: Vec<String> = rows
        .iter()
        .map(|row| {
            let key = row["key"].as_str().unwrap();
            let uri = format!("s3://{bucket}/{key}");
            let info = world.run(["info", "--json", "--raw", &uri]).ok().json().remove(0);
            let parts = info["etag"].as_str().unwrap().rsplit_once('-').map(|(_, n)| n.to_owned());
            let kept = &info["metadata"]["s3cmd-attrs"];
            // s3cmd keeps the MD5 alone where it is to keep nothing.
            let kept = kept.as_str().is_some_and(|attrs| attrs.contains("mtime:"));
            let colour = &info["metadata"]["colour"];
            let text = |name: &str| match &info[name] {
                Value::Null => "-".to_owned(),
                value => value.to_string(),
            };
            format!(
                "{key} {} {} {} {} parts {parts:?} attrs {kept} colour {colour} {}",
                row["size"],
                text("contentType"),
                text("cacheControl"),
                text("storageClass"),
                text("acl").replace(bucket, "BUCKET"),
            )
        })
        .collect();
    all.push(String::from_utf8_lossy(&world.read(&format!("{place}/here"))).into_owned());
    all
}

fn ran(world: &World, mut command: Command, cfg: &Path, place: &str, step: &str, b: &str) -> Ran {
    command.arg("-c").arg(cfg).args(step.split(' ').map(|word| word.replace("{b}", b)));
    command.current_dir(world.path(place));
    world.finish(command)
}

/// One of three shares of the cases: all at once take longer than a test may.
pub fn same<const SHARE: usize>(tool: &PathBuf) {
    let world = World::new();
    let server = &world.server;
    let base = world.s3cfg("settings", server.host(), &server.access_key, &server.secret_key);
    // What libmagic says where it is there is another thing; the other line stands in each file that
    // s3cmd wrote.
    let base = std::fs::read_to_string(&base).unwrap()
        + "use_mime_magic = False\ndefault_mime_type = binary/octet-stream\n";
    let mut different = Vec::new();
    for (number, (settings, steps)) in CASES.iter().enumerate().skip(SHARE).step_by(3) {
        let cfg = world.home().join("settings");
        std::fs::write(&cfg, format!("{base}{settings}\n")).unwrap();
        let mut seen = Vec::new();
        for who in ["theirs", "ours"] {
            let (bucket, place) = (format!("{who}-{number}"), format!("{who}-{number}"));
            folder(&world, &place);
            world.run(["mb", "--ownership", "writer", &format!("s3://{bucket}")]).ok();
            let more = steps.iter().any(|step| step.contains("goes") || step.starts_with("sync"));
            let keys = if more { &["old", "goes/a", "goes/b"][..] } else { &["old"] };
            for key in keys {
                let uri = format!("s3://{bucket}/{key}");
                world.run_with_input(["put", "-", &uri], b"before").ok();
            }
            let mut codes = Vec::new();
            for step in *steps {
                let command = if who == "ours" {
                    world.command::<&str>([])
                } else {
                    let mut command = Command::new(tool);
                    world.surround(&mut command);
                    command.env("LC_ALL", "C.UTF-8").arg("--no-progress");
                    command
                };
                codes.push(ran(&world, command, &cfg, &place, step, &bucket).code);
            }
            seen.push((codes, state(&world, &bucket, &place)));
        }
        if seen[0] != seen[1] {
            let lines = |at: usize| seen[at].1.join("\n  ");
            let (one, other) = (&seen[0].0, &seen[1].0);
            let settings = settings.replace('\n', "; ");
            different.push(format!(
                "{settings}: {steps:?}\n--- s3cmd {one:?}\n  {}\n--- dipper {other:?}\n  {}",
                lines(0),
                lines(1)
            ));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}
