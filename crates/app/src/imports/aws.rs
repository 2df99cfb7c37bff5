//! The AWS CLI's files. Profiles stay where they are and are named: keys, roles and commands in
//! them are read each time, so that nothing is copied and nothing goes stale.

use dipper_s3::AwsConfig;

use super::{Found, Given, Import, Way, left};

/// A file that is not the user's own.
const FOREIGN: &str =
    "this is not your own AWS file: copy the profile into ~/.aws first, then it can be named";

pub(super) fn read(given: &Given<'_>) -> Import {
    both(given.text, "", false)
}

/// `own`: these are the files that the profiles will be read from later.
pub(super) fn both(config: &str, credentials: &str, own: bool) -> Import {
    let files = AwsConfig::parse(config, credentials);
    let mut import = Import::default();
    for entry in files.profiles() {
        let mut found = Found::new(&entry.name);
        found.draft.provider = "aws".into();
        found.draft.region = entry.region.clone().unwrap_or_default();
        if let Some(endpoint) = &entry.endpoint {
            found.draft.provider = "custom".into();
            found.at(endpoint);
            found.take("endpoint_url");
        }
        let Some(way) = entry.way else {
            import.notes.push(left(format!("[{}]", entry.name), "it says nothing of signing in"));
            continue;
        };
        match (way, entry.sso) {
            // What it says is no secret, and the token is shared by its session's name.
            ("sso", Some(sso)) => {
                found.draft.options.sign_in = Way::Sso(sso.into());
                found.take("sso_session");
            }
            _ if own => {
                found.draft.options.sign_in = Way::AwsProfile { name: entry.name.clone() };
                found.take(way);
            }
            // A command in a file from elsewhere is never run, and never kept.
            _ => found.unusable = Some(FOREIGN.into()),
        }
        if way == "process" && !own {
            found
                .leave("credential_process", "a command from a file of somebody else's is not run");
        }
        import.found.push(found);
    }
    if import.found.is_empty() {
        import.notes.push(left("file", "it has no profile"));
    }
    import
}
