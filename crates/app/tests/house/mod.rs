//! A home with nothing in it, a server before it, and somebody who speaks HTTP by hand.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    rc::Rc,
};

use sogon_app::{
    App, Budget, Burst, Cleaned, Extent, Form, Gate, Home, Pace, Parcel, Phone, Recorder, Refusal,
    Seat,
};
use sogon_engine::{
    Act, Answer, Batch, ConversationId, Event, MessageId, Order, Row, Shelf, ShelfFault, Table,
    view,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::broadcast,
    task::LocalSet,
};
use zeroize::Zeroizing;

struct Nothing;

impl Shelf for Nothing {
    fn row(&self, _: Table, _: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        Ok(None)
    }

    fn scan(
        &self,
        _: Table,
        _: &[u8],
        _: Option<&[u8]>,
        _: usize,
        _: Order,
    ) -> Result<Vec<Row>, ShelfFault> {
        Ok(Vec::new())
    }

    fn search(&self, _: &str, _: usize) -> Result<Vec<u64>, ShelfFault> {
        Ok(Vec::new())
    }
}

/// A home with nothing in it.
#[derive(Clone)]
pub(crate) struct Bare(broadcast::Sender<Event>);

/// A file of which nothing is kept.
pub(crate) struct Sieve(u64);

impl Parcel for Sieve {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.0 = self.0.saturating_add(bytes.len() as u64);
        Ok(())
    }

    async fn clean(self, _: String, _: String) -> (Self, Result<Cleaned, Refusal>) {
        let cleaned = Cleaned::Not { why: "unknown", name: String::new(), instead: String::new() };
        (self, Ok(cleaned))
    }

    fn bytes(&self, form: Form) -> Option<u64> {
        (form == Form::AsItIs).then_some(self.0)
    }

    fn neutral_name(&self, _: Form, _: &str, letters: &str) -> String {
        format!("file-{letters}")
    }

    fn open(&mut self, _: Form) -> Result<(), Refusal> {
        Ok(())
    }

    fn give(&mut self, _: usize) -> Result<Vec<u8>, Refusal> {
        Ok(Vec::new())
    }
}

/// Speech that nobody hears.
pub(crate) struct Deaf;

impl Recorder for Deaf {
    fn hear(&mut self, samples: &[i16]) -> Result<(Vec<u8>, u32), Refusal> {
        Ok((Vec::new(), u32::try_from(samples.len() / 16).unwrap()))
    }
}

impl Home for Bare {
    type Parcel = Sieve;
    type Recorder = Deaf;

    async fn act(&self, _: Act) -> Result<Answer, Refusal> {
        Ok(Answer::Done)
    }

    async fn look<T: 'static>(
        &self,
        look: impl FnOnce(&dyn Shelf) -> Result<T, ShelfFault> + 'static,
    ) -> Result<T, Refusal> {
        Ok(look(&Nothing)?)
    }

    async fn keep(&self, _: Batch) -> Result<(), Refusal> {
        Ok(())
    }

    async fn burst(&self) -> Result<Burst, Refusal> {
        Ok(Burst::default())
    }

    async fn haul(&self) -> Result<Burst, Refusal> {
        Ok(Burst::default())
    }

    async fn tally(&self) -> Result<Burst, Refusal> {
        Ok(Burst::default())
    }

    async fn behind_proxy(&self) -> Result<bool, Refusal> {
        Ok(false)
    }

    async fn pace(&self) -> Result<Pace, Refusal> {
        Ok(Pace::Live)
    }

    async fn change_pace(&self, _: Pace) -> Result<(), Refusal> {
        Ok(())
    }

    async fn phone(&self, _: ConversationId, _: MessageId, _: Budget) -> Result<Phone, Refusal> {
        Err(Refusal::Over)
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }

    fn attended(&self) {}

    async fn parcel(&self, _: u64) -> Result<Sieve, Refusal> {
        Ok(Sieve(0))
    }

    async fn parcel_at(&self, _: &Path) -> Result<(Sieve, String, u64), Refusal> {
        Err(Refusal::NoFile)
    }

    async fn write_out(
        &self,
        _: ConversationId,
        _: MessageId,
        _: &Path,
    ) -> Result<PathBuf, Refusal> {
        Err(Refusal::NoFile)
    }

    async fn fits(&self, _: u64) -> Result<(), Refusal> {
        Ok(())
    }

    async fn judge(
        &self,
        _: ConversationId,
        _: MessageId,
    ) -> Result<Option<view::Judged>, Refusal> {
        Ok(None)
    }

    async fn picture(
        &self,
        _: ConversationId,
        _: MessageId,
        _: Extent,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        Ok(None)
    }

    async fn recorder(&self, _: Option<usize>) -> Result<Deaf, Refusal> {
        Ok(Deaf)
    }

    fn note(&self, _: Vec<u8>, _: u32) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::NoNote)
    }

    async fn play(&self, _: Vec<u8>) -> Result<Vec<i16>, Refusal> {
        Err(Refusal::NoNote)
    }

    async fn lock(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A door that nothing opens.
struct Shut;

impl Gate for Shut {
    fn unlock(&self, _: Zeroizing<String>) -> Pin<Box<dyn Future<Output = Result<(), Refusal>>>> {
        Box::pin(async { Err(Refusal::WrongPassphrase) })
    }
}

/// The server, and what somebody on this machine may know about it.
pub(crate) struct House {
    pub(crate) seat: Seat<Bare>,
    /// `s0123456789abcdef.localhost:4321`
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Runs a story in a house whose home is open.
pub(crate) fn in_a_house<F: Future<Output = ()>>(story: impl FnOnce(House) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async move {
        let app = App::listen(0, vec![Some(Rc::new(Shut) as _)], None).await.unwrap();
        let seat = app.seat(0);
        seat.open(Bare(broadcast::Sender::new(4)));
        let link = seat.link().unwrap().url;
        let host = link.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
        let port = host.rsplit(':').next().unwrap().parse().unwrap();
        tokio::task::spawn_local(app.serve());
        story(House { seat, host, port }).await;
    });
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Heard {
    /// A header, in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

impl House {
    /// The token in a fresh link.
    pub(crate) fn token(&self) -> String {
        self.seat.link().unwrap().url.split("#t=").nth(1).unwrap().to_owned()
    }

    /// Says these bytes and listens until the other end has said all.
    pub(crate) async fn says(&self, bytes: &[u8]) -> Heard {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        // Whoever is refused early closes before all was said.
        let _ = stream.write_all(bytes).await;
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        let all = String::from_utf8_lossy(&all).into_owned();
        let (head, body) = all.split_once("\r\n\r\n").unwrap_or((&all, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Heard { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// A request with these headers; `HOST` stands for the host.
    pub(crate) async fn asks(&self, first: &str, headers: &[&str], body: &str) -> Heard {
        let headers: String = headers
            .iter()
            .map(|line| format!("{}\r\n", line.replace("HOST", &self.host)))
            .collect();
        let length = body.len();
        let text = format!(
            "{first} HTTP/1.1\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        self.says(text.as_bytes()).await
    }

    /// A question as the page asks it.
    pub(crate) async fn calls(&self, path: &str, secret: &str, body: &str) -> Heard {
        let bearer = format!("Authorization: Bearer {secret}");
        let headers = [OWN.as_slice(), &[bearer.as_str()]].concat();
        self.asks(&format!("POST {path}"), &headers, body).await
    }

    /// Bytes as the page hands them over.
    pub(crate) async fn hands(&self, path: &str, secret: &str, bytes: &str) -> Heard {
        let bearer = format!("Authorization: Bearer {secret}");
        let kind = "Content-Type: application/octet-stream";
        let headers = [&OWN[..3], &[kind, bearer.as_str()]].concat();
        self.asks(&format!("POST {path}"), &headers, bytes).await
    }

    /// A session, as the page begins it.
    pub(crate) async fn session(&self) -> String {
        let body = format!("{{\"token\":\"{}\"}}", self.token());
        let heard = self.asks("POST /session", &OWN, &body).await;
        assert_eq!(heard.status, 200, "{heard:?}");
        heard.body.split('"').nth(3).unwrap().to_owned()
    }
}

/// The headers of the page's own questions.
pub(crate) const OWN: [&str; 4] = [
    "Host: HOST",
    "Origin: http://HOST",
    "Sec-Fetch-Site: same-origin",
    "Content-Type: application/json",
];
