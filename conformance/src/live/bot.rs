//! A bot that runs somewhere else: as a process that the suite starts, or already.

use std::{
    collections::VecDeque,
    io,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use graph_fake::manifest::{Command, Manifest, Places};
use seam::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Child,
};

/// Lines of its output that are kept.
const LINES: usize = 40;
/// Bytes of a line that are kept.
const LINE: usize = 400;
/// How long it may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What the suite does with a bot. A bot in a test is another one than a process.
pub trait Bot: Send + Sync {
    /// Starts it; it may come up later.
    ///
    /// # Errors
    /// Why it cannot be started.
    fn start<'a>(&'a mut self, places: &'a Places) -> BoxFuture<'a, Result<(), String>>;
    /// How it ended, if it did.
    fn ended(&mut self) -> Option<String>;
    /// The last lines that it wrote, since it was started or they were forgotten.
    fn said(&self) -> Vec<String>;
    /// Forgets them: what comes is about the next case.
    fn forget(&mut self) {}
    /// Ends it, and everything that it started.
    fn stop(&mut self) -> BoxFuture<'_, ()>;
    /// Whether it can be started again.
    fn can_start(&self) -> bool {
        true
    }
}

/// A bot that runs already, whoever started it.
#[derive(Debug, Default)]
pub struct Running;

impl Bot for Running {
    fn start<'a>(&'a mut self, _: &'a Places) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn ended(&mut self) -> Option<String> {
        None
    }

    fn said(&self) -> Vec<String> {
        Vec::new()
    }

    fn stop(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn can_start(&self) -> bool {
        false
    }
}

/// The last lines of an output.
type Output = Arc<Mutex<VecDeque<String>>>;

/// A bot that the suite starts, in a process group of its own.
pub struct Process {
    command: Command,
    manifest: Manifest,
    child: Option<Child>,
    group: Option<Group>,
    output: Output,
}

impl Process {
    /// As its manifest has it; not started.
    pub fn new(manifest: &Manifest, command: &Command) -> Self {
        let (manifest, command) = (manifest.clone(), command.clone());
        Self { command, manifest, child: None, group: None, output: Output::default() }
    }

    fn spawn(&mut self, places: &Places) -> Result<(), String> {
        let words: Vec<String> = self.command.argv.iter().map(|word| places.fill(word)).collect();
        let [program, arguments @ ..] = words.as_slice() else {
            return Err("the command names no program".to_owned());
        };
        let cwd = self.command.cwd.as_deref().map(|cwd| self.manifest.file(cwd));
        let cwd = cwd.unwrap_or_else(|| self.manifest.folder.clone());
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments)
            .current_dir(&cwd)
            .envs(self.command.env.iter().map(|(name, value)| (name, places.fill(value))))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| cannot(program, &cwd, &error))?;
        self.group = child.id().and_then(Group::of);
        self.output = Output::default();
        if let Some(out) = child.stdout.take() {
            tokio::spawn(read(out, self.output.clone()));
        }
        if let Some(err) = child.stderr.take() {
            tokio::spawn(read(err, self.output.clone()));
        }
        self.child = Some(child);
        Ok(())
    }

    async fn end(&mut self) {
        let (child, group) = (self.child.take(), self.group.take());
        let Some(mut child) = child else { return };
        if let Some(group) = &group {
            group.ask();
        }
        let patience = if group.is_some() { GRACE } else { Duration::ZERO };
        if tokio::time::timeout(patience, child.wait()).await.is_err() {
            // It may have gone meanwhile.
            let _ = child.start_kill();
            let _ = child.wait().await;
        }
        // Whatever it started goes with it.
        drop(group);
    }
}

fn cannot(program: &str, cwd: &std::path::Path, error: &io::Error) -> String {
    let hint = match (error.kind(), cwd.is_dir()) {
        (io::ErrorKind::NotFound, false) => "; there is no such folder",
        (io::ErrorKind::NotFound, true) => {
            "; is it installed? The README beside the manifest may say how"
        }
        _ => "",
    };
    format!("'{program}' cannot be started in {}: {error}{hint}", cwd.display())
}

impl Bot for Process {
    fn start<'a>(&'a mut self, places: &'a Places) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async {
            self.end().await;
            self.spawn(places)
        })
    }

    fn ended(&mut self) -> Option<String> {
        let status = self.child.as_mut()?.try_wait().ok().flatten()?;
        Some(told(status))
    }

    fn said(&self) -> Vec<String> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn forget(&mut self) {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn stop(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.end())
    }
}

fn told(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "ended".to_owned(),
    }
}

/// Reads an output to its end, whatever is in it, and keeps the last lines.
async fn read(mut from: impl AsyncRead + Unpin, output: Output) {
    let (mut buffer, mut line) = (vec![0; 8 << 10], Vec::new());
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        for byte in &buffer[..read] {
            match byte {
                b'\n' => keep(&output, &mut line),
                byte if line.len() < LINE => line.push(*byte),
                _ => {}
            }
        }
    }
    if !line.is_empty() {
        keep(&output, &mut line);
    }
}

fn keep(output: &Output, line: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(line);
    let text = anstream::adapter::strip_str(text.trim_end()).to_string();
    line.clear();
    let mut lines = output.lock().unwrap_or_else(PoisonError::into_inner);
    lines.push_back(text);
    if lines.len() > LINES {
        lines.pop_front();
    }
}

/// A process group; everything in it is killed when this is dropped.
struct Group {
    #[cfg(unix)]
    leader: rustix::process::Pid,
}

impl Group {
    #[cfg(unix)]
    fn of(leader: u32) -> Option<Self> {
        let leader = rustix::process::Pid::from_raw(i32::try_from(leader).ok()?)?;
        Some(Self { leader })
    }

    #[cfg(not(unix))]
    const fn of(_: u32) -> Option<Self> {
        None
    }

    #[cfg(unix)]
    fn send(&self, signal: rustix::process::Signal) {
        // It may be gone.
        let _ = rustix::process::kill_process_group(self.leader, signal);
    }

    fn ask(&self) {
        #[cfg(unix)]
        self.send(rustix::process::Signal::TERM);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        self.send(rustix::process::Signal::KILL);
    }
}

/// Waits until a bot takes calls.
///
/// # Errors
/// It ended before it did, or time was over.
pub(super) async fn until_ready(
    bot: &mut dyn Bot,
    manifest: &Manifest,
    probe: &super::probe::Probe,
) -> Result<(), String> {
    let until = tokio::time::Instant::now() + manifest.patience();
    loop {
        if let Some(how) = bot.ended() {
            return Err(format!("it {how} before it took calls"));
        }
        let last = match probe.ask().await {
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
        if tokio::time::Instant::now() >= until {
            let limit = manifest.ready.timeout;
            return Err(format!("it took no calls within {limit} s: {last}"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
