//! Steps of work, counted so that tests can say that work is linear without looking at a clock.
//!
//! In the crate's own unit tests and under cargo-fuzz (which sets `fuzzing`); in any other build nothing is left of it.
//! Counted is what could be done again and again over the same bytes: searched, scanned, compared, copied bytes, and queue
//! entries or members that are gone through. Where a comparison may stop early its whole length is counted.

#[cfg(all(feature = "std", any(test, fuzzing)))]
#[allow(unreachable_pub)] // public under cargo-fuzz
mod counter {
    use core::cell::Cell;

    std::thread_local! {
        static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    /// Adds to this thread's count.
    pub(crate) fn count(steps: usize) {
        STEPS.set(STEPS.get() + steps as u64);
    }

    /// This thread's count since it was last taken.
    pub fn take_steps() -> u64 {
        STEPS.take()
    }
}

#[cfg(all(feature = "std", any(test, fuzzing)))]
#[allow(unreachable_pub)]
pub use counter::*;

/// Nothing.
#[cfg(not(all(feature = "std", any(test, fuzzing))))]
#[inline(always)]
pub(crate) const fn count(_: usize) {}
