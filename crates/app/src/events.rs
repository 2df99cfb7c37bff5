//! "X changed, refetch": the only thing that is told without being asked.

use dipper_types::JobId;
use tokio::sync::broadcast;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Profiles,
    Buckets,
    Settings,
    Vault,
    /// Keys for encryption, or the places that have one.
    Keys,
    /// A question waits or was answered, somebody signed in or out.
    SignIn,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub what: Changed,
    pub profile: Option<String>,
    pub bucket: Option<String>,
}

pub(crate) struct Events {
    changes: broadcast::Sender<Change>,
    pub jobs: broadcast::Sender<JobId>,
}

impl Default for Events {
    fn default() -> Self {
        Self { changes: broadcast::channel(64).0, jobs: broadcast::channel(1024).0 }
    }
}

impl Events {
    pub fn changed(&self, what: Changed, profile: Option<&str>, bucket: Option<&str>) {
        let change =
            Change { what, profile: profile.map(str::to_owned), bucket: bucket.map(str::to_owned) };
        // Nobody listens on the command line.
        let _ = self.changes.send(change);
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}

impl crate::App {
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.events.subscribe()
    }
}
