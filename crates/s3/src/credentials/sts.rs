//! Roles: AssumeRole and AssumeRoleWithWebIdentity.

use std::time::SystemTime;

use aws_credential_types::Credentials as Keys;
use aws_sdk_s3::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use aws_sdk_sts::types::Credentials as StsKeys;

use super::{Around, AssumeRole, Question, SignInError, WebIdentity, file};

const STS: &str = "the role service (STS)";

fn client(
    endpoint: Option<&str>,
    region: Option<&str>,
    source: Option<Keys>,
    around: &Around,
) -> aws_sdk_sts::Client {
    let own = endpoint.is_none().then_some(around.own_sts.as_deref()).flatten();
    // The S3 endpoint's pin and client certificate are its own, nobody else's.
    let http = if own.is_some() { &around.same_host } else { &around.others };
    let mut config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http.clone())
        .region(Region::new(region.unwrap_or(&around.region).to_owned()));
    if let Some(endpoint) = endpoint.or(own) {
        config = config.endpoint_url(endpoint);
    }
    config = match source {
        Some(source) => config.credentials_provider(SharedCredentialsProvider::new(source)),
        None => config.allow_no_auth(),
    };
    aws_sdk_sts::Client::from_conf(config.build())
}

fn session_name(given: Option<&str>) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "+=,.@-_".contains(*c);
    let name: String = given.unwrap_or("dipper").chars().filter(plain).take(64).collect();
    if name.len() < 2 { "dipper".into() } else { name }
}

fn keys(answer: Option<&StsKeys>) -> Result<Keys, SignInError> {
    let keys = answer.ok_or(SignInError::Answer { what: STS, missing: "keys" })?;
    let expires = SystemTime::try_from(*keys.expiration())
        .map_err(|_| SignInError::Answer { what: STS, missing: "an expiry" })?;
    Ok(Keys::new(
        keys.access_key_id(),
        keys.secret_access_key(),
        Some(keys.session_token().to_owned()),
        Some(expires),
        "AssumeRole",
    ))
}

pub(super) async fn assume(
    role: &AssumeRole,
    source: Keys,
    around: &Around,
) -> Result<Keys, SignInError> {
    let client = client(role.sts_endpoint.as_deref(), role.region.as_deref(), Some(source), around);
    let mut call = client
        .assume_role()
        .role_arn(&role.role_arn)
        .role_session_name(session_name(role.session_name.as_deref()))
        .set_external_id(role.external_id.clone())
        .set_duration_seconds(role.duration.and_then(|d| i32::try_from(d.as_secs()).ok()));
    if let Some(serial) = &role.mfa_serial {
        let not_told = || SignInError::NotTold { serial: serial.clone() };
        let prompt = around.sign_in.prompt.as_ref().ok_or_else(not_told)?;
        let question = Question::Mfa { serial: serial.clone(), role_arn: role.role_arn.clone() };
        let code = prompt.ask(question).await.ok_or_else(not_told)?;
        call = call.serial_number(serial).token_code(code.expose().trim());
    }
    let answer = call.send().await.map_err(|error| SignInError::of_call(STS, error))?;
    keys(answer.credentials())
}

pub(super) async fn web_identity(web: &WebIdentity, around: &Around) -> Result<Keys, SignInError> {
    // It is written anew all the time: read each time.
    let token = file::text(Some(&web.token_file)).await?;
    if token.trim().is_empty() {
        return Err(SignInError::Incomplete {
            name: web.token_file.display().to_string(),
            missing: "a token",
        });
    }
    let answer = client(web.sts_endpoint.as_deref(), web.region.as_deref(), None, around)
        .assume_role_with_web_identity()
        .role_arn(&web.role_arn)
        .role_session_name(session_name(web.session_name.as_deref()))
        .web_identity_token(token.trim())
        .send()
        .await
        .map_err(|error| SignInError::of_call(STS, error))?;
    keys(answer.credentials())
}
