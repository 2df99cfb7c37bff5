//! The public toggles: one statement in, the same statement out, the rest untouched.

use serde_json::{Map, Value, json};

/// What taking the public-read statement away left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal {
    /// The policy without it; `None` when nothing is left: delete the policy.
    pub policy: Option<Value>,
    /// Whether a statement was taken away.
    pub removed: bool,
    /// Indices (in `policy`) of Allow statements for everybody that are not ours to remove: the
    /// objects may still be public.
    pub remain: Vec<usize>,
}

const SID: &str = "DipperPublicRead";

/// The Sid of the statement for one prefix. Sids hold letters and digits only, so a prefix is told
/// by a hash (FNV-1a, 64 bits).
fn sid(prefix: &str) -> String {
    if prefix.is_empty() {
        return SID.to_owned();
    }
    let hash = prefix
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{SID}{hash:016x}")
}

/// In an ARN pattern, `*` and `?` in a prefix would be wildcards; `${*}` is how a policy says the
/// character itself.
fn resource(bucket: &str, prefix: &str) -> String {
    let mut escaped = String::with_capacity(prefix.len());
    for c in prefix.chars() {
        match c {
            '*' | '?' | '$' => escaped.extend(['$', '{', c, '}']),
            c => escaped.push(c),
        }
    }
    format!("arn:aws:s3:::{bucket}/{escaped}*")
}

fn statement(bucket: &str, prefix: &str) -> Value {
    json!({
        "Sid": sid(prefix),
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": resource(bucket, prefix),
    })
}

/// The policy with a statement that lets everyone read the objects under `prefix` (all, if empty).
/// Nothing changes if such a statement is there.
pub fn with_public_read(policy: Option<&Value>, bucket: &str, prefix: &str) -> Value {
    let mut policy = match policy {
        Some(Value::Object(members)) => members.clone(),
        _ => Map::from_iter([("Version".to_owned(), Value::from("2012-10-17"))]),
    };
    let list = policy.entry("Statement").or_insert_with(|| json!([]));
    if !list.is_array() {
        *list = Value::Array(vec![list.take()]);
    }
    if let Value::Array(list) = list {
        let wanted = resource(bucket, prefix);
        if !list.iter().any(|s| is_grant(s, &wanted)) {
            let own = sid(prefix);
            list.retain(|s| s.get("Sid").and_then(Value::as_str) != Some(&own));
            list.push(statement(bucket, prefix));
        }
    }
    Value::Object(policy)
}

/// Whether exactly this grant stands in the policy.
pub fn has_public_read(policy: &Value, bucket: &str, prefix: &str) -> bool {
    let wanted = resource(bucket, prefix);
    statements(policy).iter().any(|s| is_grant(s, &wanted))
}

/// Takes the grant of [`with_public_read`] away: the statement with our Sid, and any statement that
/// says exactly the same.
pub fn without_public_read(policy: &Value, bucket: &str, prefix: &str) -> Removal {
    let (own, wanted) = (sid(prefix), resource(bucket, prefix));
    let before = statements(policy);
    let ours = |s: &Value| {
        is_grant(s, &wanted) || s.get("Sid").and_then(Value::as_str) == Some(own.as_str())
    };
    let kept: Vec<Value> = before.iter().filter(|s| !ours(s)).map(|s| (*s).clone()).collect();
    let removed = kept.len() != before.len();
    let remain =
        (0..kept.len()).filter(|i| is_allow(&kept[*i]) && may_be_anybody(&kept[*i])).collect();
    if kept.is_empty() {
        return Removal { policy: None, removed, remain };
    }
    let mut policy = policy.clone();
    if removed && let Value::Object(members) = &mut policy {
        members.insert("Statement".to_owned(), Value::Array(kept));
    }
    Removal { policy: Some(policy), removed, remain }
}

fn statements(policy: &Value) -> Vec<&Value> {
    match policy.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
}

fn is_grant(statement: &Value, resource: &str) -> bool {
    let known = ["Sid", "Effect", "Principal", "Action", "Resource"];
    statement.as_object().is_some_and(|m| m.keys().all(|k| known.contains(&k.as_str())))
        && is_allow(statement)
        && is_for_everybody(statement)
        && only(statement.get("Action")).is_some_and(|a| a.eq_ignore_ascii_case("s3:GetObject"))
        && only(statement.get("Resource")) == Some(resource)
}

fn is_allow(statement: &Value) -> bool {
    statement.get("Effect").and_then(Value::as_str) == Some("Allow")
}

fn is_for_everybody(statement: &Value) -> bool {
    match statement.get("Principal") {
        Some(Value::Object(kinds)) => kinds.len() == 1 && only(kinds.get("AWS")) == Some("*"),
        other => only(other) == Some("*"),
    }
}

fn may_be_anybody(statement: &Value) -> bool {
    let any = |value: &Value| match value {
        Value::String(text) => text == "*",
        Value::Array(list) => list.iter().any(|v| v == "*"),
        _ => false,
    };
    match statement.get("Principal") {
        Some(Value::Object(kinds)) => kinds.get("AWS").is_some_and(any),
        Some(other) => any(other),
        None => statement.get("NotPrincipal").is_some(),
    }
}

/// A text, or the only text of a list.
fn only(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::String(text) => Some(text),
        Value::Array(list) if list.len() == 1 => list[0].as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Principal, Request, Seen, Situation, evaluate};
    use crate::{Acl, Ownership, Policy, PublicAccessBlock};
    use proptest::prelude::*;

    #[test]
    fn an_empty_bucket_gets_a_policy_and_loses_it() {
        let policy = with_public_read(None, "b", "");
        assert_eq!(policy["Statement"][0]["Resource"], "arn:aws:s3:::b/*");
        assert!(has_public_read(&policy, "b", ""));
        let removal = without_public_read(&policy, "b", "");
        assert_eq!(removal, Removal { policy: None, removed: true, remain: vec![] });
    }

    #[test]
    fn twice_is_once() {
        let once = with_public_read(None, "b", "p/");
        assert_eq!(with_public_read(Some(&once), "b", "p/"), once);
    }

    #[test]
    fn the_same_grant_by_another_hand_goes_too_and_others_are_told() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:getobject"],
             "Resource": ["arn:aws:s3:::b/*"]},
            {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
             "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::b"]},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
             "Resource": "arn:aws:s3:::b/*"},
        ]});
        let removal = without_public_read(&policy, "b", "");
        assert!(removal.removed);
        assert_eq!(removal.remain, [0]);
        assert_eq!(removal.policy.unwrap()["Statement"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn prefixes_do_not_leak_into_each_other() {
        let both = with_public_read(Some(&with_public_read(None, "b", "a/")), "b", "b/");
        let left = without_public_read(&both, "b", "a/").policy.unwrap();
        assert!(!has_public_read(&left, "b", "a/"));
        assert!(has_public_read(&left, "b", "b/"));
    }

    fn opens(policy: &Value, key: &str) -> bool {
        let policy = Policy::parse(&policy.to_string()).unwrap();
        let acl = Acl::private("me");
        let situation = Situation {
            bucket_owner: "me",
            bucket_acl: Seen::Is(&acl),
            object_acl: Seen::Is(&acl),
            policy: Seen::Is(&policy),
            block: PublicAccessBlock::NONE,
            ownership: Ownership::ObjectWriter,
        };
        let principal = Principal::Anonymous;
        let request = Request {
            principal: &principal,
            action: "s3:GetObject",
            bucket: "b",
            key: Some(key),
            context: crate::Context::unknown(),
        };
        evaluate(&situation, &request).lets_in()
    }

    fn other_statement() -> impl Strategy<Value = Value> {
        let effect = prop::sample::select(vec!["Allow", "Deny"]);
        let action = prop::sample::select(vec!["s3:PutObject", "s3:ListBucket", "s3:Get*"]);
        let place = prop::sample::select(vec!["arn:aws:s3:::b/x*", "arn:aws:s3:::b"]);
        (effect, action, place).prop_map(|(effect, action, place)| {
            json!({"Resource": place, "Effect": effect, "Action": [action],
                   "Principal": {"AWS": "arn:aws:iam::123456789012:root"}})
        })
    }

    proptest! {
        #[test]
        fn add_then_remove_restores(
            others in prop::collection::vec(other_statement(), 0..4),
            prefix in "([a*?${}é]{1,4}/)?",
        ) {
            let before = json!({"Id": "x", "Statement": others, "Version": "2012-10-17"});
            let with = with_public_read(Some(&before), "b", &prefix);
            let removal = without_public_read(&with, "b", &prefix);
            prop_assert!(removal.removed);
            if others.is_empty() {
                prop_assert_eq!(removal.policy, None);
            } else {
                let text = removal.policy.unwrap().to_string();
                prop_assert_eq!(text, before.to_string());
            }
        }

        #[test]
        fn opens_the_prefix_and_nothing_else(prefix in "[a*?${}]{1,4}/", key in "[a*?${}]{1,4}/x") {
            let policy = with_public_read(None, "b", &prefix);
            let inside = format!("{prefix}x");
            prop_assert!(opens(&policy, &inside));
            prop_assert_eq!(opens(&policy, &key), key.starts_with(&prefix));
        }
    }
}
