//! Two trees side by side, each here or in S3.

use std::path::Path;
use std::sync::Arc;

use dipper_s3::Class;
use dipper_sync::{Counts, Finding, How, Ledger, Note, Store, Tree};
use dipper_transfer::Filter;
use dipper_types::{ObjectKey, Prefix, ProfileId, S3Uri};

use crate::{App, Code, Failure, Result};

/// What a comparison found, besides what it told.
pub struct Contrast {
    pub counts: Counts,
    /// What could not be read.
    pub notes: Vec<Note>,
    pub troubles: u64,
}

impl App {
    /// Compares what is in two places: a connection, and a path or `s3://BUCKET[/PATH]` each.
    pub async fn contrast(
        &self,
        (one, other): ((&str, &str), (&str, &str)),
        filter: Filter,
        how: How,
        mut tell: impl FnMut(Finding) + Send,
    ) -> Result<Contrast> {
        let trees = (self.tree(one).await?, self.tree(other).await?);
        let single = |tree: &Tree| matches!(tree, Tree::File(_) | Tree::Object { .. });
        if single(&trees.0) != single(&trees.1) {
            return Err(Failure::invalid("one is a single thing, the other is not")
                .with_hint("Compare two folders, or two files."));
        }
        let ledger = Arc::new(Ledger::default());
        let with = (Arc::clone(&ledger), self.clock.now());
        let counts =
            dipper_sync::contrast(&self.engine, trees, filter, how, with, &mut tell).await?;
        let troubles = ledger.troubles() + ledger.unable();
        Ok(Contrast { counts, notes: ledger.take(), troubles })
    }

    /// Without a slash at its end a path in S3 is the object of that name, or else the folder.
    async fn tree(&self, (profile, place): (&str, &str)) -> Result<Tree> {
        if !S3Uri::is_s3(place) {
            return here(place);
        }
        let (bucket, path) = match S3Uri::parse(place)? {
            S3Uri::Bucket(bucket) => (bucket, String::new()),
            S3Uri::Path(bucket, path) => (bucket, path),
            S3Uri::Service => return Err(Failure::invalid("a bucket is needed: s3://BUCKET")),
        };
        let s3 = self.s3(profile).await?;
        let store = Arc::new(Store { profile: ProfileId::new(profile), s3, bucket });
        if !path.is_empty() && !path.ends_with('/') {
            let key = ObjectKey::new(path.clone())?;
            match store.s3.head_object(&store.bucket, &key).await {
                Ok(_) => return Ok(Tree::Object { store, key }),
                Err(error) if error.class == Class::ObjectNotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Tree::Objects { store, prefix: Prefix::folder(&path)? })
    }
}

fn here(place: &str) -> Result<Tree> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::invalid(format!("{place}: there is no such file or folder"))
                .with_hint("Check the path.")
        }
        _ => Failure::new(Code::LocalIo, format!("{place}: {error}")),
    };
    let path = std::path::absolute(Path::new(place)).map_err(failed)?;
    match std::fs::metadata(&path).map_err(failed)?.is_dir() {
        true => Ok(Tree::Folder(path)),
        false => Ok(Tree::File(path)),
    }
}
