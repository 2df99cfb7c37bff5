//! Connections taken over from other programs.

use crate::support::World;

#[test]
fn a_preview_shows_no_secret() {
    let world = World::new();
    let file = world.home().join(".s3cfg");
    let ran = world.run(["profile", "import", "--json", file.to_str().unwrap()]).ok();
    let rows = ran.json();
    assert_eq!((&rows[0]["type"], &rows[0]["hasKeys"]), (&"found".into(), &true.into()));
    assert_eq!(rows[0]["endpoint"], world.server.endpoint.as_str());
    assert_eq!(rows[1]["type"], "report");
    // Where s3cmd keeps it, no file need be named.
    world.run(["profile", "import", "--from", "s3cfg"]).ok().prints("with keys").says("--all");
    assert_eq!(world.run(["profile", "ls"]).ok().out, "");
    world.run(["profile", "import", "unknown.txt"]).exits(64).says("--from");
    world.run(["profile", "import", "--from", "mc"]).exits(74);
}

#[test]
fn one_without_keys_is_taken() {
    let world = World::with_bucket();
    world.put("open", b"bytes");
    world.run(["setacl", "-P", "s3://bucket", "s3://bucket/open"]).ok();
    let endpoint = &world.server.endpoint;
    let file = world.write(
        "rclone.conf",
        format!("[guest]\ntype = s3\nprovider = Ceph\nendpoint = {endpoint}\nacl = private\n[d]\ntype = drive\n"),
    );
    let file = file.to_str().unwrap();
    let ran = world.run(["profile", "import", file, "--name", "guest"]).ok();
    ran.prints("Saved 'guest'").prints("not taken: acl").prints("[d] (it is not S3)");
    world.run(["--profile", "guest", "ls", "s3://bucket"]).ok().prints("open");
    world.run(["profile", "import", file, "--name", "nobody"]).exits(64);
}

/// Keys go into the vault or nowhere.
#[cfg(target_os = "linux")]
#[test]
fn keys_without_a_keychain() {
    let world = World::new();
    let file = world.home().join(".s3cfg");
    world.run(["profile", "import", "--all", file.to_str().unwrap()]).exits(78);
    assert_eq!(world.run(["profile", "ls"]).ok().out, "");
}

#[test]
fn a_command_in_somebody_else_s_file() {
    let world = World::new();
    let trap = world.path("trap");
    let file = world.write(
        "sent/config",
        format!(
            "[profile nice]\nregion = us-east-1\ncredential_process = touch {}\n",
            trap.display()
        ),
    );
    let file = file.to_str().unwrap();
    let ran = world.run(["profile", "import", "--from", "aws", "--all", file]).ok();
    ran.prints("can't be taken");
    world.run(["profile", "import", "--from", "aws", "--name", "nice", file]).exits(64);
    assert_eq!(world.run(["profile", "ls"]).ok().out, "");
    assert!(!trap.exists());
}

#[test]
fn an_encrypted_file() {
    let world = World::new();
    let text = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nAAAA\n";
    let file = world.write("rclone.conf", text);
    let file = file.to_str().unwrap();
    let errors = world.run(["profile", "import", "--json", file]).exits(65).json_errors();
    assert_eq!(errors[0]["code"], "decrypt_failed");
    let mut command = world.command(["profile", "import", file]);
    command.env("RCLONE_CONFIG_PASS", "wrong");
    world.finish(command).exits(65);
}
