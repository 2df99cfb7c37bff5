//! Every way to sign in, each against a peer of the trial's own; and sessions that end too soon.

mod device;
mod ending;
mod machines;
mod roles;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dipper_s3::{Connection, Credentials, Prompt, Question, S3};
use dipper_types::Secret;
use futures::future::BoxFuture;
use libtest_mimic::Trial;

use crate::contract::Kind;
use crate::scripted::{Scripted, say};
use crate::support::{connection, trial, unless};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("sign_in::device::the_whole_flow", device::the_whole_flow),
        trial("sign_in::device::slower_refused_too_late", device::slower_refused_too_late),
        trial("sign_in::device::renewed_by_itself", device::renewed_by_itself),
        trial("sign_in::device::a_session_that_has_ended", device::a_session_that_has_ended),
        trial("sign_in::device::through_the_app", device::through_the_app),
        unless(
            device::aws_cli().is_none().then(|| "no AWS CLI".to_owned()),
            trial(
                "sign_in::device::the_aws_cli_reads_the_token",
                device::the_aws_cli_reads_the_token,
            ),
        ),
        trial("sign_in::roles::with_a_code", roles::with_a_code),
        trial("sign_in::roles::one_question_for_all", roles::one_question_for_all),
        trial("sign_in::roles::nobody_says", roles::nobody_says),
        trial("sign_in::roles::of_an_aws_profile", roles::of_an_aws_profile),
        trial("sign_in::roles::by_web_identity", roles::by_web_identity),
        trial("sign_in::roles::refused_by_sts", roles::refused_by_sts),
        unless(Kind::Rgw.missing(), trial("sign_in::roles::at_ceph", roles::at_ceph)),
        unless(Kind::Moto.missing(), trial("sign_in::roles::at_moto", roles::at_moto)),
        trial("sign_in::machines::instance_metadata", machines::instance_metadata),
        trial("sign_in::machines::processes", machines::processes),
        trial("sign_in::machines::nothing_at_all", machines::nothing_at_all),
        trial("sign_in::ending::renewed_at_a_third_of_a_job", ending::renewed_at_a_third),
        trial("sign_in::ending::a_job_waits_and_goes_on", ending::a_job_waits),
        trial("sign_in::ending::cancelled_while_it_waits", ending::cancelled_while_it_waits),
        trial("sign_in::ending::nobody_to_wait_for", ending::nobody_to_wait_for),
        trial("sign_in::ending::renewed_before_the_end", ending::renewed_before_the_end),
    ]
}

/// An S3 server that tells who asked: `(access key, session token)`.
pub async fn witness() -> (Scripted, Arc<std::sync::Mutex<Vec<(String, String)>>>) {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let server = Scripted::new(move |request| {
        let word = |name: &str| {
            let value = request.headers().get(name).and_then(|v| v.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let signed = word("authorization");
        let key = signed.split("Credential=").nth(1).and_then(|r| r.split('/').next());
        let key = key.unwrap_or_default().to_owned();
        told.lock().unwrap().push((key, word("x-amz-security-token")));
        say(200, "application/xml", "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")
    })
    .await;
    (server, seen)
}

pub fn by(endpoint: &str, credentials: Credentials) -> Connection {
    let mut connection = connection(endpoint, "custom", None);
    connection.credentials = credentials;
    connection
}

pub async fn asked(connection: Connection) -> Result<S3, dipper_s3::Error> {
    let s3 = S3::connect(connection).await;
    s3.list_buckets().await.map(|_| s3)
}

/// Says what it was told to, and counts the questions.
#[derive(Default)]
pub struct Sayer {
    pub says: Option<&'static str>,
    pub asked: AtomicUsize,
}

impl Sayer {
    pub fn new(says: Option<&'static str>) -> Arc<Self> {
        Arc::new(Self { says, asked: AtomicUsize::new(0) })
    }

    pub fn times(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Prompt for Sayer {
    fn ask(&self, question: Question) -> BoxFuture<'static, Option<Secret<String>>> {
        let Question::Mfa { serial, .. } = question else { panic!("an MFA code") };
        assert_eq!(serial, "arn:aws:iam::1:mfa/me");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let says = self.says.map(|text| Secret::new(text.to_owned()));
        Box::pin(async move {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            says
        })
    }
}
