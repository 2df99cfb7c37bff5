//! Gives finished downloads their names, durably, many at a time: a disk that is asked to keep one small
//! file safe after the other does little else.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::TransferError;
use crate::fs;
use crate::spec::OnExisting;
use crate::spelling::Spellings;

/// Of files that wait for their names. They hold an open file each.
const WAITING: usize = 384;
/// From so many on, the file system as a whole is asked once.
#[cfg(target_os = "linux")]
const MANY: usize = 8;

/// A whole, verified file under its temporary name.
pub(crate) struct Whole {
    pub partial: PathBuf,
    pub file: Arc<File>,
    pub target: PathBuf,
    pub on_existing: OnExisting,
}

struct Order {
    whole: Whole,
    tell: oneshot::Sender<Result<PathBuf, TransferError>>,
    _room: OwnedSemaphorePermit,
}

/// A thread of its own, and the line before it.
pub(crate) struct Publisher {
    orders: Sender<Order>,
    room: Arc<Semaphore>,
}

impl Publisher {
    pub fn start() -> std::io::Result<Self> {
        let (orders, taken) = channel();
        std::thread::Builder::new().name("dipper-publisher".into()).spawn(move || work(&taken))?;
        Ok(Self { orders, room: Arc::new(Semaphore::new(WAITING)) })
    }

    /// Waits until there is room in the line: from then on, the caller may let go of what it held.
    pub async fn room(&self) -> Result<OwnedSemaphorePermit, TransferError> {
        let room = Arc::clone(&self.room).acquire_owned().await;
        room.map_err(|_| TransferError::Panicked)
    }

    /// The name that the file got, once it is safe.
    pub async fn publish(
        &self,
        whole: Whole,
        room: OwnedSemaphorePermit,
    ) -> Result<PathBuf, TransferError> {
        let (tell, told) = oneshot::channel();
        let order = Order { whole, tell, _room: room };
        self.orders.send(order).map_err(|_| TransferError::Panicked)?;
        told.await.map_err(|_| TransferError::Panicked)?
    }
}

fn work(orders: &Receiver<Order>) {
    let mut spellings = Spellings::default();
    while let Ok(first) = orders.recv() {
        let mut group = vec![first];
        while group.len() < WAITING {
            match orders.try_recv() {
                Ok(order) => group.push(order),
                Err(_) => break,
            }
        }
        publish_all(group, &mut spellings);
    }
}

fn publish_all(group: Vec<Order>, spellings: &mut Spellings) {
    let synced = sync_all(&group);
    let mut folders = BTreeSet::new();
    let mut named = Vec::with_capacity(group.len());
    for (order, synced) in group.into_iter().zip(synced) {
        let Whole { partial, target, on_existing, .. } = &order.whole;
        let name = match synced {
            Ok(()) => {
                spellings.check(target).and_then(|()| fs::give_name(partial, target, *on_existing))
            }
            Err(source) => Err(TransferError::Local { op: "write", path: partial.clone(), source }),
        };
        if let Ok(name) = &name {
            spellings.remember(name);
        }
        if let Ok(name) = &name
            && let Some(folder) = name.parent()
        {
            folders.insert(folder.to_owned());
        }
        named.push((order, name));
    }
    // A rename is durable once its folder is.
    for folder in folders {
        fs::sync_folder(&folder);
    }
    for (order, name) in named {
        let _ = order.tell.send(name);
    }
}

/// The bytes of each, before any of them has its name.
#[cfg(target_os = "linux")]
fn sync_all(group: &[Order]) -> Vec<std::io::Result<()>> {
    use std::collections::HashMap;
    use std::os::unix::fs::MetadataExt;
    if group.len() < MANY {
        return group.iter().map(|order| order.whole.file.sync_all()).collect();
    }
    // syncfs waits for every byte written before it, and tells errors (Linux 5.8 and later); what an
    // older kernel does not tell, the size of the file and its own error state still do.
    let mut systems: HashMap<u64, std::io::Result<()>> = HashMap::new();
    for order in group {
        let device = order.whole.file.metadata().map_or(0, |meta| meta.dev());
        systems.entry(device).or_insert_with(|| {
            rustix::fs::syncfs(&*order.whole.file).map_err(std::io::Error::from)
        });
    }
    group
        .iter()
        .map(|order| {
            let device = order.whole.file.metadata().map_or(0, |meta| meta.dev());
            match systems.get(&device) {
                Some(Ok(())) => Ok(()),
                // Whose error it was is told by asking each.
                _ => order.whole.file.sync_all(),
            }
        })
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn sync_all(group: &[Order]) -> Vec<std::io::Result<()>> {
    group.iter().map(|order| order.whole.file.sync_all()).collect()
}
