//! Where the bot keeps what must survive a crash.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes of a memory.
pub const MEMORY_MAX: usize = 8 << 20;

/// A small memory that outlives the program. The bot saves before it asks Graph for anything, in its one loop: saving
/// should be quick.
pub trait Memory: Send + Sync {
    /// What was saved last.
    fn load(&self) -> Option<Vec<u8>>;

    /// Replaces it, as a whole or not at all.
    ///
    /// # Errors
    /// It was not replaced; or it is longer than [`MEMORY_MAX`].
    fn save(&self, bytes: &[u8]) -> io::Result<()>;
}

fn check_size(bytes: &[u8]) -> io::Result<()> {
    let text = || format!("a memory has at most {MEMORY_MAX} bytes");
    let fits = bytes.len() <= MEMORY_MAX;
    if fits { Ok(()) } else { Err(io::Error::new(io::ErrorKind::FileTooLarge, text())) }
}

/// A memory that lives as long as whoever holds a clone of it: longer than the bot, in a simulated world.
#[derive(Debug, Clone, Default)]
pub struct InMemory(Arc<Mutex<Option<Vec<u8>>>>);

impl Memory for InMemory {
    fn load(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn save(&self, bytes: &[u8]) -> io::Result<()> {
        check_size(bytes)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
        Ok(())
    }
}

/// A memory in a file; a second file beside it, of the same name with `.new`, becomes the first when it is whole.
#[derive(Debug)]
pub struct FileMemory {
    path: PathBuf,
}

impl FileMemory {
    /// In this file, which need not be there yet.
    ///
    /// # Errors
    /// It cannot be read, is too large, or there is no directory for it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let memory = Self { path: path.to_owned() };
        memory.read()?;
        // A place that cannot be written to is found out now and not in the first call.
        fs::File::create(memory.beside())?;
        fs::remove_file(memory.beside())?;
        Ok(memory)
    }

    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::metadata(&self.path) {
            Ok(about) if about.len() > MEMORY_MAX as u64 => {
                Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large for a memory"))
            }
            Ok(_) => fs::read(&self.path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn beside(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        name.into()
    }
}

impl Memory for FileMemory {
    fn load(&self) -> Option<Vec<u8>> {
        self.read().unwrap_or_else(|error| {
            tracing::error!(%error, path = %self.path.display(), "the memory cannot be read");
            None
        })
    }

    fn save(&self, bytes: &[u8]) -> io::Result<()> {
        check_size(bytes)?;
        let beside = self.beside();
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> PathBuf {
        let name = format!("bot-reference-{}-{name}", std::process::id());
        std::env::temp_dir().join(name)
    }

    #[test]
    fn what_is_saved_is_found_by_the_next() {
        let path = file("kept");
        let memory = FileMemory::open(&path).unwrap();
        assert_eq!(memory.load(), None);
        memory.save(b"first, and longer").unwrap();
        memory.save(b"second").unwrap();
        assert_eq!(FileMemory::open(&path).unwrap().load().as_deref(), Some(&b"second"[..]));
        assert!(!memory.beside().exists());
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_crash_while_saving_leaves_what_was_there() {
        let path = file("torn");
        let memory = FileMemory::open(&path).unwrap();
        memory.save(b"whole").unwrap();
        fs::write(memory.beside(), b"ha").unwrap();
        assert_eq!(FileMemory::open(&path).unwrap().load().as_deref(), Some(&b"whole"[..]));
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_cannot_be_kept_is_said() {
        assert!(FileMemory::open(Path::new("/nowhere/at/all")).is_err());
        assert!(FileMemory::open(&std::env::temp_dir()).is_err(), "a directory");
        let memory = InMemory::default();
        assert!(memory.save(&vec![0; MEMORY_MAX + 1]).is_err());
        assert_eq!(memory.load(), None);
    }
}
