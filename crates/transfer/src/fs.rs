//! Every write to the user's file system: temporary file, fsync, rename. Nothing has its final name
//! before it is whole, and nothing lands outside the chosen folder.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::TransferError;
use crate::spec::OnExisting;

/// Makes the folders that lead to `path` below `root`, and makes sure that no link leads out of it.
fn prepare_parent(root: &Path, path: &Path) -> Result<(), TransferError> {
    #[cfg(target_os = "linux")]
    if beneath::parent(root, path)?.is_some() {
        return Ok(());
    }
    std::fs::create_dir_all(root).map_err(TransferError::local("create folder", root))?;
    let parent = path.parent().unwrap_or(root);
    let real_root = root.canonicalize().map_err(TransferError::local("open folder", root))?;
    // One step at a time: a link on the way is found before anything is made behind it.
    let mut at = root.to_owned();
    for step in parent.strip_prefix(root).unwrap_or(Path::new("")).components() {
        at.push(step);
        match std::fs::create_dir(&at) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                return Err(TransferError::Local { op: "create folder", path: at, source });
            }
        }
        let meta = at.metadata().map_err(TransferError::local("open folder", &at))?;
        if !meta.is_dir() {
            let source = io::ErrorKind::NotADirectory.into();
            return Err(TransferError::Local { op: "create folder", path: at, source });
        }
        let real = at.canonicalize().map_err(TransferError::local("open folder", &at))?;
        if !real.starts_with(&real_root) {
            return Err(TransferError::Outside { path: at });
        }
    }
    Ok(())
}

/// The folder that a marker stands for.
pub(crate) fn make_folder(root: &Path, path: &Path) -> Result<(), TransferError> {
    prepare_parent(root, &path.join("inside"))
}

/// The name that a download is written under until it is whole: beside its target, one a transfer.
/// Transfers are counted in each database, so its random name keeps two databases apart, and keeps
/// others from guessing where to lay a link.
pub(crate) fn partial(target: &Path, database: &str, transfer: i64) -> PathBuf {
    target.with_file_name(format!(".dipper-{database}-{transfer}.part"))
}

/// Beside a temporary file, what it holds once it is decrypted.
pub(crate) fn opened(partial: &Path) -> PathBuf {
    partial.with_extension("plain")
}

/// A new file for `path` below `root`, with the folders that lead there. With a size, the disk is
/// asked for room first; what is written in one go needs no asking.
pub(crate) fn create_partial(
    root: &Path,
    path: &Path,
    size: Option<u64>,
) -> Result<File, TransferError> {
    let file = create(root, path)?;
    if let Some(size) = size
        && let Err(source) = file.set_len(size)
    {
        // What can't be made as long as it must be is not left lying about.
        drop(file);
        let _ = std::fs::remove_file(path);
        return Err(TransferError::Local { op: "make room for", path: path.to_owned(), source });
    }
    Ok(file)
}

fn create(root: &Path, path: &Path) -> Result<File, TransferError> {
    #[cfg(target_os = "linux")]
    if let Some(folder) = beneath::parent(root, path)? {
        return beneath::create(&folder, path);
    }
    prepare_parent(root, path)?;
    let create = || OpenOptions::new().create_new(true).read(true).write(true).open(path);
    let file = match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(path).map_err(TransferError::local("replace", path))?;
            create()
        }
        created => created,
    };
    file.map_err(TransferError::local("create", path))
}

/// Files and connections are open by the hundred; systems begin with as few as 256. What the system
/// does not give is not asked for again: then less happens at once.
#[cfg(unix)]
pub(crate) fn more_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    const WANTED: u64 = 4096;
    let mut limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.map_or(WANTED, |hard| hard.min(WANTED));
    if limit.current.is_some_and(|now| now < most) {
        limit.current = Some(most);
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

#[cfg(not(unix))]
pub(crate) fn more_open_files() {}

/// A few pages at a time: the file's lock is held as long as one write takes, and for a write of many
/// megabytes the kernel takes its memory in pieces so large that no one has used them lately.
#[cfg(unix)]
pub(crate) fn write_at(file: &File, bytes: &[u8], mut offset: u64) -> io::Result<()> {
    for slice in bytes.chunks(256 << 10) {
        std::os::unix::fs::FileExt::write_all_at(file, slice, offset)?;
        offset += slice.len() as u64;
    }
    Ok(())
}

/// Asks for what was written to go to the disk now, while more comes over the network, so that the
/// fsync at the end finds little to wait for. Advice: nothing depends on it.
#[cfg(target_os = "linux")]
pub(crate) fn write_back(file: &File, offset: u64, len: u64) {
    let _ = rustix::fs::fadvise(
        file,
        offset,
        std::num::NonZeroU64::new(len),
        rustix::fs::Advice::DontNeed,
    );
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn write_back(_: &File, _: u64, _: u64) {}

#[cfg(windows)]
pub(crate) fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

#[cfg(unix)]
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
pub(crate) fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

/// Gives the whole file its name. Returns the name it got.
pub(crate) fn give_name(
    partial: &Path,
    target: &Path,
    on_existing: OnExisting,
) -> Result<PathBuf, TransferError> {
    let mut name = target.to_owned();
    if !matches!(on_existing, OnExisting::KeepBoth | OnExisting::Refuse) {
        std::fs::rename(partial, target).map_err(TransferError::local("rename to", target))?;
    } else {
        let mut copy = 1;
        while let Err(error) = rename_new(partial, &name) {
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(TransferError::Local { op: "rename to", path: name, source: error });
            }
            if on_existing == OnExisting::Refuse {
                return Err(TransferError::Exists { path: name });
            }
            copy += 1;
            name = numbered(target, copy);
        }
    }
    Ok(name)
}

/// A rename that never replaces: in one step where the system has one, else by a second name for the
/// same file where the file system has links.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::EXIST) => return Err(io::ErrorKind::AlreadyExists.into()),
            // A file system that can't: the other way.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if to.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(from, to),
    }
}

/// `report.pdf` → `report (2).pdf`
pub(crate) fn numbered(target: &Path, copy: u32) -> PathBuf {
    let stem = target.file_stem().unwrap_or_default().to_string_lossy();
    let name = match target.extension() {
        Some(extension) => format!("{stem} ({copy}).{}", extension.to_string_lossy()),
        None => format!("{stem} ({copy})"),
    };
    target.with_file_name(name)
}

/// A rename is durable once its folder is; systems that can't open a folder do it by themselves.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// `size` bytes of the file from `first` on, block by block.
pub(crate) fn each_block(
    file: &File,
    first: u64,
    size: u64,
    mut each: impl FnMut(&[u8]),
) -> io::Result<()> {
    const BLOCK: u64 = 1 << 20;
    let mut buffer = vec![0; usize::try_from(size.min(BLOCK)).unwrap_or(0)];
    let mut at = 0;
    while at < size {
        let take = usize::try_from((size - at).min(BLOCK)).unwrap_or(0);
        read_at(file, &mut buffer[..take], first + at)?;
        each(&buffer[..take]);
        at += take as u64;
    }
    Ok(())
}

/// Folder by folder from an open root: who swaps one for a link in between leads nothing out of it.
#[cfg(target_os = "linux")]
mod beneath {
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};

    use rustix::fs::{
        AtFlags, CWD, Mode, OFlags, ResolveFlags, mkdirat, openat, openat2, unlinkat,
    };
    use rustix::io::Errno;

    use crate::error::TransferError;

    const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    /// The folder of `path`, made if need be. `None`: the kernel can't do this.
    pub fn parent(root: &Path, path: &Path) -> Result<Option<OwnedFd>, TransferError> {
        let failed = |at: &Path, errno: Errno| TransferError::Local {
            op: "create folder",
            path: at.to_owned(),
            source: errno.into(),
        };
        let open = || openat(CWD, root, FOLDER, Mode::empty());
        let open = match open() {
            Err(Errno::NOENT) => {
                std::fs::create_dir_all(root)
                    .map_err(TransferError::local("create folder", root))?;
                open()
            }
            opened => opened,
        };
        let open = open.map_err(|errno| failed(root, errno))?;
        let parent = path.parent().unwrap_or(root).strip_prefix(root).unwrap_or(Path::new(""));
        if parent.as_os_str().is_empty() {
            return Ok(Some(open));
        }
        // Most of the time it is there already.
        if let Ok(there) = openat2(&open, parent, FOLDER, Mode::empty(), ResolveFlags::BENEATH) {
            return Ok(Some(there));
        }
        let (mut relative, mut folder) = (PathBuf::new(), None);
        for step in parent.components() {
            relative.push(step);
            let at = || root.join(&relative);
            let here = folder.as_ref().unwrap_or(&open);
            match mkdirat(here, step.as_os_str(), Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(failed(&at(), errno)),
            }
            let next = openat2(&open, &relative, FOLDER, Mode::empty(), ResolveFlags::BENEATH);
            folder = match next {
                Ok(next) => Some(next),
                Err(Errno::XDEV) => return Err(TransferError::Outside { path: at() }),
                Err(Errno::NOSYS | Errno::PERM) => return Ok(None),
                Err(Errno::NOTDIR) => {
                    let source = std::io::ErrorKind::NotADirectory.into();
                    return Err(TransferError::Local { op: "create folder", path: at(), source });
                }
                Err(errno) => return Err(failed(&at(), errno)),
            };
        }
        Ok(Some(folder.unwrap_or(open)))
    }

    pub fn create(folder: &OwnedFd, path: &Path) -> Result<File, TransferError> {
        let name = path.file_name().unwrap_or_default();
        let how = OFlags::CREATE.union(OFlags::EXCL).union(OFlags::RDWR).union(OFlags::CLOEXEC);
        let create = || openat(folder, name, how, Mode::from_raw_mode(0o666));
        let made = match create() {
            Err(Errno::EXIST) => {
                unlinkat(folder, name, AtFlags::empty())
                    .map_err(|errno| TransferError::local("replace", path)(errno.into()))?;
                create()
            }
            made => made,
        };
        made.map(File::from).map_err(|errno| TransferError::local("create", path)(errno.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("report.pdf");
        for want in ["report.pdf", "report (2).pdf", "report (3).pdf"] {
            let part = partial(&target, "0badcafe", 7);
            let file = create_partial(folder.path(), &part, Some(1)).unwrap();
            drop(file);
            let got = give_name(&part, &target, OnExisting::KeepBoth).unwrap();
            assert_eq!(got.file_name().unwrap(), want);
            assert!(!part.exists());
        }
        let part = partial(&target, "0badcafe", 7);
        create_partial(folder.path(), &part, Some(1)).unwrap();
        assert!(matches!(
            give_name(&part, &target, OnExisting::Refuse),
            Err(TransferError::Exists { .. })
        ));
        give_name(&part, &target, OnExisting::Overwrite).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_on_the_way_out_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("sub")).unwrap();
        let target = root.path().join("sub/deep/x");
        assert!(matches!(prepare_parent(root.path(), &target), Err(TransferError::Outside { .. })));
        assert!(std::fs::read_dir(outside.path()).unwrap().next().is_none());
    }
}
