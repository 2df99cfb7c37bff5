//! One open prefix: filled page by page, kept in order, changed by what is uploaded and deleted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dipper_s3::{ListRequest, S3};
use dipper_types::{BucketName, Clock, Prefix, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::columns::Columns;
use super::{ListingEvent, Row, RowKind, RowWindow, SelectOp, Selection, SortColumn, ViewRequest};
use crate::access::Exposure;
use crate::search::Feed;
use crate::{Failure, Result};

pub(crate) type Tell = Box<dyn Fn(ListingEvent) + Send + Sync>;

const TELL_EVERY: Duration = Duration::from_millis(100);
/// Rows of one fill; ids of a later fill start above it.
const EPOCH: u64 = 1 << 32;
const FEW: usize = 500;

pub(crate) struct Listing {
    pub profile: String,
    pub bucket: BucketName,
    pub prefix: Prefix,
    tell: Tell,
    inner: Mutex<Inner>,
    completed: Notify,
    closed: CancellationToken,
}

struct Inner {
    columns: Columns,
    epoch: u64,
    request: ViewRequest,
    view: Vec<u32>,
    /// Of how many rows the view was made.
    ordered: usize,
    generation: u32,
    /// By row of this epoch.
    selected: Vec<bool>,
    access: HashMap<u32, Exposure>,
    /// Name → row, made when it is first needed.
    index: Option<HashMap<String, u32>>,
    complete: bool,
    filling: u64,
    listed_at: Option<Timestamp>,
    error: Option<Failure>,
    told: Option<Instant>,
    /// How long the last ordering took: a large listing is ordered less often while it grows.
    ordering: Duration,
    later: bool,
}

impl Inner {
    fn order(&mut self) {
        let started = Instant::now();
        let r = &self.request;
        self.view = self.columns.view(r.sort, r.descending, &r.filter);
        self.ordered = self.columns.len();
        self.generation += 1;
        self.ordering = started.elapsed();
    }

    /// After a change of the request alone. Who types a filter makes it longer letter by letter.
    fn order_again(&mut self, before: &ViewRequest) {
        let now = &self.request;
        let same_order = (now.sort, now.descending) == (before.sort, before.descending);
        let longer = !before.filter.is_empty()
            && now.filter.to_lowercase().contains(&before.filter.to_lowercase());
        if same_order && longer && self.ordered == self.columns.len() {
            self.view = self.columns.narrow(&self.view, &now.filter);
            self.generation += 1;
        } else {
            self.order();
        }
    }

    fn event(&self) -> ListingEvent {
        ListingEvent {
            generation: self.generation,
            loaded: self.columns.len() as u64,
            count: self.view.len() as u64,
            complete: self.complete,
            listed_at: self.listed_at,
            error: self.error.clone(),
        }
    }

    fn row_of(&self, id: u64) -> Option<u32> {
        let row = u32::try_from(id.checked_sub(self.epoch)?).ok()?;
        ((row as usize) < self.columns.len()).then_some(row)
    }

    fn index(&mut self) -> &mut HashMap<String, u32> {
        let columns = &self.columns;
        self.index.get_or_insert_with(|| {
            (0..columns.len())
                .filter_map(|row| Some((columns.name(row).to_owned(), u32::try_from(row).ok()?)))
                .collect()
        })
    }

    fn selection(&self) -> Selection {
        let chosen: Vec<usize> = self
            .selected
            .iter()
            .enumerate()
            .filter(|(row, on)| **on && !self.columns.is_gone(*row))
            .map(|(row, _)| row)
            .collect();
        Selection {
            count: chosen.len() as u64,
            folders: chosen.iter().filter(|row| self.columns.is_folder(**row)).count() as u64,
            bytes: chosen.iter().filter_map(|row| self.columns.size(*row)).sum(),
            complete: self.complete,
            ids: (chosen.len() <= FEW)
                .then(|| chosen.iter().map(|row| self.epoch + *row as u64).collect()),
        }
    }
}

impl Listing {
    pub fn new(profile: &str, bucket: BucketName, prefix: Prefix, tell: Tell) -> Self {
        Self {
            profile: profile.to_owned(),
            bucket,
            prefix,
            tell,
            inner: Mutex::new(Inner {
                columns: Columns::default(),
                epoch: EPOCH,
                request: ViewRequest {
                    sort: SortColumn::Name,
                    descending: false,
                    filter: String::new(),
                },
                view: Vec::new(),
                ordered: 0,
                generation: 0,
                selected: Vec::new(),
                access: HashMap::new(),
                index: None,
                complete: false,
                filling: 0,
                listed_at: None,
                error: None,
                told: None,
                ordering: Duration::ZERO,
                later: false,
            }),
            completed: Notify::new(),
            closed: CancellationToken::new(),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn close(&self) {
        self.closed.cancel();
        self.completed.notify_waiters();
    }

    /// Lists in the background. A later fill overtakes an earlier one.
    pub fn fill(self: &Arc<Self>, s3: S3, clock: Arc<dyn Clock>, feed: Option<Feed>) {
        let fill = {
            let mut inner = self.locked();
            inner.filling += 1;
            inner.filling
        };
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let filled = tokio::select! {
                filled = this.pages(fill, &s3, feed) => filled,
                () = this.closed.cancelled() => return,
            };
            this.end(fill, filled, clock.now());
        });
    }

    async fn pages(&self, fill: u64, s3: &S3, feed: Option<Feed>) -> Result<Option<Columns>> {
        // The first fill shows rows as they come; a later one replaces them when it is whole.
        let fresh = !self.locked().complete;
        if fresh {
            let mut inner = self.locked();
            inner.columns = Columns::default();
            inner.selected.clear();
            inner.index = None;
            inner.epoch += EPOCH;
        }
        let mut columns = Columns::default();
        let request = ListRequest {
            prefix: self.prefix.to_string(),
            by_folder: true,
            ..ListRequest::default()
        };
        let mut listing = s3.list(&self.bucket, request);
        while let Some(page) = listing.next().await? {
            if let Some(feed) = &feed {
                feed.page(&page).await;
            }
            let mut inner = self.locked();
            if inner.filling != fill {
                return Ok(None);
            }
            let into = if fresh { &mut inner.columns } else { &mut columns };
            let own = self.prefix.as_str();
            for prefix in &page.common_prefixes {
                into.push_folder(&prefix[own.len()..]);
            }
            for object in page.objects {
                // The folder's own marker is the folder.
                if object.key.len() > own.len() {
                    into.push_object(
                        &object.key[own.len()..],
                        object.size,
                        object.modified,
                        object.storage_class.as_deref(),
                    );
                }
            }
            if fresh {
                let rows = inner.columns.len();
                inner.selected.resize(rows, false);
                inner.index = None;
                let pause = TELL_EVERY.max(inner.ordering * 3);
                if inner.told.is_none_or(|at| at.elapsed() >= pause) {
                    inner.order();
                    inner.told = Some(Instant::now());
                    let event = inner.event();
                    drop(inner);
                    (self.tell)(event);
                }
            }
        }
        if let Some(feed) = feed {
            drop(feed.end().await);
        }
        Ok((!fresh).then_some(columns))
    }

    fn end(&self, fill: u64, filled: Result<Option<Columns>>, now: Timestamp) {
        let mut inner = self.locked();
        if inner.filling != fill {
            return;
        }
        match filled {
            Err(error) => inner.error = Some(error),
            Ok(replacement) => {
                if let Some(columns) = replacement {
                    let kept: std::collections::HashSet<String> = (0..inner.columns.len())
                        .filter(|row| inner.selected.get(*row).copied().unwrap_or(false))
                        .map(|row| inner.columns.name(row).to_owned())
                        .collect();
                    inner.selected =
                        (0..columns.len()).map(|row| kept.contains(columns.name(row))).collect();
                    inner.columns = columns;
                    inner.epoch += EPOCH;
                    inner.access.clear();
                    inner.index = None;
                }
                inner.error = None;
                inner.complete = true;
                inner.listed_at = Some(now);
            }
        }
        inner.order();
        inner.told = Some(Instant::now());
        let event = inner.event();
        drop(inner);
        self.completed.notify_waiters();
        (self.tell)(event);
    }

    pub async fn wait_complete(&self) -> Result<()> {
        loop {
            let completed = self.completed.notified();
            tokio::pin!(completed);
            completed.as_mut().enable();
            {
                let inner = self.locked();
                if inner.complete {
                    return Ok(());
                }
                if let Some(error) = &inner.error {
                    return Err(error.clone());
                }
            }
            if self.closed.is_cancelled() {
                return Err(Failure::invalid("this listing is closed"));
            }
            completed.await;
        }
    }

    pub fn set_view(&self, request: ViewRequest) -> (u32, u64) {
        let mut inner = self.locked();
        let before = std::mem::replace(&mut inner.request, request);
        inner.order_again(&before);
        (inner.generation, inner.view.len() as u64)
    }

    pub fn rows(&self, generation: u32, start: u64, len: u32) -> RowWindow {
        let inner = self.locked();
        if generation != inner.generation {
            return RowWindow {
                stale: true,
                generation: inner.generation,
                start,
                rows: Vec::new(),
            };
        }
        let from = usize::try_from(start).unwrap_or(usize::MAX).min(inner.view.len());
        let to = from.saturating_add(len as usize).min(inner.view.len());
        let rows = inner.view[from..to]
            .iter()
            .map(|row| {
                let row = *row as usize;
                let cell = inner.columns.cell(row);
                Row {
                    id: inner.epoch + row as u64,
                    kind: cell.kind,
                    name: cell.name.to_owned(),
                    key: format!("{}{}", self.prefix, cell.name),
                    size: cell.size,
                    modified: cell.modified,
                    storage_class: cell.class.map(str::to_owned),
                    selected: inner.selected[row],
                }
            })
            .collect();
        RowWindow { stale: false, generation, start, rows }
    }

    /// Changes the selection. Indexes are of the view of that generation.
    pub fn select(&self, generation: Option<u32>, op: SelectOp) -> Result<Selection> {
        let mut inner = self.locked();
        let by_index =
            matches!(op, SelectOp::Only { .. } | SelectOp::Toggle { .. } | SelectOp::Range { .. });
        if by_index && generation != Some(inner.generation) {
            return Err(Failure::new(crate::Code::Conflict, "the list has changed; select again"));
        }
        let at = |inner: &Inner, index: u64| {
            usize::try_from(index).ok().and_then(|i| inner.view.get(i)).map(|row| *row as usize)
        };
        match op {
            SelectOp::None => inner.selected.fill(false),
            SelectOp::Only { index } => {
                inner.selected.fill(false);
                if let Some(row) = at(&inner, index) {
                    inner.selected[row] = true;
                }
            }
            SelectOp::Toggle { index } => {
                if let Some(row) = at(&inner, index) {
                    inner.selected[row] = !inner.selected[row];
                }
            }
            SelectOp::Range { from, to, add } => {
                if !add {
                    inner.selected.fill(false);
                }
                let (from, to) = (from.min(to), from.max(to));
                for index in from..=to.min(inner.view.len() as u64) {
                    if let Some(row) = at(&inner, index) {
                        inner.selected[row] = true;
                    }
                }
            }
            SelectOp::All => {
                for at in 0..inner.view.len() {
                    let row = inner.view[at] as usize;
                    inner.selected[row] = true;
                }
            }
            SelectOp::Invert => {
                for at in 0..inner.view.len() {
                    let row = inner.view[at] as usize;
                    inner.selected[row] = !inner.selected[row];
                }
            }
        }
        Ok(inner.selection())
    }

    /// What is selected: keys, and sizes of objects; folders have none.
    pub fn chosen(&self) -> Vec<(String, Option<u64>)> {
        let inner = self.locked();
        (0..inner.columns.len())
            .filter(|row| inner.selected[*row] && !inner.columns.is_gone(*row))
            .map(|row| {
                (format!("{}{}", self.prefix, inner.columns.name(row)), inner.columns.size(row))
            })
            .collect()
    }

    /// `None` also where the view is another by now: its indexes would mean nothing.
    pub fn find(&self, generation: u32, text: &str, from: u64, exact: bool) -> Option<u64> {
        let inner = self.locked();
        if generation != inner.generation {
            return None;
        }
        let count = inner.view.len();
        let start = usize::try_from(from).unwrap_or(0);
        let wanted = text.to_lowercase();
        (0..count)
            .map(|step| (start + step) % count)
            .find(|at| {
                let name = inner.columns.name(inner.view[*at] as usize);
                if exact { name == text } else { name.to_lowercase().starts_with(&wanted) }
            })
            .map(|at| at as u64)
    }

    /// A row's key, kind, and what is known of its access.
    pub fn access(&self, id: u64) -> Option<(String, RowKind, Option<Exposure>)> {
        let inner = self.locked();
        let row = inner.row_of(id)?;
        let cell = inner.columns.cell(row as usize);
        Some((format!("{}{}", self.prefix, cell.name), cell.kind, inner.access.get(&row).copied()))
    }

    /// Size and time of a row.
    pub fn facts(&self, id: u64) -> Option<(Option<u64>, Option<Timestamp>)> {
        let inner = self.locked();
        let row = inner.row_of(id)?;
        let cell = inner.columns.cell(row as usize);
        Some((cell.size, cell.modified))
    }

    pub fn remember_access(&self, id: u64, exposure: Exposure) {
        let mut inner = self.locked();
        if let Some(row) = inner.row_of(id) {
            inner.access.insert(row, exposure);
        }
    }

    pub fn forget_access(self: &Arc<Self>, key: Option<&str>) {
        let mut inner = self.locked();
        match key.and_then(|key| key.strip_prefix(self.prefix.as_str())) {
            Some(name) => {
                if let Some(row) = inner.index().get(name).copied() {
                    inner.access.remove(&row);
                }
            }
            None => inner.access.clear(),
        }
        self.tell_soon(inner);
    }

    /// Shows an object, or the folder it lies in, or that it is gone.
    pub fn stored(self: &Arc<Self>, key: &str, size: Option<u64>, at: Timestamp) {
        let Some(rest) = key.strip_prefix(self.prefix.as_str()).filter(|r| !r.is_empty()) else {
            return;
        };
        let (name, folder) = match rest.find('/') {
            Some(slash) => (&rest[..=slash], true),
            None => (rest, false),
        };
        let mut inner = self.locked();
        let known = inner.index().get(name).copied();
        match (known, folder, size) {
            (Some(row), false, Some(size)) => {
                inner.columns.replace(row as usize, size, at);
                inner.access.remove(&row);
            }
            (Some(row), false, None) => {
                inner.columns.remove(row as usize);
                inner.selected[row as usize] = false;
            }
            (None, false, Some(size)) => {
                inner.columns.push_object(name, size, Some(at), Some("STANDARD"));
                self.added(&mut inner, name);
            }
            (None, true, Some(_)) => {
                inner.columns.push_folder(name);
                self.added(&mut inner, name);
            }
            // Whether a folder is gone with its last object, only a new listing knows.
            _ => return,
        }
        self.tell_soon(inner);
    }

    fn added(&self, inner: &mut Inner, name: &str) {
        let row = inner.columns.len() - 1;
        inner.selected.push(false);
        if let Ok(row) = u32::try_from(row) {
            inner.index().insert(name.to_owned(), row);
        }
    }

    /// Orders and tells, now or when the last telling is long enough ago.
    fn tell_soon(self: &Arc<Self>, mut inner: MutexGuard<'_, Inner>) {
        let pause = TELL_EVERY.max(inner.ordering * 3);
        let since = inner.told.map(|at| at.elapsed());
        match since {
            Some(since) if since < pause => {
                if inner.later {
                    return;
                }
                inner.later = true;
                drop(inner);
                let this = Arc::clone(self);
                tokio::spawn(async move {
                    tokio::time::sleep(pause - since).await;
                    if this.closed.is_cancelled() {
                        return;
                    }
                    let mut inner = this.locked();
                    inner.later = false;
                    inner.order();
                    inner.told = Some(Instant::now());
                    let event = inner.event();
                    drop(inner);
                    (this.tell)(event);
                });
            }
            _ => {
                inner.order();
                inner.told = Some(Instant::now());
                let event = inner.event();
                drop(inner);
                (self.tell)(event);
            }
        }
    }
}
