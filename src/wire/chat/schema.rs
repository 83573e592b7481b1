//! The field names of chat completions: which fields each object has, and how the value of each is read.

use crate::json::cursor::Fault;
use crate::json::scan::{Field, KEY_WINDOW, Name, RAW_TEXT, READ, Scanner, Schema};
use crate::json::table::{FIRST_FIELD, VARIES};

macro_rules! records {
    ($($(#[$doc:meta])* $record:ident $module:ident $unknown:literal { $($field:ident $name:literal $how:ident $(($of:ident))?;)* })*) => {
        #[repr(u8)]
        #[allow(clippy::upper_case_acronyms)]
        enum Record { _Nothing, $($record,)* }

        $($(#[$doc])*
        pub(super) mod $module {
            #[allow(non_camel_case_types)]
            #[repr(u8)]
            enum Link { _before = super::FIRST_FIELD - 1, $($field,)* _end }
            $(
                #[allow(dead_code, non_upper_case_globals)]
                pub(in super::super) const $field: usize = Link::$field as usize;
            )*
            pub(in super::super) const LINKS: usize = Link::_end as usize;
        })*

        /// The schema of a chat chunk, and of a whole chat completion.
        pub(super) struct Chat;

        impl Schema for Chat {
            const ROOT: u8 = Record::ROOT as u8;

            #[inline(always)]
            fn known<const RECORD: u8>(rest: &[u8]) -> (Field, usize) {
                let Some(window) = rest.first_chunk::<KEY_WINDOW>() else { return (Field::UNKNOWN, 0) };
                $(if RECORD == Record::$record as u8 {
                    $(
                        if const { &Name::new($name) }.begins(window, rest) {
                            return ($how($module::$field as u8, 0 $(+ Record::$of as u8)?), $name.len());
                        }
                    )*
                })*
                (Field::UNKNOWN, 0)
            }

            #[inline(always)]
            fn object(scanner: &mut Scanner<'_>, record: u8, at: usize, room: usize) -> Result<usize, Fault> {
                $(if record == Record::$record as u8 {
                    return scanner.object::<Self, { Record::$record as u8 }>(at, room);
                })*
                Err(Fault(at)) // there is no other
            }

            fn field(record: u8, key: &[u8]) -> Field {
                $(if record == Record::$record as u8 {
                    return match key {
                        $($name => $how($module::$field as u8, 0 $(+ Record::$of as u8)?),)*
                        _ => Field::UNKNOWN,
                    };
                })*
                Field::UNKNOWN
            }

            #[inline(always)]
            fn links(record: u8) -> usize {
                $(if record == Record::$record as u8 { return $module::LINKS; })*
                FIRST_FIELD as usize
            }

            #[inline(always)]
            fn keeps_unknown(record: u8) -> bool {
                $(($unknown && record == Record::$record as u8) ||)* false
            }
        }
    };
}

/// A string or a number.
const fn scalar(link: u8, _: u8) -> Field {
    Field { link, object: 0, elements: 0, flags: READ }
}
/// A string, or any other value as its raw JSON text.
const fn raw_text(link: u8, _: u8) -> Field {
    Field { link, object: 0, elements: 0, flags: READ | RAW_TEXT | VARIES }
}
/// A string that differs from one chunk to the next.
const fn text(link: u8, _: u8) -> Field {
    Field { link, object: 0, elements: 0, flags: READ | VARIES }
}
/// Anything, handed out as it came.
const fn raw(link: u8, _: u8) -> Field {
    Field { link, object: 0, elements: 0, flags: VARIES }
}
/// An object (or a scalar in its place).
const fn object(link: u8, object: u8) -> Field {
    Field { link, object, elements: 0, flags: READ }
}
/// An array (or a scalar in its place).
const fn array(link: u8, elements: u8) -> Field {
    Field { link, object: 0, elements, flags: READ }
}
/// An array, or a string that differs from one chunk to the next.
const fn parts(link: u8, elements: u8) -> Field {
    Field { link, object: 0, elements, flags: READ | VARIES }
}

records! {
    /// A chunk. `message`, `type` and `code` are an error's, when `object` is `error`.
    ROOT root true {
        id b"id" scalar;
        object b"object" scalar;
        created b"created" scalar;
        model b"model" scalar;
        provider b"provider" scalar;
        system_fingerprint b"system_fingerprint" scalar;
        service_tier b"service_tier" scalar;
        choices b"choices" array(CHOICE);
        usage b"usage" object(USAGE);
        x_groq b"x_groq" object(GROQ);
        error b"error" object(ERROR);
        message b"message" scalar;
        kind b"type" scalar;
        code b"code" scalar;
    }
    /// An entry of `choices`.
    CHOICE choice true {
        index b"index" scalar;
        delta b"delta" object(DELTA);
        message b"message" object(DELTA);
        finish_reason b"finish_reason" scalar;
        native_finish_reason b"native_finish_reason" scalar;
        logprobs b"logprobs" raw;
        usage b"usage" object(USAGE);
        error b"error" object(ERROR);
    }
    /// `delta` or `message`.
    DELTA delta true {
        role b"role" scalar;
        content b"content" parts(PART);
        reasoning_content b"reasoning_content" text;
        reasoning b"reasoning" text;
        reasoning_text b"reasoning_text" text;
        reasoning_details b"reasoning_details" array(DETAIL);
        refusal b"refusal" text;
        tool_calls b"tool_calls" array(CALL);
        function_call b"function_call" object(FUNCTION);
    }
    /// An entry of `tool_calls`. `name` and `arguments` are a flattened call's.
    CALL call true {
        index b"index" scalar;
        id b"id" scalar;
        kind b"type" scalar;
        function b"function" object(FUNCTION);
        custom b"custom" object(CUSTOM);
        name b"name" scalar;
        arguments b"arguments" raw_text;
    }
    /// `function` of a call, and `function_call`.
    FUNCTION function false {
        name b"name" scalar;
        arguments b"arguments" raw_text;
    }
    /// `custom` of a call.
    CUSTOM custom false {
        name b"name" scalar;
        input b"input" raw_text;
    }
    /// An entry of `reasoning_details`.
    DETAIL detail false {
        index b"index" scalar;
        kind b"type" scalar;
        format b"format" scalar;
        id b"id" scalar;
        text b"text" text;
        summary b"summary" text;
        data b"data" text;
        signature b"signature" scalar;
    }
    /// A part of a `content` that is an array.
    PART part false {
        kind b"type" scalar;
        text b"text" text;
        thinking b"thinking" parts(INNER);
    }
    /// A part of a `thinking` that is an array.
    INNER inner false {
        kind b"type" scalar;
        text b"text" text;
    }
    /// `usage`
    USAGE usage false {
        prompt_tokens b"prompt_tokens" scalar;
        completion_tokens b"completion_tokens" scalar;
        total_tokens b"total_tokens" scalar;
        prompt_tokens_details b"prompt_tokens_details" object(PROMPT);
        completion_tokens_details b"completion_tokens_details" object(OUTPUT);
        cost b"cost" scalar;
    }
    /// `prompt_tokens_details`
    PROMPT prompt_details false {
        cached_tokens b"cached_tokens" scalar;
    }
    /// `completion_tokens_details`
    OUTPUT completion_details false {
        reasoning_tokens b"reasoning_tokens" scalar;
    }
    /// `error`
    ERROR error false {
        message b"message" scalar;
        kind b"type" scalar;
        code b"code" scalar;
    }
    /// `x_groq`
    GROQ groq false {
        usage b"usage" object(USAGE);
    }
}
