//! Any payloads into the frame assembler.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| media::fuzzing::h264_depacketize(bytes));
