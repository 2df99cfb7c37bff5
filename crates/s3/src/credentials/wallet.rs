//! Credentials at hand: renewed before they expire, once for all that wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use sha2::{Digest as _, Sha256};

use super::{Around, Credentials, SignInError, obtain};

type Obtained = Result<Kept, Arc<SignInError>>;

/// Tells one session from the next, which may have the same access key; keeps no secret.
pub(crate) type Mark = [u8; 32];

#[derive(Clone)]
struct Kept {
    keys: Keys,
    since: SystemTime,
}

/// So long before the end they are renewed, or a fifth of a shorter life.
const EARLY: Duration = Duration::from_secs(300);

impl Kept {
    fn mark(&self) -> Mark {
        let mut hash = Sha256::new();
        hash.update(self.keys.access_key_id());
        hash.update([0]);
        hash.update(self.keys.session_token().unwrap_or_default());
        hash.finalize().into()
    }

    fn margin(&self) -> Duration {
        let life = self.keys.expiry().and_then(|end| end.duration_since(self.since).ok());
        life.map_or(Duration::ZERO, |life| EARLY.min(life / 5))
    }

    fn fresh(&self, now: SystemTime) -> bool {
        self.keys.expiry().is_none_or(|end| now + self.margin() < end)
    }

    fn usable(&self, now: SystemTime) -> bool {
        self.keys.expiry().is_none_or(|end| now < end)
    }
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// A renewal under way, which everybody waits for.
    running: Option<Shared<BoxFuture<'static, Obtained>>>,
    /// The user did not say: nobody asks again until somebody wants to.
    declined: Option<Arc<SignInError>>,
    /// The keys that a server would not take any more.
    refused: Option<Mark>,
}

/// One identity's credentials.
pub(crate) struct Wallet {
    what: Credentials,
    around: Around,
    state: Mutex<State>,
}

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wallet(…)")
    }
}

impl Wallet {
    pub fn new(what: Credentials, around: Around) -> Arc<Self> {
        Arc::new(Self { what, around, state: Mutex::default() })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is anything to renew: keys that a person typed stay as they are.
    pub fn renews(&self) -> bool {
        !matches!(self.what, Credentials::Keys { .. } | Credentials::Anonymous)
    }

    /// When what is at hand ends.
    pub fn expires(&self) -> Option<SystemTime> {
        self.state().kept.as_ref().and_then(|kept| kept.keys.expiry())
    }

    /// Whether what is at hand ends some day.
    pub fn has_session(&self) -> bool {
        self.state().kept.as_ref().is_some_and(|kept| kept.keys.session_token().is_some())
    }

    /// What the last request was signed with: access key and secret.
    pub fn at_hand(&self) -> Option<(String, String)> {
        let state = self.state();
        let keys = &state.kept.as_ref()?.keys;
        Some((keys.access_key_id().to_owned(), keys.secret_access_key().to_owned()))
    }

    /// What is in use, to say later which was refused.
    pub fn in_use(&self) -> Option<Mark> {
        self.state().kept.as_ref().map(Kept::mark)
    }

    /// A server says that these have expired. `false` where renewing them is of no use.
    pub fn expired(&self, used: Option<Mark>) -> bool {
        if !self.renews() {
            return false;
        }
        let mut state = self.state();
        let current = state.kept.as_ref().map(Kept::mark);
        if current != used {
            // Somebody has renewed them meanwhile.
            return true;
        }
        if current.is_some() && state.refused == current {
            // The same keys came back after a renewal: the server will not have it.
            return false;
        }
        state.refused = current;
        state.kept = None;
        true
    }

    /// Lets the user be asked again, and begins anew.
    pub async fn sign_in(self: &Arc<Self>) -> Result<Option<SystemTime>, Arc<SignInError>> {
        {
            let mut state = self.state();
            state.declined = None;
            state.refused = None;
            state.kept = None;
        }
        Ok(self.keys().await?.keys.expiry())
    }

    /// The credentials, as they are now or as soon as they are renewed.
    async fn keys(self: &Arc<Self>) -> Obtained {
        let running = {
            let now = SystemTime::now();
            let mut state = self.state();
            if let Some(kept) = state.kept.as_ref().filter(|kept| kept.fresh(now)) {
                return Ok(kept.clone());
            }
            if let Some(declined) = &state.declined {
                return match state.kept.as_ref().filter(|kept| kept.usable(now)) {
                    Some(kept) => Ok(kept.clone()),
                    None => Err(Arc::clone(declined)),
                };
            }
            match &state.running {
                Some(running) => running.clone(),
                None => {
                    let running = self.begin();
                    state.running = Some(running.clone());
                    running
                }
            }
        };
        let obtained = running.await;
        match &obtained {
            Ok(_) => obtained,
            // What is at hand holds a little longer: the next request tries again.
            Err(_) => {
                let state = self.state();
                match state.kept.as_ref().filter(|kept| kept.usable(SystemTime::now())) {
                    Some(kept) => Ok(kept.clone()),
                    None => obtained,
                }
            }
        }
    }

    /// A task of its own: whoever stops waiting does not take the question from the others.
    fn begin(self: &Arc<Self>) -> Shared<BoxFuture<'static, Obtained>> {
        let wallet = Arc::clone(self);
        let task = tokio::spawn(async move {
            let since = SystemTime::now();
            let done = obtain(&wallet.what, &wallet.around, 0).await;
            let obtained = done.map(|keys| Kept { keys, since }).map_err(Arc::new);
            let mut state = wallet.state();
            state.running = None;
            match &obtained {
                Ok(kept) => state.kept = Some(kept.clone()),
                Err(error) if matches!(**error, SignInError::NotTold { .. }) => {
                    state.declined = Some(Arc::clone(error));
                }
                Err(_) => {}
            }
            obtained
        });
        let ended = async move {
            task.await.unwrap_or_else(|_| {
                Err(Arc::new(SignInError::Process { why: "ended early".into() }))
            })
        };
        ended.boxed().shared()
    }
}

/// A wallet as the SDK wants it.
#[derive(Debug, Clone)]
pub(crate) struct Provider(pub Arc<Wallet>);

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let kept: provider::Result =
                self.0.keys().await.map(|kept| kept.keys).map_err(CredentialsError::provider_error);
            kept
        })
    }
}
