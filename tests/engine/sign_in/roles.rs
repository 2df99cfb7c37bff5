use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dipper_s3::{AssumeRole, Class, Credentials, Prompt, S3, SignIn, WebIdentity};

use super::{Sayer, asked, by, witness};
use crate::contract::Kind;
use crate::front::{Front, form};
use crate::scripted::{Said, say};
use crate::support::key;

pub struct Sts {
    pub front: Front,
    pub bodies: Arc<Mutex<Vec<String>>>,
}

/// Keys named after the count, for so long.
pub fn keys(action: &str, access: &str, secret: &str, count: usize, life: Duration) -> Said {
    let end = dipper_types::Timestamp::from_system(std::time::SystemTime::now() + life).rfc3339();
    say(
        200,
        "text/xml",
        format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
             <Credentials><AccessKeyId>{access}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
             <SessionToken>session-{count}</SessionToken><Expiration>{end}</Expiration></Credentials>\
             </{action}Result></{action}Response>"
        ),
    )
}

fn refused(code: &str) -> Said {
    let text = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    );
    say(403, "text/xml", text)
}

impl Sts {
    pub async fn new(life: Duration) -> Self {
        Self::giving("ASIAROLE", "hush", life).await
    }

    pub async fn giving(access: &str, secret: &str, life: Duration) -> Self {
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let (told, count) = (Arc::clone(&bodies), AtomicUsize::new(0));
        let (access, secret) = (access.to_owned(), secret.to_owned());
        let front = Front::alone(move |head, body: &Bytes| {
            told.lock().unwrap().push(String::from_utf8_lossy(body).into_owned());
            let word = |name| form(body, name);
            let give = |action: &str| {
                let count = count.fetch_add(1, Ordering::SeqCst) + 1;
                keys(action, &access, &secret, count, life)
            };
            match word("Action").as_deref() {
                Some("AssumeRole") => {
                    assert!(head.headers.contains_key("authorization"));
                    match (word("SerialNumber"), word("TokenCode").as_deref()) {
                        (None, _) | (Some(_), Some("123456")) => give("AssumeRole"),
                        _ => refused("AccessDenied"),
                    }
                }
                Some("AssumeRoleWithWebIdentity") => {
                    assert!(!head.headers.contains_key("authorization"), "it signs nothing");
                    match word("WebIdentityToken").as_deref() {
                        Some("jwt-1" | "jwt-2") => give("AssumeRoleWithWebIdentity"),
                        _ => refused("InvalidIdentityToken"),
                    }
                }
                other => panic!("{other:?}"),
            }
        })
        .await;
        Self { front, bodies }
    }

    pub fn calls(&self) -> usize {
        self.bodies.lock().unwrap().len()
    }

    pub fn role(&self, mfa: bool) -> AssumeRole {
        AssumeRole {
            source: Credentials::Keys {
                access_key: "AKIASOURCE".into(),
                secret_key: "hush".to_owned().into(),
                session_token: None,
            },
            role_arn: "arn:aws:iam::1:role/r".into(),
            external_id: Some("outside".into()),
            session_name: Some("me and you".into()),
            duration: Some(Duration::from_secs(900)),
            mfa_serial: mfa.then(|| "arn:aws:iam::1:mfa/me".into()),
            sts_endpoint: Some(self.front.endpoint()),
            region: None,
        }
    }
}

fn prompted(sayer: &Arc<Sayer>) -> SignIn {
    SignIn { prompt: Some(Arc::clone(sayer) as Arc<dyn Prompt>), ..SignIn::default() }
}

const HOUR: Duration = Duration::from_secs(3600);

pub async fn with_a_code() {
    let sts = Sts::new(HOUR).await;
    let (server, seen) = witness().await;
    let sayer = Sayer::new(Some(" 123456\n"));
    let mut connection = by(&server.endpoint(), Credentials::AssumeRole(Box::new(sts.role(true))));
    connection.options.sign_in = prompted(&sayer);
    let s3 = asked(connection).await.unwrap();
    s3.list_buckets().await.unwrap();
    assert_eq!(seen.lock().unwrap()[0], ("ASIAROLE".into(), "session-1".into()));
    assert_eq!((sts.calls(), sayer.times(), seen.lock().unwrap().len()), (1, 1, 2));
    let body = Bytes::from(sts.bodies.lock().unwrap()[0].clone());
    assert_eq!(form(&body, "ExternalId").as_deref(), Some("outside"));
    assert_eq!(form(&body, "DurationSeconds").as_deref(), Some("900"));
    assert_eq!(form(&body, "RoleSessionName").as_deref(), Some("meandyou"));
    assert!(s3.session_expires().is_some());
}

/// Fifty requests at once, one question.
pub async fn one_question_for_all() {
    let sts = Sts::new(HOUR).await;
    let (server, seen) = witness().await;
    let sayer = Sayer::new(Some("123456"));
    let mut connection = by(&server.endpoint(), Credentials::AssumeRole(Box::new(sts.role(true))));
    connection.options.sign_in = prompted(&sayer);
    let s3 = S3::connect(connection).await;
    let all = (0..50).map(|_| s3.list_buckets());
    for done in futures::future::join_all(all).await {
        done.unwrap();
    }
    assert_eq!((sts.calls(), sayer.times(), seen.lock().unwrap().len()), (1, 1, 50));
}

/// Who will not say is not asked again by every request; only when they want to sign in.
pub async fn nobody_says() {
    let sts = Sts::new(HOUR).await;
    let (server, seen) = witness().await;
    let sayer = Sayer::new(None);
    let mut connection = by(&server.endpoint(), Credentials::AssumeRole(Box::new(sts.role(true))));
    connection.options.sign_in = prompted(&sayer);
    let s3 = S3::connect(connection.clone()).await;
    for _ in 0..3 {
        let error = s3.list_buckets().await.unwrap_err();
        assert_eq!(error.class, Class::ExpiredToken, "{error}");
    }
    assert_eq!((sayer.times(), sts.calls()), (1, 0));
    assert!(s3.sign_in().await.is_err());
    assert_eq!(sayer.times(), 2);
    // And where nobody can be asked at all.
    connection.options.sign_in = SignIn::default();
    assert_eq!(asked(connection.clone()).await.unwrap_err().class, Class::ExpiredToken);
    // A wrong code is the service's to refuse.
    connection.options.sign_in = prompted(&Sayer::new(Some("000000")));
    let error = asked(connection).await.unwrap_err();
    assert_eq!(error.class, Class::Unauthenticated);
    assert!(error.to_string().contains("AccessDenied"), "{error}");
    assert!(seen.lock().unwrap().is_empty());
}

/// `mfa_serial` of the AWS files is asked for, too; STS is the S3 endpoint itself where it is no AWS.
pub async fn of_an_aws_profile() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(
        &config,
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = hush\n\
         [profile r]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n\
         mfa_serial = arn:aws:iam::1:mfa/me\n",
    )
    .unwrap();
    let sts = Sts::new(HOUR).await;
    let sayer = Sayer::new(Some("123456"));
    let name = "r".to_owned();
    let mut connection = by(&sts.front.endpoint(), Credentials::AwsProfile { name });
    connection.options.sign_in = SignIn { aws_config: Some(config), ..prompted(&sayer) };
    let s3 = S3::connect(connection).await;
    s3.sign_in().await.unwrap();
    assert_eq!((sts.calls(), sayer.times()), (1, 1));
}

pub async fn by_web_identity() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("token");
    let sts = Sts::new(Duration::from_millis(300)).await;
    let (server, seen) = witness().await;
    let connection = by(
        &server.endpoint(),
        Credentials::WebIdentity(WebIdentity {
            token_file: file.clone(),
            role_arn: "arn:aws:iam::1:role/r".into(),
            session_name: None,
            sts_endpoint: Some(sts.front.endpoint()),
            region: None,
        }),
    );
    let error = asked(connection.clone()).await.unwrap_err();
    assert!(error.to_string().contains("lacks a token"), "{error}");
    std::fs::write(&file, "jwt-1\n").unwrap();
    let s3 = asked(connection).await.unwrap();
    // The token's file is read anew when the session ends.
    std::fs::write(&file, "jwt-2").unwrap();
    tokio::time::sleep(Duration::from_millis(350)).await;
    s3.list_buckets().await.unwrap();
    let bodies = sts.bodies.lock().unwrap().clone();
    assert!(bodies[0].contains("jwt-1") && bodies[1].contains("jwt-2"), "{bodies:?}");
    assert_eq!(seen.lock().unwrap()[1].1, "session-2");
}

/// A role of a real server, by its own STS, which is the S3 endpoint: with keys that it checks.
pub async fn at_ceph() {
    let ceph = Kind::Rgw.start().await;
    let role = AssumeRole {
        source: Credentials::Keys {
            access_key: ceph.alt.access.clone(),
            secret_key: ceph.alt.secret.clone().into(),
            session_token: None,
        },
        role_arn: "arn:aws:iam:::role/tested".into(),
        external_id: None,
        session_name: Some("me and you".into()),
        duration: Some(Duration::from_secs(900)),
        mfa_serial: None,
        sts_endpoint: None,
        region: None,
    };
    let (_, bucket) = ceph.bucket().await;
    let put = async |s3: &S3| {
        let request = dipper_s3::PutRequest::default();
        s3.put_object(&bucket, &key("k"), "x".into(), &request, None).await.map_err(|e| e.class)
    };
    assert_eq!(put(&ceph.alt().await).await.map(drop), Err(Class::AccessDenied));
    let mut connection = by(&ceph.endpoint, Credentials::AssumeRole(Box::new(role.clone())));
    connection.provider = dipper_s3::Provider::by_id("ceph");
    let s3 = S3::connect(connection.clone()).await;
    put(&s3).await.expect("the role may");
    assert!(s3.session_expires().is_some());
    let other = AssumeRole { role_arn: "arn:aws:iam:::role/none".into(), ..role };
    connection.credentials = Credentials::AssumeRole(Box::new(other));
    let refused = S3::connect(connection).await.sign_in().await;
    assert!(refused.is_err(), "there is no such role");
}

/// The same with a code: moto's STS takes any, and wants the call to be whole.
pub async fn at_moto() {
    let moto = Kind::Moto.start().await;
    let sayer = Sayer::new(Some("123456"));
    let role = AssumeRole {
        source: Credentials::Keys {
            access_key: moto.main.access.clone(),
            secret_key: moto.main.secret.clone().into(),
            session_token: None,
        },
        role_arn: "arn:aws:iam::123456789012:role/tested".into(),
        external_id: Some("outside".into()),
        session_name: None,
        duration: Some(Duration::from_secs(900)),
        mfa_serial: Some("arn:aws:iam::1:mfa/me".into()),
        sts_endpoint: None,
        region: None,
    };
    let mut connection = by(&moto.endpoint, Credentials::AssumeRole(Box::new(role)));
    connection.options.sign_in = prompted(&sayer);
    let s3 = asked(connection).await.unwrap();
    s3.list_buckets().await.unwrap();
    assert_eq!(sayer.times(), 1);
    let ends = s3.session_expires().unwrap().secs();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!((600..=900).contains(&(ends - i64::try_from(now).unwrap())), "{ends} {now}");
}

/// What STS says is told, and nothing is sent to the S3 server.
pub async fn refused_by_sts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "forged").unwrap();
    let sts = Sts::new(HOUR).await;
    let (server, seen) = witness().await;
    let web = WebIdentity {
        token_file: file,
        role_arn: "arn".into(),
        session_name: None,
        sts_endpoint: Some(sts.front.endpoint()),
        region: None,
    };
    let error = asked(by(&server.endpoint(), Credentials::WebIdentity(web))).await.unwrap_err();
    assert_eq!(error.class, Class::Unauthenticated);
    assert!(error.to_string().contains("InvalidIdentityToken"), "{error}");
    assert!(seen.lock().unwrap().is_empty());
}
