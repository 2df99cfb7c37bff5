//! Two trees side by side: nothing is moved, each difference is told.

use std::path::PathBuf;
use std::sync::Arc;

use dipper_s3::GetRequest;
use dipper_state::Digests;
use dipper_transfer::{Engine, digest};
use dipper_types::{ObjectKey, Prefix, Timestamp};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesOrdered};
use futures::{FutureExt, StreamExt};
use md5::{Digest as _, Md5};

use crate::error::SyncError;
use crate::facts::{Looked, compare};
use crate::item::{At, Item, Ledger, Note, Store};
use crate::judge::{Compare, Side, Why};
use crate::local::{Walk, files};
use crate::merge::{Merge, Pair};
use crate::remote::{Listed, Scope, objects};
use dipper_transfer::Filter;

/// One of two trees, or one thing on each side.
#[derive(Clone)]
pub enum Tree {
    Folder(PathBuf),
    File(PathBuf),
    Objects { store: Arc<Store>, prefix: Prefix },
    Object { store: Arc<Store>, key: ObjectKey },
}

/// How much it takes to count as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The size.
    Size,
    /// What a sync goes by: the content, and where nothing tells of it, the time.
    Sync,
    /// The content, by what both sides know of it.
    Checksum,
    /// The same, and where they know nothing that can be compared, the bytes are read.
    Bytes,
}

/// What is told of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    Only {
        side: Side,
        key: String,
        size: u64,
    },
    Same {
        key: String,
        size: u64,
        why: Why,
    },
    Differs {
        key: String,
        sizes: (u64, u64),
        why: Why,
    },
    /// Nothing tells whether the bytes are the same.
    Unknown {
        key: String,
        size: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub same: u64,
    pub differs: u64,
    pub only_first: u64,
    pub only_second: u64,
    pub unknown: u64,
}

impl Counts {
    pub fn all_same(&self) -> bool {
        *self == Self { same: self.same, ..Self::default() }
    }

    fn count(&mut self, finding: &Finding) {
        *match finding {
            Finding::Only { side: Side::Source, .. } => &mut self.only_first,
            Finding::Only { side: Side::Target, .. } => &mut self.only_second,
            Finding::Same { .. } => &mut self.same,
            Finding::Differs { .. } => &mut self.differs,
            Finding::Unknown { .. } => &mut self.unknown,
        } += 1;
    }
}

/// Pairs that are looked at while the listings go on; fewer where each may be read whole.
const AT_ONCE: usize = 32;
const READS_AT_ONCE: usize = 6;
/// A download that breaks off is begun again.
const TRIES: usize = 3;

/// Joins both, in the order of keys and in constant memory, and tells what it finds. What can't be
/// read is in the ledger.
///
/// # Errors
/// Where a side can't be listed, or an object can't be read.
pub async fn contrast(
    engine: &Arc<Engine>,
    (one, other): (Tree, Tree),
    filter: Filter,
    how: How,
    (ledger, now): (Arc<Ledger>, Timestamp),
    tell: &mut (dyn FnMut(Finding) + Send),
) -> Result<Counts, SyncError> {
    let look = Look { how, now, digests: engine.digests().clone(), ledger: Arc::clone(&ledger) };
    let join = Join { filter: Arc::new(filter), ledger, label: one.label() };
    let remote = |tree: &Tree| matches!(tree, Tree::Objects { .. } | Tree::Object { .. });
    let markers = remote(&one) && remote(&other);
    // As a sync has it: names here stand for themselves on the way up, for keys on the way down.
    let decode = remote(&one);
    let (one, other) = (join.items(one, markers, false), join.items(other, markers, decode));
    let mut pairs = Merge::new(one, other);
    let mut pending: FuturesOrdered<BoxFuture<'static, Result<Option<Finding>, SyncError>>> =
        FuturesOrdered::new();
    let most = if how == How::Bytes { READS_AT_ONCE } else { AT_ONCE };
    let mut counts = Counts::default();
    let mut take = |finding: Option<Finding>| {
        if let Some(finding) = finding {
            counts.count(&finding);
            tell(finding);
        }
    };
    while let Some(pair) = pairs.next().await? {
        pending.push_back(look.clone().at(pair).boxed());
        if pending.len() >= most
            && let Some(found) = pending.next().await
        {
            take(found?);
        }
    }
    while let Some(found) = pending.next().await {
        take(found?);
    }
    Ok(counts)
}

impl Tree {
    /// The name that a single thing has on both sides.
    fn label(&self) -> String {
        match self {
            Self::File(path) => {
                path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
            }
            Self::Object { key, .. } => key.name().to_owned(),
            _ => String::new(),
        }
    }
}

struct Join {
    filter: Arc<Filter>,
    ledger: Arc<Ledger>,
    label: String,
}

impl Join {
    fn items(
        &self,
        tree: Tree,
        markers: bool,
        decode: bool,
    ) -> BoxStream<'static, Result<Item, SyncError>> {
        let filter = Arc::clone(&self.filter);
        let walk = |root, key| {
            files(Walk {
                root,
                key,
                filter: Arc::clone(&self.filter),
                ledger: Arc::clone(&self.ledger),
                follow_links: false,
                decode,
                folders: false,
                only: None,
            })
            .boxed()
        };
        let listed =
            |store, scope, cut| objects(Listed { store, source: 0, scope, cut, filter, markers });
        match tree {
            Tree::Folder(path) => walk(path, String::new()),
            Tree::File(path) => walk(path, self.label.clone()),
            Tree::Objects { store, prefix } => {
                let prefix = prefix.to_string();
                let cut = prefix.len();
                listed(store, Scope::Below(prefix), cut)
            }
            Tree::Object { store, key } => {
                let (cut, label) = (key.parent().as_str().len(), self.label.clone());
                let one = listed(store, Scope::Exactly(key.to_string()), cut);
                one.map(move |item| item.map(|item| Item { key: label.clone(), ..item })).boxed()
            }
        }
    }
}

#[derive(Clone)]
struct Look {
    how: How,
    now: Timestamp,
    digests: Digests,
    ledger: Arc<Ledger>,
}

impl Look {
    /// `None`: it can't be read, and the ledger has it.
    async fn at(self, pair: Pair<Item, Item>) -> Result<Option<Finding>, SyncError> {
        let only =
            |side, item: Item| Ok(Some(Finding::Only { side, key: item.key, size: item.size }));
        let (one, other) = match pair {
            Pair::Source(item) => return only(Side::Source, item),
            Pair::Target(item) => return only(Side::Target, item),
            Pair::Both(one, other) => (one, other),
        };
        let (key, size, sizes) = (one.key.clone(), one.size, (one.size, other.size));
        let local = |item: &Item| matches!(item.at, At::Local { .. });
        if local(&one) && local(&other) && self.how != How::Size && one.size == other.size {
            return self.bytes(&one, &other).await;
        }
        let rules = Compare { content: self.how != How::Size, skip_existing: false };
        let looked =
            compare((&one, &other), (rules, self.now), &self.digests, &self.ledger).await?;
        let strict = matches!(self.how, How::Checksum | How::Bytes);
        Ok(match looked {
            Looked::Left => None,
            Looked::Same(Why::Time) | Looked::Differs(Why::Newer) if strict => {
                if self.how == How::Bytes {
                    return self.bytes(&one, &other).await;
                }
                Some(Finding::Unknown { key, size })
            }
            Looked::Same(why) => Some(Finding::Same { key, size, why }),
            Looked::Differs(why) => Some(Finding::Differs { key, sizes, why }),
        })
    }

    async fn bytes(&self, one: &Item, other: &Item) -> Result<Option<Finding>, SyncError> {
        let (first, second) = futures::join!(sum(one), sum(other));
        let mut sums = Vec::new();
        for (item, sum) in [(one, first?), (other, second?)] {
            match sum {
                Ok(sum) => sums.push(sum),
                Err(error) => {
                    self.ledger.note(Note::Unreadable { what: item.key.clone(), error });
                    return Ok(None);
                }
            }
        }
        let key = one.key.clone();
        Ok(Some(match sums.first() == sums.last() {
            true => Finding::Same { key, size: one.size, why: Why::Md5 },
            false => {
                let sizes = (one.size, other.size);
                Finding::Differs { key, sizes, why: Why::OtherContent }
            }
        }))
    }
}

/// The MD5 of all its bytes. The inner error is the file's own, in words.
async fn sum(item: &Item) -> Result<Result<[u8; 16], String>, SyncError> {
    match &item.at {
        At::Local { path, .. } => {
            let path = path.clone();
            let read = tokio::task::spawn_blocking(move || digest(&path)).await;
            let read = read.map_err(|_| SyncError::Panicked)?;
            Ok(read.map(|read| read.md5).map_err(|error| error.to_string()))
        }
        At::Remote { store, key, etag, .. } => {
            let mut tries = 1;
            loop {
                match of_object(store, key, etag.clone()).await {
                    Ok(sum) => return Ok(Ok(sum)),
                    Err(_) if tries < TRIES => tries += 1,
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
}

async fn of_object(
    store: &Store,
    key: &ObjectKey,
    if_match: Option<String>,
) -> Result<[u8; 16], dipper_s3::Error> {
    let request = GetRequest { if_match, ..GetRequest::default() };
    let mut download = store.s3.get_object(&store.bucket, key, &request).await?;
    let mut sum = Md5::new();
    while let Some(bytes) = download.next().await {
        sum.update(&bytes?);
    }
    Ok(sum.finalize().into())
}
