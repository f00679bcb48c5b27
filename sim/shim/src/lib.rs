//! Seeded entropy and a virtual clock for whatever a library draws or reads behind one's back.
//!
//! `HashMap` draws its keys, `uuid` its bits and `std::time` its time from three C functions. On threads
//! that have called [`enter`], these functions answer from the seed and from the time that was set; on all
//! other threads they ask the kernel. One world lives on one thread, so worlds do not disturb each other.
//!
//! # Why `unsafe`
//! Replacing a C function means defining one of the same name, and a C function that fills a caller's
//! buffer takes raw pointers. There is no safe way to do either. What the callers must guarantee is what
//! the C library asks of them: a buffer of the given length, a valid `timespec`.
//!
//! Linux only; elsewhere [`enter`] does nothing, and what a library draws differs between runs.

use std::{cell::Cell, time::Duration};

#[derive(Clone, Copy)]
struct Inside {
    state: u64,
    unix: Duration,
}

thread_local! {
    static INSIDE: Cell<Option<Inside>> = const { Cell::new(None) };
}

/// From now on this thread draws from `seed` and sees `unix` (time since 1970) until [`set_time`]. Meant for
/// a fresh thread, before anything has been drawn on it.
pub fn enter(seed: u64, unix: Duration) {
    INSIDE.set(Some(Inside { state: seed ^ 0x5ee_dbed, unix }));
    #[cfg(target_os = "linux")]
    linux::keep();
}

/// Moves this thread's virtual clock; it must not go back.
pub fn set_time(unix: Duration) {
    INSIDE.set(INSIDE.get().map(|inside| Inside { unix, ..inside }));
}

/// Whether this thread has entered.
pub fn is_inside() -> bool {
    INSIDE.get().is_some()
}

/// The next eight bytes, if this thread has entered (splitmix64).
#[cfg(target_os = "linux")]
fn draw() -> Option<u64> {
    // A thread that is being torn down has no cell any more: it is outside.
    INSIDE
        .try_with(|cell| {
            let mut inside = cell.get()?;
            inside.state = inside.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            cell.set(Some(inside));
            let z = (inside.state ^ (inside.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            Some(z ^ (z >> 31))
        })
        .ok()
        .flatten()
}

#[cfg(target_os = "linux")]
mod linux {
    use libc::{c_int, c_long, c_uint, c_void, clockid_t, size_t, ssize_t, timespec};

    use super::{INSIDE, draw};

    /// Makes sure that the linker takes this file, and with it the functions.
    pub(super) fn keep() {
        std::hint::black_box((
            getrandom as *const c_void,
            getentropy as *const c_void,
            clock_gettime as *const c_void,
        ));
    }

    /// Fills the buffer from the seed; false if this thread is outside.
    ///
    /// # Safety
    /// `buf` must be writable for `len` bytes.
    unsafe fn fill(buf: *mut c_void, len: size_t) -> bool {
        let mut done = 0;
        while done < len {
            let Some(word) = draw() else { return false };
            let bytes = word.to_ne_bytes();
            let count = bytes.len().min(len - done);
            // SAFETY: `done + count <= len`, and the caller vouches for `len` bytes.
            unsafe {
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), buf.cast::<u8>().add(done), count);
            }
            done += count;
        }
        true
    }

    /// `getrandom(2)`.
    ///
    /// # Safety
    /// As the C function: `buf` must be writable for `len` bytes.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn getrandom(buf: *mut c_void, len: size_t, flags: c_uint) -> ssize_t {
        // SAFETY: the caller vouches for the buffer.
        if len > 0 && unsafe { fill(buf, len) } {
            return ssize_t::try_from(len).unwrap_or(ssize_t::MAX);
        }
        // SAFETY: the same arguments, for the kernel.
        let done: c_long = unsafe { libc::syscall(libc::SYS_getrandom, buf, len, flags) };
        done as ssize_t
    }

    /// `getentropy(3)`.
    ///
    /// # Safety
    /// As the C function: `buf` must be writable for `len` bytes.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn getentropy(buf: *mut c_void, len: size_t) -> c_int {
        // SAFETY: the caller vouches for the buffer.
        let done = unsafe { getrandom(buf, len, 0) };
        if usize::try_from(done) == Ok(len) { 0 } else { -1 }
    }

    /// `clock_gettime(2)`: every clock of an entered thread shows the virtual time.
    ///
    /// # Safety
    /// As the C function: `time` must be writable.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
        let inside = INSIDE.try_with(std::cell::Cell::get).ok().flatten();
        if let Some(inside) = inside {
            let virtual_time = timespec {
                tv_sec: inside.unix.as_secs() as libc::time_t,
                tv_nsec: c_long::from(inside.unix.subsec_nanos() as i32),
            };
            // SAFETY: the caller vouches for the pointer.
            unsafe { time.write(virtual_time) };
            return 0;
        }
        // SAFETY: the same arguments, for the kernel.
        unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) as c_int }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        collections::HashSet,
        thread,
        time::{SystemTime, UNIX_EPOCH},
    };

    use super::*;

    /// What a thread sees that has entered: the order of a set, and the time.
    fn seen(seed: u64) -> (Vec<u32>, Duration) {
        let world = thread::spawn(move || {
            enter(seed, Duration::from_secs(1_000));
            let order: HashSet<u32> = (0..50).collect();
            set_time(Duration::from_millis(1_000_500));
            (order.into_iter().collect(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap())
        });
        world.join().unwrap()
    }

    #[test]
    fn a_seed_is_an_order() {
        assert_eq!(seen(1), seen(1));
        assert_ne!(seen(1).0, seen(2).0);
        assert_eq!(seen(1).1, Duration::from_millis(1_000_500));
    }

    #[test]
    fn other_threads_see_the_real_clock() {
        let _ = seen(1);
        let year_2020 = Duration::from_secs(1_577_836_800);
        assert!(SystemTime::now().duration_since(UNIX_EPOCH).unwrap() > year_2020);
        assert!(!is_inside());
    }
}
