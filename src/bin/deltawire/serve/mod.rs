//! `deltawire serve`: recorded responses over HTTP/1.1 on 127.0.0.1, for those who test a client.

mod playback;
mod recording;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::rc::Rc;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

use self::playback::{Connection, Cut, Playback};
use self::recording::Recording;
use crate::args::{Matching, Serve};
use crate::complain;

/// Bytes of a request that are read.
const REQUEST: usize = 64 << 20;

/// Which response was asked for, and which was given.
const INTERACTION: HeaderName = HeaderName::from_static("x-deltawire-interaction");

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// Serves until killed, until standard input is closed (when it is a pipe), or with `--once` until all was sent.
pub(crate) fn serve(options: Serve) -> ExitCode {
    let recordings = match recording::load(&options) {
        Ok(recordings) => recordings,
        Err(message) => {
            complain(format_args!("{message}"));
            return ExitCode::FAILURE;
        }
    };
    let result = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().and_then(|runtime| {
        let server = Rc::new(Server { options, recordings, progress: RefCell::default(), all_sent: Notify::new() });
        runtime.block_on(tokio::task::LocalSet::new().run_until(run(server)))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("serve: {error}"));
            ExitCode::FAILURE
        }
    }
}

struct Server {
    options: Serve,
    recordings: Vec<Recording>,
    progress: RefCell<Progress>,
    all_sent: Notify,
}

#[derive(Default)]
struct Progress {
    next: usize,
    sent: BTreeSet<usize>,
}

async fn run(server: Rc<Server>) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, server.options.port)).await?;
    let address = listener.local_addr()?;
    let mut stdout = io::stdout();
    writeln!(stdout, "http://{address}")?;
    stdout.flush()?;
    let mut parent_gone = stdin_closed();
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A failed accept is the client's trouble (it is gone), or passes (out of files).
                let Ok((stream, _)) = accepted else { tokio::task::yield_now().await; continue };
                connect(stream, &server, &connections)?;
            }
            () = server.all_sent.notified() => break,
            _ = &mut parent_gone => return Ok(()),
        }
    }
    tokio::select! {
        () = connections.shutdown() => {}
        _ = &mut parent_gone => {}
    }
    Ok(())
}

fn connect(stream: TcpStream, server: &Rc<Server>, connections: &GracefulShutdown) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let cut = Cut::default();
    let io = TokioIo::new(Connection::new(stream, cut.clone()));
    let server = Rc::clone(server);
    let service = service_fn(move |request| {
        let server = Rc::clone(&server);
        let cut = cut.clone();
        async move { Ok::<_, std::convert::Infallible>(server.answer(request, cut).await) }
    });
    let connection = connections.watch(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
    // Its error is the client's, or the cut that was asked for.
    tokio::task::spawn_local(async move { drop(connection.await) });
    Ok(())
}

impl Server {
    async fn answer(&self, request: Request<Incoming>, cut: Cut) -> Answer {
        let wanted = match wanted(&request) {
            Ok(wanted) => wanted,
            Err(message) => return refuse(StatusCode::BAD_REQUEST, &message),
        };
        let body = match Limited::new(request.into_body(), REQUEST).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return refuse(StatusCode::BAD_REQUEST, &format!("the request's body: {error}")),
        };
        let number = match (wanted, self.options.matching) {
            (Some(number), _) if number < self.recordings.len() => number,
            (Some(number), _) => {
                let message = format!("there is no interaction {number}, only 0 to {}", self.recordings.len() - 1);
                return refuse(StatusCode::NOT_FOUND, &message);
            }
            (None, Matching::Order) => self.progress.borrow().next,
            (None, Matching::Body) => match self.matching(&body) {
                Some(number) => number,
                None => return refuse(StatusCode::NOT_FOUND, "no recorded request has this body"),
            },
        };
        self.play(number, cut)
    }

    /// The recording with an equal request: the first such after the one that was sent last, else the first.
    fn matching(&self, body: &[u8]) -> Option<usize> {
        let json = serde_json::from_slice::<serde_json::Value>(body).ok();
        let is_equal = |recording: &Recording| match &json {
            Some(json) => {
                serde_json::from_slice(&recording.request_body).is_ok_and(|other: serde_json::Value| other == *json)
            }
            None => recording.request_body == body,
        };
        let next = self.progress.borrow().next;
        (next..self.recordings.len()).chain(0..next).find(|&number| is_equal(&self.recordings[number]))
    }

    fn play(&self, number: usize, cut: Cut) -> Answer {
        let recording = &self.recordings[number];
        {
            let mut progress = self.progress.borrow_mut();
            progress.next = (number + 1) % self.recordings.len();
            progress.sent.insert(number);
            if self.options.once && progress.sent.len() == self.recordings.len() {
                self.all_sent.notify_one();
            }
        }
        let mut random =
            fastrand::Rng::with_seed(self.options.seed ^ (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let pieces = recording.pieces(self.options.piece_size, &mut random);
        let cut = recording.is_cut.then_some(cut);
        let body = Playback::new(pieces, self.options.delay, self.options.jitter, random, cut);
        let mut answer = Response::new(BodyExt::boxed(body));
        *answer.status_mut() = StatusCode::from_u16(recording.status).unwrap_or(StatusCode::OK);
        for (name, value) in &recording.headers {
            // A header that HTTP cannot carry stays out.
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                answer.headers_mut().append(name, value);
            }
        }
        answer.headers_mut().insert(INTERACTION, number.into());
        answer
    }
}

/// The interaction that a request names.
fn wanted(request: &Request<Incoming>) -> Result<Option<usize>, String> {
    let in_query = request.uri().query().into_iter().flat_map(|query| query.split('&'));
    let named = in_query.filter_map(|pair| pair.strip_prefix("interaction=")).next();
    let text = match (named, request.headers().get(&INTERACTION)) {
        (Some(text), _) => text,
        (None, Some(value)) => value.to_str().unwrap_or("?"),
        (None, None) => return Ok(None),
    };
    text.parse().map(Some).map_err(|error| format!("interaction {text:?}: {error}"))
}

/// An answer of our own, in the shape of the API's errors.
fn refuse(status: StatusCode, message: &str) -> Answer {
    let error = serde_json::json!({"error": {"message": message, "type": "deltawire_serve", "code": status.as_u16()}});
    let mut answer = Response::new(Full::new(Bytes::from(error.to_string())).map_err(|never| match never {}).boxed());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// Resolves when standard input is closed, if it is a pipe: who started us is gone, or wants us to go. A terminal, a file
/// or /dev/null says nothing.
fn stdin_closed() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        if stdin_is_pipe() {
            // An error is an end, too.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = sender.send(());
        } else {
            // Never resolves: the sender must outlive the server.
            std::mem::forget(sender);
        }
    });
    receiver
}

#[cfg(unix)]
fn stdin_is_pipe() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let stdin = io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let kind = stdin.and_then(|stdin| stdin.metadata()).map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

#[cfg(not(unix))]
fn stdin_is_pipe() -> bool {
    false
}
