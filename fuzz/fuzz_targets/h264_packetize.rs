//! Any Annex B into packets and out again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| media::fuzzing::h264_round_trip(bytes));
