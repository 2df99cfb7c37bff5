//! Listing sessions: the rows live here, the window reads pieces of them.

mod columns;
mod natural;
mod session;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dipper_s3::S3;
use dipper_types::{BucketName, Prefix, Timestamp};
use futures::StreamExt;

use crate::access::Exposure;
use crate::{App, Failure, Lock, Result};
pub(crate) use columns::Columns;
pub(crate) use session::Listing;

pub type ListingId = u32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    Object,
    Folder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortColumn {
    Name,
    Size,
    Modified,
    StorageClass,
}

#[derive(Debug, Clone)]
pub struct ViewRequest {
    pub sort: SortColumn,
    pub descending: bool,
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ListingEvent {
    pub generation: u32,
    pub loaded: u64,
    pub count: u64,
    pub complete: bool,
    pub listed_at: Option<Timestamp>,
    pub error: Option<Failure>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Never changes while the session lives. At most 2^53, so that a JSON number holds it.
    pub id: u64,
    pub kind: RowKind,
    pub name: String,
    pub key: String,
    pub size: Option<u64>,
    pub modified: Option<Timestamp>,
    pub storage_class: Option<String>,
    pub selected: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RowWindow {
    pub stale: bool,
    pub generation: u32,
    pub start: u64,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectOp {
    Only { index: u64 },
    Toggle { index: u64 },
    Range { from: u64, to: u64, add: bool },
    All,
    Invert,
    None,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    pub count: u64,
    pub folders: u64,
    pub bytes: u64,
    pub complete: bool,
    /// Where there are few: which.
    pub ids: Option<Vec<u64>>,
}

/// What is known of a row, beside what the listing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowAccess {
    pub id: u64,
    pub exposure: Exposure,
    /// Of an object: how it is encrypted, if it was looked at. Of a folder: how what comes into it is.
    pub lock: Option<Lock>,
}

/// Rows a window may ask for at once.
const MOST_ROWS: u32 = 500;
const ASK_ACCESS: usize = 8;

#[derive(Default)]
pub(crate) struct Listings {
    inner: Mutex<(ListingId, HashMap<ListingId, Arc<Listing>>)>,
}

impl Listings {
    pub fn get(&self, id: ListingId) -> Result<Arc<Listing>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.get(&id).cloned().ok_or_else(|| Failure::invalid("this listing is closed"))
    }

    fn all(&self) -> Vec<Arc<Listing>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1.values().cloned().collect()
    }

    /// An object is there now (or, without a size, no longer): open listings show it at once.
    pub fn stored(&self, profile: &str, bucket: &str, key: &str, size: Option<u64>, at: Timestamp) {
        for listing in self.all() {
            if listing.profile == profile && listing.bucket.as_str() == bucket {
                listing.stored(key, size, at);
            }
        }
    }

    /// What was known of access is no longer sure, for one key or all.
    pub fn forget_access(&self, profile: &str, bucket: &str, key: Option<&str>) {
        for listing in self.all() {
            if listing.profile == profile && listing.bucket.as_str() == bucket {
                listing.forget_access(key);
            }
        }
    }
}

impl App {
    /// Opens a prefix. `tell` hears of progress, at most ten times a second, until the session is
    /// closed.
    pub async fn open_listing(
        &self,
        profile: &str,
        bucket: &str,
        prefix: &str,
        tell: impl Fn(ListingEvent) + Send + Sync + 'static,
    ) -> Result<ListingId> {
        let (bucket, prefix) = (BucketName::new(bucket)?, Prefix::new(prefix)?);
        let s3 = self.s3(profile).await?;
        let listing = Arc::new(Listing::new(profile, bucket, prefix, Box::new(tell)));
        let id = {
            let mut inner = self.listings.inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.0 += 1;
            let id = inner.0;
            inner.1.insert(id, Arc::clone(&listing));
            id
        };
        self.fill(&listing, s3);
        Ok(id)
    }

    pub fn close_listing(&self, id: ListingId) {
        let closed =
            self.listings.inner.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&id);
        if let Some(listing) = closed {
            listing.close();
        }
    }

    /// Closes every session: their window, or its page, is gone.
    pub fn close_listings(&self) {
        let all: Vec<_> =
            self.listings.inner.lock().unwrap_or_else(PoisonError::into_inner).1.drain().collect();
        for (_, listing) in all {
            listing.close();
        }
    }

    /// Lists again; the old rows stay until the new ones are whole.
    pub async fn refresh_listing(&self, id: ListingId) -> Result<()> {
        let listing = self.listings.get(id)?;
        self.access_cache.forget(&listing.profile, listing.bucket.as_str());
        let s3 = self.s3(&listing.profile).await?;
        self.fill(&listing, s3);
        Ok(())
    }

    pub(crate) async fn refresh_listings(&self, profile: &str, bucket: &str) {
        let Ok(s3) = self.s3(profile).await else { return };
        for listing in self.listings.all() {
            if listing.profile == profile && listing.bucket.as_str() == bucket {
                self.fill(&listing, s3.clone());
            }
        }
    }

    fn fill(&self, listing: &Arc<Listing>, s3: S3) {
        // Without an index there is still the listing.
        let feed = self.feed(&listing.profile, &listing.bucket, listing.prefix.as_str());
        listing.fill(s3, Arc::clone(&self.clock), feed.ok().flatten());
    }

    /// A new order or filter. Gives the generation and the number of rows.
    pub fn view_listing(&self, id: ListingId, view: ViewRequest) -> Result<(u32, u64)> {
        Ok(self.listings.get(id)?.set_view(view))
    }

    pub fn listing_rows(
        &self,
        id: ListingId,
        generation: u32,
        start: u64,
        len: u32,
    ) -> Result<RowWindow> {
        Ok(self.listings.get(id)?.rows(generation, start, len.min(MOST_ROWS)))
    }

    pub async fn select_rows(
        &self,
        id: ListingId,
        generation: u32,
        op: SelectOp,
    ) -> Result<Selection> {
        let listing = self.listings.get(id)?;
        if op == SelectOp::All {
            // All means all: it waits until the listing knows what that is.
            listing.wait_complete().await?;
            return listing.select(None, op);
        }
        listing.select(Some(generation), op)
    }

    /// The first row at or after `from`, around the end, whose name begins so; with `exact`, is so.
    pub fn find_row(
        &self,
        id: ListingId,
        generation: u32,
        text: &str,
        from: u64,
        exact: bool,
    ) -> Result<Option<u64>> {
        Ok(self.listings.get(id)?.find(generation, text, from, exact))
    }

    /// Exposure of rows in sight. Asks a server only where the bucket does not decide, and remembers.
    pub async fn rows_access(&self, id: ListingId, rows: Vec<u64>) -> Result<Vec<RowAccess>> {
        let listing = self.listings.get(id)?;
        let s3 = self.s3(&listing.profile).await?;
        let view = self.view(&listing.profile, &s3, &listing.bucket).await?;
        let bucket = &listing.bucket;
        let asked: Vec<_> = rows.into_iter().take(MOST_ROWS as usize).collect();
        let mut known = Vec::with_capacity(asked.len());
        let mut missing = Vec::new();
        for row in asked {
            match listing.access(row) {
                Some((_, _, Some(exposure))) => known.push((row, exposure)),
                Some((key, RowKind::Folder, None)) => {
                    known.push((row, view.folder_exposure(bucket.as_str(), &key)));
                }
                Some((key, RowKind::Object, None)) => missing.push((row, key)),
                None => {}
            }
        }
        let mut jobs = Vec::with_capacity(missing.len());
        for (row, key) in missing {
            let (s3, view) = (&s3, &view);
            jobs.push(async move {
                let key = dipper_types::ObjectKey::new(key).ok()?;
                Some((row, self.row_exposure(s3, view, bucket, &key).await))
            });
        }
        let found: Vec<Option<(u64, Exposure)>> =
            futures::stream::iter(jobs).buffer_unordered(ASK_ACCESS).collect().await;
        for (row, exposure) in found.into_iter().flatten() {
            listing.remember_access(row, exposure);
            known.push((row, exposure));
        }
        let locked = |(id, exposure)| {
            let lock = self.row_lock(&listing, id);
            RowAccess { id, exposure, lock }
        };
        Ok(known.into_iter().map(locked).collect())
    }

    /// What is known of a row's encryption without asking anybody.
    fn row_lock(&self, listing: &Listing, id: u64) -> Option<Lock> {
        let (key, kind, _) = listing.access(id)?;
        let (profile, bucket) = (listing.profile.as_str(), listing.bucket.as_str());
        match kind {
            RowKind::Folder => self.place_lock(profile, bucket, &key),
            RowKind::Object => {
                let (size, modified) = listing.facts(id)?;
                self.locks.known((profile, bucket, &key), size, modified)
            }
        }
    }
}
