//! Files are written whole or not at all.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// A report that could not be written.
#[derive(Debug, Error)]
#[error("{}: {source}", path.display())]
pub struct ReportError {
    path: PathBuf,
    source: io::Error,
}

/// Writes beside the target and moves it there; `-` is standard output.
///
/// # Errors
/// Names the file.
pub fn write_whole(path: &Path, text: &str) -> Result<(), ReportError> {
    let bad = |source| ReportError { path: path.to_owned(), source };
    if path == Path::new("-") {
        let mut out = io::stdout().lock();
        return out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(bad);
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(bad)?;
    file.write_all(text.as_bytes()).map_err(bad)?;
    file.persist(path).map_err(|error| bad(error.error))?;
    Ok(())
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
}
