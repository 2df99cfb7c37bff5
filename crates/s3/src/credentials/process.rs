//! `credential_process`: a command of the user's own AWS files.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Keys;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::SignInError;

/// Keys take a few kilobytes.
const LARGEST: u64 = 64 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    version: i64,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

fn failed(why: impl Into<String>) -> SignInError {
    SignInError::Process { why: why.into() }
}

pub(super) async fn run(command: &str, patience: Duration) -> Result<Keys, SignInError> {
    match tokio::time::timeout(patience, answer(command)).await {
        Ok(done) => done,
        Err(_) => Err(failed(format!("did not answer within {} s", patience.as_secs()))),
    }
}

async fn answer(command: &str) -> Result<Keys, SignInError> {
    let mut shell = shell(command);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = shell.spawn().map_err(|error| failed(format!("can't be run: {error}")))?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(failed("can't be read"));
    };
    let (mut said, mut complaint) = (Vec::new(), Vec::new());
    let (mut out, mut err) = (out.take(LARGEST + 1), err.take(LARGEST));
    let saying = async {
        let read = out.read_to_end(&mut said).await;
        read.map_err(|error| failed(format!("can't be read: {error}")))?;
        // Who says too much is not listened to till the end.
        if said.len() as u64 > LARGEST { Err(failed("says more than keys need")) } else { Ok(()) }
    };
    let complaining = async {
        let _ = err.read_to_end(&mut complaint).await;
        Ok(())
    };
    tokio::try_join!(saying, complaining)?;
    let status = child.wait().await.map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        let words: String = String::from_utf8_lossy(&complaint).trim().chars().take(300).collect();
        return Err(failed(format!("failed ({status}) {words}").trim_end().to_owned()));
    }
    // What it said may hold keys: a fault in it is told by its place alone.
    let answer: Answer = serde_json::from_slice(&said)
        .map_err(|error| failed(format!("answered no JSON of keys (line {})", error.line())))?;
    if answer.version != 1 {
        return Err(failed(format!("answered in version {}, not 1", answer.version)));
    }
    let expires = match answer.expiration.as_deref() {
        None => None,
        Some(text) => {
            Some(super::sso::time(text).ok_or_else(|| failed("names an expiry that is no time"))?)
        }
    };
    if expires.is_some_and(|at| at <= SystemTime::now()) {
        return Err(failed("gave keys that have expired"));
    }
    Ok(Keys::new(
        answer.access_key_id,
        answer.secret_access_key,
        answer.session_token,
        expires,
        "CredentialProcess",
    ))
}

#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

#[cfg(windows)]
fn shell(command: &str) -> Command {
    // cmd.exe takes one pair of quotes away; Rust's own escaping it does not understand.
    let mut shell = Command::new("cmd.exe");
    shell.arg("/C").raw_arg(format!("\"{command}\""));
    shell
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn told(command: &str) -> String {
        let short = Duration::from_millis(400);
        run(command, short).await.expect_err(command).to_string()
    }

    #[tokio::test]
    async fn works_fails_hangs_floods() {
        let good = r#"echo '{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"SK","SessionToken":"T","Expiration":"2099-01-01T00:00:00+00:00"}'"#;
        let keys = run(good, Duration::from_secs(20)).await.unwrap();
        assert_eq!((keys.access_key_id(), keys.session_token()), ("AK", Some("T")));
        assert!(keys.expiry().is_some());
        assert!(told("echo nope >&2; exit 3").await.contains("nope"));
        assert!(told("sleep 20").await.contains("did not answer"));
        assert!(told("yes").await.contains("more than keys need"));
        assert!(told("echo '{\"SecretAccessKey\":\"hush\"}'").await.contains("no JSON of keys"));
        assert!(
            told("echo '{\"Version\":2,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"hush\"}'")
                .await
                .contains("version 2")
        );
        assert!(!told("echo '{\"SecretAccessKey\":\"hush\"'").await.contains("hush"));
        let past = r#"echo '{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"SK","Expiration":"2001-01-01T00:00:00Z"}'"#;
        assert!(told(past).await.contains("have expired"));
    }
}
