//! Addresses with wildcards: what they mean, and the objects that match, one after the other.

use std::collections::VecDeque;
use std::sync::Arc;

use dipper_app::{Code, Failure, Histories, ListRequest, ListedObject, Listing, Result, as_of};
use dipper_types::{BucketName, ObjectKey, Prefix, S3Uri, Timestamp};

use super::Context;
use super::at::{At, kept};
use crate::glob::Glob;

/// What the path of an address means.
#[derive(Debug, Clone)]
pub enum Meant {
    Path(String),
    Pattern(Glob),
}

/// A key (with `recursive`: a folder) that is really called like the pattern is meant itself, and so
/// is anything with `--raw`.
pub async fn meant(
    context: &Context<'_>,
    bucket: &BucketName,
    path: &str,
    recursive: bool,
) -> Result<Meant> {
    if context.args.raw || !Glob::is(path) {
        return Ok(Meant::Path(path.to_owned()));
    }
    let glob = Glob::new(path)?;
    let prefix = match recursive {
        true => Prefix::folder(path)?.to_string(),
        false => ObjectKey::new(path)?.to_string(),
    };
    let s3 = context.app.client(&context.profile).await?;
    let request =
        ListRequest { prefix: prefix.clone(), max_keys: Some(1), ..ListRequest::default() };
    match s3.list_page(bucket, &request).await.map_err(Failure::from) {
        Ok(page) => {
            let first = page.objects.first();
            let real = first.is_some_and(|object| recursive || object.key == prefix);
            Ok(if real { Meant::Path(path.to_owned()) } else { Meant::Pattern(glob) })
        }
        // Who may not list can't have meant a pattern.
        Err(failure) if failure.code == Code::AccessDenied => Ok(Meant::Path(path.to_owned())),
        Err(failure) => Err(failure),
    }
}

/// An object, and which of its versions, where one of before is meant.
#[derive(Debug)]
pub struct Match {
    pub object: ListedObject,
    pub version_id: Option<String>,
}

enum Source {
    Now(Box<Listing>),
    Then(Box<Histories>, Timestamp),
}

/// Objects in the order of their keys, a page of them in memory.
pub struct Matches {
    source: Source,
    page: VecDeque<ListedObject>,
    glob: Option<Glob>,
    /// Also what lies below a folder that matches.
    below: bool,
}

impl Matches {
    pub async fn of(
        context: &Context<'_>,
        bucket: &BucketName,
        glob: &Glob,
        below: bool,
        at: Option<Timestamp>,
    ) -> Result<Self> {
        let request = ListRequest {
            prefix: glob.prefix().to_owned(),
            by_folder: glob.is_one_level() && !below,
            ..ListRequest::default()
        };
        let source = Source::open(context, bucket, request, at).await?;
        Ok(Self { source, page: VecDeque::new(), glob: Some(glob.clone()), below })
    }

    /// All whose keys begin so.
    pub async fn below(
        context: &Context<'_>,
        bucket: &BucketName,
        prefix: &str,
        at: Option<Timestamp>,
    ) -> Result<Self> {
        let request = ListRequest { prefix: prefix.to_owned(), ..ListRequest::default() };
        let source = Source::open(context, bucket, request, at).await?;
        Ok(Self { source, page: VecDeque::new(), glob: None, below: true })
    }

    pub async fn next(&mut self) -> Result<Option<Match>> {
        loop {
            let Some(found) = self.any().await? else { return Ok(None) };
            let hit = self.glob.as_ref().is_none_or(|glob| match self.below {
                true => glob.covers(&found.object.key),
                false => glob.matches(&found.object.key),
            });
            if hit {
                return Ok(Some(found));
            }
        }
    }

    async fn any(&mut self) -> Result<Option<Match>> {
        match &mut self.source {
            Source::Now(listing) => loop {
                if let Some(object) = self.page.pop_front() {
                    return Ok(Some(Match { object, version_id: None }));
                }
                match listing.next().await? {
                    Some(page) => self.page = page.objects.into(),
                    None => return Ok(None),
                }
            },
            Source::Then(histories, at) => {
                while let Some(versions) = histories.next().await? {
                    let Some(version) = as_of(&versions, *at) else { continue };
                    let object = ListedObject {
                        key: version.key.clone(),
                        size: version.size,
                        modified: version.modified,
                        etag: version.etag.clone(),
                        storage_class: version.storage_class.as_deref().map(Arc::from),
                    };
                    let version_id = Some(version.version_id.clone());
                    return Ok(Some(Match { object, version_id }));
                }
                Ok(None)
            }
        }
    }
}

impl Source {
    async fn open(
        context: &Context<'_>,
        bucket: &BucketName,
        request: ListRequest,
        at: Option<Timestamp>,
    ) -> Result<Self> {
        let (app, profile) = (context.app, &context.profile);
        let Some(at) = at else {
            return Ok(Self::Now(Box::new(app.client(profile).await?.list(bucket, request))));
        };
        kept(context, bucket).await?;
        let histories = app.histories(profile, bucket, &request.prefix).await?;
        Ok(Self::Then(Box::new(histories), at))
    }
}

/// The objects that an address means, for verbs that take each by itself: one at least.
pub struct Objects {
    pub bucket: BucketName,
    one: Option<(ObjectKey, Option<String>)>,
    matches: Option<(Matches, Glob)>,
    any: bool,
}

impl Objects {
    pub async fn of(
        context: &Context<'_>,
        uri: &str,
        version_id: Option<&str>,
        at: &At,
    ) -> Result<Self> {
        let S3Uri::Path(bucket, path) = S3Uri::parse(uri)? else {
            return Err(Failure::invalid(format!("'{uri}' is no object; write s3://BUCKET/KEY")));
        };
        let pattern = match version_id {
            Some(_) => Meant::Path(path),
            None => meant(context, &bucket, &path, false).await?,
        };
        Ok(match pattern {
            Meant::Path(path) => {
                let key = ObjectKey::new(path)?;
                let version = at.version(context, &bucket, &key, version_id).await?;
                Self { bucket, one: Some((key, version)), matches: None, any: false }
            }
            Meant::Pattern(glob) => {
                let open = Matches::of(context, &bucket, &glob, false, at.moment()?).await?;
                Self { bucket, one: None, matches: Some((open, glob)), any: false }
            }
        })
    }

    /// The next key, and the version of it that is meant, if it is not simply the newest.
    pub async fn next(&mut self) -> Result<Option<(ObjectKey, Option<String>)>> {
        if let Some(one) = self.one.take() {
            return Ok(Some(one));
        }
        let Some((open, glob)) = &mut self.matches else { return Ok(None) };
        let Some(found) = open.next().await? else {
            // Said once, and only where there was none.
            let none = no_match(&self.bucket, glob);
            let first = !std::mem::replace(&mut self.any, true);
            return if first { Err(none) } else { Ok(None) };
        };
        self.any = true;
        Ok(Some((ObjectKey::new(found.object.key)?, found.version_id)))
    }
}

/// Where one object at least was wanted.
pub fn no_match(bucket: &BucketName, glob: &Glob) -> Failure {
    Failure::new(Code::ObjectNotFound, format!("no object matches s3://{bucket}/{}", glob.text()))
        .with_hint("`*` and `?` stop at a slash, `**` does not; --raw takes them as they are.")
}
