use super::condition::unknown_parts;
use super::public::statement_is_public;
use super::{Patterns, PolicyError, Problem, Severity, Statement, read};
use crate::action::{BUCKET_ACTIONS, OBJECT_ACTIONS};
use crate::policy::fit::{Fit, arn, fits_action, fits_arn};

/// Everything that is wrong or remarkable about a policy for this bucket, in the order of the text.
/// Nothing with [`Severity::Error`] in it: S3 would take the policy.
pub fn validate(bucket: &str, text: &str) -> Vec<Problem> {
    let (policy, mut problems) = match read::read(text) {
        Ok(read) => read,
        Err(error) => return vec![refused(&error)],
    };
    for statement in &policy.statements {
        check(bucket, statement, &mut problems);
    }
    problems.sort_by_key(|p| (p.line, p.column));
    problems
}

fn refused(error: &PolicyError) -> Problem {
    let (line, column, message) = match error {
        PolicyError::TooLarge { .. } => (1, 1, error.to_string()),
        PolicyError::Json { source } => {
            // serde_json ends its message with the place, which stands beside it here.
            let whole = source.to_string();
            let message = whole.split(" at line ").next().unwrap_or(&whole);
            (source.line().max(1), source.column().max(1), format!("not JSON: {message}"))
        }
        PolicyError::Malformed { first } => return first.clone(),
    };
    Problem { line, column, severity: Severity::Error, message }
}

fn check(bucket: &str, statement: &Statement, problems: &mut Vec<Problem>) {
    let mut note = |severity, message: String| {
        problems.push(Problem {
            line: statement.line,
            column: statement.column,
            severity,
            message,
        });
    };
    let (Patterns::Only(actions) | Patterns::Except(actions)) = &statement.actions;
    for action in actions {
        if !is_known_action(action) {
            note(Severity::Error, format!("S3 has no action \"{action}\""));
        }
    }
    let (Patterns::Only(resources) | Patterns::Except(resources)) = &statement.resources;
    for resource in resources {
        if !belongs(bucket, resource) {
            let message = format!("the resource \"{resource}\" is not this bucket or in it");
            note(Severity::Error, message);
        }
    }
    if let (Patterns::Only(actions), Patterns::Only(resources)) =
        (&statement.actions, &statement.resources)
    {
        for message in mismatches(bucket, actions, resources) {
            note(Severity::Warning, message);
        }
    }
    if statement_is_public(statement) {
        note(Severity::Warning, "this statement makes the bucket public".to_owned());
    }
    for message in statement.conditions.iter().flat_map(unknown_parts) {
        note(Severity::Warning, message);
    }
}

fn is_known_action(pattern: &str) -> bool {
    OBJECT_ACTIONS.iter().chain(BUCKET_ACTIONS).any(|action| fits_action(pattern, action))
}

/// The bucket itself, or something in it: `*`, `arn:aws:s3:::bucket`, `arn:aws:s3:::bucket/…`.
fn belongs(bucket: &str, pattern: &str) -> bool {
    let on_bucket = fits_arn(pattern, &arn(bucket, None)) != Fit::No;
    let partition = pattern.strip_prefix("arn:aws").and_then(|rest| rest.split_once(':'));
    let in_bucket = partition
        .and_then(|(_, rest)| rest.strip_prefix("s3:::"))
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(name, _)| {
            fits_arn(&format!("arn:aws:s3:::{name}"), &arn(bucket, None)) != Fit::No
        });
    on_bucket || in_bucket
}

/// Actions that no resource of the statement can be the target of.
fn mismatches(bucket: &str, actions: &[String], resources: &[String]) -> Vec<String> {
    let on_bucket = resources.iter().any(|r| fits_arn(r, &arn(bucket, None)) != Fit::No);
    let on_objects = resources.iter().any(|r| r.contains('/') || r.ends_with('*'));
    let mut messages = Vec::new();
    for action in actions {
        let of = |list: &[&str]| list.iter().any(|known| fits_action(action, known));
        let (object, bucket_wide) = (of(OBJECT_ACTIONS), of(BUCKET_ACTIONS));
        if object && !bucket_wide && !on_objects {
            messages.push(format!("{action} is about objects: add \"arn:aws:s3:::{bucket}/*\""));
        }
        if bucket_wide && !object && !on_bucket {
            messages.push(format!("{action} is about the bucket: add \"arn:aws:s3:::{bucket}\""));
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        validate("b", text)
            .into_iter()
            .map(|p| {
                let severity = if p.severity == Severity::Error { "E" } else { "W" };
                format!("{severity}{}:{} {}", p.line, p.column, p.message)
            })
            .collect()
    }

    #[test]
    fn a_good_one() {
        let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": ["s3:Get*", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}]}"#;
        assert_eq!(said(text), Vec::<String>::new());
    }

    #[test]
    fn broken_json_has_its_place() {
        assert_eq!(said("{\n \"Version\": }"), ["E2:13 not JSON: expected value"]);
        assert_eq!(said(""), ["E1:1 not JSON: EOF while parsing a value"]);
    }

    #[test]
    fn table() {
        let statement = |parts: &str| format!("{{\"Statement\": [\n{{{parts}}}]}}");
        let rest = r#""Principal": {"AWS": "1"}, "Resource": "arn:aws:s3:::b/*""#;
        for (text, problems) in [
            ("[]".to_owned(), vec!["E1:1 a policy is a JSON object"]),
            ("{}".to_owned(), vec!["E1:1 the policy has no Statement"]),
            (
                r#"{"Statement": []}"#.to_owned(),
                vec!["E1:15 Statement is a statement or a list of statements"],
            ),
            (
                statement(&format!(r#""effect": "Allow", "Action": "s3:*", {rest}"#)),
                vec!["E2:1 the statement has no Effect", "E2:2 write \"Effect\", not \"effect\""],
            ),
            (
                statement(&format!(r#""Effect": "allow", "Action": "s3:*", {rest}"#)),
                vec!["E2:12 Effect is \"Allow\" or \"Deny\""],
            ),
            (
                statement(&format!(
                    r#""Effect": "Allow", "Effect": "Deny", "Action": "s3:*", {rest}"#
                )),
                vec!["E2:21 a statement has \"Effect\" twice"],
            ),
            (
                statement(&format!(r#""Effect": "Deny", "Action": "s3:GetObjekt", {rest}"#)),
                vec!["E2:1 S3 has no action \"s3:GetObjekt\""],
            ),
            (
                statement(&format!(r#""Effect": "Deny", "Action": "s3:ListBucket", {rest}"#)),
                vec!["W2:1 s3:ListBucket is about the bucket: add \"arn:aws:s3:::b\""],
            ),
            (
                statement(
                    r#""Effect": "Allow", "Action": "s3:GetObject", "Principal": "*", "Resource": "arn:aws:s3:::b""#,
                ),
                vec![
                    "W2:1 s3:GetObject is about objects: add \"arn:aws:s3:::b/*\"",
                    "W2:1 this statement makes the bucket public",
                ],
            ),
            (
                statement(
                    r#""Effect": "Deny", "Action": "s3:GetObject", "Principal": "*", "Resource": "arn:aws:s3:::bb/*""#,
                ),
                vec!["E2:1 the resource \"arn:aws:s3:::bb/*\" is not this bucket or in it"],
            ),
        ] {
            assert_eq!(said(&text), problems, "{text}");
        }
    }

    #[test]
    fn too_large_and_too_deep() {
        assert_eq!(said(&" ".repeat(30_000)).len(), 1);
        let deep = format!("{{\"Statement\": {}{}}}", "[".repeat(80), "]".repeat(80));
        assert!(said(&deep)[0].contains("nested too deep"));
    }
}
