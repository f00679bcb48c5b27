//! Files are written whole or not at all.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use thiserror::Error;

/// A report that cannot be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file, and why not.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The output was taken by something that ran out of room.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// Two reports would overwrite each other.
    #[error("{}: two reports cannot go to the same place", .0.display())]
    Same(PathBuf),
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Output,
    /// Symbolic links are followed, so that they stay.
    File(PathBuf),
    /// A device or a pipe, which must never be replaced by a file.
    Special(PathBuf),
}

fn target(path: &Path) -> io::Result<Target> {
    if path == Path::new("-") {
        return Ok(Target::Output);
    }
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if there.is_file() => Ok(Target::File(fs::canonicalize(path)?)),
        Ok(_) => Ok(Target::Special(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
            Ok(Target::File(folder.join(name)))
        }
        Err(error) => Err(error),
    }
}

/// A file beside `path`, gone when it is dropped. The errors do not name it: nobody asked for that name.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // Reports are for everybody whom the umask lets read them.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    builder.tempfile_in(folder).map_err(|error| error.kind().into())
}

/// Whether reports could be written to these places, to be asked before the work is done; `-` is standard
/// output. Nothing is left behind.
///
/// # Errors
/// Names the first file that could not be written, or is there twice.
pub fn check_targets(paths: &[&Path]) -> Result<(), ReportError> {
    let mut seen = Vec::new();
    for path in paths {
        let bad = |source| ReportError::File { path: (*path).to_owned(), source };
        let target = target(path).map_err(bad)?;
        if let Target::File(file) = &target {
            beside(file).map_err(bad)?;
        }
        if seen.contains(&target) {
            return Err(ReportError::Same((*path).to_owned()));
        }
        seen.push(target);
    }
    Ok(())
}

/// Whether files could be written to this folder, which need not be there. Nothing is left behind.
///
/// # Errors
/// What there is of it is no folder, or takes no files.
pub fn check_folder(folder: &Path) -> Result<(), ReportError> {
    let bad = |source| ReportError::File { path: folder.to_owned(), source };
    let here = |path: &Path| {
        if path.as_os_str().is_empty() { Path::new(".").to_owned() } else { path.to_owned() }
    };
    let there = folder.ancestors().map(here).find(|path| fs::symlink_metadata(path).is_ok());
    let there = there.unwrap_or_else(|| PathBuf::from("."));
    if !fs::metadata(&there).map_err(bad)?.is_dir() {
        return Err(bad(io::ErrorKind::NotADirectory.into()));
    }
    beside(&there.join("a file")).map_err(bad)?;
    Ok(())
}

/// Whether two paths are one file that is there.
pub fn same_file(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        (_, _) => false,
    }
}

/// Reads a file that may be anything, also one that never ends.
///
/// # Errors
/// Why it cannot be read; also if it is larger than so many mebibytes.
pub fn read_at_most(file: &Path, mebibytes: u64) -> io::Result<Vec<u8>> {
    let most = mebibytes << 20;
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let why = format!("is larger than {mebibytes} MiB");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Writes beside the target and moves it there; `-` is standard output, and devices are written to.
///
/// # Errors
/// Names the file.
pub fn write_whole(path: &Path, text: &str) -> Result<(), ReportError> {
    let bad = |source| ReportError::File { path: path.to_owned(), source };
    match target(path).map_err(bad)? {
        Target::Output => print_whole(&mut io::stdout().lock(), text),
        Target::Special(special) => {
            let mut file = fs::OpenOptions::new().write(true).open(special).map_err(bad)?;
            file.write_all(text.as_bytes()).map_err(bad)
        }
        Target::File(target) => {
            let mut file = beside(&target).map_err(bad)?;
            file.as_file_mut().write_all(text.as_bytes()).map_err(bad)?;
            file.persist(target).map_err(|error| bad(error.error))?;
            Ok(())
        }
    }
}

/// Writes to standard output. A reader who has seen enough (`| head -1`) is no reason to complain.
///
/// # Errors
/// Anything else that keeps the text from getting out.
pub fn print_whole(out: &mut dyn io::Write, text: &str) -> Result<(), ReportError> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(ReportError::Output(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        write_whole(&path, "one").unwrap();
        write_whole(&path, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        let error = write_whole(&dir.path().join("no/folder.json"), "x").unwrap_err();
        assert!(error.to_string().contains("folder.json"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let dir = tempfile::tempdir().unwrap();
        let (file, folder) = (dir.path().join("r.json"), dir.path().join("folder"));
        fs::create_dir(&folder).unwrap();
        check_targets(&[&file, Path::new("-")]).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
        let (nowhere, inside) = (dir.path().join("no/r.json"), file.join("r.json"));
        for bad in [&folder, &nowhere] {
            let error = check_targets(&[bad]).unwrap_err().to_string();
            let (before, after) = error.split_once(bad.to_str().unwrap()).expect("it is named");
            assert!(!before.contains(".tmp") && !after.contains(".tmp"), "{error}");
        }
        fs::write(&file, "x").unwrap();
        assert!(check_targets(&[&inside]).is_err(), "a file is no folder");
    }

    #[test]
    fn folders_need_not_be_there_but_must_be_possible() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "x").unwrap();
        check_folder(&dir.path().join("not/yet")).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
        for bad in [file.clone(), file.join("below")] {
            let error = check_folder(&bad).unwrap_err().to_string();
            assert!(error.contains(bad.to_str().unwrap()), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_read_to_its_end() {
        let error = read_at_most(Path::new("/dev/zero"), 1).unwrap_err();
        assert_eq!(error.to_string(), "is larger than 1 MiB");
    }

    #[test]
    fn one_place_takes_one_report() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, odd) = (dir.path().join("r"), dir.path().join("./r"));
        for there in [false, true] {
            if there {
                fs::write(&plain, "x").unwrap();
            }
            assert!(matches!(check_targets(&[&plain, &odd]), Err(ReportError::Same(_))));
        }
        let output = Path::new("-");
        assert!(matches!(check_targets(&[output, output]), Err(ReportError::Same(_))));
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_devices_are_never_replaced() {
        use std::os::unix::fs::{FileTypeExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("r"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        write_whole(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        let device = dir.path().join("device");
        symlink("/dev/null", &device).unwrap();
        write_whole(&device, "gone").unwrap();
        assert!(fs::symlink_metadata(&device).unwrap().is_symlink());
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_reader_may_leave_but_nothing_else_may_happen() {
        struct Fails(io::ErrorKind);
        impl io::Write for Fails {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(print_whole(&mut Fails(io::ErrorKind::BrokenPipe), "x").is_ok());
        let full = print_whole(&mut Fails(io::ErrorKind::StorageFull), "x").unwrap_err();
        assert!(full.to_string().contains("standard output"), "{full}");
    }
}
