//! A static file server for the built page, on this machine only.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A folder that is being served. The thread ends with the process.
pub struct Site {
    url: String,
    thread: thread::JoinHandle<()>,
}

impl Site {
    /// Serves `folder` on `port`; 0 takes a free one.
    ///
    /// A thread for each connection, and a connection for each file: with `tiny_http`, whose pool keeps a
    /// thread for every open connection, the first visit of a browser could wait for ever.
    pub fn start(folder: &Path, port: u16) -> Result<Self> {
        Self::start_paced(folder, port, None)
    }

    /// The same, at the pace of a line that all connections share.
    pub fn start_paced(folder: &Path, port: u16, pace: Option<Pace>) -> Result<Self> {
        if !folder.join("index.html").exists() {
            bail!("{} is not built: run `cargo xtask demo --no-serve`", folder.display());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("cannot listen on port {port}; choose another with --port"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let folder: Arc<Path> = folder.into();
        let pace = pace.map(Arc::new);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (folder, pace) = (folder.clone(), pace.clone());
                thread::spawn(move || {
                    if let Err(error) = answer(stream, &folder, pace.as_deref()) {
                        // The browser closed the connection: a reload or a closed tab, nothing to repair.
                        eprintln!("serve: {error}");
                    }
                });
            }
        });
        Ok(Self { url, thread })
    }

    /// The address, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves until the process is stopped.
    pub fn wait(self) {
        // The thread ends only by a panic, which it has printed itself.
        let _ = self.thread.join();
    }
}

/// Answers the one request of a connection.
fn answer(mut stream: TcpStream, folder: &Path, pace: Option<&Pace>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    // A browser opens connections ahead that it may never use.
    let Some(request) = lines.next().transpose()? else { return Ok(()) };
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let url = request.split(' ').nth(1).unwrap_or_default();
    match file_from_url(url).and_then(|path| open(folder.join(path)).ok()) {
        Some((mut file, path)) => {
            // `no-cache`: a rebuilt page must not be mixed with an old module.
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
                 Cache-Control: no-cache\r\nConnection: close\r\n\r\n",
                content_type(&path),
                file.metadata()?.len()
            )?;
            match pace {
                Some(pace) => pace.copy(&mut file, &mut stream),
                None => io::copy(&mut file, &mut stream).map(drop),
            }
        }
        None => stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot found",
        ),
    }
}

/// How fast a line is: connections take turns, a piece each.
pub struct Pace {
    bytes_per_second: f64,
    /// When the line is free again.
    free: Mutex<Instant>,
}

/// Bytes that are sent at once.
const PIECE: usize = 16 * 1024;

impl Pace {
    /// A line of so many megabits a second.
    pub fn of_megabits(megabits: f64) -> Self {
        Self { bytes_per_second: megabits * 1e6 / 8.0, free: Mutex::new(Instant::now()) }
    }

    fn copy(&self, from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            let length = from.read(&mut piece)?;
            if length == 0 {
                return Ok(());
            }
            thread::sleep(self.wait(length));
            to.write_all(&piece[..length])?;
        }
    }

    /// How long until a piece of `length` bytes has gone over the line.
    fn wait(&self, length: usize) -> Duration {
        let now = Instant::now();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = (*free).max(now) + Duration::from_secs_f64(length as f64 / self.bytes_per_second);
        *free - now
    }
}

fn open(mut path: PathBuf) -> io::Result<(File, PathBuf)> {
    if path.is_dir() {
        path.push("index.html");
    }
    Ok((File::open(&path)?, path))
}

/// The relative path a URL names, or `None` where it would lead out of the served folder.
fn file_from_url(url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.trim_start_matches('/');
    let path = PathBuf::from(path.replace("%20", " "));
    path.components().all(|part| matches!(part, Component::Normal(_))).then_some(path)
}

/// Browsers refuse modules and streaming wasm of a wrong type.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_stay_inside_the_folder() {
        assert_eq!(file_from_url("/a/b.js?v=1"), Some("a/b.js".into()));
        assert_eq!(file_from_url("/"), Some("".into()));
        assert_eq!(file_from_url("/../secret"), None);
        assert_eq!(file_from_url("/a/../../secret"), None);
    }

    #[test]
    fn connections_share_the_line() {
        let pace = Pace::of_megabits(0.008);
        assert!((0.99..1.01).contains(&pace.wait(1000).as_secs_f64()));
        assert!((1.9..2.01).contains(&pace.wait(1000).as_secs_f64()), "the line was taken");
    }

    #[test]
    fn wasm_has_the_type_browsers_ask_for() {
        assert_eq!(content_type(Path::new("x_bg.wasm")), "application/wasm");
    }
}
