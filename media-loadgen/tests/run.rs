//! What is sent is accounted for, and mistakes are told.

use std::{process::Command, time::Duration};

use media_loadgen::{Config, run};

#[test]
fn every_packet_is_accounted_for() {
    let report = run(Config { sessions: 4, duration: Duration::from_millis(400) }).unwrap();
    assert_eq!(report.packets_sent, 4 * 20);
    assert_eq!(report.packets_received + report.lost, report.packets_sent);
    assert!(report.packets_received > 0);
    assert!(report.lateness_us.p50 <= report.lateness_us.p99);
    assert!(report.lateness_us.p99 <= report.lateness_us.max);
}

#[test]
fn the_json_has_the_promised_names() {
    let output = Command::new(env!("CARGO_BIN_EXE_media-loadgen"))
        .args(["run", "--sessions", "2", "--duration", "200ms", "--json", "-"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = [
        "sessions",
        "duration_s",
        "packets_sent",
        "packets_received",
        "packets_per_second",
        "lost",
        "late",
        "frames_decoded",
        "frames_verified",
        "cpu_seconds",
        "cpu_cores",
        "rss_bytes",
    ];
    for name in names {
        assert!(report.get(name).is_some(), "{name}");
    }
    for name in ["p50", "p90", "p99", "p999", "max"] {
        assert!(report["lateness_us"][name].is_u64(), "{name}");
    }
}

#[test]
fn mistakes_end_with_two() {
    let wrong: [&[&str]; 6] = [
        &["run"],
        &["run", "--sessions", "0"],
        &["run", "--sessions", "2", "--duration", "10"],
        &["run", "--sessions", "2", "--duration", "9h"],
        &["run", "--sessions", "2", "--json", "/no/such/folder/r.json"],
        &["dance"],
    ];
    for arguments in wrong {
        let output =
            Command::new(env!("CARGO_BIN_EXE_media-loadgen")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
