//! What an upload or a download would write over: asked before it begins, so that nothing is replaced unseen.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dipper_s3::{Class, ListRequest, S3};
use dipper_types::{BucketName, ObjectKey, Prefix};

use crate::freeze::Versioning;
use crate::staging::Handle;
use crate::{App, Failure, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// Objects that are there under the very keys.
    pub count: u64,
    /// There may be more: looking was cut short.
    pub more: bool,
    pub sample: Vec<String>,
    pub versioning: Versioning,
}

const SAMPLE: usize = 5;
/// A question must not keep the user waiting; what was found until then is told as "at least".
const PATIENCE: Duration = Duration::from_secs(3);

impl Replaces {
    fn found(&mut self, name: &str) {
        self.count += 1;
        if self.sample.len() < SAMPLE {
            self.sample.push(name.to_owned());
        }
    }
}

/// Where a download into a folder puts a key, of which `relative` is the part below the job's prefix.
/// `None`: no file can be called so.
pub fn download_path(folder: &Path, relative: &str, portable: bool) -> Option<PathBuf> {
    use dipper_paths::Names;
    let names = if portable { Names::Portable } else { Names::Native };
    let segments = dipper_paths::local_segments(relative, names).ok()?;
    Some(segments.iter().fold(folder.to_owned(), |path, name| path.join(name)))
}

impl App {
    /// Which objects the staged files would replace below the prefix.
    pub async fn upload_replaces(
        &self,
        handle: Handle,
        profile: &str,
        bucket: &str,
        prefix: &str,
    ) -> Result<Replaces> {
        let (bucket, prefix) = (BucketName::new(bucket)?, Prefix::new(prefix)?);
        let s3 = self.s3(profile).await?;
        let until = Instant::now() + PATIENCE;
        let mut replaces =
            Replaces { count: 0, more: false, sample: Vec::new(), versioning: Versioning::Unknown };
        for path in self.staged_paths(handle)? {
            let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
            if Instant::now() > until {
                replaces.more = true;
                break;
            }
            if path.is_dir() && !path.is_symlink() {
                let below = prefix.key(&format!("{name}/"))?;
                folder(&s3, &bucket, &below, &path, until, &mut replaces).await?;
            } else {
                match s3.head_object(&bucket, &prefix.key(name)?).await {
                    Ok(_) => replaces.found(name),
                    Err(error) if error.class == Class::ObjectNotFound => {}
                    // Keys that may write but not read can't know: the upload itself will say more.
                    Err(error) if error.class == Class::AccessDenied => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        if replaces.count > 0 {
            replaces.versioning = self.versioning(&s3, &bucket).await;
        }
        Ok(replaces)
    }

    /// Which files of the folder a frozen selection would meet. The selection stays at hand.
    pub async fn download_replaces(&self, token: u32, folder: Handle) -> Result<Replaces> {
        let folder = self.staged_paths(folder)?.into_iter().next();
        let folder = folder.ok_or_else(|| Failure::invalid("no folder was chosen"))?;
        let set = self.frozen_set(token)?;
        let until = Instant::now() + PATIENCE;
        let look = move || {
            let keys = set.objects.iter().map(|(key, _)| key.as_str());
            in_folder(&folder, set.prefix.as_str(), keys, until)
        };
        tokio::task::spawn_blocking(look)
            .await
            .map_err(|_| Failure::new(crate::Code::Internal, "looking into the folder"))
    }
}

/// The files that are there under the very names that these objects would get.
fn in_folder<'a>(
    folder: &Path,
    prefix: &str,
    keys: impl Iterator<Item = &'a str>,
    until: Instant,
) -> Replaces {
    let mut replaces =
        Replaces { count: 0, more: false, sample: Vec::new(), versioning: Versioning::Unversioned };
    for key in keys {
        if Instant::now() > until {
            replaces.more = true;
            break;
        }
        let relative = key.strip_prefix(prefix).unwrap_or(key);
        // A folder that is there already is no loss, and a name that can't be written is told by the job.
        if relative.ends_with('/') {
            continue;
        }
        let Ok(names) = dipper_paths::local_segments(relative, dipper_paths::Names::Native) else {
            continue;
        };
        let path = names.iter().fold(folder.to_owned(), |path, name| path.join(name));
        if path.symlink_metadata().is_ok() {
            replaces.found(relative);
        }
    }
    replaces
}

/// Objects below a prefix that have a file of the same relative name.
async fn folder(
    s3: &S3,
    bucket: &BucketName,
    prefix: &ObjectKey,
    local: &Path,
    until: Instant,
    replaces: &mut Replaces,
) -> Result<()> {
    let request = ListRequest { prefix: prefix.as_str().to_owned(), ..ListRequest::default() };
    let mut listing = s3.list(bucket, request);
    loop {
        let page = match listing.next().await {
            Err(error) if error.class == Class::AccessDenied => return Ok(()),
            page => page?,
        };
        let Some(page) = page else { return Ok(()) };
        for object in &page.objects {
            let relative = &object.key[prefix.as_str().len()..];
            // Joined by segments: a key such as `../x` names no file of this folder.
            let plain =
                !relative.is_empty() && relative.split('/').all(|s| !matches!(s, "" | "." | ".."));
            if plain && local.join(relative).symlink_metadata().is_ok_and(|m| m.is_file()) {
                replaces.found(relative);
            }
        }
        if Instant::now() > until {
            replaces.more = true;
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_there_are_found_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/b.txt"), "b").unwrap();
        std::fs::write(folder.path().join("outside.txt"), "o").unwrap();
        let keys = ["in/a.txt", "in/sub/", "in/sub/b.txt", "in/../outside.txt", "in/sub"];
        let look = |until| in_folder(folder.path(), "in/", keys.into_iter(), until);
        let found = look(Instant::now() + PATIENCE);
        assert_eq!((found.count, found.more), (2, false));
        assert_eq!(found.sample, ["sub/b.txt", "sub"]);
        assert!(look(Instant::now() - Duration::from_secs(1)).more, "it was not looked at");
    }
}
