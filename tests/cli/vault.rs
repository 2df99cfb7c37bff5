//! Saved keys on a machine without a keychain.

use std::process::Command;

use crate::support::{Ran, World, private};

const PASSPHRASE: &str = "correct horse battery";

/// A world whose vault is under a passphrase, with a connection `me` in it.
fn world() -> World {
    let world = World::with_bucket();
    world.write("pass", format!("{PASSPHRASE}\nand a second line\n"));
    world.run(["vault", "passphrase", "--password-command", "cat pass"]).ok();
    let cfg = world.path("good.s3cfg");
    std::fs::copy(world.home().join(".s3cfg"), &cfg).unwrap();
    private(&cfg);
    std::fs::remove_file(world.home().join(".s3cfg")).unwrap();
    let cfg = cfg.to_str().unwrap();
    world.run(["--password-command", "cat pass", "profile", "add", "me", "-c", cfg]).ok();
    world
}

fn with(world: &World, variables: &[(&str, &str)], words: &[&str]) -> Ran {
    let mut command: Command = world.command(words);
    command.envs(variables.iter().copied());
    world.finish(command)
}

#[test]
fn a_passphrase_opens_it_for_a_machine() {
    let world = world();
    let ls = ["--profile", "me", "ls"];
    world.run(ls).exits(78).says("--password-command");
    world.run([&["--password-command", "cat pass"], &ls[..]].concat()).ok().prints("s3://bucket");
    with(&world, &[("DIPPER_PASSWORD_COMMAND", "cat pass")], &ls).ok().prints("s3://bucket");
    let folder = world.path("credentials");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("dipper-passphrase"), PASSPHRASE).unwrap();
    let folder = folder.to_str().unwrap();
    with(&world, &[("CREDENTIALS_DIRECTORY", folder)], &ls).ok().prints("s3://bucket");
    let status = with(&world, &[], &["vault", "status", "--json"]).ok().json();
    assert_eq!(status[0]["state"], "locked");
    assert_eq!((&status[0]["passphrase"], &status[0]["keyFile"]), (&true.into(), &false.into()));
}

#[test]
fn what_does_not_open_it_is_told() {
    let world = world();
    let ls = |command: &str| world.run(["--password-command", command, "--profile", "me", "ls"]);
    ls("echo wrong").exits(65).says("passphrase is wrong");
    ls("exit 3").exits(74).says("exit status: 3");
    ls("true").exits(74).says("printed nothing");
    for words in [["vault", "reset"], ["vault", "key-file"]] {
        world.run(words).exits(64);
    }
    world.run(["vault", "passphrase", "--password-command", "echo short"]).exits(78);
    let old = ["vault", "passphrase", "--old-password-command", "cat pass"];
    world.run([&old[..], &["--password-command", "echo short"]].concat()).exits(64);
    world.run([&old[..], &["--password-command", "echo another long one"]].concat()).ok();
    ls("cat pass").exits(65);
    ls("echo another long one").ok().prints("s3://bucket");
}

#[test]
fn in_clear_only_when_asked_and_never_without_saying_so() {
    let world = world();
    world.run(["--password-command", "cat pass", "vault", "key-file", "--plaintext"]).ok();
    let ran = world.run(["--profile", "me", "ls"]).ok().prints("s3://bucket");
    assert!(ran.err.starts_with("WARNING:"), "{}", ran.err);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = world.data().join("vault.key");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        world.run(["--profile", "me", "ls"]).exits(78);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    world.run(["vault", "key-file", "--remove"]).ok();
    world.run(["--profile", "me", "ls"]).exits(78);
    world.run(["vault", "reset", "--force"]).ok();
    world
        .run(["--password-command", "cat pass", "--profile", "me", "ls"])
        .exits(78)
        .says("not in the vault");
}

#[test]
fn a_configuration_as_a_credential_of_systemd() {
    let world = World::with_bucket();
    let folder = world.path("credentials");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(world.home().join(".s3cfg"), folder.join("s3cfg")).unwrap();
    let folder = folder.to_str().unwrap();
    with(&world, &[("CREDENTIALS_DIRECTORY", folder)], &["ls"]).ok().prints("s3://bucket");
}
