//! What was odd but readable: values that are reported, never fatal, never silent.

macro_rules! codes {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// What was odd. New codes are not a breaking change.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum AnomalyCode { $(#[doc = $doc] $variant,)* }

        impl AnomalyCode {
            /// The stable code, as `--json` prints it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

codes! {
    OrphanFragment "orphan_fragment" "A fragment with neither a known index nor id nor name went to the one open call.";
    DuplicateId "duplicate_id" "Two calls share an id.";
    IndexConflict "index_conflict" "Index and id of a fragment name different calls.";
    IdChanged "id_changed" "A call's id changed from one fragment to the next; the first is kept.";
    NameConflict "name_conflict" "Another name came after argument bytes; it is ignored.";
    NameSnapshot "name_snapshot" "A longer name replaced the one it begins with.";
    Nameless "nameless" "A call never got a name.";
    RepeatedHeader "repeated_header" "A closed call's header came again.";
    Restated "restated" "Arguments that had closed came again, equal; dropped.";
    BlanksDropped "blanks_dropped" "Blanks after arguments that had closed, or instead of any; dropped.";
    Seed "seed" "A bare `{}` came before the real arguments; dropped.";
    Snapshot "snapshot" "Each fragment is the whole text so far.";
    SnapshotBroken "snapshot_broken" "A fragment of a snapshot stream did not begin with what came before.";
    StaleSnapshot "stale_snapshot" "A snapshot shorter than what came before; dropped.";
    Concatenated "concatenated" "Several values stand in one call's arguments.";
    ArgumentsNotObject "arguments_not_object" "The arguments are one whole value but no object.";
    FunctionCallBesideToolCalls "function_call_beside_tool_calls" "`function_call` beside `tool_calls`; ignored.";
    StopWithToolCalls "stop_with_tool_calls" "The finish reason is `stop` although there are tool calls.";
    ToolCallsWithoutCalls "tool_calls_without_calls" "The finish reason is `tool_calls` but there are none.";
    MessageAfterDelta "message_after_delta" "A cumulative `message` beside deltas; not added.";
    AfterDone "after_done" "Something came after `[DONE]`; the message does not change.";
    InvalidUtf8 "invalid_utf8" "Bytes that are not UTF-8 became U+FFFD.";
    LoneSurrogate "lone_surrogate" "Half a surrogate pair became U+FFFD.";
    CommentAsData "comment_as_data" "A comment that a proxy wrapped into a data field; skipped.";
    SplitDataLines "split_data_lines" "Data lines that do not join to JSON but each is a document; taken one by one.";
    BareJsonLine "bare_json_line" "A line of the stream is a bare JSON error.";
    NotJson "not_json" "A chunk is not JSON; skipped.";
    NotAChunk "not_a_chunk" "A JSON document that is no chunk; skipped.";
    OversizedEvent "oversized_event" "An event over a limit; skipped.";
    LimitReached "limit_reached" "A limit cut something short.";
}

impl core::fmt::Display for AnomalyCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something odd, and how often it was met. Repeated ones are counted, not stored.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What.
    pub code: AnomalyCode,
    /// In which choice (the wire's index), where it is of one.
    pub choice: Option<i64>,
    /// In which call ([`ToolCall::number`](crate::ToolCall::number)), where it is of one.
    pub call: Option<u32>,
    /// How often.
    pub count: u64,
    /// Bytes of the wire's text that were dropped because of it.
    pub dropped: u64,
    /// Where it was met first, in bytes from the start of the stream.
    pub offset: u64,
}
