//! A static file server for the built page, on this machine only.

use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use tiny_http::{Header, Request, Response, Server};

/// Browsers open about this many connections at once.
const THREADS: usize = 6;

/// A folder that is being served. The threads end with the process.
pub struct Site {
    url: String,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Site {
    /// Serves `folder` on `port`; 0 takes a free one.
    pub fn start(folder: &Path, port: u16) -> Result<Self> {
        if !folder.join("index.html").exists() {
            bail!("{} is not built: run `cargo xtask demo --no-serve`", folder.display());
        }
        let server = Server::http((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
            anyhow!("cannot listen on port {port}: {error}; choose another with --port")
        })?;
        let address = server.server_addr().to_ip().context("the server has no address")?;
        let (server, folder) = (Arc::new(server), Arc::new(folder.to_owned()));
        let threads = (0..THREADS)
            .map(|_| {
                let (server, folder) = (server.clone(), folder.clone());
                thread::spawn(move || {
                    server.incoming_requests().for_each(|request| answer(request, &folder))
                })
            })
            .collect();
        Ok(Self { url: format!("http://{address}"), threads })
    }

    /// The address, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves until the process is stopped.
    pub fn wait(self) {
        for thread in self.threads {
            // A thread ends only by a panic, which it has printed itself.
            let _ = thread.join();
        }
    }
}

fn answer(request: Request, folder: &Path) {
    let sent = match file_from_url(request.url()).and_then(|path| open(folder.join(path)).ok()) {
        Some((file, path)) => request.respond(
            Response::from_file(file)
                .with_header(header("Content-Type", content_type(&path)))
                // A rebuilt page must not be mixed with an old module.
                .with_header(header("Cache-Control", "no-cache")),
        ),
        None => request.respond(Response::from_string("not found").with_status_code(404)),
    };
    if let Err(error) = sent {
        // The browser closed the connection: a reload or a closed tab, nothing to repair.
        eprintln!("serve: {error}");
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

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("names and values here are plain ASCII")
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
    fn wasm_has_the_type_browsers_ask_for() {
        assert_eq!(content_type(Path::new("x_bg.wasm")), "application/wasm");
    }
}
