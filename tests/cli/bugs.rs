//! s3cmd's bugs that need a server which errs: what happens here instead.

use crate::support::{World, noise};

/// 8: a listing of more than 1,000 uploads goes in circles in s3cmd.
#[test]
fn more_than_a_thousand_unfinished_uploads_are_all_listed() {
    let world = World::with_bucket();
    let anyone = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",
        "Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/*"}]}"#;
    world.write("policy.json", anyone);
    world.run(["setpolicy", "policy.json", "s3://bucket"]).ok();
    for number in 0..1100 {
        assert_eq!(world.unsigned("POST", &format!("/bucket/k{number:04}?uploads")), 200);
    }
    let rows = world.run(["multipart", "--json", "s3://bucket"]).ok().json();
    assert_eq!(rows.len(), 1100);
    let text = world.run(["multipart", "s3://bucket"]).ok().out;
    assert_eq!(text.lines().count(), 1102);
}

/// 3: what of many could not be deleted is told by nobody in s3cmd.
#[test]
fn keys_that_could_not_be_deleted_are_told_one_by_one() {
    let world = World::with_bucket();
    for key in ["a", "keep/b", "keep/c", "z"] {
        world.put(key, b"1");
    }
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",
        "Action":"s3:DeleteObject","Resource":"arn:aws:s3:::bucket/keep/*"}]}"#;
    world.write("policy.json", deny);
    world.run(["setpolicy", "policy.json", "s3://bucket"]).ok();
    let ran = world.run(["del", "-r", "--force", "s3://bucket"]).exits(2);
    let ran = ran.says("keep/b").says("keep/c");
    assert_eq!(ran.out, "delete: 's3://bucket/a'\ndelete: 's3://bucket/z'\n");
    assert_eq!(world.keys(), ["keep/b", "keep/c"]);
}

/// 10: s3cmd reads each file three times. Here a file that goes up in one request is read once.
#[cfg(target_os = "linux")]
#[test]
fn a_file_is_read_once() {
    const SIZE: usize = 16 << 20;
    let world = World::with_bucket();
    world.write("f", noise(SIZE, 2));
    let words = ["put", "--limit-rate=8m", "f", "s3://bucket/f"];
    let mut child = world.command(words).stdout(std::process::Stdio::null()).spawn().unwrap();
    let mut read = 0;
    while child.try_wait().unwrap().is_none() {
        let told = std::fs::read_to_string(format!("/proc/{}/io", child.id())).unwrap_or_default();
        let bytes = told.lines().find_map(|line| line.strip_prefix("rchar: "));
        read = bytes.and_then(|text| text.parse::<usize>().ok()).unwrap_or(read);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(read > SIZE && read < SIZE + SIZE / 2, "{read} bytes of {SIZE} were read");
    assert_eq!(world.bytes("f").len(), SIZE);
}

/// 9: an upload that failed stays behind in s3cmd. Here nothing of it is left.
#[cfg(unix)]
#[test]
fn an_upload_that_fails_leaves_nothing_behind() {
    let world = World::with_bucket();
    let path = world.write("large", noise(40 << 20, 1));
    let words = ["put", "--limit-rate=8m", "large", "s3://bucket/k"];
    let mut child = world.command(words).stdout(std::process::Stdio::null()).spawn().unwrap();
    let start = std::time::Instant::now();
    while world.run(["multipart", "--json", "s3://bucket"]).ok().out.is_empty() {
        assert!(start.elapsed().as_secs() < 60, "nothing begins");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // It shrinks while it is sent, again and again: no bytes of it belong together.
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    for len in (10..40).rev() {
        file.set_len(len << 20).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(150));
        if child.try_wait().unwrap().is_some() {
            break;
        }
    }
    let code = child.wait().unwrap().code().unwrap();
    if code != 0 {
        assert_eq!(code, 65);
        assert!(!world.keys().contains(&"k".to_owned()));
    }
    assert_eq!(world.run(["multipart", "--json", "s3://bucket"]).ok().out, "");
}
