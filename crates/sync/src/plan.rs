//! A plan: both sides listed and compared, each action with its reason, nothing moved yet.

use std::path::PathBuf;
use std::sync::Arc;

use dipper_s3::ObjectHeaders;
use dipper_state::Digests;
use dipper_transfer::{Bounds, Engine, Filter, HeaderEdit, Preserve, Sending};
use dipper_types::{BucketName, ObjectKey, Prefix, Timestamp};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesOrdered};
use futures::{FutureExt, StreamExt};

use crate::copies::{Copies, Original};
use crate::error::SyncError;
use crate::facts::{Looked, compare, md5};
use crate::fs::Doomed;
use crate::guard::{Deletion, Found, Held, may_delete};
use crate::item::{At, Item, Kind, Ledger, Note, Store};
use crate::judge::{Compare, Why};
use crate::local::{Walk, files};
use crate::merge::{Merge, Pair, union};
use crate::remote::{Listed, Scope, objects};
use crate::stages::Stages;

/// One thing that is synced, and where it gets to below the target.
#[derive(Clone)]
pub enum Source {
    /// `key`: empty for what is in a folder, `name/` for a folder, `name` for a file.
    Files { path: PathBuf, key: String, only: Option<Arc<Vec<String>>> },
    /// `base` is what is cut off each key.
    Objects { store: Arc<Store>, base: Prefix, scopes: Vec<Scope> },
}

#[derive(Clone)]
pub enum Target {
    Objects { store: Arc<Store>, prefix: Prefix },
    Folder(PathBuf),
}

/// What is to be made like what, and how.
#[derive(Clone)]
pub struct Request {
    pub title: String,
    /// All of one kind. Where two have the same name, the last one's counts.
    pub sources: Vec<Source>,
    pub target: Target,
    pub filter: Arc<Filter>,
    /// Of the sources. What is left out so is not deleted from the target.
    pub limits: Bounds,
    pub compare: Compare,
    pub deletion: Deletion,
    pub headers: ObjectHeaders,
    /// The same, for what the service copies by itself.
    pub edit: HeaderEdit,
    pub preserve: Preserve,
    pub follow_links: bool,
    /// How files go up; its sieve is not asked.
    pub sending: Sending,
    /// Everything is told, nothing is done.
    pub dry_run: bool,
    pub now: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Upload,
    Download,
    Copy,
    DeleteObject,
    DeleteFile,
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub what: What,
    pub why: Why,
    /// Below the root of both.
    pub key: String,
    pub size: u64,
    /// The file that is read, written or deleted.
    pub local: Option<PathBuf>,
    /// The object that is read: bucket and key.
    pub from: Option<(BucketName, ObjectKey)>,
    /// The object that is written or deleted.
    pub to: Option<ObjectKey>,
}

/// A plan that is whole, and guarded.
pub struct Plan {
    pub(crate) stages: Stages,
    pub(crate) doomed: Doomed,
    pub(crate) held: Option<Held>,
    pub(crate) found: Found,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) request: Request,
    /// What is the same on both sides.
    pub same: u64,
}

/// Under way while the listings go on.
const AT_ONCE: usize = 32;
/// Objects that are looked through for copies, and files that may be some.
const COPIES: usize = 200_000;
const MAY_BE_COPIES: usize = 50_000;

enum Decided {
    Looked(Item, Item, Looked),
    New(Item),
    Extra(Item),
}

async fn decide(
    pair: Pair<Item, Item>,
    rules: (Compare, Timestamp),
    digests: Digests,
    ledger: Arc<Ledger>,
) -> Result<Decided, SyncError> {
    let (source, target) = match pair {
        Pair::Source(item) => return Ok(Decided::New(item)),
        Pair::Target(item) => return Ok(Decided::Extra(item)),
        Pair::Both(source, target) => (source, target),
    };
    let folder = |item: &Item| matches!(item.kind, Kind::Folder { .. });
    let looked = match folder(&source) && folder(&target) {
        true => Looked::Same(Why::Size),
        false => compare((&source, &target), rules, &digests, &ledger).await?,
    };
    Ok(Decided::Looked(source, target, looked))
}

pub(crate) struct Planner<'a> {
    pub request: Request,
    pub stages: Stages,
    pub doomed: Doomed,
    copies: Copies,
    may_be_copies: Vec<Item>,
    pub found: Found,
    same: u64,
    pub tell: &'a mut (dyn FnMut(Action) + Send),
}

/// Makes a plan, and tells each action. With `dry_run` that is all that happens.
///
/// # Errors
/// Where a side can't be listed, or the source is empty and everything would be deleted: then nothing
/// of the plan is left.
pub async fn plan(
    engine: &Arc<Engine>,
    request: Request,
    ledger: Arc<Ledger>,
    tell: &mut (dyn FnMut(Action) + Send),
) -> Result<Plan, SyncError> {
    let mut planner = Planner {
        stages: Stages::new(engine, request.title.clone()),
        doomed: Doomed::new()?,
        copies: Copies::new(COPIES),
        may_be_copies: Vec::new(),
        found: Found::default(),
        same: 0,
        request,
        tell,
    };
    match planner.make(engine, &ledger).await {
        Ok(()) => {}
        Err(error) => {
            planner.stages.give_up().await?;
            return Err(error);
        }
    }
    let Planner { request, stages, doomed, mut found, same, .. } = planner;
    found.troubles = ledger.troubles();
    let mut plan = Plan { stages, doomed, held: None, found, ledger, request, same };
    match may_delete(plan.request.deletion, found) {
        Ok(()) => {}
        Err(Held::EmptySource) => {
            plan.stages.give_up().await?;
            return Err(SyncError::Held(Held::EmptySource));
        }
        Err(held) => {
            plan.ledger.note(Note::Held(held));
            plan.held = Some(held);
        }
    }
    Ok(plan)
}

impl Planner<'_> {
    async fn make(&mut self, engine: &Arc<Engine>, ledger: &Arc<Ledger>) -> Result<(), SyncError> {
        let (rules, digests) = ((self.request.compare, self.request.now), engine.digests().clone());
        let mut pending: FuturesOrdered<BoxFuture<'static, Result<Decided, SyncError>>> =
            FuturesOrdered::new();
        let mut pairs = Merge::new(union(self.sources(ledger)), union(self.targets(ledger)));
        while let Some(pair) = pairs.next().await? {
            if let Pair::Source(item) | Pair::Both(item, _) = &pair
                && !self.request.limits.hold(item.size, item.modified(), self.request.now)
            {
                self.found.source += 1;
                continue;
            }
            let (digests, ledger) = (digests.clone(), Arc::clone(ledger));
            pending.push_back(decide(pair, rules, digests, ledger).boxed());
            if pending.len() >= AT_ONCE
                && let Some(decided) = pending.next().await
            {
                self.take(decided?).await?;
            }
        }
        while let Some(decided) = pending.next().await {
            self.take(decided?).await?;
        }
        if self.copies.is_full() {
            ledger.note(Note::NoCopies);
        }
        for item in std::mem::take(&mut self.may_be_copies) {
            let worth = self.copies.may_have(item.size);
            let md5 = match worth {
                true => md5(&item, &digests, self.request.now).await?.ok().flatten(),
                false => None,
            };
            let original = md5.and_then(|md5| self.copies.find(item.size, &md5).cloned());
            self.transfer(item, Why::New, original).await?;
        }
        Ok(())
    }

    fn sources(&self, ledger: &Arc<Ledger>) -> Vec<BoxStream<'static, Result<Item, SyncError>>> {
        let request = &self.request;
        let mut streams = Vec::new();
        for (at, source) in request.sources.iter().enumerate() {
            match source {
                Source::Files { path, key, only } => streams.push(
                    files(Walk {
                        root: path.clone(),
                        key: key.clone(),
                        filter: Arc::clone(&request.filter),
                        ledger: Arc::clone(ledger),
                        follow_links: request.follow_links,
                        decode: false,
                        folders: request.preserve.empty_folders,
                        only: only.clone(),
                    })
                    .boxed(),
                ),
                Source::Objects { store, base, scopes } => {
                    for scope in scopes {
                        streams.push(objects(Listed {
                            store: Arc::clone(store),
                            source: at,
                            scope: scope.clone(),
                            cut: base.as_str().len(),
                            filter: Arc::clone(&request.filter),
                            markers: true,
                        }));
                    }
                }
            }
        }
        streams
    }

    /// What the sources may have names in, and no more: what lies beside it is nobody's business.
    fn scopes(&self) -> Vec<Scope> {
        let mut scopes: Vec<Scope> = Vec::new();
        for source in &self.request.sources {
            let of = match source {
                Source::Files { key, .. } if key.is_empty() || key.ends_with('/') => {
                    vec![Scope::Below(key.clone())]
                }
                Source::Files { key, .. } => vec![Scope::Exactly(key.clone())],
                Source::Objects { base, scopes, .. } => {
                    scopes.iter().map(|scope| scope.within(base.as_str())).collect()
                }
            };
            scopes
                .extend(of.into_iter().filter(|scope| !scopes.contains(scope)).collect::<Vec<_>>());
        }
        match scopes.contains(&Scope::Below(String::new())) {
            true => vec![Scope::Below(String::new())],
            false => scopes,
        }
    }

    fn targets(&self, ledger: &Arc<Ledger>) -> Vec<BoxStream<'static, Result<Item, SyncError>>> {
        let request = &self.request;
        let streams = self.scopes().into_iter().map(|scope| match &request.target {
            Target::Objects { store, prefix } => objects(Listed {
                store: Arc::clone(store),
                source: 0,
                scope: scope.under(prefix.as_str()),
                cut: prefix.as_str().len(),
                filter: Arc::clone(&request.filter),
                markers: self.markers(),
            }),
            Target::Folder(root) => {
                let (key, name) = match scope {
                    Scope::Below(key) => (key.clone(), key),
                    Scope::Exactly(key) => (key.clone(), key),
                };
                let root = crate::fs::path_of(root, name.trim_end_matches('/'));
                // What has another kind than its name says is no part of this scope.
                let other = root.is_dir() != (key.is_empty() || key.ends_with('/'));
                match other && root.exists() {
                    true => futures::stream::empty().boxed(),
                    false => files(Walk {
                        root,
                        key,
                        filter: Arc::clone(&request.filter),
                        ledger: Arc::clone(ledger),
                        follow_links: false,
                        decode: true,
                        folders: true,
                        only: None,
                    })
                    .boxed(),
                }
            }
        });
        streams.collect()
    }

    /// Whether empty keys that end in `/` count on the target: where they can come from the source.
    fn markers(&self) -> bool {
        !self.has_files() || self.request.preserve.empty_folders
    }

    async fn take(&mut self, decided: Decided) -> Result<(), SyncError> {
        match decided {
            Decided::New(item) => {
                self.found.source += 1;
                // A folder with something in it comes with that.
                if item.kind == (Kind::Folder { empty: false }) {
                    return Ok(());
                }
                let room = self.may_be_copies.len() < MAY_BE_COPIES && !self.copies.is_full();
                let target = matches!(self.request.target, Target::Objects { .. });
                let local = matches!(item.at, At::Local { .. });
                if local && target && room {
                    self.may_be_copies.push(item);
                    return Ok(());
                }
                self.transfer(item, Why::New, None).await
            }
            Decided::Extra(item) => {
                self.see(&item);
                self.found.target += 1;
                self.extra(item).await
            }
            Decided::Looked(source, target, looked) => {
                self.see(&target);
                self.found.source += 1;
                self.found.target += 1;
                match looked {
                    Looked::Same(_) | Looked::Left => {
                        self.same += 1;
                        Ok(())
                    }
                    Looked::Differs(why) => self.transfer(source, why, None).await,
                }
            }
        }
    }

    pub(crate) fn has_files(&self) -> bool {
        matches!(self.request.sources.first(), Some(Source::Files { .. }))
    }

    /// Objects of the target, as originals of copies.
    fn see(&mut self, item: &Item) {
        if let (At::Remote { key, etag: Some(etag), .. }, true) = (&item.at, self.has_files())
            && let Some(md5) = dipper_transfer::md5_of(etag)
        {
            let original = Original { key: key.clone(), etag: etag.clone() };
            self.copies.see(item.size, md5, original);
        }
    }
}
