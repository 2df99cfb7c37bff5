//! What an upload would write over: asked before it begins, so that nothing is replaced unseen.

use std::path::Path;
use std::time::{Duration, Instant};

use dipper_s3::{Class, ListRequest, S3};
use dipper_types::{BucketName, ObjectKey, Prefix};

use crate::freeze::Versioning;
use crate::staging::Handle;
use crate::{App, Result};

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
