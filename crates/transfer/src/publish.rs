//! Gives finished downloads their names, durably, many at a time: a disk that is asked to keep one small
//! file safe after the other does little else.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::came::Came;
use crate::error::TransferError;
use crate::fs;
use crate::spec::OnExisting;
use crate::spelling::Spellings;

/// Of files that wait for their names. They hold an open file each.
const WAITING: usize = 384;
/// From so many on, the file system as a whole is asked once.
#[cfg(target_os = "linux")]
const MANY: usize = 8;

/// Others that come so soon after the last ones are waited for.
const SOON: Duration = Duration::from_millis(20);

/// A whole, verified file under its temporary name.
pub(crate) struct Whole {
    pub partial: PathBuf,
    pub file: Arc<File>,
    pub target: PathBuf,
    pub on_existing: OnExisting,
    /// For whoever wants to know later what it became.
    pub came: Option<Came>,
}

/// A file that has its name.
pub(crate) struct Published {
    pub name: PathBuf,
    pub came: Option<Came>,
}

struct Order {
    whole: Whole,
    tell: Tell,
    _room: OwnedSemaphorePermit,
}

type Tell = oneshot::Sender<Result<Published, TransferError>>;

/// Files that have their names, in folders that may not be on disk yet.
#[derive(Default)]
struct Named {
    files: Vec<(Published, Tell)>,
    /// The file systems they are on.
    systems: BTreeSet<u64>,
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
    ) -> Result<Published, TransferError> {
        let (tell, told) = oneshot::channel();
        let order = Order { whole, tell, _room: room };
        self.orders.send(order).map_err(|_| TransferError::Panicked)?;
        told.await.map_err(|_| TransferError::Panicked)?
    }

    /// The same for a file that `make` writes, on a thread that may wait for the disk. From there it
    /// goes straight into the line: of thousands of small files, each way back would cost.
    pub async fn make(
        &self,
        make: impl FnOnce() -> Result<Whole, TransferError> + Send + 'static,
        room: OwnedSemaphorePermit,
    ) -> Result<Published, TransferError> {
        let (tell, told) = oneshot::channel();
        let orders = self.orders.clone();
        tokio::task::spawn_blocking(move || match make() {
            // Who is not told knows that nobody is there to tell.
            Ok(whole) => drop(orders.send(Order { whole, tell, _room: room })),
            Err(error) => drop(tell.send(Err(error))),
        });
        told.await.map_err(|_| TransferError::Panicked)?
    }
}

fn work(orders: &Receiver<Order>) {
    let mut spellings = Spellings::default();
    let mut named = Named::default();
    let mut last: Option<Instant> = None;
    let mut wait = Duration::ZERO;
    loop {
        let first = match named.files.is_empty() {
            true => orders.recv().ok(),
            false => orders.recv_timeout(wait).ok(),
        };
        let Some(first) = first else {
            if named.files.is_empty() {
                return;
            }
            named.settle();
            continue;
        };
        let mut group = vec![first];
        let busy = last.is_some_and(|last| last.elapsed() < SOON);
        wait = if busy { SOON } else { Duration::ZERO };
        let until = Instant::now() + wait;
        while group.len() < WAITING {
            match orders.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(order) => group.push(order),
                Err(_) => break,
            }
        }
        let (synced, systems) = sync_all(&group);
        // Who wrote down everything that came before wrote down the earlier names, too.
        if named.systems.is_subset(&systems) {
            named.tell();
        } else {
            named.settle();
        }
        for (order, synced) in group.into_iter().zip(synced) {
            give_name(order, synced, &mut spellings, &mut named);
        }
        last = Some(Instant::now());
    }
}

fn give_name(
    Order { whole, tell, .. }: Order,
    synced: std::io::Result<()>,
    spellings: &mut Spellings,
    named: &mut Named,
) {
    let Whole { partial, file, target, on_existing, came } = whole;
    let name = match synced {
        Ok(()) => {
            spellings.check(&target).and_then(|()| fs::give_name(&partial, &target, on_existing))
        }
        Err(source) => Err(TransferError::Local { op: "write", path: partial, source }),
    };
    match name {
        Ok(name) => {
            spellings.remember(&name);
            named.systems.insert(system(&file));
            named.files.push((Published { name, came }, tell));
        }
        Err(error) => {
            let _ = tell.send(Err(error));
        }
    }
}

impl Named {
    /// A rename is durable once its folder is.
    fn settle(&mut self) {
        let folders: BTreeSet<_> =
            self.files.iter().filter_map(|(file, _)| file.name.parent()).collect();
        for folder in folders {
            fs::sync_folder(folder);
        }
        self.tell();
    }

    fn tell(&mut self) {
        self.systems.clear();
        for (file, tell) in self.files.drain(..) {
            let _ = tell.send(Ok(file));
        }
    }
}

#[cfg(unix)]
fn system(file: &File) -> u64 {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map_or(0, |meta| meta.dev())
}

#[cfg(not(unix))]
fn system(_: &File) -> u64 {
    0
}

/// The bytes of each, before any of them has its name, and the file systems that were asked as a whole.
#[cfg(target_os = "linux")]
fn sync_all(group: &[Order]) -> (Vec<std::io::Result<()>>, BTreeSet<u64>) {
    use std::collections::BTreeMap;
    if group.len() < MANY {
        return (each(group), BTreeSet::new());
    }
    // syncfs waits for every byte written before it, and tells errors (Linux 5.8 and later); what an
    // older kernel does not tell, the size of the file and its own error state still do.
    let mut systems = BTreeMap::new();
    let mut synced = Vec::with_capacity(group.len());
    for order in group {
        let file = &order.whole.file;
        let well =
            systems.entry(system(file)).or_insert_with(|| rustix::fs::syncfs(&**file).is_ok());
        // Whose error it was is told by asking each.
        synced.push(if *well { Ok(()) } else { file.sync_all() });
    }
    (synced, systems.into_iter().filter(|(_, well)| *well).map(|(system, _)| system).collect())
}

#[cfg(not(target_os = "linux"))]
fn sync_all(group: &[Order]) -> (Vec<std::io::Result<()>>, BTreeSet<u64>) {
    (each(group), BTreeSet::new())
}

fn each(group: &[Order]) -> Vec<std::io::Result<()>> {
    group.iter().map(|order| order.whole.file.sync_all()).collect()
}
