//! A line of a crontab, run by the system's own cron: with its environment, its shell, and nothing else.
//! It gets a crontab of its own in a mount namespace; that of the machine is not touched or run.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{World, noise};

/// Cron, where it can be had: it wants to be root, and a namespace.
pub fn there() -> Result<PathBuf, String> {
    let cron = Path::new("/usr/sbin/cron");
    if !cron.is_file() {
        return Err("there is no cron".into());
    }
    let tried = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    match tried {
        Ok(status) if status.success() => Ok(cron.to_owned()),
        _ => Err("cron needs root and a namespace of its own".into()),
    }
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `crontabs` in the place of the machine's, and none of its other tables.
fn started(cron: &Path, world: &World, crontabs: &Path) -> Daemon {
    let empty = world.path("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(world.path("nothing"), "").unwrap();
    let script = r#"
        set -e
        mount --make-rprivate /
        mount --bind "$1" /var/spool/cron/crontabs
        [ ! -d /etc/cron.d ] || mount --bind "$2" /etc/cron.d
        [ ! -f /etc/crontab ] || mount --bind "$3" /etc/crontab
        mount -t tmpfs tmpfs /run
        exec "$4" -f
    "#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]);
    command.arg(crontabs).arg(&empty).arg(world.path("nothing")).arg(cron);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
    let log = std::fs::File::create(world.path("cron.log")).unwrap();
    command.stdout(log.try_clone().unwrap()).stderr(log);
    Daemon(command.spawn().unwrap())
}

pub fn line(cron: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with_bucket();
    world.write("tree/a b.txt", "hello");
    world.write("tree/sub/large.bin", noise(9 << 20, 2));
    world.put("backup/stale", b"old");
    let crontabs = world.path("crontabs");
    std::fs::create_dir(&crontabs).unwrap();
    let at = |name: &str| world.path(name).display().to_string();
    let dipper = env!("CARGO_BIN_EXE_dipper");
    // A per cent sign ends a line of a crontab: none may be in these paths.
    let text = format!(
        "HOME={}\nMAILTO=\"\"\n* * * * * {dipper} sync --delete-removed '{}/' s3://bucket/backup/ \
         >> '{}' 2>&1; echo \"ended $?\" >> '{}'; env > '{}'\n",
        world.home().display(),
        at("tree"),
        at("log"),
        at("log"),
        at("environment")
    );
    let crontab = crontabs.join("root");
    std::fs::write(&crontab, text).unwrap();
    std::fs::set_permissions(&crontab, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut daemon = started(cron, &world, &crontabs);
    let began = Instant::now();
    let log = loop {
        let log = std::fs::read_to_string(world.path("log")).unwrap_or_default();
        if log.contains("ended") && world.path("environment").exists() {
            break log;
        }
        let cron = std::fs::read_to_string(world.path("cron.log")).unwrap_or_default();
        assert!(daemon.0.try_wait().unwrap().is_none(), "cron ended: {cron}");
        assert!(began.elapsed() < Duration::from_secs(100), "not within a minute: {log}{cron}");
        std::thread::sleep(Duration::from_millis(200));
    };
    drop(daemon);
    assert!(log.contains("ended 0"), "{log}");
    assert!(!log.contains("ERROR") && !log.contains("WARNING"), "{log}");
    assert!(
        log.contains("upload: ") && log.contains("delete: 's3://bucket/backup/stale'"),
        "{log}"
    );
    assert_eq!(world.keys(), ["backup/a b.txt", "backup/sub/large.bin"]);
    // It was cron's environment, and no other.
    let environment = std::fs::read_to_string(world.path("environment")).unwrap();
    let names: Vec<&str> = environment.lines().filter_map(|line| line.split('=').next()).collect();
    for name in &names {
        let known =
            ["HOME", "MAILTO", "LOGNAME", "SHELL", "PATH", "PWD", "LANG", "LC_ALL", "_", "USER"];
        assert!(known.contains(name), "{environment}");
    }
    // The next one finds nothing to do.
    let again = world.run(["sync", "--delete-removed", "-n", "tree/", "s3://bucket/backup/"]).ok();
    assert_eq!(again.out, "");
}
