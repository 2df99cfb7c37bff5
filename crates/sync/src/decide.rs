//! From a decision to a line of the plan, and to the engine's queue.

use std::path::PathBuf;

use dipper_transfer::{Copy, OnExisting, Planned, Preserve, Stage};
use dipper_types::{ObjectKey, Prefix};

use crate::copies::Original;
use crate::error::SyncError;
use crate::fs::path_of;
use crate::item::{At, Item, Kind, Store};
use crate::judge::Why;
use crate::plan::{Action, Planner, Target, What};
use crate::stages::{Phase, Spot};

impl Planner<'_> {
    /// One thing has to get to the other side.
    pub(crate) async fn transfer(
        &mut self,
        item: Item,
        why: Why,
        original: Option<Original>,
    ) -> Result<(), SyncError> {
        let (key, size) = (item.key.clone(), item.size);
        match (item.at, self.request.target.clone()) {
            (At::Local { path, .. }, Target::Objects { store, prefix }) => {
                let to = ObjectKey::new(format!("{prefix}{key}"))?;
                let planned = Planned {
                    key: to.clone(),
                    local: Some(path.clone()),
                    source: original.as_ref().map(|o| (o.key.clone(), Some(o.etag.clone()))),
                    size,
                };
                let from = original.map(|original| (store.bucket.clone(), original.key));
                let what = if from.is_some() { What::Copy } else { What::Upload };
                let phase = if from.is_some() { Phase::Copy } else { Phase::Move };
                (self.tell)(Action { what, why, key, size, local: Some(path), from, to: Some(to) });
                if self.request.dry_run {
                    return Ok(());
                }
                let stage = match what {
                    What::Copy => Stage::Copy(self.copy(&store)),
                    _ => self.upload(),
                };
                let spot =
                    Spot { profile: store.profile.clone(), bucket: store.bucket.clone(), prefix };
                self.stages.add((phase, 0), planned, || (spot, stage)).await
            }
            (At::Remote { store: of, source, key: from, etag, .. }, target) => {
                let bucket = of.bucket.clone();
                let (local, to) = match &target {
                    Target::Objects { prefix, .. } => {
                        (None, Some(ObjectKey::new(format!("{prefix}{key}"))?))
                    }
                    Target::Folder(root) => (Some(path_of(root, &key)), None),
                };
                let planned = Planned {
                    key: to.clone().unwrap_or_else(|| from.clone()),
                    local: None,
                    source: to.is_some().then(|| (from.clone(), etag)),
                    size,
                };
                let base = full_less(&from, &key)?;
                let what = if to.is_some() { What::Copy } else { What::Download };
                let from = Some((bucket.clone(), from));
                (self.tell)(Action { what, why, key, size, local, from, to });
                if self.request.dry_run {
                    return Ok(());
                }
                let (stage, spot) = match target {
                    Target::Objects { store, prefix } => (
                        Stage::Copy(self.copy(&of)),
                        Spot {
                            profile: store.profile.clone(),
                            bucket: store.bucket.clone(),
                            prefix,
                        },
                    ),
                    Target::Folder(root) => {
                        let keep = Preserve { remember: true, ..self.request.preserve };
                        (
                            Stage::Download { folder: root.into(), keep },
                            Spot { profile: of.profile.clone(), bucket, prefix: base },
                        )
                    }
                };
                self.stages.add((Phase::Move, source), planned, || (spot, stage)).await
            }
            // From files to files is another program's work.
            (At::Local { .. }, Target::Folder(_)) => Ok(()),
        }
    }

    /// The target has it, the source does not.
    pub(crate) async fn extra(&mut self, item: Item) -> Result<(), SyncError> {
        let Item { key, size, kind, at } = item;
        // A folder goes once nothing is left in it, and is not counted.
        let counts = kind == Kind::File || matches!(at, At::Remote { .. });
        self.found.extra += u64::from(counts && self.request.deletion.removed);
        if !self.request.deletion.removed {
            return Ok(());
        }
        match at {
            At::Local { path, mtime_ns, .. } => {
                if kind != Kind::File {
                    self.doomed.folder(path);
                    return Ok(());
                }
                self.doomed.file(&path, size, mtime_ns)?;
                self.say_extra(What::DeleteFile, key, size, Some(path), None);
                Ok(())
            }
            At::Remote { key: full, .. } => {
                self.say_extra(What::DeleteObject, key, size, None, Some(full.clone()));
                let Target::Objects { store, prefix } = self.request.target.clone() else {
                    return Ok(());
                };
                if self.request.dry_run {
                    return Ok(());
                }
                let planned = Planned { key: full, local: None, source: None, size };
                let spot =
                    Spot { profile: store.profile.clone(), bucket: store.bucket.clone(), prefix };
                self.stages.add((Phase::Delete, 0), planned, || (spot, Stage::Delete)).await
            }
        }
    }

    fn say_extra(
        &mut self,
        what: What,
        key: String,
        size: u64,
        local: Option<PathBuf>,
        to: Option<ObjectKey>,
    ) {
        (self.tell)(Action { what, why: Why::Gone, key, size, local, from: None, to });
    }

    fn upload(&self) -> Stage {
        let keep = Preserve { remember: true, ..self.request.preserve };
        Stage::Upload {
            headers: self.request.headers.clone(),
            on_existing: OnExisting::Overwrite,
            keep,
            sending: Box::new(self.request.sending.clone()),
        }
    }

    fn copy(&self, from: &Store) -> Copy {
        let headers = &self.request.headers;
        let upload = self.has_files();
        Copy {
            profile: from.profile.clone(),
            bucket: from.bucket.clone(),
            move_away: false,
            // A copy stands for an upload, which has the standard class unless another is asked for.
            storage_class: headers
                .storage_class
                .clone()
                .or_else(|| upload.then(|| "STANDARD".to_owned())),
            visibility: headers.visibility,
            edit: self.request.edit.clone(),
            encryption: headers.encryption.clone(),
            places: self.request.sending.places.clone(),
            if_absent: upload,
        }
    }
}

/// What lies above the root that both sides share.
fn full_less(full: &ObjectKey, key: &str) -> Result<Prefix, SyncError> {
    Ok(Prefix::new(full.as_str().strip_suffix(key).unwrap_or_default())?)
}
