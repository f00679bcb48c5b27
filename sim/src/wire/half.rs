//! One way of one connection: bytes come in as they like, whole HTTP/1.1 messages go out (RFC 9112).

use httparse::{EMPTY_HEADER, Header, Status};

/// Bytes of a message's head, or of a chunked body's trailers.
pub const HEAD_MAX: usize = 64 * 1_024;
/// Bytes of a body.
pub const BODY_MAX: usize = 32 << 20;
/// Header fields of a message.
const HEADERS_MAX: usize = 128;

/// Names in lower case, values as text, in their order.
pub(super) type Headers = Vec<(String, String)>;

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum First {
    Request { method: String, target: String },
    Response { status: u16 },
}

/// A message without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whole {
    pub first: First,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// How far a half came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More bytes are needed.
    More,
    /// A message is whole; there may be more.
    Done(Whole),
    /// This is no HTTP/1.1, or too much of it.
    Garbage,
}

/// What is read of this half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Requests,
    Responses,
}

/// Where the end of the message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// After so many bytes more.
    Length(usize),
    /// After so many bytes more of this chunk, and the line end behind it, comes another one.
    Chunk(usize),
    /// A chunk's size comes now.
    Size,
    /// After the last chunk.
    Trailers,
    /// Where the connection ends.
    Close,
}

/// One way of a connection.
#[derive(Debug)]
pub(super) struct Half {
    kind: Kind,
    buffer: Vec<u8>,
    message: Option<(Whole, Rest)>,
}

impl Half {
    pub fn new(kind: Kind) -> Self {
        Self { kind, buffer: Vec::new(), message: None }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a message has begun that is not whole.
    pub fn is_amid(&self) -> bool {
        self.message.is_some() || self.buffer.iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
    }

    /// Whether more waits than a message may have.
    pub fn is_too_full(&self) -> bool {
        self.buffer.len() > BODY_MAX + HEAD_MAX
    }

    /// The connection has ended: what only its end can end is whole now.
    pub fn close(&mut self) -> Option<Whole> {
        match self.message.take() {
            Some((mut whole, Rest::Close)) => {
                whole.body.append(&mut self.buffer);
                Some(whole)
            }
            other => {
                self.message = other;
                None
            }
        }
    }

    /// Reads on. `to_head`: the request that is answered here was a HEAD.
    pub fn step(&mut self, to_head: bool) -> Step {
        loop {
            let Some((whole, rest)) = &mut self.message else {
                match self.head(to_head) {
                    Ok(true) => continue,
                    Ok(false) => return Step::More,
                    Err(Garbage) => return Step::Garbage,
                }
            };
            match body(&mut self.buffer, whole, rest) {
                Ok(true) => {
                    let (whole, _) = self.message.take().expect("it was just there");
                    return Step::Done(whole);
                }
                Ok(false) => return Step::More,
                Err(Garbage) => return Step::Garbage,
            }
        }
    }

    /// Reads a head; interim responses are skipped. Whether there was a whole one.
    fn head(&mut self, to_head: bool) -> Result<bool, Garbage> {
        loop {
            let read = match self.kind {
                Kind::Requests => request(&self.buffer)?,
                Kind::Responses => response(&self.buffer)?,
            };
            let Some((len, first, headers)) = read else {
                return if self.buffer.len() > HEAD_MAX { Err(Garbage) } else { Ok(false) };
            };
            if len > HEAD_MAX {
                return Err(Garbage);
            }
            self.buffer.drain(..len);
            match first {
                // What follows such an answer is another protocol.
                First::Response { status: 101 } => return Err(Garbage),
                First::Response { status } if status < 200 => continue,
                First::Response { .. } | First::Request { .. } => {}
            }
            let rest = rest(&first, &headers, to_head)?;
            self.message = Some((Whole { first, headers, body: Vec::new() }, rest));
            return Ok(true);
        }
    }
}

/// Not HTTP/1.1, or beyond a limit.
#[derive(Debug, PartialEq, Eq)]
struct Garbage;

type Head = Option<(usize, First, Headers)>;

fn request(bytes: &[u8]) -> Result<Head, Garbage> {
    let mut fields = [EMPTY_HEADER; HEADERS_MAX];
    let mut read = httparse::Request::new(&mut fields);
    let Status::Complete(len) = read.parse(bytes).map_err(|_| Garbage)? else { return Ok(None) };
    let (Some(method), Some(target)) = (read.method, read.path) else { return Err(Garbage) };
    let first = First::Request { method: method.to_owned(), target: target.to_owned() };
    Ok(Some((len, first, owned(read.headers))))
}

fn response(bytes: &[u8]) -> Result<Head, Garbage> {
    let mut fields = [EMPTY_HEADER; HEADERS_MAX];
    let mut read = httparse::Response::new(&mut fields);
    let Status::Complete(len) = read.parse(bytes).map_err(|_| Garbage)? else { return Ok(None) };
    let first = First::Response { status: read.code.ok_or(Garbage)? };
    Ok(Some((len, first, owned(read.headers))))
}

fn owned(fields: &[Header<'_>]) -> Headers {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    fields.iter().map(|field| (field.name.to_ascii_lowercase(), text(field.value))).collect()
}

/// RFC 9112 section 6.3.
fn rest(first: &First, headers: &Headers, to_head: bool) -> Result<Rest, Garbage> {
    let all = |name: &str| {
        let named = headers.iter().filter(move |(field, _)| field == name);
        named.flat_map(|(_, value)| value.split(',')).map(str::trim).collect::<Vec<&str>>()
    };
    let is_request = matches!(first, First::Request { .. });
    if let First::Response { status } = first
        && (to_head || matches!(status, 204 | 304))
    {
        return Ok(Rest::Length(0));
    }
    if let Some(last) = all("transfer-encoding").last() {
        return match last.eq_ignore_ascii_case("chunked") {
            true => Ok(Rest::Size),
            false if is_request => Err(Garbage),
            false => Ok(Rest::Close),
        };
    }
    let lengths = all("content-length");
    let Some(length) = lengths.first() else {
        return Ok(if is_request { Rest::Length(0) } else { Rest::Close });
    };
    let digits = !length.is_empty() && length.bytes().all(|digit| digit.is_ascii_digit());
    if !digits || lengths.iter().any(|other| other != length) {
        return Err(Garbage);
    }
    let length: usize = length.parse().map_err(|_| Garbage)?;
    if length > BODY_MAX { Err(Garbage) } else { Ok(Rest::Length(length)) }
}

/// Takes what there is of a body. Whether it is whole.
fn body(buffer: &mut Vec<u8>, whole: &mut Whole, rest: &mut Rest) -> Result<bool, Garbage> {
    loop {
        match rest {
            Rest::Length(left) => {
                take(buffer, whole, left);
                return Ok(*left == 0);
            }
            Rest::Close => {
                whole.body.append(buffer);
                return if whole.body.len() > BODY_MAX { Err(Garbage) } else { Ok(false) };
            }
            Rest::Size => match httparse::parse_chunk_size(buffer).map_err(|_| Garbage)? {
                Status::Partial if buffer.len() > HEAD_MAX => return Err(Garbage),
                Status::Partial => return Ok(false),
                Status::Complete((len, size)) => {
                    let size = usize::try_from(size).map_err(|_| Garbage)?;
                    if size > BODY_MAX.saturating_sub(whole.body.len()) {
                        return Err(Garbage);
                    }
                    buffer.drain(..len);
                    *rest = if size == 0 { Rest::Trailers } else { Rest::Chunk(size) };
                }
            },
            Rest::Chunk(left) => {
                take(buffer, whole, left);
                if *left > 0 || buffer.len() < 2 {
                    return Ok(false);
                }
                if !buffer.starts_with(b"\r\n") {
                    return Err(Garbage);
                }
                buffer.drain(..2);
                *rest = Rest::Size;
            }
            Rest::Trailers => {
                let mut fields = [EMPTY_HEADER; HEADERS_MAX];
                let read = httparse::parse_headers(buffer, &mut fields).map_err(|_| Garbage)?;
                return match read {
                    Status::Partial if buffer.len() > HEAD_MAX => Err(Garbage),
                    Status::Partial => Ok(false),
                    Status::Complete((len, _)) => {
                        buffer.drain(..len);
                        Ok(true)
                    }
                };
            }
        }
    }
}

fn take(buffer: &mut Vec<u8>, whole: &mut Whole, left: &mut usize) {
    let here = buffer.len().min(*left);
    whole.body.extend(buffer.drain(..here));
    *left -= here;
}
