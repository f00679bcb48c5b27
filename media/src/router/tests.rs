use proptest::prelude::*;

use super::*;
use crate::{FrameRate, H264_SEND_FORMATS, PacketSlab, RtpHeader};

/// What begins a key frame, and what does not.
const KEY: &[u8] = &[0x67, 1];
const DELTA: &[u8] = &[0x41, 1];

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn layer(width: u16, height: u16, bits_per_second: u32) -> Layer {
    let format = VideoFormat::h264(width, height, FrameRate::F30);
    Layer { format, bits_per_second, active: true }
}

fn three() -> [Layer; 3] {
    [layer(320, 180, 100_000), layer(640, 360, 500_000), layer(1280, 720, 2_000_000)]
}

fn socket(subscriber: u64, socket: u32) -> SocketKey {
    SocketKey { subscriber, socket }
}

fn wanted(resolution: VideoResolution, bandwidth_limit: u32) -> Wanted {
    Wanted { source: 1, resolution, bandwidth_limit }
}

fn header(sequence: u16, timestamp: u32) -> RtpHeader {
    RtpHeader { marker: true, payload_type: 96, sequence, timestamp, ssrc: 77 }
}

fn router() -> Router {
    let mut router = Router::new(RouterConfig::default());
    router.publish(1, &three()).unwrap();
    router
}

fn route(
    router: &mut Router,
    now: u64,
    layer: usize,
    header: RtpHeader,
    payload: &[u8],
) -> Vec<Forward> {
    let mut out = Vec::new();
    let packet = RtpPacket { header, payload };
    router.route(at(now), 1, layer, &packet, |forward| out.push(forward)).unwrap();
    out
}

#[test]
fn the_best_layer_within_size_and_limit() {
    let mut router = router();
    let mut target = |resolution, limit| {
        router.subscribe(socket(1, 0), 5, wanted(resolution, limit)).unwrap();
        router.target_of(socket(1, 0))
    };
    assert_eq!(target(VideoResolution::HD1080p, u32::MAX), Some(2));
    assert_eq!(target(VideoResolution::SD540p, u32::MAX), Some(1));
    assert_eq!(target(VideoResolution::HD720p, 600_000), Some(1), "too little bandwidth");
    assert_eq!(target(VideoResolution::HD720p, 50_000), None, "for any");
    // One that is larger than wanted is better than none.
    router.publish(1, &three()[1..]).unwrap();
    router.subscribe(socket(1, 0), 5, wanted(VideoResolution::SD180p, u32::MAX)).unwrap();
    assert_eq!(router.target_of(socket(1, 0)), Some(0));
    // The ten formats, each with its lowest rate: what is wanted is what is got.
    let ladder = H264_SEND_FORMATS.map(|format| Layer {
        format,
        bits_per_second: format.bandwidth().unwrap().min,
        active: true,
    });
    router.publish(1, &ladder).unwrap();
    for resolution in VideoResolution::ALL {
        router.subscribe(socket(1, 0), 5, wanted(resolution, u32::MAX)).unwrap();
        let format = ladder[router.target_of(socket(1, 0)).unwrap()].format;
        assert_eq!((format.width, format.height), resolution.size());
    }
}

#[test]
fn a_socket_changes_layers_at_key_frames_only_and_sees_one_stream() {
    let mut router = router();
    router.subscribe(socket(1, 0), 5, wanted(VideoResolution::SD180p, u32::MAX)).unwrap();
    assert_eq!(route(&mut router, 0, 0, header(10, 900), DELTA), [], "no key frame yet");
    assert_eq!(route(&mut router, 0, 0, header(11, 900), KEY)[0].header.sequence, 11);
    let before = route(&mut router, 33, 0, header(12, 3_900), DELTA)[0];
    router.subscribe(socket(1, 0), 6, wanted(VideoResolution::HD720p, u32::MAX)).unwrap();
    assert_eq!(route(&mut router, 40, 2, header(500, 70_000), DELTA), []);
    assert_eq!(route(&mut router, 50, 0, header(13, 6_900), DELTA).len(), 1, "meanwhile the old");
    let first = route(&mut router, 66, 2, header(501, 73_000), KEY)[0];
    assert_eq!(router.layer_of(socket(1, 0)), Some(2));
    assert_eq!((before.header.ssrc, first.header.ssrc), (5, 5), "the same stream");
    assert_eq!(first.header.sequence, 14);
    assert_eq!(first.header.timestamp, 6_900 + 16 * 90, "16 ms later");
    assert_eq!(route(&mut router, 67, 0, header(14, 9_900), DELTA), [], "the old one is over");
    assert_eq!(route(&mut router, 67, 2, header(499, 70_000), DELTA), [], "from before the switch");
    let next = route(&mut router, 99, 2, header(502, 76_000), DELTA)[0];
    assert_eq!((next.header.sequence, next.header.timestamp), (15, first.header.timestamp + 3_000));
    assert_eq!(router.stats().switches, 1);
}

#[test]
fn key_frames_wanted_by_many_are_asked_for_once() {
    let mut router = router();
    for subscriber in 0..50 {
        let wanted = wanted(VideoResolution::HD720p, u32::MAX);
        router.subscribe(socket(subscriber, 0), 5, wanted).unwrap();
    }
    let request = KeyFrameRequest { source: 1, layer: 2 };
    assert_eq!(router.poll_timeout(), Some(Duration::ZERO));
    assert_eq!(router.poll_key_frame_request(at(0)), Some(request));
    for subscriber in 0..50 {
        router.want_key_frame(socket(subscriber, 0)).unwrap();
    }
    assert_eq!(router.poll_key_frame_request(at(299)), None);
    assert_eq!(router.poll_timeout(), Some(at(300)));
    assert_eq!(router.poll_key_frame_request(at(300)), Some(request), "it has not come");
    assert_eq!(route(&mut router, 310, 2, header(1, 1), KEY).len(), 50);
    assert_eq!(router.poll_key_frame_request(at(900)), None, "it has come");
    router.want_key_frame(socket(3, 0)).unwrap();
    assert_eq!(router.poll_key_frame_request(at(910)), Some(request));
    assert_eq!((router.stats().key_frames_wanted, router.stats().key_frame_requests), (51, 3));
    assert_eq!(router.want_key_frame(socket(99, 0)), Err(RouterError::UnknownSocket));
}

#[test]
fn one_screen_is_shared_at_a_time() {
    let mut router = Router::new(RouterConfig { one_sharer: true, ..RouterConfig::default() });
    router.publish(1, &three()).unwrap();
    assert_eq!(router.publish(2, &three()), Err(RouterError::AlreadyShared(1)));
    router.publish(1, &three()[..1]).unwrap();
    assert_eq!(router.unpublish(1), 0);
    assert_eq!(router.publish(2, &three()), Ok(()));
}

#[test]
fn who_leaves_gets_nothing_more() {
    let mut router = router();
    for (subscriber, one) in [(1, 0), (1, 1), (2, 0)] {
        let wanted = wanted(VideoResolution::SD180p, u32::MAX);
        router.subscribe(socket(subscriber, one), 5, wanted).unwrap();
    }
    assert_eq!(route(&mut router, 0, 0, header(1, 1), KEY).len(), 3);
    assert_eq!(router.remove_subscriber(1), 2);
    let out = route(&mut router, 1, 0, header(2, 1), DELTA);
    assert_eq!(out.iter().map(|one| one.to).collect::<Vec<_>>(), [socket(2, 0)]);
    assert!(!router.unsubscribe(socket(1, 0)));
    assert_eq!(router.unpublish(1), 1);
    assert_eq!(router.layer_of(socket(2, 0)), None);
    let packet = RtpPacket { header: header(3, 1), payload: DELTA };
    let gone = router.route(at(2), 1, 0, &packet, |_| panic!("nobody is there"));
    assert_eq!(gone, Err(RouterError::UnknownSource(1)));
}

#[test]
fn everything_has_a_limit() {
    let config = RouterConfig {
        max_sources: 1,
        max_layers: 3,
        max_sockets: 2,
        max_subscribers: 3,
        ..RouterConfig::default()
    };
    let mut router = Router::new(config);
    assert_eq!(router.publish(1, &[]), Err(RouterError::NoLayers));
    assert_eq!(router.publish(1, &[three()[0]; 4]), Err(RouterError::Limit(3)));
    router.publish(1, &three()).unwrap();
    assert_eq!(router.publish(2, &three()), Err(RouterError::Limit(1)));
    let any = wanted(VideoResolution::SD180p, u32::MAX);
    let mut subscribe = |subscriber, one| router.subscribe(socket(subscriber, one), 5, any);
    assert_eq!((subscribe(1, 0), subscribe(1, 1)), (Ok(()), Ok(())));
    assert_eq!(subscribe(1, 2), Err(RouterError::Limit(2)));
    assert_eq!(subscribe(1, 1), Ok(()), "again");
    assert_eq!((subscribe(2, 0), subscribe(3, 0)), (Ok(()), Err(RouterError::Limit(3))));
    let other = Wanted { source: 9, ..any };
    assert_eq!(router.subscribe(socket(1, 0), 5, other), Err(RouterError::UnknownSource(9)));
    assert_eq!(router.set_layer(1, 3, three()[0]), Err(RouterError::UnknownLayer(3)));
}

#[test]
fn a_layer_that_stops_is_left() {
    let mut router = router();
    router.subscribe(socket(1, 0), 5, wanted(VideoResolution::HD720p, u32::MAX)).unwrap();
    route(&mut router, 0, 2, header(1, 1), KEY);
    router.set_layer(1, 2, Layer { active: false, ..three()[2] }).unwrap();
    assert_eq!(router.target_of(socket(1, 0)), Some(1));
    assert_eq!(route(&mut router, 5, 1, header(1, 1), KEY).len(), 1);
    assert_eq!(router.layer_of(socket(1, 0)), Some(1));
}

#[test]
fn a_payload_is_written_once_for_each_receiver() {
    let mut slab = PacketSlab::new(1, 20);
    let forward = Forward { to: socket(1, 0), header: header(3, 4) };
    forward.write(DELTA, &mut slab).unwrap();
    assert!(forward.write(DELTA, &mut slab).is_err());
    let packet = RtpPacket::parse(slab.get(0).unwrap()).unwrap();
    assert_eq!((packet.header, packet.payload), (forward.header, DELTA));
}

proptest! {
    /// Whatever the layers do, what goes out counts on: no number twice, gaps only where the way in has
    /// them, over any number of wraps.
    #[test]
    fn what_goes_out_counts_on(
        first: [u16; 3], steps in prop::collection::vec((0..3_usize, any::<bool>(), 0..30_u32), 1..300),
        stride in prop_oneof![Just(1_u16), Just(300)],
    ) {
        let mut router = router();
        let mut next = first;
        let mut last: Option<RtpHeader> = None;
        for (index, (resolution, key, ticks)) in steps.into_iter().enumerate() {
            let resolution = VideoResolution::ALL[resolution * 2];
            router.subscribe(socket(1, 0), 5, wanted(resolution, u32::MAX)).unwrap();
            for (layer, next) in next.iter_mut().enumerate() {
                *next = next.wrapping_add(stride);
                let now = index as u64 * 33;
                let incoming = header(*next, index as u32 * 3_000 + ticks);
                let payload = if key { KEY } else { DELTA };
                let out = route(&mut router, now, layer, incoming, payload);
                for forward in out {
                    if let Some(last) = last {
                        let step = forward.header.sequence.wrapping_sub(last.sequence);
                        prop_assert!(step == stride || step == 1, "a step of {}", step);
                        let later = forward.header.timestamp.wrapping_sub(last.timestamp) as i32;
                        prop_assert!(later > 0, "{} ticks", later);
                    }
                    last = Some(forward.header);
                }
            }
        }
    }
}
