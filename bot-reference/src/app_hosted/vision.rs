//! The bot's part in the video of one call: whom it looks at, what it sees, and what it shows.

use std::{collections::BTreeMap, time::Duration};

use media::{
    Content, FrameRate, VideoFormat,
    transport::{Blob, BotEvent, BotMedia, Channel, Flow, Receive, SHARING, VideoSend},
};
use serde_json::{Value, json};

use super::{
    camera::Camera,
    eye::Eye,
    gaze::{Gaze, Sees},
};
use crate::{Flaw, Scene};

/// What is sent on the first socket. The documentation wants one of 320 x 180, and advises all of them.
pub(super) const CAMERA: [VideoFormat; 4] = [
    VideoFormat::h264(320, 180, FrameRate::F15),
    VideoFormat::h264(320, 180, FrameRate::F7_5),
    VideoFormat::h264(320, 180, FrameRate::F3_75),
    VideoFormat::h264(320, 180, FrameRate::F1_875),
];
/// What is sent as a screen: one size; the slowest rate has to be there.
pub(super) const SCREEN: [VideoFormat; 2] =
    [VideoFormat::h264(640, 360, FrameRate::F3_75), VideoFormat::h264(640, 360, FrameRate::F1_875)];
/// At most this is wanted to see of people, and of screens.
const PEOPLE: &str = "SD360p";
const SCREENS: &str = "HD1080p";

/// A format as the blob has it.
pub(super) fn declared(format: VideoFormat) -> VideoSend {
    VideoSend { width: format.width, height: format.height, fps: format.rate.hz() }
}

/// The video of one call.
pub(super) struct Vision {
    flaw: Option<Flaw>,
    gaze: Gaze,
    eyes: BTreeMap<i8, Eye>,
    camera: Camera,
    screen: Camera,
    /// The screen may be sent, as far as the transport goes; and it is to be.
    screen_flows: bool,
    shares: bool,
    refused: u64,
}

impl std::fmt::Debug for Vision {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Vision").field("gaze", &self.gaze).finish_non_exhaustive()
    }
}

impl Vision {
    /// That of the call whose media this declares; none if it has no video.
    pub(super) fn new(blob: &Blob, flaw: Option<Flaw>) -> Option<Self> {
        let first = blob.video.first()?;
        let sockets = (0_i8..).zip(&blob.video).map(|(id, one)| (id, Eye::new(one.receive)));
        let eyes = sockets.chain([(SHARING, Eye::new(Receive::H264))]).collect();
        // Until a roster says which media source id the bot has, its SSRC tells it from others.
        let camera = |format, content| Camera::new(format, content, first.ssrc, flaw);
        Some(Self {
            flaw,
            gaze: Gaze::new(u8::try_from(blob.video.len()).unwrap_or(u8::MAX), flaw),
            eyes,
            camera: camera(CAMERA[0], Content::Camera),
            screen: camera(SCREEN[0], Content::Screen),
            screen_flows: false,
            shares: false,
            refused: 0,
        })
    }

    /// What can be seen is this.
    pub(super) fn scene(&mut self, scene: Scene) {
        self.shares = scene.shares || self.shares && self.flaw == Some(Flaw::KeepsSharing);
        if let Some(own) = scene.own.and_then(|own| own.video) {
            self.camera.is_of(own);
        }
        if let Some(own) = scene.own.and_then(|own| own.sharing) {
            self.screen.is_of(own);
        }
        self.gaze.scene(scene);
        self.screen.turn(self.shares && self.screen_flows);
    }

    /// The platform tells something.
    pub(super) fn told(&mut self, event: &BotEvent) {
        match event {
            BotEvent::Status { channel, socket, send, receive } => {
                self.gaze.flows(*channel, *socket, *receive);
                self.flows(*channel, *socket, *send == Flow::Active);
            }
            BotEvent::DominantSpeaker { current } => self.gaze.has_the_word(*current),
            BotEvent::Subscribed { socket, source_id, .. } => {
                if let Some(eye) = self.eyes.get_mut(socket) {
                    eye.expects(*source_id);
                }
            }
            BotEvent::Quality { socket, frozen } => {
                if let Some(eye) = self.eyes.get_mut(socket).filter(|_| *frozen) {
                    eye.freezes();
                }
            }
            BotEvent::KeyFrameNeeded { socket: SHARING } => self.screen.want_key_frame(),
            BotEvent::KeyFrameNeeded { .. } => self.camera.want_key_frame(),
            BotEvent::Refused { what, .. } => {
                self.refused += 1;
                self.gaze.refused(what);
            }
            BotEvent::Began { .. } | BotEvent::Tone(_) => {}
        }
    }

    fn flows(&mut self, channel: Channel, socket: Option<u8>, send: bool) {
        match (channel, socket) {
            (Channel::Video, Some(0)) => self.camera.turn(send),
            (Channel::ScreenSharing, _) => {
                self.screen_flows = send;
                self.screen.turn(self.shares && send);
            }
            (Channel::Audio | Channel::Video, _) => {}
        }
    }

    /// The 20 ms that begin now; `now_ms` is the time as barcodes count it.
    pub(super) fn slot(&mut self, now: Duration, now_ms: u64, media: &mut BotMedia) {
        for (socket, sees) in self.gaze.asks() {
            let most = if socket == SHARING { SCREENS } else { PEOPLE };
            match sees {
                Sees::Nobody => media.unsubscribe(socket),
                Sees::Peer => media.subscribe(socket, None, most),
                Sees::Source(source) => media.subscribe(socket, Some(source), most),
            }
        }
        let mut blind = Vec::new();
        while let Some((socket, frame)) = media.poll_video(now) {
            let sees = self.eyes.get_mut(&socket).is_none_or(|eye| eye.look(now_ms, &frame));
            blind.extend((!sees).then_some(socket));
        }
        for socket in blind {
            media.request_key_frame(socket);
        }
        for (socket, camera) in [(0, &mut self.camera), (SHARING, &mut self.screen)] {
            if let Some((annex_b, timestamp)) = camera.frame(now, now_ms) {
                let taken = matches!(media.send_video(socket, annex_b, timestamp), Ok(true));
                camera.sent(taken);
            }
        }
    }

    /// What `GET /health` shows.
    pub(super) fn to_json(&self) -> Value {
        let sockets = self.eyes.iter().map(|(id, eye)| {
            let mut seen = serde_json::to_value(eye.seen()).expect("it is JSON");
            seen["socket"] = json!(id);
            seen
        });
        json!({
            "sockets": sockets.collect::<Vec<_>>(),
            "sent": self.camera.shown(),
            "screen": self.screen.shown(),
            "refused": self.refused,
        })
    }
}
