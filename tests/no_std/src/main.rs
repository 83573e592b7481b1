//! A whole chat decoded without std: 0 when it came out right, a line's number when it did not.
#![no_std]
#![no_main]

extern crate alloc;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

use deltawire::{ArgumentsState, ChatStream, ChunkWriter, Decoder, Framer, Outcome, Update};

const MEMORY: usize = 4 << 20;

/// Memory that is given out once and never taken back: as little as will do.
#[repr(align(16))]
struct Arena(UnsafeCell<[u8; MEMORY]>, AtomicUsize);

// SAFETY: every allocation is another part of the memory.
unsafe impl Sync for Arena {}

// SAFETY: parts do not overlap, lie within the memory, and are aligned (to 16 at most).
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size().next_multiple_of(16);
        let at = self.1.fetch_add(size, Ordering::Relaxed);
        match layout.align() <= 16 && at.saturating_add(size) <= MEMORY {
            true => unsafe { self.0.get().cast::<u8>().add(at) },
            false => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ARENA: Arena = Arena(UnsafeCell::new([0; MEMORY]), AtomicUsize::new(0));

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: no C state is needed after it.
    unsafe { exit(101) }
}

/// What the precompiled `alloc` refers to and, with `panic = "abort"`, never calls.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// As above.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    // SAFETY: as in `panic`.
    unsafe { exit(102) }
}

#[link(name = "c")]
unsafe extern "C" {
    fn exit(status: i32) -> !;
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    check().map_or_else(|line| line as i32, |()| 0)
}

macro_rules! must {
    ($condition:expr) => {
        if !$condition {
            return Err(line!());
        }
    };
}

fn check() -> Result<(), u32> {
    let mut wire = alloc::vec::Vec::new();
    let writer = ChunkWriter::new("gen-1", "m", 0);
    writer.role(&mut wire, 0, "assistant");
    writer.text(&mut wire, 0, "It is 40 °C.");
    writer.tool_call(&mut wire, 0, 0, "call_1", "weather");
    writer.arguments(&mut wire, 0, 0, r#"{"city": "#);
    writer.arguments(&mut wire, 0, 0, r#""Siena"}"#);
    writer.finish(&mut wire, 0, "tool_calls");
    writer.done(&mut wire);

    for size in [1, 7, wire.len()] {
        let (mut events, mut framer) = (0, Framer::new());
        let mut chat = ChatStream::new();
        let mut text = 0;
        for piece in wire.chunks(size) {
            let mut input = piece;
            while let Some(event) = framer.next(&mut input) {
                must!(event.is_ok());
                events += 1;
            }
            let fed = chat.feed(piece, |update| {
                if let Update::Text { text: more, .. } = update {
                    text += more.len();
                }
            });
            must!(fed.is_ok());
        }
        let completion = chat.finish();
        must!(events == 7);
        must!(text == "It is 40 °C.".len());
        must!(completion.outcome == Outcome::Complete);
        let message = &completion.choices[0].message;
        must!(message.content == "It is 40 °C.");
        must!(message.tool_calls[0].arguments() == r#"{"city": "Siena"}"#);
        must!(message.tool_calls[0].state() == ArgumentsState::Complete);
    }
    must!(Decoder::new().bytes_held() < 1 << 16);
    Ok(())
}
