//! Objects in the order of their keys, as the listing gives them.

use std::sync::Arc;

use dipper_s3::{ListRequest, ListedObject};
use dipper_transfer::Filter;
use dipper_types::{NameError, ObjectKey, Prefix};
use futures::stream::{BoxStream, StreamExt};

use crate::error::SyncError;
use crate::item::{At, Item, Kind, Store};

/// Which keys are meant. Never a part of a name: `foo` is neither `foobar` nor `foo.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Exactly(String),
    /// Empty, or ending in `/`.
    Below(String),
}

impl Scope {
    /// What a path means, and how much of it is above the root: with a slash at its end all that is
    /// below it, else the object of that name and all that is below the folder of that name.
    ///
    /// # Errors
    /// A path that is too long for a key.
    pub fn of(path: &str) -> Result<(Prefix, Vec<Self>), NameError> {
        if path.is_empty() || path.ends_with('/') {
            return Ok((Prefix::new(path)?, vec![Self::Below(path.to_owned())]));
        }
        let base = ObjectKey::new(path)?.parent();
        Ok((base, vec![Self::Exactly(path.to_owned()), Self::Below(format!("{path}/"))]))
    }

    /// What all its keys begin with.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Exactly(key) | Self::Below(key) => key,
        }
    }

    /// The part of a key that both sides share, if the key is meant.
    fn below_root<'a>(&self, key: &'a str, cut: usize) -> Option<&'a str> {
        let below = key.get(cut..).filter(|below| !below.is_empty());
        below.filter(|_| self.holds(key))
    }

    fn holds(&self, key: &str) -> bool {
        match self {
            Self::Exactly(exactly) => key == exactly,
            Self::Below(prefix) => key.starts_with(prefix.as_str()),
        }
    }

    /// The same, seen from a prefix that it lies below.
    pub fn within(&self, prefix: &str) -> Self {
        let cut = |key: &str| key.get(prefix.len()..).unwrap_or_default().to_owned();
        match self {
            Self::Exactly(key) => Self::Exactly(cut(key)),
            Self::Below(below) => Self::Below(cut(below)),
        }
    }

    /// The same, below a prefix.
    pub fn under(&self, prefix: &str) -> Self {
        match self {
            Self::Exactly(key) => Self::Exactly(format!("{prefix}{key}")),
            Self::Below(below) => Self::Below(format!("{prefix}{below}")),
        }
    }
}

/// What to list, and how much of each key lies above the root.
#[derive(Clone)]
pub struct Listed {
    pub store: Arc<Store>,
    pub source: usize,
    pub scope: Scope,
    pub cut: usize,
    pub filter: Arc<Filter>,
    /// Empty keys that end in `/` are things of their own.
    pub markers: bool,
}

pub fn objects(listed: Listed) -> BoxStream<'static, Result<Item, SyncError>> {
    let prefix = listed.scope.prefix().to_owned();
    if matches!(listed.scope, Scope::Exactly(_)) {
        // The key itself is the first that begins with it.
        let request = ListRequest { prefix, max_keys: Some(1), ..ListRequest::default() };
        let one = async move {
            let page = listed.store.s3.list_page(&listed.store.bucket, &request).await?;
            let first = page.objects.into_iter().next();
            first.map_or(Ok(None), |object| listed.item(object))
        };
        let one = futures::stream::once(one);
        return one.filter_map(|item| std::future::ready(item.transpose())).boxed();
    }
    let pages = listed
        .store
        .s3
        .list(&listed.store.bucket, ListRequest { prefix, ..ListRequest::default() });
    let state = (pages, Vec::new().into_iter(), listed);
    let items = futures::stream::try_unfold(state, |(mut pages, mut page, listed)| async move {
        loop {
            for object in page.by_ref() {
                if let Some(item) = listed.item(object)? {
                    return Ok(Some((item, (pages, page, listed))));
                }
            }
            match pages.next().await? {
                Some(next) => page = next.objects.into_iter(),
                None => return Ok(None),
            }
        }
    });
    items.boxed()
}

impl Listed {
    /// `None`: it takes no part.
    fn item(&self, object: ListedObject) -> Result<Option<Item>, SyncError> {
        let folder = object.key.ends_with('/') && object.size == 0;
        let Some(key) = self.scope.below_root(&object.key, self.cut) else { return Ok(None) };
        if (folder && !self.markers) || self.filter.excludes(key)? {
            return Ok(None);
        }
        let key = key.to_owned();
        let kind = if folder { Kind::Folder { empty: true } } else { Kind::File };
        let at = At::Remote {
            store: Arc::clone(&self.store),
            source: self.source,
            key: ObjectKey::new(object.key)?,
            etag: object.etag,
            modified: object.modified,
        };
        Ok(Some(Item { key, size: object.size, kind, at }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_path_means() {
        let of = |path: &str| {
            let (base, scopes) = Scope::of(path).unwrap();
            let all: Vec<String> = scopes.iter().map(|scope| format!("{scope:?}")).collect();
            format!("{base} {}", all.join(" "))
        };
        assert_eq!(of(""), " Below(\"\")");
        assert_eq!(of("foo"), " Exactly(\"foo\") Below(\"foo/\")");
        assert_eq!(of("a/foo"), "a/ Exactly(\"a/foo\") Below(\"a/foo/\")");
        assert_eq!(of("a/foo/"), "a/foo/ Below(\"a/foo/\")");
        assert_eq!(of("a//"), "a// Below(\"a//\")");
    }

    /// What somebody would say who knows only folders and names.
    fn model(keys: &[String], path: &str) -> Vec<String> {
        let mut want: Vec<String> = keys
            .iter()
            .filter_map(|key| {
                let segments: Vec<&str> = key.split('/').collect();
                let path: Vec<&str> = path.split('/').collect();
                let (name, above) = path.split_last()?;
                if segments.len() < above.len() || segments[..above.len()] != *above {
                    return None;
                }
                let below = &segments[above.len()..];
                let meant = name.is_empty() || below.first() == Some(name);
                let below = below.join("/");
                (meant && !below.is_empty()).then_some(below)
            })
            .collect();
        want.sort();
        want.dedup();
        want
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn never_a_part_of_a_name(
            keys in prop::collection::vec(
                (0..5_usize, 0..3_usize, 0..5_usize, 0..3_usize).prop_map(|(a, b, c, d)| {
                    let names = ["foo", "foobar", "foo.txt", "a", ""];
                    [names[a], ["/", "//", ""][b], names[c], ["/c", "/", ""][d]].concat()
                }),
                0..12,
            ),
            path in prop::sample::select(vec![
                "", "foo", "foo/", "foo//", "foo.txt", "foobar", "foobar/", "a", "a/foo", "a/foo/", "/",
            ]),
        ) {
            let (base, scopes) = Scope::of(path).unwrap();
            let mut found: Vec<String> = keys
                .iter()
                .filter_map(|key| {
                    let cut = base.as_str().len();
                    scopes.iter().find_map(|scope| scope.below_root(key, cut)).map(str::to_owned)
                })
                .collect();
            found.sort();
            found.dedup();
            prop_assert_eq!(found, model(&keys, path));
        }
    }
}
