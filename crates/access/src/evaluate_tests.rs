use super::*;
use crate::CannedAcl;

struct Case {
    policy: Option<&'static str>,
    bucket: CannedAcl,
    object: CannedAcl,
    object_owner: &'static str,
    block: PublicAccessBlock,
    ownership: Ownership,
}

const PLAIN: Case = Case {
    policy: None,
    bucket: CannedAcl::Private,
    object: CannedAcl::Private,
    object_owner: "me",
    block: PublicAccessBlock::NONE,
    ownership: Ownership::ObjectWriter,
};

const READ: &str = r#"{"Statement": {"Sid": "R", "Effect": "Allow", "Principal": "*",
    "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}"#;
const DENY_ALL: &str = r#"{"Statement": {"Effect": "Deny", "Principal": "*",
    "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}}"#;
const READ_IF: &str = r#"{"Statement": {"Effect": "Allow", "Principal": "*",
    "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
    "Condition": {"StringLike": {"aws:Referer": "x"}}}}"#;
const DENY_IF: &str = r#"{"Statement": [{"Effect": "Deny", "Principal": "*",
    "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
    "Condition": {"Bool": {"aws:SecureTransport": false}}}]}"#;
const NOT_ACTION: &str = r#"{"Statement": [{"Effect": "Deny", "Principal": "*",
    "NotAction": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}"#;
const TO_YOU: &str = r#"{"Statement": {"Effect": "Allow", "Principal":
    {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "s3:*",
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}}"#;

fn judge(case: &Case, who: &str, action: &str) -> Verdict {
    let policy = case.policy.map(|text| Policy::parse(text).unwrap());
    let bucket_acl = case.bucket.for_bucket("me");
    let object_acl = case.object.for_object(case.object_owner, "me");
    let situation = Situation {
        bucket_owner: "me",
        bucket_acl: Seen::Is(&bucket_acl),
        object_acl: Seen::Is(&object_acl),
        policy: policy.as_ref().map_or(Seen::Absent, Seen::Is),
        block: case.block,
        ownership: case.ownership,
    };
    let principal = match who {
        "" => Principal::Anonymous,
        "you" => Principal::Account { id: "you".into(), number: Some("123456789012".to_owned()) },
        id => Principal::account(id),
    };
    let key = (!action.contains("Bucket")).then_some("k");
    let context = Context::unknown();
    evaluate(&situation, &Request { principal: &principal, action, bucket: "b", key, context })
}

#[test]
fn table() {
    use Decision::{Allowed as A, Denied as D, Unknown as U};
    let public_acl = || Case { object: CannedAcl::PublicRead, ..PLAIN };
    let ignore = PublicAccessBlock { ignore_public_acls: true, ..PublicAccessBlock::NONE };
    let restrict = PublicAccessBlock { restrict_public_buckets: true, ..PublicAccessBlock::NONE };
    let enforced = Ownership::BucketOwnerEnforced;
    let rows: Vec<(&str, Case, &str, &str, Decision)> = vec![
        ("owner reads", PLAIN, "me", "s3:GetObject", A),
        ("owner does anything", PLAIN, "me", "s3:PutBucketVersioning", A),
        ("nobody else", PLAIN, "", "s3:GetObject", D),
        ("nor another account", PLAIN, "you", "s3:GetObject", D),
        ("object ACL", public_acl(), "", "s3:GetObject", A),
        ("object ACL is not its ACL", public_acl(), "", "s3:GetObjectAcl", D),
        ("ignored", Case { block: ignore, ..public_acl() }, "", "s3:GetObject", D),
        ("off", Case { ownership: enforced, ..public_acl() }, "", "s3:GetObject", D),
        ("names", Case { bucket: CannedAcl::PublicRead, ..PLAIN }, "", "s3:ListBucket", A),
        (
            "names, not contents",
            Case { bucket: CannedAcl::PublicRead, ..PLAIN },
            "",
            "s3:GetObject",
            D,
        ),
        ("group", Case { object: CannedAcl::AuthenticatedRead, ..PLAIN }, "", "s3:GetObject", D),
        (
            "in group",
            Case { object: CannedAcl::AuthenticatedRead, ..PLAIN },
            "you",
            "s3:GetObject",
            A,
        ),
        ("write", Case { bucket: CannedAcl::PublicReadWrite, ..PLAIN }, "", "s3:PutObject", A),
        ("delete", Case { bucket: CannedAcl::PublicReadWrite, ..PLAIN }, "", "s3:DeleteObject", A),
        ("policy", Case { policy: Some(READ), ..PLAIN }, "", "s3:GetObject", A),
        ("policy, other action", Case { policy: Some(READ), ..PLAIN }, "", "s3:PutObject", D),
        (
            "restricted",
            Case { policy: Some(READ), block: restrict, ..PLAIN },
            "",
            "s3:GetObject",
            D,
        ),
        (
            "restricted, owner",
            Case { policy: Some(READ), block: restrict, ..PLAIN },
            "me",
            "s3:GetObject",
            A,
        ),
        (
            "cross account is not public",
            Case { policy: Some(TO_YOU), block: restrict, ..PLAIN },
            "you",
            "s3:GetObject",
            A,
        ),
        ("cross account", Case { policy: Some(TO_YOU), ..PLAIN }, "they", "s3:GetObject", D),
        ("deny wins", Case { policy: Some(DENY_ALL), ..public_acl() }, "", "s3:GetObject", D),
        ("deny hits the owner", Case { policy: Some(DENY_ALL), ..PLAIN }, "me", "s3:GetObject", D),
        (
            "but for the policy",
            Case { policy: Some(DENY_ALL), ..PLAIN },
            "me",
            "s3:DeleteBucketPolicy",
            A,
        ),
        ("maybe", Case { policy: Some(READ_IF), ..PLAIN }, "", "s3:GetObject", U),
        (
            "maybe, but surely by ACL",
            Case { policy: Some(READ_IF), ..public_acl() },
            "",
            "s3:GetObject",
            A,
        ),
        ("maybe not", Case { policy: Some(DENY_IF), ..public_acl() }, "", "s3:GetObject", U),
        (
            "maybe not what nothing allows",
            Case { policy: Some(DENY_IF), ..PLAIN },
            "",
            "s3:GetObject",
            D,
        ),
        (
            "maybe not another action",
            Case { policy: Some(DENY_IF), ..PLAIN },
            "me",
            "s3:PutObject",
            A,
        ),
        (
            "what NotAction names",
            Case { policy: Some(NOT_ACTION), ..PLAIN },
            "me",
            "s3:GetObject",
            A,
        ),
        ("what it doesn't", Case { policy: Some(NOT_ACTION), ..PLAIN }, "me", "s3:PutObject", D),
        ("another's object", Case { object_owner: "you", ..PLAIN }, "me", "s3:GetObject", D),
        ("its owner", Case { object_owner: "you", ..PLAIN }, "you", "s3:GetObject", A),
        ("its owner's ACL", Case { object_owner: "you", ..PLAIN }, "you", "s3:PutObjectAcl", A),
        ("its deletion", Case { object_owner: "you", ..PLAIN }, "me", "s3:DeleteObject", A),
        (
            "the policy can't open it",
            Case { object_owner: "you", policy: Some(READ), ..PLAIN },
            "",
            "s3:GetObject",
            D,
        ),
        (
            "all is the bucket owner's",
            Case { object_owner: "you", ownership: enforced, ..PLAIN },
            "me",
            "s3:GetObject",
            A,
        ),
    ];
    for (name, case, who, action, expected) in rows {
        assert_eq!(judge(&case, who, action).decision, expected, "{name}");
    }
}

#[test]
fn the_deciding_line() {
    let by = |case: &Case, who| judge(case, who, "s3:GetObject").by;
    assert_eq!(by(&PLAIN, "me"), Deciding::Owner);
    assert_eq!(by(&PLAIN, ""), Deciding::Default);
    let allow = Effect::Allow;
    assert_eq!(
        by(&Case { policy: Some(READ), ..PLAIN }, ""),
        Deciding::BucketPolicy { statement: 0, sid: Some("R".into()), effect: allow }
    );
    let public = Case { object: CannedAcl::PublicRead, ..PLAIN };
    let grant = Grant { grantee: Grantee::Everyone, permission: Permission::Read };
    assert_eq!(by(&public, ""), Deciding::ObjectAcl { grant });
    let setting = BlockSetting::IgnorePublicAcls;
    assert_eq!(
        by(&Case { block: PublicAccessBlock::ALL, ..public }, ""),
        Deciding::PublicAccessBlock { setting }
    );
    assert_eq!(
        by(&Case { ownership: Ownership::BucketOwnerEnforced, ..public }, ""),
        Deciding::OwnershipEnforced
    );
}

#[test]
fn what_could_not_be_read_is_never_private() {
    let acl = Acl::private("me");
    let s = Situation {
        bucket_owner: "me",
        bucket_acl: Seen::Is(&acl),
        object_acl: Seen::Unknown,
        policy: Seen::Absent,
        block: PublicAccessBlock::NONE,
        ownership: Ownership::ObjectWriter,
    };
    let anonymous = Principal::Anonymous;
    let context = Context::unknown();
    let (action, bucket, key) = ("s3:GetObject", "b", Some("k"));
    let r = Request { principal: &anonymous, action, bucket, key, context };
    assert_eq!(evaluate(&s, &r).decision, Decision::Unknown);
    let no_policy = Situation { object_acl: Seen::Is(&acl), policy: Seen::Unknown, ..s };
    assert_eq!(evaluate(&no_policy, &r).by, Deciding::Unread);
    let enforced = Situation { ownership: Ownership::BucketOwnerEnforced, ..s };
    assert_eq!(evaluate(&enforced, &r).decision, Decision::Denied);
}
