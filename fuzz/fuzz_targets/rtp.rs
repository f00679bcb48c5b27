//! Any datagram as RTP.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| media::fuzzing::rtp(bytes));
