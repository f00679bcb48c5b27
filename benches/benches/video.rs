//! Video benchmarks.
fn main() {}
