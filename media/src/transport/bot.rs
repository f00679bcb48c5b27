//! The bot's end of one call's media.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use super::{
    AudioReport, Blob, Dropped, Drops, Message,
    app::{Channel, Flow},
    audio::{AudioIn, AudioOut, Outbox},
    is_rtcp,
    rtcp::{Said, cut},
    video::{VideoError, Videos, channels},
};
use crate::{
    AssembledFrame, AssemblerStats, RtpPacket,
    audio::{Pcm16K, Played, Tone, ToneError},
};

/// Events that wait to be fetched; the oldest go first.
const EVENTS_MAX: usize = 1_024;

/// What a bot is told of its media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BotEvent {
    /// The platform has begun the session, in this call.
    Began {
        /// The call's id.
        call_id: String,
    },
    /// What flows now: `AudioSendStatusChanged` and its relatives.
    Status {
        /// Of what.
        channel: Channel,
        /// Of which video socket.
        socket: Option<u8>,
        /// From the bot.
        send: Flow,
        /// To the bot.
        receive: Flow,
    },
    /// `DominantSpeakerChanged`.
    DominantSpeaker {
        /// Media source id, or [`super::NOBODY`].
        current: u32,
    },
    /// `ToneReceived`: somebody pressed a key.
    Tone(Tone),
    /// What comes on a video socket from now on.
    Subscribed {
        /// Which; -1 is screen sharing.
        socket: i8,
        /// Whom.
        source_id: Option<u32>,
        /// How.
        format: Option<String>,
    },
    /// `VideoKeyFrameNeeded`: somebody who watches needs one.
    KeyFrameNeeded {
        /// Of which socket; -1 is screen sharing.
        socket: i8,
    },
    /// The platform does not do that, or says nothing to it.
    Refused {
        /// What, as in `subscribe 0`.
        what: String,
        /// Why.
        why: String,
    },
}

/// Where the platform is, and on which SSRC it sends audio.
#[derive(Debug, Clone, Copy)]
struct Platform {
    address: SocketAddr,
    audio: u32,
}

/// A bot's end of one session. It sends nothing before the platform has begun.
#[derive(Debug)]
pub struct BotMedia {
    blob: Blob,
    platform: Option<Platform>,
    audio_in: AudioIn,
    audio_out: AudioOut,
    videos: Videos,
    sends_audio: Flow,
    /// What flows from the bot and to it; nothing in the beginning.
    flows: BTreeMap<(Channel, Option<u8>), (Flow, Flow)>,
    out: Outbox,
    events: VecDeque<BotEvent>,
    drops: Drops,
}

impl BotMedia {
    /// The end that this blob declares.
    pub fn new(blob: Blob) -> Self {
        Self {
            platform: None,
            audio_in: AudioIn::new(),
            audio_out: AudioOut::new(blob.audio.ssrc),
            videos: Videos::new(&blob),
            sends_audio: Flow::Inactive,
            flows: BTreeMap::new(),
            out: Outbox::default(),
            events: VecDeque::new(),
            drops: Drops::default(),
            blob,
        }
    }

    /// What was declared.
    pub const fn blob(&self) -> &Blob {
        &self.blob
    }

    /// Where datagrams go, once the platform has begun.
    pub fn platform(&self) -> Option<SocketAddr> {
        self.platform.map(|platform| platform.address)
    }

    /// Datagrams that were not taken.
    pub const fn drops(&self) -> Drops {
        self.drops
    }

    /// How the mixed audio arrives.
    pub fn audio_report(&self) -> AudioReport {
        self.audio_in.report()
    }

    /// Takes a datagram.
    ///
    /// # Errors
    /// Why not; it is counted. One socket may serve many calls: whoever asks all of them finds the right one.
    pub fn receive(
        &mut self,
        now: Duration,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Result<(), Dropped> {
        self.take(now, from, datagram).inspect_err(|why| self.drops.count(*why))
    }

    fn take(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) -> Result<(), Dropped> {
        if is_rtcp(datagram) {
            return cut(datagram).try_for_each(|packet| self.take_rtcp(from, packet));
        }
        let packet = RtpPacket::parse(datagram).map_err(|_| Dropped::Form)?;
        let platform = self.platform.ok_or(Dropped::Inactive)?;
        if from != platform.address {
            return Err(Dropped::Source);
        }
        if packet.header.ssrc != platform.audio {
            let right = self.videos.push(now, &packet).ok_or(Dropped::Ssrc)?;
            return if right { Ok(()) } else { Err(Dropped::Kind) };
        }
        if !self.audio_in.push(now, packet.header, datagram, packet.payload) {
            return Err(Dropped::Kind);
        }
        while let Some(tone) = self.audio_in.key() {
            self.event(BotEvent::Tone(tone));
        }
        Ok(())
    }

    fn take_rtcp(&mut self, from: SocketAddr, packet: &[u8]) -> Result<(), Dropped> {
        if let Ok((_, message)) = Message::read(packet) {
            return self.told(from, message);
        }
        let said = Said::read(packet).map_err(|_| Dropped::Kind)?;
        if self.platform().is_none_or(|platform| platform != from) {
            return Err(Dropped::Source);
        }
        if let Said::PictureLoss { media, .. } = said {
            let socket = self.videos.sends_on(media).ok_or(Dropped::Ssrc)?;
            self.event(BotEvent::KeyFrameNeeded { socket });
        }
        Ok(())
    }

    fn told(&mut self, from: SocketAddr, message: Message) -> Result<(), Dropped> {
        match message {
            Message::Session { session, call_id, audio, video, screen_sharing, .. } => {
                if session != self.blob.session {
                    return Err(Dropped::Ssrc);
                }
                if self.platform.is_some_and(|platform| platform.address != from) {
                    return Err(Dropped::Source);
                }
                if self.platform.is_none() {
                    self.platform = Some(Platform { address: from, audio });
                    self.videos.announced(&video, screen_sharing);
                    self.event(BotEvent::Began { call_id });
                }
                self.ask(&Message::Ready { session });
                return Ok(());
            }
            // Whoever has not begun the session says nothing else in it.
            _ if self.platform.is_none_or(|platform| platform.address != from) => {
                return Err(Dropped::Source);
            }
            Message::Status { channel, socket, send, receive } => {
                if channel == Channel::Audio {
                    self.sends_audio = send;
                }
                // It is told again and again; news is what differs.
                let flows = self.flows.entry((channel, socket)).or_default();
                if *flows != (send, receive) {
                    *flows = (send, receive);
                    self.event(BotEvent::Status { channel, socket, send, receive });
                }
            }
            Message::DominantSpeaker { current, .. } => {
                self.event(BotEvent::DominantSpeaker { current });
            }
            Message::Subscribed { socket, source_id, format } => {
                self.videos.subscribed(socket, source_id);
                self.event(BotEvent::Subscribed { socket, source_id, format });
            }
            Message::Refused { what, why } => {
                self.videos.refused(&what);
                self.event(BotEvent::Refused { what, why });
            }
            Message::Quality { .. } => {}
            Message::Ready { .. } | Message::Subscribe { .. } | Message::Unsubscribe { .. } => {
                return Err(Dropped::Kind);
            }
        }
        Ok(())
    }

    fn event(&mut self, event: BotEvent) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// What has happened since.
    pub fn poll(&mut self) -> Option<BotEvent> {
        self.events.pop_front()
    }

    /// What is heard in the 20 ms that begin now, and the media source ids of who is heard (`ActiveSpeakers`).
    pub fn pull_audio(&mut self, now: Duration) -> (Played, &Pcm16K, &[u32]) {
        self.audio_in.pull_heard(now)
    }

    /// Sends 20 ms. Before `AudioSendStatusChanged` says active it is discarded, as in Microsoft's library.
    pub fn send_audio(&mut self, frame: &Pcm16K) {
        if self.platform.is_some() && self.sends_audio == Flow::Active {
            self.audio_out.frame(frame, &[], &mut self.out);
        }
    }

    /// `SendDtmfTone`.
    ///
    /// # Errors
    /// Too many wait.
    pub fn send_key(&mut self, now: Duration, tone: Tone) -> Result<(), ToneError> {
        self.audio_out.press(now, tone)
    }

    /// Wants to see somebody on a video socket, at most in this resolution; `None` in a call of two. It replaces what
    /// was wanted there before, and is said again until the platform answers: [`BotEvent::Subscribed`] or
    /// [`BotEvent::Refused`], after ten seconds the latter without the platform.
    pub fn subscribe(&mut self, socket: i8, source_id: Option<u32>, resolution: &str) {
        let resolution = resolution.to_owned();
        self.videos.ask(socket, Message::Subscribe { socket, source_id, resolution });
    }

    /// Wants to see nobody there any more; answered as [`Self::subscribe`] is, with no source.
    pub fn unsubscribe(&mut self, socket: i8) {
        self.videos.ask(socket, Message::Unsubscribe { socket });
    }

    /// The next whole frame of any socket, with the socket: H.264 as Annex B, which can be decoded without what is
    /// missing. To be called until there is none. Whoever declared `NV12` decodes it with [`crate::H264Decoder`]: what
    /// goes over the wire is H.264 in any case.
    pub fn poll_video(&mut self, now: Duration) -> Option<(i8, AssembledFrame<'_>)> {
        self.videos.poll(now)
    }

    /// `RequestKeyFrame`; whether there is such a socket. What is lost asks by itself.
    pub fn request_key_frame(&mut self, socket: i8) -> bool {
        self.videos.want_key_frame(socket)
    }

    /// How the video of a socket arrives.
    pub fn video_stats(&self, socket: i8) -> Option<AssemblerStats> {
        self.videos.stats(socket)
    }

    /// Sends a frame, Annex B, with a timestamp of the 90 kHz clock; whether it was sent. While the blob's direction or
    /// `VideoSendStatusChanged` does not let it, it is discarded.
    ///
    /// # Errors
    /// No such socket, too long, or no frame.
    pub fn send_video(
        &mut self,
        socket: i8,
        annex_b: &[u8],
        timestamp: u32,
    ) -> Result<bool, VideoError> {
        let declared = channels(&self.blob).find(|(id, _)| *id == socket);
        let (_, channel) = declared.ok_or(VideoError::UnknownSocket(socket))?;
        let key = match u8::try_from(socket) {
            Ok(socket) => (Channel::Video, Some(socket)),
            Err(_) => (Channel::ScreenSharing, None),
        };
        let flows = self.flows.get(&key).is_some_and(|(send, _)| *send == Flow::Active);
        if !flows || !channel.direction.sends() || self.platform.is_none() {
            return Ok(false);
        }
        self.videos.send(socket, annex_b, timestamp, &mut self.out)?;
        Ok(true)
    }

    fn ask(&mut self, message: &Message) {
        let packet = message.to_packet(self.blob.audio.ssrc);
        self.out.push().extend(packet);
    }

    /// Hands out what is to be sent by now, to [`Self::platform`].
    pub fn transmit(&mut self, now: Duration, send: impl FnMut(&[u8])) {
        if self.platform.is_some() {
            self.audio_out.poll(now, &mut self.out);
            for what in self.videos.transmit(now, &mut self.out) {
                self.event(BotEvent::Refused { what, why: "nobody answered".to_owned() });
            }
            self.out.drain(send);
        }
    }

    /// When [`Self::transmit`], or [`Self::poll_video`], has something by itself.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.platform?;
        [self.audio_out.next_deadline(), self.videos.next_deadline()].into_iter().flatten().min()
    }
}
