//! What is said at the door: a length of four bytes, then JSON of so many bytes.

use std::io;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::console::Said;

/// Room for the longest text with every letter escaped. More is a fault of the other side.
const BYTES_MAX: usize = 1_048_576;

/// A command handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The guest's version: another one may mean something else.
    pub(crate) version: String,
    /// The arguments, without the program's name.
    pub(crate) args: Vec<String>,
    /// The language of the guest's words.
    pub(crate) language: String,
    /// The guest's standard input, for the command that takes it.
    pub(crate) input: Option<String>,
}

/// What the host says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The command was taken; from here on it is not to be tried elsewhere.
    Taken,
    /// From here on this is the line of a terminal: see `chat`.
    Line,
    /// Come again: the host is about to end, and what the command needs is not here.
    Later,
    /// The host is of another version.
    OtherVersion,
    /// Output.
    Said(Said),
    /// The command ended with this exit code.
    Exit(u8),
}

impl Request {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "version": self.version,
            "args": self.args,
            "language": self.language,
            "input": self.input,
        })
    }

    pub(crate) fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let args = value.get("args")?.as_array()?.iter();
        Some(Self {
            version: text("version")?,
            args: args.map(|arg| arg.as_str().map(str::to_owned)).collect::<Option<_>>()?,
            language: text("language")?,
            input: text("input"),
        })
    }
}

impl Word {
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Taken => json!({ "taken": true }),
            Self::Line => json!({ "line": true }),
            Self::Later => json!({ "later": true }),
            Self::OtherVersion => json!({ "version": env!("CARGO_PKG_VERSION") }),
            Self::Said(Said::Out(text)) => json!({ "out": text }),
            Self::Said(Said::Err(text)) => json!({ "err": text }),
            Self::Exit(code) => json!({ "exit": code }),
        }
    }

    pub(crate) fn of(value: &Value) -> Option<Self> {
        let (name, inner) = value.as_object()?.iter().next()?;
        match name.as_str() {
            "taken" => Some(Self::Taken),
            "line" => Some(Self::Line),
            "later" => Some(Self::Later),
            "version" => Some(Self::OtherVersion),
            "out" => Some(Self::Said(Said::Out(inner.as_str()?.to_owned()))),
            "err" => Some(Self::Said(Said::Err(inner.as_str()?.to_owned()))),
            "exit" => Some(Self::Exit(u8::try_from(inner.as_u64()?).ok()?)),
            _ => None,
        }
    }
}

/// Writes one frame.
///
/// # Errors
/// What the operating system says; `InvalidInput` for one that is too large.
pub(crate) async fn write(to: &mut (impl AsyncWrite + Unpin), value: &Value) -> io::Result<()> {
    write_up_to(to, value, BYTES_MAX).await
}

/// As [`write`], for a line on which more is said at once.
///
/// # Errors
/// As [`write`].
pub(crate) async fn write_up_to(
    to: &mut (impl AsyncWrite + Unpin),
    value: &Value,
    bytes_max: usize,
) -> io::Result<()> {
    let body = value.to_string().into_bytes();
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= bytes_max);
    let length = length.ok_or(io::ErrorKind::InvalidInput)?;
    let frame = [length.to_be_bytes().as_slice(), &body].concat();
    to.write_all(&frame).await?;
    to.flush().await
}

/// Reads one frame.
///
/// # Errors
/// What the operating system says; `InvalidData` for one that is too large or no JSON.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Value> {
    read_up_to(from, BYTES_MAX).await
}

/// As [`read`], on a line on which more is said at once.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_up_to(
    from: &mut (impl AsyncRead + Unpin),
    bytes_max: usize,
) -> io::Result<Value> {
    let length = usize::try_from(from.read_u32().await?).unwrap_or(usize::MAX);
    if length > bytes_max {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).await?;
    serde_json::from_slice(&body).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back_as_it_was() {
        let request = Request {
            version: "1".to_owned(),
            args: vec!["send".to_owned(), "미나".to_owned(), "-".to_owned()],
            language: "ko".to_owned(),
            input: Some("안녕\n".to_owned()),
        };
        assert_eq!(Request::of(&request.to_json()), Some(request));
        let out = Word::Said(Said::Out("a".to_owned()));
        for word in [Word::Taken, Word::Line, Word::Later, Word::OtherVersion, out, Word::Exit(130)]
        {
            assert_eq!(Word::of(&word.to_json()), Some(word));
        }
        assert_eq!(Word::of(&json!({ "exit": 256 })), None);
    }

    #[test]
    fn a_frame_that_is_too_large_is_refused_before_it_is_read() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut bytes: &[u8] = &[0xff, 0xff, 0xff, 0xff, b'{'];
        let error = runtime.block_on(read(&mut bytes)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
