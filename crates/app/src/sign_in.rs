//! Who is signed in, until when, and the flows that need a browser.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dipper_s3::{Account, AwsProfileEntry, DeviceCode, SignInError, SsoSessionEntry};
use dipper_types::{ProfileId, Timestamp};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::events::Changed;
use crate::machine::Machine;
use crate::profile_body::{SsoWay, Way};
use crate::{App, Code, Failure, Result};

/// Whether requests of a profile can be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInState {
    /// Keys that do not end, or no keys at all.
    Permanent,
    /// It signs in by itself when it is first needed.
    Ready,
    SignedIn,
    /// The user has to do something.
    NeedsUser,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInStatus {
    pub state: SignInState,
    /// For a countdown.
    pub expires: Option<Timestamp>,
    /// It goes on by itself after that.
    pub renewable: bool,
}

/// A device flow under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFlow {
    pub id: u32,
    pub code: DeviceCode,
}

type Told = Option<Result<SignInStatus>>;

struct Running {
    ended: watch::Receiver<Told>,
    task: AbortHandle,
}

#[derive(Default)]
pub(crate) struct DeviceFlows {
    next: AtomicU32,
    running: Mutex<HashMap<u32, Running>>,
}

/// Sign-in that failed, as both doors show it.
pub(crate) fn failure(error: &SignInError) -> Failure {
    let (code, hint) = match error {
        SignInError::SessionEnded { .. } => (
            Code::ExpiredToken,
            "Sign in again: in the connection, or with `dipper profile login`.",
        ),
        SignInError::NotTold { .. } => (Code::ExpiredToken, "Enter the code of your device."),
        SignInError::Denied => (Code::AccessDenied, "Confirm the code in the browser."),
        SignInError::TooLate => (Code::Timeout, "Start again, and confirm the code sooner."),
        SignInError::Unreachable { .. } => (
            Code::Network,
            "Check that this machine is online, and the region of IAM Identity Center.",
        ),
        SignInError::File { .. } | SignInError::NoCache => {
            (Code::LocalIo, "Check the permissions of ~/.aws.")
        }
        SignInError::NoProfile { .. } | SignInError::Incomplete { .. } => {
            (Code::InvalidInput, "They are in ~/.aws/config and ~/.aws/credentials.")
        }
        _ => (Code::Unauthenticated, "Check what the connection says about signing in."),
    };
    Failure::new(code, error.told()).with_hint(hint)
}

impl App {
    /// What is known without asking anybody.
    pub async fn sign_in_status(&self, profile: &str) -> Result<SignInStatus> {
        let id = ProfileId::new(profile);
        let way = self.connections.body(&id)?.map(|body| body.options.sign_in).unwrap_or_default();
        if let Way::Sso(sso) = &way {
            let standing = sso.sso().standing(&self.connections.machine.sign_in()).await;
            return Ok(match standing {
                Some(standing) => SignInStatus {
                    state: SignInState::SignedIn,
                    expires: Some(standing.expires),
                    renewable: standing.renewable,
                },
                None => {
                    SignInStatus { state: SignInState::NeedsUser, expires: None, renewable: false }
                }
            });
        }
        let expires = self.connections.kept_client(&id).and_then(|s3| s3.session_expires());
        let asks = matches!(&way, Way::Role(role) if role.mfa_serial.is_some());
        let state = match (&way, expires) {
            (Way::Keys, _) => SignInState::Permanent,
            (_, Some(end)) if end > self.clock.now() => SignInState::SignedIn,
            _ if asks => SignInState::NeedsUser,
            _ => SignInState::Ready,
        };
        Ok(SignInStatus { state, expires, renewable: way != Way::Keys && !asks })
    }

    /// Signs in now, asking the user where that is needed. A browser is [`App::begin_device_flow`]'s.
    pub async fn sign_in(&self, profile: &str) -> Result<SignInStatus> {
        let signed_in = self.s3(profile).await?.sign_in().await;
        signed_in.map_err(|error| failure(&error))?;
        self.signed_in(Some(profile));
        self.sign_in_status(profile).await
    }

    /// Forgets the token of IAM Identity Center, for the AWS CLI, too.
    pub async fn sign_out(&self, profile: &str) -> Result<()> {
        let sso = self.sso_of(profile)?;
        sso.sso().sign_out(&self.connections.machine.sign_in()).await.map_err(|e| failure(&e))?;
        self.connections.forget(&ProfileId::new(profile));
        self.events.changed(Changed::SignIn, Some(profile), None);
        Ok(())
    }

    /// What a profile says about IAM Identity Center.
    pub fn sso_of(&self, profile: &str) -> Result<SsoWay> {
        match self.connections.body(&ProfileId::new(profile))?.map(|body| body.options.sign_in) {
            Some(Way::Sso(sso)) => Ok(sso),
            _ => Err(Failure::invalid("this connection does not sign in in a browser")),
        }
    }

    /// Asks for a code that the user confirms in a browser. It goes on by itself; whoever wants to
    /// know how it ends waits with [`App::end_of_device_flow`].
    pub async fn begin_device_flow(&self, sso: &SsoWay) -> Result<DeviceFlow> {
        let machine = &self.connections.machine;
        let (sign_in, transport) = (machine.sign_in(), machine.transport());
        let login = sso.sso().sign_in(&sign_in, &transport).await.map_err(|e| failure(&e))?;
        let code = login.code.clone();
        let id = self.flows.next.fetch_add(1, Ordering::Relaxed) + 1;
        let (tell, ended) = watch::channel(None);
        let (connections, events) = (Arc::clone(&self.connections), Arc::clone(&self.events));
        let task = tokio::spawn(async move {
            let done = login.wait().await;
            let told = match done {
                Ok(standing) => {
                    connections.forget_clients();
                    connections.signed_in();
                    Ok(SignInStatus {
                        state: SignInState::SignedIn,
                        expires: Some(standing.expires),
                        renewable: standing.renewable,
                    })
                }
                Err(error) => Err(failure(&error)),
            };
            // Nobody may be waiting.
            let _ = tell.send(Some(told));
            events.changed(Changed::SignIn, None, None);
        });
        let running = Running { ended, task: task.abort_handle() };
        self.flows().insert(id, running);
        Ok(DeviceFlow { id, code })
    }

    /// How a device flow ends. May be asked more than once.
    pub async fn end_of_device_flow(&self, id: u32) -> Result<SignInStatus> {
        let ended = self.flows().get(&id).map(|running| running.ended.clone());
        let mut ended = ended.ok_or_else(|| Failure::new(Code::Cancelled, "it was given up"))?;
        match ended.wait_for(Option::is_some).await {
            Ok(told) => told.clone().unwrap_or_else(|| Err(given_up())),
            Err(_) => Err(given_up()),
        }
    }

    pub fn cancel_device_flow(&self, id: u32) {
        if let Some(running) = self.flows().remove(&id) {
            running.task.abort();
        }
    }

    /// The accounts and roles that a signed-in user may choose from.
    pub async fn sso_accounts(&self, sso: &SsoWay) -> Result<Vec<Account>> {
        let machine = &self.connections.machine;
        let found = sso.sso().list_accounts(&machine.sign_in(), &machine.transport()).await;
        found.map_err(|error| failure(&error))
    }

    /// The profiles and sign-in sessions of the user's AWS files, for a choice.
    pub async fn aws_profiles(&self) -> Result<(Vec<AwsProfileEntry>, Vec<SsoSessionEntry>)> {
        let files = self.connections.machine.sign_in().aws_files().await;
        let files = files.map_err(|error| failure(&error))?;
        Ok((files.profiles(), files.sso_sessions()))
    }

    /// From now on, jobs whose session has ended wait for a sign-in instead of failing: there is
    /// somebody to ask.
    pub fn expect_sign_in(&self) {
        self.connections.expects_sign_in.store(true, Ordering::Relaxed);
    }

    pub(crate) fn signed_in(&self, profile: Option<&str>) {
        self.connections.signed_in();
        self.events.changed(Changed::SignIn, profile, None);
    }

    /// Where a profile begins whose keys may not list buckets.
    pub fn start_of(&self, profile: &str) -> Result<Option<String>> {
        let body = self.connections.body(&ProfileId::new(profile))?;
        Ok(body.and_then(|body| body.options.start))
    }

    fn flows(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Running>> {
        self.flows.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn given_up() -> Failure {
    Failure::new(Code::Cancelled, "the sign-in was given up")
}

impl Machine {
    /// The way that no profile has a say in.
    pub(crate) fn transport(&self) -> dipper_s3::Transport {
        let over = self.overrides();
        dipper_s3::Transport {
            proxy: over.proxy.map_or_else(|| self.proxies.clone(), dipper_s3::ProxyRules::always),
            roots: over.roots,
            ..dipper_s3::Transport::default()
        }
    }
}
