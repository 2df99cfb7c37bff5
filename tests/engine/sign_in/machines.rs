use std::time::Duration;

use dipper_s3::{Class, Credentials, SignIn};

use super::{asked, by, witness};
use crate::scripted::{Scripted, say};

pub async fn instance_metadata() {
    let metadata = Scripted::new(|request| {
        let token = request.headers().get("x-aws-ec2-metadata-token");
        match (request.method().as_str(), request.uri().path()) {
            ("PUT", "/latest/api/token") => {
                let mut said = say(200, "text/plain", "imds-token");
                said.headers_mut()
                    .insert("x-aws-ec2-metadata-token-ttl-seconds", "21600".parse().unwrap());
                said
            }
            ("GET", _) if token.is_none_or(|t| t != "imds-token") => say(401, "text/plain", ""),
            (
                "GET",
                "/latest/meta-data/iam/security-credentials/"
                | "/latest/meta-data/iam/security-credentials-extended/",
            ) => say(200, "text/plain", "my-role"),
            (
                "GET",
                "/latest/meta-data/iam/security-credentials/my-role"
                | "/latest/meta-data/iam/security-credentials-extended/my-role",
            ) => say(
                200,
                "application/json",
                r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAIMDS","SecretAccessKey":"hush",
                    "Token":"imds","Expiration":"2099-01-01T00:00:00Z","LastUpdated":"2020-01-01T00:00:00Z"}"#,
            ),
            _ => say(404, "text/plain", ""),
        }
    })
    .await;
    let (server, seen) = witness().await;
    let endpoint = Some(metadata.endpoint());
    asked(by(&server.endpoint(), Credentials::Instance { endpoint })).await.unwrap();
    assert_eq!(seen.lock().unwrap()[0], ("ASIAIMDS".into(), "imds".into()));
    drop(metadata);
    let gone = Scripted::new(|_| say(404, "text/plain", "")).await;
    let endpoint = Some(gone.endpoint());
    let error =
        asked(by(&server.endpoint(), Credentials::Instance { endpoint })).await.unwrap_err();
    assert!(matches!(error.class, Class::Unauthenticated | Class::Network), "{error}");
    assert!(error.context.sign_in);
}

#[cfg(unix)]
pub async fn processes() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let (server, seen) = witness().await;
    for (command, fine, word) in [
        (r#"echo '{"Version":1,"AccessKeyId":"AKIAPROC","SecretAccessKey":"hush"}'"#, true, ""),
        ("echo broken >&2; exit 7", false, "broken"),
        ("sleep 30", false, "did not answer"),
        ("yes hush", false, "more than keys need"),
        ("no-such-command-anywhere", false, "failed"),
        ("echo '{}'", false, "no JSON of keys"),
    ] {
        std::fs::write(&config, format!("[profile p]\ncredential_process = {command}\n")).unwrap();
        let name = "p".to_owned();
        let mut connection = by(&server.endpoint(), Credentials::AwsProfile { name });
        connection.options.sign_in = SignIn {
            aws_config: Some(config.clone()),
            process_patience: Duration::from_millis(500),
            ..SignIn::default()
        };
        match asked(connection).await {
            Ok(_) => assert!(fine, "{command}"),
            Err(error) => {
                assert!(!fine, "{error}");
                let text = error.to_string();
                assert!(text.contains(word) && !text.contains("hush"), "{text}");
                assert_eq!(error.class, Class::Unauthenticated);
            }
        }
    }
    assert_eq!(*seen.lock().unwrap(), [("AKIAPROC".to_owned(), String::new())]);
}

#[cfg(not(unix))]
pub async fn processes() {}

pub async fn nothing_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (server, seen) = witness().await;
    for (text, word) in [
        ("", "there is no AWS profile"),
        ("[profile p]\nregion = x\n", "no keys"),
        ("[profile p]\nrole_arn = r\n", "source_profile"),
        ("[profile p]\nsso_session = s\n", "sso-session"),
        (
            "[profile p]\nrole_arn = r\nsource_profile = q\n[profile q]\nrole_arn = r\nsource_profile = p\n",
            "without end",
        ),
    ] {
        let config = folder.path().join("config");
        std::fs::write(&config, text).unwrap();
        let name = "p".to_owned();
        let mut connection = by(&server.endpoint(), Credentials::AwsProfile { name });
        connection.options.sign_in = SignIn { aws_config: Some(config), ..SignIn::default() };
        let error = asked(connection).await.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(seen.lock().unwrap().is_empty());
}
