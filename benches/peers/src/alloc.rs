//! An allocator that can count what is held. Off, it costs one load and a branch that is never taken, so that it does
//! not weigh on those who allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static HELD: AtomicI64 = AtomicI64::new(0);
static ALLOCATIONS: AtomicI64 = AtomicI64::new(0);

fn count(bytes: i64) {
    if COUNTS.load(Relaxed) {
        HELD.fetch_add(bytes, Relaxed);
        ALLOCATIONS.fetch_add(i64::from(bytes > 0), Relaxed);
    }
}

// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(-(layout.size() as i64));
        count(new_size as i64);
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// What was allocated while something ran.
pub struct Count {
    /// Bytes asked for and not yet given back.
    pub held: i64,
    pub allocations: i64,
}

/// Runs `f` and counts; one thread at a time.
pub fn counted<T>(f: impl FnOnce() -> T) -> (T, Count) {
    HELD.store(0, Relaxed);
    ALLOCATIONS.store(0, Relaxed);
    COUNTS.store(true, Relaxed);
    let value = f();
    COUNTS.store(false, Relaxed);
    (value, Count { held: HELD.load(Relaxed), allocations: ALLOCATIONS.load(Relaxed) })
}
