//! A whole listing, in order, with several pages fetched at once.
//!
//! The keys are cut into ranges just ahead of the reader. Each range is read page by page, up to the
//! name where the next begins; whoever is idle cuts the nearest long range in two. Cuts come from the
//! folders that lie ahead, and where there are none from a guess how far the keys of a page reach
//! ([`super::split`]). A guess can only be slow, never wrong: each range is listed to its end. At
//! most [`AHEAD`] pages wait, however many keys there are.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use dipper_types::BucketName;
use futures::future::BoxFuture;
use tokio::task::JoinSet;

use super::split::{Sample, shared_folders};
use super::{ListPage, ListRequest};
use crate::client::S3;
use crate::error::{Class, Error};

/// Requests under way.
const AT_ONCE: usize = 16;
/// Pages that wait for the reader or are under way.
const AHEAD: usize = 64;
/// How long a range is, in pages.
const PAGES: u32 = 4;
const PAGE: u32 = 1000;
/// More folder names ahead than this are not asked for.
const MARKS: usize = 4000;
/// Pages without an entry, one after the other, that a server may give.
const EMPTY: u32 = 100;
/// A page that fails is asked for again, up to so often, beyond the SDK's own tries.
const TRIES: u32 = 4;

type Fetch =
    Arc<dyn Fn(ListRequest) -> BoxFuture<'static, Result<ListPage, Error>> + Send + Sync + 'static>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Fetching,
    Done,
}

#[derive(Debug)]
struct Range {
    id: u64,
    /// Keys up to this name belong to it; all, if none.
    end: Option<String>,
    /// How the next page is asked for, and how the last one was.
    next: At,
    last_asked: At,
    /// The last name that came.
    seen: Option<String>,
    /// Asked for once more: what was seen is dropped, not an error.
    again: bool,
    pages: VecDeque<ListPage>,
    fetched: u32,
    sample: Option<Arc<Sample>>,
    state: State,
    /// Whether anything is left before its end was asked for with a single key.
    probed: bool,
}

#[derive(Debug, Clone, Default)]
struct At {
    token: Option<String>,
    after: Option<String>,
}

enum Arrived {
    Page(u64, Result<ListPage, Error>),
    Folders(String, Result<ListPage, Error>),
}

/// See the module. Dropping it ends its requests.
pub struct Listing {
    fetch: Fetch,
    request: ListRequest,
    ranges: VecDeque<Range>,
    fetches: JoinSet<Arrived>,
    parallel: bool,
    received: usize,
    waiting: usize,
    empty: u32,
    tries: u32,
    ids: u64,
    sample: Option<Arc<Sample>>,
    /// Folders that lie ahead, as places to cut.
    marks: BTreeSet<String>,
    marks_a_page: usize,
    /// Folders whose subfolders were asked for; and those that have more.
    asked: HashSet<String>,
    more: Vec<(String, String)>,
    /// The end of the range that was read last: where to go on if a cut turns out to be impossible.
    before: Option<(At, Option<String>)>,
    /// Before the second try.
    pause: Duration,
    bucket: String,
}

impl S3 {
    /// Everything under a prefix, page by page, in order.
    pub fn list(&self, bucket: &BucketName, request: ListRequest) -> Listing {
        let (s3, name) = (self.clone(), bucket.clone());
        let fetch: Fetch = Arc::new(move |request| {
            let (s3, name) = (s3.clone(), name.clone());
            Box::pin(async move { s3.list_page(&name, &request).await })
        });
        // Directory buckets have no order to cut, and few keys want one request.
        let parallel = !bucket.as_str().ends_with("--x-s3")
            && request.max_keys.is_none()
            && self.connection().provider.parallel_listing;
        Listing::new(fetch, request, parallel, bucket.as_str())
    }
}

impl Listing {
    fn new(fetch: Fetch, request: ListRequest, parallel: bool, bucket: &str) -> Self {
        let at = At { token: request.token.clone(), after: request.start_after.clone() };
        let mut listing = Self {
            fetch,
            request,
            ranges: VecDeque::new(),
            fetches: JoinSet::new(),
            parallel,
            received: 0,
            waiting: 0,
            empty: 0,
            tries: 0,
            ids: 0,
            sample: None,
            marks: BTreeSet::new(),
            marks_a_page: 0,
            asked: HashSet::new(),
            more: Vec::new(),
            before: None,
            pause: Duration::from_millis(500),
            bucket: bucket.to_owned(),
        };
        let first = listing.range(at, None);
        listing.ranges.push_back(first);
        listing
    }

    fn range(&mut self, next: At, end: Option<String>) -> Range {
        self.ids += 1;
        Range {
            id: self.ids,
            end,
            last_asked: next.clone(),
            next,
            seen: None,
            again: false,
            pages: VecDeque::new(),
            fetched: 0,
            sample: None,
            state: State::Idle,
            probed: false,
        }
    }

    /// The next page, its `next` empty; `None` at the end.
    ///
    /// # Errors
    /// Those of a page. After one the listing is over.
    pub async fn next(&mut self) -> Result<Option<ListPage>, Error> {
        loop {
            while let Some(front) = self.ranges.front_mut() {
                if let Some(page) = front.pages.pop_front() {
                    self.waiting -= 1;
                    return Ok(Some(page));
                }
                if front.state != State::Done {
                    break;
                }
                self.before = Some((front.last_asked.clone(), front.seen.clone()));
                if let Some(end) = &front.end {
                    self.marks = self.marks.split_off(end);
                }
                self.ranges.pop_front();
            }
            if self.ranges.is_empty() {
                return Ok(None);
            }
            self.schedule();
            match self.fetches.join_next().await {
                Some(Ok(Arrived::Page(id, answer))) => self.arrived(id, answer)?,
                Some(Ok(Arrived::Folders(prefix, answer))) => self.folders(prefix, answer),
                Some(Err(_)) | None => {
                    return Err(self.error(Class::Internal, "a listing lost its requests"));
                }
            }
        }
    }

    fn error(&self, class: Class, what: &str) -> Error {
        Error::answer("ListObjectsV2", class, what).at(Some(&self.bucket), None)
    }

    /// Puts idle requests to work, nearest to the reader first.
    fn schedule(&mut self) {
        // Small listings end before many requests are spent on them.
        let most = if self.parallel { AT_ONCE.min(1 + self.received) } else { 1 };
        for at in 0..self.ranges.len() {
            let room = at == 0 || self.waiting + self.fetches.len() < AHEAD;
            if self.fetches.len() >= most && at > 0 || !room {
                break;
            }
            if self.ranges[at].state == State::Idle {
                self.ask(at);
            }
        }
        while self.parallel
            && self.fetches.len() < most
            && self.waiting + self.fetches.len() < AHEAD
            && self.cut()
        {}
    }

    fn ask(&mut self, at: usize) {
        let fetch = Arc::clone(&self.fetch);
        let pause = (self.tries > 0).then(|| self.pause * (1 << self.tries.min(6)) / 2);
        let probe = self.may_be_over(&self.ranges[at]);
        let range = &mut self.ranges[at];
        range.probed |= probe;
        range.state = State::Fetching;
        range.last_asked = range.next.clone();
        let id = range.id;
        let request = ListRequest {
            start_after: range.next.after.clone(),
            token: range.next.token.clone(),
            max_keys: if probe { Some(1) } else { self.request.max_keys },
            ..self.request.clone()
        };
        self.fetches.spawn(async move {
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
            Arrived::Page(id, fetch(request).await)
        });
    }

    /// Its last folder may have come whole with the last page: then a full page more would only bring
    /// what the next range brings. Asked once a range.
    fn may_be_over(&self, range: &Range) -> bool {
        let (Some(end), Some(seen), false) = (&range.end, &range.seen, range.probed) else {
            return false;
        };
        let between = (Bound::Excluded(seen.as_str()), Bound::Excluded(end.as_str()));
        range.fetched > 0
            && end.ends_with('/')
            && seen < end
            && self.marks.range::<str, _>(between).next().is_none()
    }

    /// Cuts the first range that is long enough and asks for the further half.
    fn cut(&mut self) -> bool {
        for at in 0..self.ranges.len() {
            let Some(mark) = self.mark(at) else { continue };
            let end = self.ranges[at].end.replace(mark.clone());
            let further = self.range(At { token: None, after: Some(mark) }, end);
            self.ranges.insert(at + 1, further);
            self.ask(at + 1);
            return true;
        }
        false
    }

    /// Where range `at` may be cut.
    fn mark(&mut self, at: usize) -> Option<String> {
        let range = &self.ranges[at];
        if range.state == State::Done {
            return None;
        }
        let from = range.seen.as_deref().or(range.next.after.as_deref())?.to_owned();
        let end = range.end.clone();
        let sample = range.sample.clone().or_else(|| self.sample.clone());
        let (fetched, own) = (range.fetched, range.sample.is_some());
        let below = |name: &str| end.as_deref().is_none_or(|end| name < end);
        // Folders of a page or more have no other one's name within a page.
        let step = self.marks_a_page.max(1) * PAGES as usize;
        let ahead = (Bound::Excluded(from.as_str()), Bound::Unbounded);
        let mut folders = self.marks.range::<str, _>(ahead).take_while(|mark| below(mark));
        if let Some(mark) = folders.nth(step - 1) {
            return Some(mark.clone());
        }
        if end.is_none() && self.ask_more_folders() {
            return None;
        }
        let sample = sample?;
        let guess = sample.ahead(&from, PAGE * PAGES).filter(|name| below(name));
        let guess = guess.or_else(|| {
            // It has turned out longer than it was thought to be.
            let longer = own && fetched > PAGES;
            longer.then(|| sample.middle(&from, end.as_deref()?)).flatten()
        })?;
        if !self.request.by_folder {
            return Some(guess);
        }
        // Not inside a folder: both halves would list it.
        let deeper = guess.get(self.request.prefix.len()..)?.find('/');
        let guess = match deeper {
            Some(slash) => guess[..self.request.prefix.len() + slash].to_owned(),
            None => guess,
        };
        (guess > from && below(&guess)).then_some(guess)
    }

    fn arrived(&mut self, id: u64, answer: Result<ListPage, Error>) -> Result<(), Error> {
        let Some(at) = self.ranges.iter().position(|range| range.id == id) else { return Ok(()) };
        let page = match answer {
            Ok(page) => page,
            Err(error) => return self.failed(at, error),
        };
        self.received += 1;
        self.tries = 0;
        let (first, last) = (page.first().map(str::to_owned), page.last().map(str::to_owned));
        if let (Some(first), Some(last)) = (&first, &last) {
            let sample = match page.objects.len() >= page.common_prefixes.len() {
                true => Sample::of(page.objects.iter().map(|o| o.key.as_str())),
                false => Sample::of(page.common_prefixes.iter().map(String::as_str)),
            };
            let sample = sample.map(Arc::new);
            self.sample = sample.clone().or(self.sample.take());
            self.ranges[at].sample = sample;
            let span = (Bound::Excluded(first.as_str()), Bound::Included(last.as_str()));
            if !self.marks.is_empty() && first < last {
                self.marks_a_page = self.marks.range::<str, _>(span).count();
            }
            if self.parallel && page.next.is_some() && !self.request.by_folder {
                self.ask_folders(&page, first, last);
            }
        }
        let range = &mut self.ranges[at];
        range.fetched += 1;
        let (before, again) = (range.seen.take(), std::mem::take(&mut range.again));
        let mut page = page;
        if let Some(before) = &before {
            if again {
                page.objects.retain(|o| o.key > *before);
                page.common_prefixes.retain(|p| p > before);
            } else if first.as_ref().is_some_and(|first| first <= before) {
                return Err(self.error(Class::NotS3, "a listing that goes back to earlier keys"));
            }
        }
        let range = &mut self.ranges[at];
        let came = page.len();
        if let Some(end) = &range.end {
            page.objects.retain(|o| o.key <= *end);
            page.common_prefixes.retain(|p| p <= end);
        }
        let cut = page.len() < came;
        range.seen = page.last().map(str::to_owned).or(before);
        range.state = if cut || page.next.is_none() { State::Done } else { State::Idle };
        range.next = At { token: page.next.take(), after: None };
        if page.len() > 0 {
            self.empty = 0;
            range.pages.push_back(page);
            self.waiting += 1;
        } else if range.state == State::Idle {
            self.empty += 1;
            if self.empty > EMPTY {
                return Err(self.error(Class::NotS3, "a listing without end or entries"));
            }
        }
        Ok(())
    }

    /// A page that could not be had. Cutting ends with the first; the reader learns of it only if it
    /// can't be had one after the other, either.
    fn failed(&mut self, at: usize, error: Error) -> Result<(), Error> {
        tracing::debug!(%error, at, "a page of a listing failed");
        let cut_here = self.ranges[at].next.after.is_some() && self.ranges[at].id > 1;
        if error.class.is_transient() {
            self.tries += 1;
            if at == 0 && self.tries > TRIES {
                return Err(error);
            }
            self.parallel = false;
            self.ranges[at].state = State::Idle;
            return Ok(());
        }
        if !cut_here {
            return Err(error);
        }
        // The server doesn't start in the middle: whoever came before goes on through it.
        self.parallel = false;
        let dropped = self.ranges.split_off(at);
        self.waiting -= dropped.iter().map(|range| range.pages.len()).sum::<usize>();
        match self.ranges.back_mut() {
            Some(previous) => {
                previous.end = None;
                if previous.state == State::Done {
                    previous.next = previous.last_asked.clone();
                    previous.again = true;
                    previous.state = State::Idle;
                }
            }
            None => {
                let (asked, seen) = self.before.take().ok_or(error)?;
                let mut range = self.range(asked, None);
                range.seen = seen;
                range.again = true;
                self.ranges.push_back(range);
            }
        }
        Ok(())
    }

    /// Asks for the subfolders of the folders that a page lies in.
    fn ask_folders(&mut self, page: &ListPage, first: &str, last: &str) {
        for (depth, folder) in
            shared_folders(first, last, &self.request.prefix).into_iter().enumerate()
        {
            // A flat folder has none; those around it may.
            let flat = depth == 0
                && page
                    .objects
                    .iter()
                    .all(|o| o.key.get(folder.len()..).is_some_and(|name| !name.contains('/')));
            if flat || self.asked.contains(folder) || self.asked.len() > 2 + self.received / 8 {
                continue;
            }
            self.asked.insert(folder.to_owned());
            let request = ListRequest {
                prefix: folder.to_owned(),
                by_folder: true,
                start_after: Some(last.to_owned()),
                ..ListRequest::default()
            };
            self.ask_for_folders(request);
        }
    }

    fn ask_for_folders(&mut self, request: ListRequest) {
        let fetch = Arc::clone(&self.fetch);
        self.fetches
            .spawn(async move { Arrived::Folders(request.prefix.clone(), fetch(request).await) });
    }

    /// Whether more folder names are on their way.
    fn ask_more_folders(&mut self) -> bool {
        if self.marks.len() > MARKS {
            return false;
        }
        let Some((prefix, token)) = self.more.pop() else { return false };
        let request =
            ListRequest { prefix, by_folder: true, token: Some(token), ..ListRequest::default() };
        self.ask_for_folders(request);
        true
    }

    fn folders(&mut self, prefix: String, answer: Result<ListPage, Error>) {
        match answer {
            Ok(page) => {
                if let (Some(next), false) = (page.next, page.common_prefixes.is_empty()) {
                    self.more.push((prefix, next));
                }
                self.marks.extend(page.common_prefixes);
            }
            // Keys that may list only without a delimiter, or a server that can't: guesses do.
            Err(error) => tracing::debug!(%error, "folder names can't be had"),
        }
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
