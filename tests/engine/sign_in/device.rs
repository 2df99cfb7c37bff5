use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dipper_app::{App, SignInState, SsoWay};
use dipper_s3::{Class, Credentials, SignIn, SignInError, Sso, Transport};
use dipper_types::Timestamp;
use serde_json::{Value, json};

use super::{asked, by, witness};
use crate::front::Front;
use crate::rig::LIMITS;
use crate::scripted::{Said, say};

/// What the sign-in service says to each ask for a token, in turn; the last one for ever.
struct Center {
    front: Front,
    asked: Arc<Mutex<Vec<Value>>>,
}

fn error(kind: &str) -> Said {
    let mut said = say(400, "application/json", json!({ "error": kind }).to_string());
    let name = match kind {
        "authorization_pending" => "AuthorizationPendingException",
        "slow_down" => "SlowDownException",
        "expired_token" => "ExpiredTokenException",
        "invalid_grant" => "InvalidGrantException",
        _ => "AccessDeniedException",
    };
    said.headers_mut().insert("x-amzn-errortype", name.parse().unwrap());
    said
}

fn token(name: &str, life: i64) -> Value {
    json!({ "accessToken": name, "tokenType": "Bearer", "expiresIn": life, "refreshToken": "again" })
}

impl Center {
    async fn new(answers: Vec<Result<Value, &'static str>>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (told, at) = (Arc::clone(&asked), AtomicUsize::new(0));
        let front = Front::alone(move |head, body| {
            let good = |value: Value| say(200, "application/json", value.to_string());
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let bearer = head.headers.get("x-amz-sso_bearer_token");
            let bearer = bearer.and_then(|v| v.to_str().ok()).unwrap_or_default();
            match head.uri.path() {
                "/client/register" => good(json!({
                    "clientId": "client", "clientSecret": "hush",
                    "clientSecretExpiresAt": 4_000_000_000_i64,
                })),
                "/device_authorization" => {
                    assert_eq!(body["startUrl"], "https://corp.example/start");
                    good(json!({
                        "deviceCode": "device", "userCode": "ABCD-EFGH", "expiresIn": 600,
                        "interval": 1, "verificationUri": "https://device.example/",
                        "verificationUriComplete": "https://device.example/?user_code=ABCD-EFGH",
                    }))
                }
                "/token" => {
                    told.lock().unwrap().push(body);
                    let at = at.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
                    match &answers[at] {
                        Ok(value) => good(value.clone()),
                        Err(kind) => error(kind),
                    }
                }
                "/federation/credentials" if bearer.starts_with("token") => {
                    let query = head.uri.query().unwrap();
                    assert!(query.contains("role_name=Dev") && query.contains("account_id=123456789012"));
                    let end = Timestamp::from_system(std::time::SystemTime::now()).millis() + 3_600_000;
                    good(json!({ "roleCredentials": {
                        "accessKeyId": "ASIASSO", "secretAccessKey": "hush", "sessionToken": bearer,
                        "expiration": end,
                    }}))
                }
                "/assignment/accounts" if bearer.starts_with("token") => good(json!({ "accountList": [
                    { "accountId": "2", "accountName": "Zoo", "emailAddress": "z@x" },
                    { "accountId": "1", "accountName": "Acme", "emailAddress": "a@x" },
                ]})),
                "/assignment/roles" => good(json!({ "roleList": [
                    { "roleName": "Write", "accountId": "1" }, { "roleName": "Read", "accountId": "1" },
                ]})),
                _ => {
                    let mut said = say(401, "application/json", "{\"message\":\"no\"}");
                    said.headers_mut()
                        .insert("x-amzn-errortype", "UnauthorizedException".parse().unwrap());
                    said
                }
            }
        })
        .await;
        Self { front, asked }
    }

    fn sso(&self, session: Option<&str>) -> Sso {
        Sso {
            start_url: "https://corp.example/start".into(),
            region: "eu-west-1".into(),
            session: session.map(str::to_owned),
            account_id: "123456789012".into(),
            role_name: "Dev".into(),
            oidc_endpoint: Some(self.front.endpoint()),
            portal_endpoint: Some(self.front.endpoint()),
        }
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

fn sign_in(folder: &Path) -> SignIn {
    SignIn {
        sso_cache: Some(folder.join("cache")),
        second: Duration::from_millis(5),
        ..SignIn::default()
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let read = std::fs::read_dir(folder.join("cache"));
    read.map(|all| all.map(|f| f.unwrap().path()).collect()).unwrap_or_default()
}

pub async fn the_whole_flow() {
    let folder = tempfile::tempdir().unwrap();
    let center = Center::new(vec![
        Err("authorization_pending"),
        Err("authorization_pending"),
        Ok(token("token-1", 28800)),
    ])
    .await;
    let (sso, sign_in) = (center.sso(Some("corp")), sign_in(folder.path()));
    let (server, seen) = witness().await;
    let mut connection = by(&server.endpoint(), Credentials::Sso(sso.clone()));
    connection.options.sign_in = sign_in.clone();
    // Before: the user is needed, and it is said so.
    let error = asked(connection.clone()).await.unwrap_err();
    assert_eq!(error.class, Class::ExpiredToken, "{error}");
    assert!(error.context.sign_in && seen.lock().unwrap().is_empty());

    let login = sso.sign_in(&sign_in, &Transport::default()).await.unwrap();
    assert_eq!(login.code.user_code, "ABCD-EFGH");
    let complete = login.code.verification_uri_complete.as_deref();
    assert_eq!(complete, Some("https://device.example/?user_code=ABCD-EFGH"));
    assert!(!format!("{login:?}").contains("hush"));
    let standing = login.wait().await.unwrap();
    assert!(standing.renewable);
    assert_eq!(center.asked().len(), 3);

    // The file is the AWS CLI's, for its owner alone.
    let kept = files(folder.path());
    assert_eq!(kept.len(), 1);
    let text: Value = serde_json::from_slice(&std::fs::read(&kept[0]).unwrap()).unwrap();
    assert_eq!((&text["accessToken"], &text["refreshToken"]), (&json!("token-1"), &json!("again")));
    assert_eq!((&text["startUrl"], &text["region"]), (&json!(sso.start_url), &json!("eu-west-1")));
    for name in ["clientId", "clientSecret", "registrationExpiresAt", "expiresAt"] {
        assert!(text[name].is_string(), "{name}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&kept[0]).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let s3 = asked(connection).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [("ASIASSO".to_owned(), "token-1".to_owned())]);
    assert!(s3.session_expires().is_some());

    let accounts = sso.list_accounts(&sign_in, &Transport::default()).await.unwrap();
    assert_eq!(
        (accounts[0].name.as_str(), accounts[0].roles.as_slice()),
        ("Acme", &["Read".to_owned(), "Write".into()][..])
    );
    sso.sign_out(&sign_in).await.unwrap();
    assert!(files(folder.path()).is_empty() && sso.standing(&sign_in).await.is_none());
}

pub async fn slower_refused_too_late() {
    let folder = tempfile::tempdir().unwrap();
    let sign_in = sign_in(folder.path());
    let ended = async |answers| {
        let center = Center::new(answers).await;
        let login = center.sso(None).sign_in(&sign_in, &Transport::default()).await.unwrap();
        let started = std::time::Instant::now();
        (login.wait().await, started.elapsed())
    };
    // One pace of 5 ms, then at least six of them each time.
    let (done, took) =
        ended(vec![Err("slow_down"), Err("authorization_pending"), Ok(token("token-2", 60))]).await;
    assert!(done.is_ok() && took >= Duration::from_millis(5 + 30 + 30), "{took:?}");
    assert!(matches!(ended(vec![Err("access_denied")]).await.0, Err(SignInError::Denied)));
    assert!(matches!(ended(vec![Err("expired_token")]).await.0, Err(SignInError::TooLate)));
    assert!(matches!(ended(vec![Err("invalid_grant")]).await.0, Err(SignInError::Refused { .. })));
}

/// Puts a token where the one of `corp` belongs.
async fn write(folder: &Path, token: Value) {
    let center = Center::new(vec![Ok(self::token("token", 60))]).await;
    let login = center.sso(Some("corp")).sign_in(&sign_in(folder), &Transport::default()).await;
    login.unwrap().wait().await.unwrap();
    std::fs::write(&files(folder)[0], token.to_string()).unwrap();
}

fn old(renewable: bool) -> Value {
    let mut token = json!({
        "startUrl": "https://corp.example/start", "region": "eu-west-1",
        "accessToken": "token-old", "expiresAt": "2020-01-01T00:00:00UTC",
    });
    if renewable {
        token["clientId"] = "client".into();
        token["clientSecret"] = "hush".into();
        token["refreshToken"] = "first".into();
        token["registrationExpiresAt"] = "2099-01-01T00:00:00Z".into();
    }
    token
}

/// A token that the AWS CLI wrote and that has run out.
pub async fn renewed_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let center = Center::new(vec![Ok(token("token-new", 28800))]).await;
    let sso = center.sso(Some("corp"));
    write(folder.path(), old(true)).await;
    let (server, seen) = witness().await;
    let mut connection = by(&server.endpoint(), Credentials::Sso(sso.clone()));
    connection.options.sign_in = sign_in(folder.path());
    asked(connection).await.unwrap();
    assert_eq!(seen.lock().unwrap()[0].1, "token-new");
    let asked = center.asked();
    assert_eq!(asked[0]["grantType"], "refresh_token");
    assert_eq!(asked[0]["refreshToken"], "first");
    let kept: Value =
        serde_json::from_slice(&std::fs::read(&files(folder.path())[0]).unwrap()).unwrap();
    assert_eq!(
        (&kept["accessToken"], &kept["refreshToken"]),
        (&json!("token-new"), &json!("again"))
    );
}

pub async fn a_session_that_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let center = Center::new(vec![Err("invalid_grant")]).await;
    let (server, seen) = witness().await;
    for token in [old(false), old(true), json!("half a fi")] {
        let sso = center.sso(Some("corp"));
        write(folder.path(), token).await;
        let mut connection = by(&server.endpoint(), Credentials::Sso(sso));
        connection.options.sign_in = sign_in(folder.path());
        let error = asked(connection).await.unwrap_err();
        assert_eq!(error.class, Class::ExpiredToken, "{error}");
        assert!(error.to_string().contains("sign in again"), "{error}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

pub async fn through_the_app() {
    let folder = tempfile::tempdir().unwrap();
    let center = Center::new(vec![Ok(token("token-app", 28800))]).await;
    let mut machine = dipper_app::Machine::default();
    machine.sso_cache = Some(folder.path().join("cache"));
    let app = App::open_on(folder.path(), Arc::new(NoStore), LIMITS, machine).unwrap();
    let (server, seen) = witness().await;
    let way = SsoWay::from(center.sso(Some("corp")));
    let saved = app
        .save_profile(dipper_app::ProfileDraft {
            id: None,
            name: "Corp".into(),
            provider: "custom".into(),
            endpoint: server.endpoint(),
            region: "eu-west-1".into(),
            addressing: dipper_app::Addressing::Path,
            access_key: String::new(),
            secret_key: String::new().into(),
            session_token: None,
            keep: dipper_app::Keep::Vault,
            allow_http: false,
            options: dipper_app::ProfileOptions {
                sign_in: dipper_app::Way::Sso(way.clone()),
                ..Default::default()
            },
            client_key: None,
            keep_options: false,
        })
        .await
        .expect("no secret, so no vault is needed");
    let status = app.sign_in_status(&saved.id).await.unwrap();
    assert_eq!(status.state, SignInState::NeedsUser);
    let given_up = app.begin_device_flow(&way).await.unwrap();
    app.cancel_device_flow(given_up.id);
    assert!(app.end_of_device_flow(given_up.id).await.is_err());
    let flow = app.begin_device_flow(&way).await.unwrap();
    assert_eq!(flow.code.user_code, "ABCD-EFGH");
    let ended = app.end_of_device_flow(flow.id).await.unwrap();
    assert_eq!((ended.state, ended.renewable), (SignInState::SignedIn, true));
    app.buckets(&saved.id).await.unwrap();
    assert_eq!(seen.lock().unwrap()[0].1, "token-app");
    app.sign_out(&saved.id).await.unwrap();
    let error = app.buckets(&saved.id).await.unwrap_err();
    assert_eq!(error.code, dipper_app::Code::ExpiredToken);
}

struct NoStore;

impl dipper_state::KeyStore for NoStore {
    fn get(&self) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, dipper_state::KeychainError> {
        Err(dipper_state::KeychainError::Silent)
    }

    fn set(&self, _: &[u8]) -> Result<(), dipper_state::KeychainError> {
        Err(dipper_state::KeychainError::Silent)
    }
}

/// The real AWS CLI, if this machine has it.
pub fn aws_cli() -> Option<std::path::PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join("aws"))
        .find(|path| path.is_file())
}

pub async fn the_aws_cli_reads_the_token() {
    let aws = aws_cli().unwrap();
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join(".aws").join("sso");
    std::fs::create_dir_all(&cache).unwrap();
    let center = Center::new(vec![Ok(token("token-cli", 28800))]).await;
    let (sso, sign_in) = (center.sso(Some("corp")), sign_in(&cache));
    sso.sign_in(&sign_in, &Transport::default()).await.unwrap().wait().await.unwrap();
    let config = "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n\
                  sso_registration_scopes = sso:account:access\n[profile dev]\nsso_session = corp\n\
                  sso_account_id = 123456789012\nsso_role_name = Dev\nregion = eu-west-1\n";
    std::fs::write(home.path().join(".aws").join("config"), config).unwrap();
    let (server, seen) = witness().await;
    let ran = tokio::process::Command::new(aws)
        .args(["s3api", "list-buckets", "--profile", "dev", "--endpoint-url", &server.endpoint()])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("AWS_ENDPOINT_URL_SSO", center.front.endpoint())
        .env("AWS_ENDPOINT_URL_SSO_OIDC", center.front.endpoint())
        .output()
        .await
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(seen.lock().unwrap()[0], ("ASIASSO".to_owned(), "token-cli".to_owned()));
}
