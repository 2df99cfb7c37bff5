use super::*;
use crate::{CannedAcl, Ownership, Policy, PublicAccessBlock};

fn sum(policy: Option<&str>, acl: CannedAcl, block: PublicAccessBlock) -> BucketExposure {
    let policy = policy.map(|text| Policy::parse(text).unwrap());
    let acl = acl.for_bucket("me");
    let situation = Situation {
        bucket_owner: "me",
        bucket_acl: Seen::Is(&acl),
        object_acl: Seen::Unknown,
        policy: policy.as_ref().map_or(Seen::Absent, Seen::Is),
        block,
        ownership: Ownership::ObjectWriter,
    };
    exposure(&situation, "b")
}

fn policy(statements: &[(&str, &str, &str)]) -> String {
    let list: Vec<_> = statements
        .iter()
        .map(|(effect, action, resource)| {
            serde_json::json!({"Effect": effect, "Principal": "*", "Action": action,
                "Resource": format!("arn:aws:s3:::{resource}")})
        })
        .collect();
    serde_json::json!({ "Statement": list }).to_string()
}

#[test]
fn private() {
    let e = sum(None, CannedAcl::Private, PublicAccessBlock::NONE);
    assert_eq!((e.read_all, e.list_names, e.write), (Tri::No, Tri::No, Tri::No));
    assert_eq!(e.lines.len(), 1);
}

#[test]
fn a_bucket_acl_opens_names_not_contents() {
    let e = sum(None, CannedAcl::PublicRead, PublicAccessBlock::NONE);
    assert_eq!((e.read_all, e.list_names, e.write), (Tri::No, Tri::Yes, Tri::No));
    assert_eq!(e.lines[1].detail, "AllUsers READ");
    let blocked = sum(None, CannedAcl::PublicReadWrite, PublicAccessBlock::ALL);
    assert_eq!((blocked.list_names, blocked.write), (Tri::No, Tri::No));
    assert!(blocked.lines[1..].iter().all(|l| l.allowed == Tri::No));
}

#[test]
fn policies() {
    let get = "s3:GetObject";
    type Row<'a> = (&'a [(&'a str, &'a str, &'a str)], Tri, &'a [&'a str], Tri, Tri);
    let rows: &[Row<'_>] = &[
        (&[("Allow", get, "b/*")], Tri::Yes, &[], Tri::No, Tri::No),
        (&[("Allow", "s3:*", "b*")], Tri::Yes, &[], Tri::Yes, Tri::Yes),
        (&[("Allow", get, "b/p/*")], Tri::No, &["p/"], Tri::No, Tri::No),
        (&[("Allow", get, "b/*.jpg")], Tri::No, &["*.jpg"], Tri::No, Tri::No),
        (&[("Allow", "s3:PutObject", "b/in/*")], Tri::No, &[], Tri::No, Tri::Yes),
        (&[("Allow", get, "b/*"), ("Deny", get, "b/p/*")], Tri::Unknown, &[], Tri::No, Tri::No),
        (&[("Allow", get, "b/p/*"), ("Deny", "s3:*", "b/*")], Tri::No, &[], Tri::No, Tri::No),
        (&[("Allow", get, "other/*")], Tri::No, &[], Tri::No, Tri::No),
    ];
    for (statements, read_all, prefixes, names, write) in rows {
        let text = policy(statements);
        let e = sum(Some(&text), CannedAcl::Private, PublicAccessBlock::NONE);
        let got = (e.read_all, e.list_names, e.write);
        assert_eq!(got, (*read_all, *names, *write), "{text}");
        assert_eq!(e.read_prefixes, *prefixes, "{text}");
    }
}

#[test]
fn a_condition_is_never_private() {
    let text = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}}"#;
    let e = sum(Some(text), CannedAcl::Private, PublicAccessBlock::NONE);
    assert_eq!(e.read_all, Tri::Unknown);
    assert_eq!(e.lines[1].allowed, Tri::Unknown);
    assert_eq!(e.lines[1].detail, "statement 1, depends on aws:SourceIp");
    // Who has no keys is in no organisation: that much is known.
    let text =
        text.replace("IpAddress", "StringEquals").replace("aws:SourceIp", "aws:PrincipalOrgID");
    let e = sum(Some(&text), CannedAcl::Private, PublicAccessBlock::NONE);
    assert_eq!((e.read_all, e.lines[1].allowed), (Tri::No, Tri::Unknown));
}

#[test]
fn restricted_lines_say_the_setting() {
    let text = policy(&[("Allow", "s3:GetObject", "b/*")]);
    let e = sum(Some(&text), CannedAcl::Private, PublicAccessBlock::ALL);
    assert_eq!(e.read_all, Tri::No);
    assert_eq!(
        e.lines[1].by,
        Deciding::PublicAccessBlock { setting: BlockSetting::RestrictPublicBuckets }
    );
}

#[test]
fn one_object() {
    let acl = CannedAcl::PublicRead.for_object("me", "me");
    let private = Acl::private("me");
    let situation = Situation {
        bucket_owner: "me",
        bucket_acl: Seen::Is(&private),
        object_acl: Seen::Is(&acl),
        policy: Seen::Absent,
        block: PublicAccessBlock::NONE,
        ownership: Ownership::ObjectWriter,
    };
    let e = object_exposure(&situation, "b", "k");
    assert_eq!(e.read.decision, Decision::Allowed);
    let said: Vec<_> = e.lines.iter().map(|l| (l.what, l.detail.as_str())).collect();
    assert_eq!(said, [(What::ReadObjects, "owner"), (What::ReadObjects, "AllUsers READ")]);
}
