//! Finding names without a server: an index of what was listed, kept for saved connections.
//!
//! Listings of the window feed it page by page; [`App::refresh_index`] lists a whole bucket for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dipper_s3::{ListPage, ListRequest};
use dipper_state::{Index, IndexEntry, IndexPages};
pub use dipper_state::{IndexedBucket, Search};
use dipper_types::{BucketName, Clock, ProfileId, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::listing::{Columns, SortColumn};
use crate::profiles::SANDBOX_ID;
use crate::{App, Failure, Result, RowKind};

/// Pages that wait to be written: a listing does not get far ahead of the index.
const AHEAD: usize = 32;
/// Rows a window may ask for at once.
const MOST_ROWS: u32 = 500;
const SAVED: &str = "searches";

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub profile: String,
    pub bucket: String,
    pub key: String,
    pub kind: RowKind,
    /// Bytes; a folder has none.
    pub size: Option<u64>,
    pub modified: Option<Timestamp>,
    pub class: Option<String>,
    /// When a listing last told of it.
    pub listed_at: Timestamp,
}

/// What a search of the window found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundNames {
    pub id: u32,
    pub count: u64,
    /// All objects together.
    pub bytes: u64,
    /// Of all that were found, when the one was listed that is longest ago.
    pub oldest: Option<Timestamp>,
    /// False: another search came first, and this one told only a part.
    pub whole: bool,
}

/// A search to use again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SavedSearch {
    pub name: String,
    pub text: String,
    #[serde(default)]
    pub profile: Option<String>,
    #[serde(default)]
    pub bucket: Option<String>,
}

/// One listing's way into the index.
pub(crate) struct Feed {
    clock: Arc<dyn Clock>,
    pages: mpsc::Sender<(Vec<IndexEntry>, bool)>,
    done: JoinHandle<()>,
}

impl Feed {
    fn start(
        index: Arc<Index>,
        clock: Arc<dyn Clock>,
        profile: &str,
        bucket: &BucketName,
        prefix: &str,
    ) -> Self {
        let (pages, mut waiting) = mpsc::channel(AHEAD);
        let (profile, bucket) = (profile.to_owned(), bucket.to_string());
        let mut cursor = IndexPages::new(prefix);
        let done = tokio::task::spawn_blocking(move || {
            while let Some((entries, last)) = waiting.blocking_recv() {
                let Some(page) = cursor.next(entries, last) else { continue };
                // The index is a help: what it can't take is found by listing.
                if let Err(error) = index.put(&profile, &bucket, &page) {
                    tracing::warn!(%error, "a page could not be written to the index");
                    return;
                }
            }
        });
        Self { clock, pages, done }
    }

    pub async fn page(&self, page: &ListPage) {
        let now = self.clock.now();
        let folders = page.common_prefixes.iter().map(|p| IndexEntry::folder(p.clone(), now));
        let objects = page.objects.iter().map(|o| {
            let class = o.storage_class.as_deref().map(str::to_owned);
            IndexEntry::object(o.key.clone(), o.size, o.modified, class, now)
        });
        let mut entries: Vec<IndexEntry> = folders.chain(objects).collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        // Who no longer reads has said why.
        let _ = self.pages.send((entries, false)).await;
    }

    /// The listing is whole: what follows the last page is gone. What it gives ends when all is written.
    pub async fn end(self) -> JoinHandle<()> {
        let _ = self.pages.send((Vec::new(), true)).await;
        self.done
    }
}

/// The last search of each window, and which one is the newest.
#[derive(Default)]
pub(crate) struct Searches {
    last: AtomicU32,
    found: Mutex<HashMap<String, Last>>,
}

type Last = (u32, Arc<Mutex<Results>>);

#[derive(Default)]
struct Results {
    columns: Columns,
    view: Vec<u32>,
    places: Vec<(String, String)>,
    /// By row: which place, and when it was listed.
    of: Vec<(u32, Timestamp)>,
}

impl Results {
    fn push(&mut self, profile: &str, bucket: &str, found: &dipper_state::Found<'_>) {
        if self.places.last().is_none_or(|(p, b)| p != profile || b != bucket) {
            self.places.push((profile.to_owned(), bucket.to_owned()));
        }
        match found.size {
            Some(size) => {
                self.columns.push_object(found.key, size, found.modified, found.class);
            }
            None => self.columns.push_folder(found.key),
        }
        let place = u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX);
        self.of.push((place, found.listed_at));
    }

    fn hit(&self, row: usize) -> Hit {
        let cell = self.columns.cell(row);
        let (place, listed_at) = self.of[row];
        let (profile, bucket) = self.places[place as usize].clone();
        Hit {
            profile,
            bucket,
            key: cell.name.to_owned(),
            kind: cell.kind,
            size: cell.size,
            modified: cell.modified,
            class: cell.class.map(str::to_owned),
            listed_at,
        }
    }
}

impl App {
    /// `None` for a connection that is not saved: tomorrow its name may mean another account.
    pub(crate) fn feed(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &str,
    ) -> Result<Option<Feed>> {
        let saved = profile == SANDBOX_ID || self.profiles.get(&ProfileId::new(profile))?.is_some();
        Ok(saved.then(|| {
            Feed::start(Arc::clone(&self.index), Arc::clone(&self.clock), profile, bucket, prefix)
        }))
    }

    /// Lists everything below a prefix for the index. `tell` hears how many keys it has by now. Gives their
    /// number.
    ///
    /// # Errors
    /// The connection is not saved; or as any listing. What was listed until then is kept.
    pub async fn refresh_index(
        &self,
        profile: &str,
        bucket: &str,
        prefix: &str,
        mut tell: impl FnMut(u64),
    ) -> Result<u64> {
        let bucket = BucketName::new(bucket)?;
        let s3 = self.s3(profile).await?;
        let Some(feed) = self.feed(profile, &bucket, prefix)? else {
            return Err(Failure::invalid("names are kept of saved connections only")
                .with_hint("Save this one with `dipper profile add`."));
        };
        let request = ListRequest { prefix: prefix.to_owned(), ..ListRequest::default() };
        let mut listing = s3.list(&bucket, request);
        let mut count = 0;
        while let Some(page) = listing.next().await? {
            feed.page(&page).await;
            count += page.objects.len() as u64;
            tell(count);
        }
        let _ = feed.end().await.await;
        Ok(count)
    }

    /// Which buckets names are known of.
    pub fn indexed(&self) -> Result<Vec<IndexedBucket>> {
        Ok(self.index.buckets()?)
    }

    /// Forgets what was listed: of a connection, or of one of its buckets.
    pub fn forget_index(&self, profile: &str, bucket: Option<&str>) -> Result<()> {
        Ok(self.index.forget(profile, bucket)?)
    }

    /// Tells each hit, bucket by bucket and in the order of keys, until `each` has enough. Blocks while it
    /// reads.
    pub fn search_names(&self, search: &Search, mut each: impl FnMut(Hit) -> bool) -> Result<()> {
        Ok(self.index.search(search, &|| true, |profile, bucket, found| {
            each(Hit {
                profile: profile.to_owned(),
                bucket: bucket.to_owned(),
                key: found.key.to_owned(),
                kind: if found.size.is_some() { RowKind::Object } else { RowKind::Folder },
                size: found.size,
                modified: found.modified,
                class: found.class.map(str::to_owned),
                listed_at: found.listed_at,
            })
        })?)
    }

    /// A window's search: all hits are kept here, it reads what it shows. A newer search of any window ends
    /// an older one that still runs.
    pub async fn open_search(self: &Arc<Self>, window: &str, search: Search) -> Result<FoundNames> {
        let id = self.searches.last.fetch_add(1, Ordering::Relaxed) + 1;
        let app = Arc::clone(self);
        let run = move || {
            let mut results = Results::default();
            let newest = || app.searches.last.load(Ordering::Relaxed) == id;
            app.index.search(&search, &newest, |profile, bucket, found| {
                results.push(profile, bucket, &found);
                true
            })?;
            results.view = results.columns.view(SortColumn::Name, false, "");
            Ok::<_, Failure>((results, newest()))
        };
        let joined = tokio::task::spawn_blocking(run).await;
        let (results, whole) =
            joined.map_err(|_| Failure::new(crate::Code::Internal, "the search broke off"))??;
        let found = FoundNames {
            id,
            count: results.view.len() as u64,
            bytes: (0..results.columns.len()).filter_map(|row| results.columns.size(row)).sum(),
            oldest: results.of.iter().map(|(_, at)| *at).min(),
            whole,
        };
        if whole {
            let held = Arc::new(Mutex::new(results));
            self.searches
                .found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(window.to_owned(), (id, held));
        }
        Ok(found)
    }

    /// Sorts what a search found. Folders stand before objects.
    pub fn sort_found(
        &self,
        window: &str,
        id: u32,
        sort: SortColumn,
        descending: bool,
    ) -> Result<()> {
        let results = self.results(window, id)?;
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        results.view = results.columns.view(sort, descending, "");
        Ok(())
    }

    /// Some of what a search found, in its order.
    pub fn found(&self, window: &str, id: u32, start: u64, len: u32) -> Result<Vec<Hit>> {
        let results = self.results(window, id)?;
        let results = results.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = results.view.iter().skip(usize::try_from(start).unwrap_or(usize::MAX));
        Ok(rows.take(len.min(MOST_ROWS) as usize).map(|row| results.hit(*row as usize)).collect())
    }

    /// Lets go of what a window's search found.
    pub fn close_search(&self, window: &str) {
        self.searches.found.lock().unwrap_or_else(PoisonError::into_inner).remove(window);
    }

    fn results(&self, window: &str, id: u32) -> Result<Arc<Mutex<Results>>> {
        let found = self.searches.found.lock().unwrap_or_else(PoisonError::into_inner);
        let results =
            found.get(window).filter(|(of, _)| *of == id).map(|(_, held)| Arc::clone(held));
        results.ok_or_else(|| Failure::new(crate::Code::Conflict, "there is a newer search"))
    }

    pub fn saved_searches(&self) -> Result<Vec<SavedSearch>> {
        Ok(self.settings.get(SAVED)?.unwrap_or_default())
    }

    /// Keeps a search under its name; one of that name is replaced.
    pub async fn save_search(&self, search: SavedSearch) -> Result<()> {
        if search.name.trim().is_empty() {
            return Err(Failure::invalid("a saved search needs a name"));
        }
        let mut all = self.saved_searches()?;
        match all.iter_mut().find(|saved| saved.name == search.name) {
            Some(saved) => *saved = search,
            None => all.push(search),
        }
        Ok(self.settings.set(SAVED, &all).await?)
    }

    pub async fn remove_search(&self, name: &str) -> Result<()> {
        let mut all = self.saved_searches()?;
        all.retain(|saved| saved.name != name);
        Ok(self.settings.set(SAVED, &all).await?)
    }
}
