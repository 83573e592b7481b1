//! One stream's way through the stages, without a decoder of its own.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::bare_line::BareLine;
use super::opening::Opening;
use crate::json::token::Window;
use crate::message::{AnomalyCode, Taken};
use crate::sse::{Event, EventKind, Framer};
use crate::wire::chat::{Decoder, Document, Documents, RecentShapes};
use crate::{Assembler, Completion, Error, ErrorKind, LimitKind, Options, ProviderError, Update};

/// A stream's own state, without a decoder: for many streams that share one.
///
/// [`ChatStream`](crate::ChatStream) is this with a decoder of its own, and has the examples. Which decoder is given to a
/// call never changes what comes out; a decoder that knows the stream's shapes is faster.
#[derive(Clone, Debug)]
pub struct ChatState {
    framer: Framer,
    assembler: Assembler,
    recent: RecentShapes,
    reading: Reading,
    /// Unknown lines that may become a bare JSON error.
    bare: Option<Box<BareLine>>,
    edge: Option<Box<Edge>>,
}

/// What the response is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Nothing has come yet.
    New,
    /// Not known to be anything: no event has come yet.
    Opening,
    Stream,
    Body,
    /// Nothing more: it has ended, or the error is fatal.
    Over,
}

/// What a response has at its beginning, or when it ends in an error, or when it is no stream.
#[derive(Clone, Debug, Default)]
struct Edge {
    opening: Opening,
    body: Body,
    /// The error that every later call returns.
    fatal: Option<Error>,
}

/// A response that is one JSON document, as far as it has come.
#[derive(Clone, Debug, Default)]
struct Body {
    text: Vec<u8>,
    offset: u64,
}

impl Default for ChatState {
    fn default() -> Self {
        Self::new()
    }
}

impl ChatState {
    /// A stream with default options.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(Options::default())
    }

    /// A stream with these options.
    #[must_use]
    pub fn with_options(options: Options) -> Self {
        Self {
            framer: Framer::with_limits(options.limits).incomplete(true).unknown_lines(true).comments(options.comments),
            assembler: Assembler::with_options(options),
            recent: RecentShapes::default(),
            reading: Reading::New,
            bare: None,
            edge: None,
        }
    }

    /// Moves to the next update; `Ok(false)` when the input is used up. What was read is taken off `input`.
    ///
    /// # Errors
    /// A limit of the message or the body, or input after [`end`](Self::end). It comes after all earlier updates, leaves
    /// the rest of the input unread, and comes again on every later call; the message so far stays readable.
    #[inline]
    pub fn advance(&mut self, decoder: &mut Decoder, input: &mut &[u8]) -> Result<bool, Error> {
        match self.read_line(decoder, input) {
            Taken::Nothing => self.advance_further(decoder, input),
            Taken::Text(_) | Taken::Fragment => Ok(true),
        }
    }

    #[cold]
    #[inline(never)]
    fn advance_further(&mut self, decoder: &mut Decoder, input: &mut &[u8]) -> Result<bool, Error> {
        loop {
            if self.assembler.advance() {
                return Ok(true);
            }
            let more = match self.reading {
                Reading::Stream => self.read_item(decoder, input),
                Reading::New | Reading::Opening => self.read_opening(decoder, input),
                Reading::Body => self.read_body(input),
                Reading::Over => return self.fatal().map_or_else(|| self.misuse(input), Err),
            };
            if !more {
                return Ok(false);
            }
        }
    }

    /// The update that [`advance`](Self::advance) moved to; `None` when it moved to none.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.assembler.update()
    }

    /// [`advance`](Self::advance), then [`update`](Self::update): `None` when the input is used up.
    #[inline]
    pub fn next(&mut self, decoder: &mut Decoder, input: &mut &[u8]) -> Option<Result<Update<'_>, Error>> {
        match self.read_line(decoder, input) {
            // Nothing has to be looked up for it.
            Taken::Text(field) => return self.assembler.text_update(field).map(Ok),
            Taken::Fragment => return self.assembler.update().map(Ok),
            Taken::Nothing => {}
        }
        match self.advance_further(decoder, input) {
            Ok(true) => self.assembler.update().map(Ok),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Marks the end of the input; pull the updates it brings with an empty input. A second call does nothing.
    pub fn end(&mut self, decoder: &mut Decoder) {
        if !self.is_open() {
            return;
        }
        self.framer.end();
        while self.read_item(decoder, &mut &[][..]) {}
        let edge = self.edge.take();
        match core::mem::replace(&mut self.reading, Reading::Over) {
            Reading::Stream | Reading::New => {}
            Reading::Over => self.edge = edge,
            Reading::Opening => {
                if let Some(head) = edge.as_ref().and_then(|edge| edge.opening.stranger()) {
                    let text = String::from_utf8_lossy(head);
                    self.assembler.fail(unreadable(
                        "not_an_event_stream",
                        "neither an event stream nor JSON",
                        &text,
                        0,
                    ));
                }
            }
            Reading::Body => {
                if let Some(edge) = edge {
                    self.end_body(decoder, &edge.body);
                }
            }
        }
        if self.fatal().is_none() {
            self.assembler.end();
        }
    }

    /// Whether `[DONE]` came: the caller can stop reading, even if the connection stays open.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.assembler.is_done()
    }

    /// The message so far, as a copy: O(message).
    #[must_use]
    pub fn completion(&self) -> Completion {
        self.assembler.completion()
    }

    /// The message.
    #[must_use]
    pub fn into_completion(self) -> Completion {
        self.assembler.into_completion()
    }

    /// Forgets the stream and keeps the buffers and the options, for the next one.
    pub fn reset(&mut self) {
        self.framer.reset();
        self.assembler.reset();
        self.recent = RecentShapes::default();
        self.reading = Reading::New;
        self.bare = None;
        self.edge = None;
    }

    /// Whether it still takes input.
    pub(super) fn is_open(&self) -> bool {
        self.reading != Reading::Over
    }

    fn fatal(&self) -> Option<Error> {
        self.edge.as_ref()?.fatal
    }

    fn edge(&mut self) -> &mut Edge {
        self.edge.get_or_insert_default()
    }

    /// Input after the end is an error.
    #[cold]
    fn misuse(&self, input: &[u8]) -> Result<bool, Error> {
        if input.is_empty() { Ok(false) } else { Err(Error::new(ErrorKind::FedAfterEnd, self.framer.offset())) }
    }

    /// Ends the reading when there was an error that nothing comes after.
    fn stop_at(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.edge().fatal = Some(error);
            self.reading = Reading::Over;
        }
    }

    /// Reads an event that is known to be one without a search for where it ends: its data are at the front of the input and
    /// fit what the stream brought last, in which there is no line end. Moves to its update.
    #[inline(always)]
    fn read_line(&mut self, decoder: &mut Decoder, input: &mut &[u8]) -> Taken {
        // First all that is looked at of the stream's own: of many streams it is far off, and is fetched while the decoder,
        // which is at hand, goes on.
        let is_open = self.reading == Reading::Stream && self.bare.is_none();
        if !is_open || self.assembler.is_live() || !self.assembler.takes_sole() {
            return Taken::Nothing;
        }
        let Some((line, from)) = self.framer.line_ahead(input) else { return Taken::Nothing };
        let mut window = Window::default();
        let sole = decoder.sole_line(line, &mut self.recent, &mut window);
        let Some((sole, length)) = sole else { return Taken::Nothing };
        if !self.framer.is_event_ahead(line, length) {
            return Taken::Nothing;
        }
        let taken = self.assembler.take_sole(&sole, self.framer.offset());
        if taken == Taken::Nothing {
            return taken;
        }
        self.framer.take_event_ahead(input, from, length);
        match taken {
            Taken::Text(_) => self.assembler.advance_to_text(),
            // A fragment may bring no update.
            _ if !self.assembler.advance() => return Taken::Nothing,
            _ => {}
        }
        taken
    }

    /// Reads one item of the event stream; `false` when the input is used up.
    #[inline]
    fn read_item(&mut self, decoder: &mut Decoder, input: &mut &[u8]) -> bool {
        let before = *input;
        if !self.framer.advance(input) {
            return false;
        }
        let start = self.framer.start();
        let Some((data, is_held)) = self.framer.plain_data(before) else {
            return self.read_other_item(decoder, before);
        };
        // What is not held was looked at by `read_line`.
        let is_taken = is_held && take_sole(decoder, data, &mut self.recent, &mut self.assembler, start);
        let mut result = Ok(());
        if !is_taken {
            let documents = decoder.documents_in(data, start, &mut self.recent);
            result = read_documents(documents, start, &mut self.assembler);
        }
        if result.is_err() || self.bare.is_some() || self.reading != Reading::Stream {
            self.begin_stream(result);
        }
        true
    }

    /// An event came, so this is an event stream, and no line before it is an error.
    #[cold]
    fn begin_stream(&mut self, result: Result<(), Error>) {
        self.bare = None;
        self.edge = None;
        self.reading = Reading::Stream;
        self.stop_at(result);
    }

    /// Reads an item that has a type, has data of several lines of one input, or is no event; `input` is what it may lie in.
    #[cold]
    #[inline(never)]
    fn read_other_item(&mut self, decoder: &mut Decoder, input: &[u8]) -> bool {
        match self.framer.event(input) {
            None => return false,
            Some(Ok(event)) => match event.kind() {
                EventKind::Event | EventKind::Incomplete => {
                    let offset = event.span().start;
                    let documents = decoder.documents(event, &mut self.recent);
                    let result = read_documents(documents, offset, &mut self.assembler);
                    self.begin_stream(result);
                }
                EventKind::Comment => self.assembler.comment(event.data()),
                EventKind::UnknownLine => {
                    let result = read_unknown_line(&event, &mut self.bare, decoder, &mut self.assembler);
                    self.stop_at(result);
                }
            },
            Some(Err(error)) => {
                self.reading = Reading::Stream;
                let span = self.framer.span();
                self.assembler.report(AnomalyCode::OversizedEvent, error.offset(), span.end - span.start, &[]);
            }
        }
        true
    }

    /// Reads on while no event has come: the first byte may open a JSON document.
    #[cold]
    fn read_opening(&mut self, decoder: &mut Decoder, input: &mut &[u8]) -> bool {
        if self.reading == Reading::New {
            // Nearly every stream: its first line is one of an event.
            let is_stream = input.starts_with(b"data:") || input.starts_with(b"event:");
            if input.is_empty() {
                return false;
            }
            if is_stream {
                self.reading = Reading::Stream;
                return self.read_item(decoder, input);
            }
            self.reading = Reading::Opening;
        }
        // What an earlier call looked at and left, because it brought an update, is not looked at again.
        let offset = self.framer.offset();
        let opening = &mut self.edge().opening;
        let looked_at = usize::try_from(opening.seen.saturating_sub(offset)).unwrap_or(usize::MAX).min(input.len());
        let Some(found) = opening.look(&input[looked_at..]) else { return self.read_item(decoder, input) };
        // The comments before it, at most, are items.
        let (mut before, body) = input.split_at(looked_at + found);
        while self.read_item(decoder, &mut before) {}
        if self.fatal().is_some() {
            return true;
        }
        self.reading = Reading::Body;
        let begun = Body { text: Vec::new(), offset: self.framer.offset() };
        self.edge = Some(Box::new(Edge { body: begun, ..Edge::default() }));
        *input = body;
        true
    }

    fn read_body(&mut self, input: &mut &[u8]) -> bool {
        let limit = self.assembler.limits().body;
        let body = &mut self.edge().body;
        if input.len() > limit - body.text.len() {
            let offset = body.offset + limit as u64;
            self.stop_at(Err(Error::new(ErrorKind::Limit(LimitKind::Body), offset)));
            return true;
        }
        body.text.extend_from_slice(input);
        *input = &[];
        false
    }

    /// Decodes a response that is one JSON document: a completion, an error, or an array that begins with one. Documents
    /// that follow it are decoded in order, as those of an event are (rule 12).
    fn end_body(&mut self, decoder: &mut Decoder, body: &Body) {
        let elements = body.text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
        let text = elements.unwrap_or(&body.text);
        let head = || String::from_utf8_lossy(&text[..text.len().min(512)]);
        let mut documents = decoder.documents(Event::new(b"", text), &mut self.recent);
        let mut is_first = true;
        while let Some(document) = documents.next() {
            match document {
                // A notice for data lines; here the lines are documents anyway.
                Document::SplitDataLines => continue,
                Document::Chunk(chunk) if is_first && !chunk.is_chunk() => {
                    let error = unreadable("not_a_chunk", "JSON, but no chat completion", &head(), body.offset);
                    self.assembler.fail(error);
                }
                // Cut short, it is a truncated response; broken, it is an unreadable one.
                Document::NotJson(rest, error) if is_first && error.offset() < rest.len() as u64 => {
                    let offset = body.offset + error.offset();
                    self.assembler.fail(unreadable("not_json", "neither an event stream nor JSON", &head(), offset));
                }
                document => {
                    if let Err(error) = self.assembler.apply_any(&document, body.offset) {
                        self.edge().fatal = Some(error);
                        return;
                    }
                }
            }
            if elements.is_some() {
                return; // an array's first object; what closes the array follows
            }
            is_first = false;
        }
    }
}

/// Takes the one text that the data bring; `false`: nothing was taken, for there may be more.
#[inline(always)]
fn take_sole(
    decoder: &mut Decoder,
    data: &[u8],
    recent: &mut RecentShapes,
    assembler: &mut Assembler,
    offset: u64,
) -> bool {
    let mut window = Window::default();
    let sole = decoder.sole_line(data, recent, &mut window);
    sole.is_some_and(|(sole, length)| length == data.len() && assembler.apply_sole(&sole, offset))
}

/// Applies the documents of an event.
#[inline(always)]
fn read_documents(mut documents: Documents<'_>, offset: u64, assembler: &mut Assembler) -> Result<(), Error> {
    while documents.advance() {
        if let Some(sole) = documents.sole_text()
            && assembler.apply_sole(&sole, offset)
        {
            continue;
        }
        if let Some(document) = documents.document() {
            assembler.apply_any(&document, offset)?;
        }
    }
    Ok(())
}

/// Reads a line that is no field: one that begins with `{` may be a bare JSON error, perhaps with the lines after it.
#[cold]
fn read_unknown_line(
    event: &Event<'_>,
    bare: &mut Option<Box<BareLine>>,
    decoder: &mut Decoder,
    assembler: &mut Assembler,
) -> Result<(), Error> {
    let line = event.data();
    match bare {
        Some(pending) => {
            let goes_on = pending.push(line);
            bare.take_if(|_| !goes_on);
        }
        None if BareLine::opens(line) => *bare = Some(Box::new(BareLine::new(line, event.span().start))),
        None => {}
    }
    let Some(pending) = bare else { return Ok(()) };
    let offset = pending.offset;
    let Some(text) = pending.candidate() else { return Ok(()) };
    let mut recent = RecentShapes::default();
    let mut documents = decoder.documents(Event::new(b"", text), &mut recent);
    let mut result = Ok(());
    match documents.next() {
        Some(document @ Document::Chunk(chunk)) => {
            if chunk.error().is_some() {
                assembler.report(AnomalyCode::BareJsonLine, offset, 0, &[]);
                result = assembler.apply_any(&document, offset);
            }
        }
        _ => return Ok(()), // not whole yet
    }
    *bare = None;
    result
}

fn unreadable(kind: &str, what: &str, head: &str, offset: u64) -> ProviderError {
    ProviderError {
        message: alloc::format!("the response is {what}: {head}"),
        kind: Some(kind.into()),
        raw: head.into(),
        offset,
        ..ProviderError::default()
    }
}
