//! Frames of videos through an `ffmpeg` process.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The program that reads videos.
#[derive(Debug, Clone)]
pub struct Ffmpeg {
    program: PathBuf,
}

/// Why a video gave no frames.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// The program is not there or does not run.
    #[error(
        "cannot run `{}` ({reason}); videos are read with ffmpeg: install it, or name it with --ffmpeg",
        program.display()
    )]
    NoFfmpeg {
        /// What was tried to run.
        program: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// It ran and failed; what it printed.
    #[error("ffmpeg: {0}")]
    Failed(String),
    /// There is no video in the file.
    #[error("it holds no frame")]
    NoFrames,
    /// It stopped before all of the frames came.
    #[error("only {got} of {wanted} frames can be decoded{}", detail(.message))]
    FewerFrames {
        /// Frames that came.
        got: usize,
        /// Frames asked for.
        wanted: usize,
        /// What ffmpeg printed.
        message: String,
    },
    /// Its output could not be read.
    #[error("the frames cannot be read: {0}")]
    Output(std::io::Error),
}

fn detail(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" ({message})") }
}

impl Ffmpeg {
    /// The program, after it has shown that it runs.
    ///
    /// # Errors
    /// [`VideoError::NoFfmpeg`].
    pub fn new(program: &Path) -> Result<Ffmpeg, VideoError> {
        let ffmpeg = Ffmpeg { program: program.to_owned() };
        let output = ffmpeg.command().arg("-version").output();
        match output.map_err(|reason| ffmpeg.missing(reason))?.status.success() {
            true => Ok(ffmpeg),
            false => Err(ffmpeg.missing(std::io::Error::other("it does not tell its version"))),
        }
    }

    /// Calls `visit` with number and PNG bytes of `wanted` frames, each the middle one of as many
    /// equally long parts of the video; of all frames where it has fewer. One frame is held at a
    /// time.
    ///
    /// # Errors
    /// [`VideoError`]; frames that came before are visited.
    pub fn for_each_frame(
        &self,
        video: &Path,
        wanted: u32,
        mut visit: impl FnMut(u64, &[u8]),
    ) -> Result<(), VideoError> {
        let numbers = spread(self.frame_count(video)?, wanted);
        let chosen: Vec<String> = numbers.iter().map(|n| format!("eq(n\\,{n})")).collect();
        // New time stamps, one tick a frame: the writer then neither repeats nor drops any.
        let filter = format!("select={},setpts=N/25/TB", chosen.join("+"));
        let mut child = self
            .command()
            .arg("-i")
            .arg(video)
            .args(["-map", "0:v:0", "-vf", &filter, "-r", "25"])
            .args(["-f", "image2pipe", "-c:v", "png", "-compression_level", "1", "-"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|reason| self.missing(reason))?;
        let messages = messages_of(&mut child);
        let mut output = std::io::BufReader::new(child.stdout.take().expect("it is piped"));
        let mut got = 0;
        let read = loop {
            match next_png(&mut output) {
                Ok(Some(png)) if got < numbers.len() => {
                    visit(numbers[got], &png);
                    got += 1;
                }
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        drop(output);
        let _ = child.wait().map_err(VideoError::Output)?;
        let message = first_line(&messages.join().unwrap_or_default());
        match read {
            Err(error) if got == 0 => Err(VideoError::Output(error)),
            _ if got == 0 && !message.is_empty() => Err(VideoError::Failed(message)),
            _ if got == 0 => Err(VideoError::NoFrames),
            _ if got < numbers.len() => {
                Err(VideoError::FewerFrames { got, wanted: numbers.len(), message })
            }
            _ => Ok(()),
        }
    }

    /// Frames of a video, counted without decoding.
    fn frame_count(&self, video: &Path) -> Result<u64, VideoError> {
        let output = self
            .command()
            .arg("-i")
            .arg(video)
            .args(["-map", "0:v:0", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-"])
            .output()
            .map_err(|reason| self.missing(reason))?;
        let progress = String::from_utf8_lossy(&output.stdout);
        let mut counts =
            progress.lines().filter_map(|line| line.strip_prefix("frame=")?.trim().parse().ok());
        match (counts.next_back(), output.status.success()) {
            (Some(0) | None, true) => Err(VideoError::NoFrames),
            (Some(count), _) if count > 0 => Ok(count),
            _ => Err(VideoError::Failed(first_line(&String::from_utf8_lossy(&output.stderr)))),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // One thread: the videos themselves are in work side by side.
        command.args(["-nostdin", "-v", "error", "-threads", "1"]).stdin(Stdio::null());
        command
    }

    fn missing(&self, reason: std::io::Error) -> VideoError {
        VideoError::NoFfmpeg { program: self.program.clone(), reason }
    }
}

/// Numbers of the middle frames of `wanted` equal parts, without repetition.
fn spread(count: u64, wanted: u32) -> Vec<u64> {
    let parts = u64::from(wanted).min(count);
    (0..parts).map(|part| (2 * part + 1) * count / (2 * parts)).collect()
}

/// Reads what the process complains about, at the same time as its output: a full pipe would stop it.
fn messages_of(child: &mut Child) -> std::thread::JoinHandle<String> {
    let mut stream = child.stderr.take().expect("it is piped");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was said before an error is still worth reporting.
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The first complaint, without the `[demuxer @ 0x…]` before it, which differs from run to run.
fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let tagged = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    tagged.map_or(line, |(_, message)| message).to_owned()
}

/// The next picture of a stream of PNG files; none at its end.
fn next_png(stream: &mut impl Read) -> std::io::Result<Option<Vec<u8>>> {
    const SIGNATURE: usize = 8;
    const CHUNK_HEAD: usize = 8;
    const CHECKSUM: usize = 4;
    const LONGEST_CHUNK: usize = 1 << 30;
    let mut png = Vec::new();
    if stream.take(SIGNATURE as u64).read_to_end(&mut png)? == 0 {
        return Ok(None);
    }
    loop {
        let head = png.len();
        read_more(stream, CHUNK_HEAD, &mut png)?;
        let length = u32::from_be_bytes(std::array::from_fn(|byte| png[head + byte])) as usize;
        let is_last = &png[head + 4..] == b"IEND";
        if length > LONGEST_CHUNK {
            return Err(ErrorKind::InvalidData.into());
        }
        read_more(stream, length + CHECKSUM, &mut png)?;
        if is_last {
            return Ok(Some(png));
        }
    }
}

fn read_more(stream: &mut impl Read, bytes: usize, into: &mut Vec<u8>) -> std::io::Result<()> {
    match stream.take(bytes as u64).read_to_end(into)? {
        read if read == bytes => Ok(()),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spread_evenly_and_never_repeated() {
        assert_eq!(spread(100, 10), [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]);
        assert_eq!(spread(3, 10), [0, 1, 2]);
        assert_eq!(spread(7, 2), [1, 5]);
    }

    #[test]
    fn messages_are_the_same_in_every_run() {
        let printed = "\n[in#0 @ 0x55af20641980] moov atom not found\nError opening input\n";
        assert_eq!(first_line(printed), "moov atom not found");
        assert_eq!(first_line("plain"), "plain");
    }

    #[test]
    fn a_stream_of_pngs_is_cut_into_pictures() {
        let picture = |side: u32| {
            let mut bytes = std::io::Cursor::new(Vec::new());
            let image = image::RgbImage::new(side, side);
            image.write_to(&mut bytes, image::ImageFormat::Png).expect("it encodes");
            bytes.into_inner()
        };
        let both = [picture(3), picture(40)].concat();
        let mut stream = both.as_slice();
        assert_eq!(next_png(&mut stream).unwrap(), Some(picture(3)));
        assert_eq!(next_png(&mut stream).unwrap(), Some(picture(40)));
        assert_eq!(next_png(&mut stream).unwrap(), None);
        assert!(next_png(&mut &both[..30]).is_err());
    }
}
