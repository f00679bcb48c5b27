//! The bot's end of one call's media.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use super::{
    AudioFormat, AudioReport, Blob, Dropped, Drops, Message, PT_EVENT, PT_STEREO, StreamReport,
    UNMIXED_MAX,
    app::{Channel, Flow},
    audio::{AudioIn, AudioOut, Outbox},
    clock_rate, is_rtcp,
    reports::Reports,
    rtcp::{Said, cut},
    video::{VideoError, Videos, channels},
};
use crate::{
    AssembledFrame, AssemblerStats, Compound, RtpPacket,
    audio::{Pcm16K, Pcm44KStereo, Played, Tone, ToneError},
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
    /// `MediaStreamQualityChanged`: what comes on a video socket stands still, or does no more.
    Quality {
        /// Which; -1 is screen sharing.
        socket: i8,
        /// Whether it stands still (`Detected`), or does no more (`Recovered`).
        frozen: bool,
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
    /// Those who are heard apart, by the SSRC that was announced.
    unmixed: Vec<(u32, AudioIn)>,
    /// Bits in a second that video sockets take at the most.
    limits: BTreeMap<i8, u32>,
    reports: Reports,
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
            audio_in: AudioIn::new(blob.audio.format),
            audio_out: AudioOut::new(blob.audio.ssrc, blob.audio.format),
            unmixed: Vec::new(),
            limits: BTreeMap::new(),
            reports: Reports::new(blob.audio.ssrc, blob.session.clone()),
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

    /// How a stream of the platform arrives.
    pub fn report_from(&self, ssrc: u32) -> StreamReport {
        self.reports.from(ssrc)
    }

    /// How a stream of this bot arrives at the platform, as that says.
    pub fn report_to(&self, ssrc: u32) -> StreamReport {
        self.reports.to(ssrc)
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
            return cut(datagram).try_for_each(|packet| self.take_rtcp(now, from, packet));
        }
        let packet = RtpPacket::parse(datagram).map_err(|_| Dropped::Form)?;
        let platform = self.platform.ok_or(Dropped::Inactive)?;
        if from != platform.address {
            return Err(Dropped::Source);
        }
        let RtpPacket { header, payload } = packet;
        let right = if header.ssrc == platform.audio {
            self.audio_in.push(now, header, datagram, payload)
        } else if let Some(apart) = self.apart(header.ssrc) {
            apart.push(now, header, datagram, payload)
        } else {
            self.videos.push(now, &packet).ok_or(Dropped::Ssrc)?
        };
        if !right {
            return Err(Dropped::Kind);
        }
        let timed = header.payload_type != PT_EVENT;
        let clock = match header.payload_type {
            PT_EVENT if self.blob.audio.format == AudioFormat::Pcm44KStereo => PT_STEREO,
            kind => kind,
        };
        self.reports.received(now, header, payload, (clock_rate(clock), timed));
        while let Some(tone) = self.audio_in.key() {
            self.event(BotEvent::Tone(tone));
        }
        Ok(())
    }

    fn apart(&mut self, ssrc: u32) -> Option<&mut AudioIn> {
        let mut streams = self.unmixed.iter_mut();
        streams.find_map(|(of, stream)| (*of == ssrc).then_some(stream))
    }

    fn take_rtcp(&mut self, now: Duration, from: SocketAddr, packet: &[u8]) -> Result<(), Dropped> {
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
        if let Some(Ok(report)) = Compound::new(packet).next() {
            self.reports.take(now, report);
        }
        Ok(())
    }

    fn told(&mut self, from: SocketAddr, message: Message) -> Result<(), Dropped> {
        match message {
            Message::Session { session, call_id, audio, unmixed, video, screen_sharing } => {
                if session != self.blob.session {
                    return Err(Dropped::Ssrc);
                }
                if self.platform.is_some_and(|platform| platform.address != from) {
                    return Err(Dropped::Source);
                }
                if self.platform.is_none() {
                    self.platform = Some(Platform { address: from, audio });
                    self.videos.announced(&video, screen_sharing);
                    let format = self.blob.audio.format;
                    let apart = unmixed.into_iter().take(UNMIXED_MAX);
                    let apart = apart.filter(|_| self.blob.audio.unmixed);
                    self.unmixed = apart.map(|ssrc| (ssrc, AudioIn::unmixed(format))).collect();
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
            Message::Quality { socket, state } => {
                self.event(BotEvent::Quality { socket, frozen: state == "detected" });
            }
            Message::Ready { .. }
            | Message::Subscribe { .. }
            | Message::Unsubscribe { .. }
            | Message::Limit { .. } => {
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

    /// `UnmixedAudioBuffers`: those of the loudest who say something in the 20 ms that begin now, each with the media
    /// source id. Nothing of them is made up. To be called once every 20 ms by whoever declared `unmixed`.
    pub fn pull_unmixed(&mut self, now: Duration, mut heard: impl FnMut(u32, &Pcm16K)) {
        for (_, stream) in &mut self.unmixed {
            let (played, frame, who) = stream.pull_heard(now);
            if let (Played::Frame { .. }, [who, ..]) = (played, who) {
                heard(*who, frame);
            }
        }
    }

    /// Sends 20 ms of 44.1 kHz stereo, as [`Self::send_audio`] does; whoever declared another format sends nothing.
    pub fn send_stereo(&mut self, frame: &Pcm44KStereo) {
        let stereo = self.blob.audio.format == AudioFormat::Pcm44KStereo;
        if self.platform.is_some() && self.sends_audio == Flow::Active && stereo {
            self.audio_out.stereo(frame, &[], &mut self.out);
        }
    }

    /// Sends 20 ms; as stereo, if that was declared. Before `AudioSendStatusChanged` says active it is discarded, as in Microsoft's library.
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

    /// `SetReceiveBandwidthLimit`: on this socket no more than so many bits in a second. What the source cannot send with
    /// less is not seen.
    pub fn limit_receive(&mut self, socket: i8, bits_per_second: u32) {
        if self.videos.stats(socket).is_some() {
            self.limits.insert(socket, bits_per_second);
            self.ask(&Message::Limit { socket, bits_per_second });
        }
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
    pub fn transmit(&mut self, now: Duration, mut send: impl FnMut(&[u8])) {
        if self.platform.is_some() {
            self.audio_out.poll(now, &mut self.out);
            for what in self.videos.transmit(now, &mut self.out) {
                self.event(BotEvent::Refused { what, why: "nobody answered".to_owned() });
            }
            let mut reported = false;
            self.reports.transmit(now, |report| {
                self.out.push().extend(report);
                reported = true;
            });
            // Nobody answers to limits: they are told again, for a datagram may be lost.
            for (socket, limit) in self.limits.clone().into_iter().filter(|_| reported) {
                self.ask(&Message::Limit { socket, bits_per_second: limit });
            }
            let reports = &mut self.reports;
            self.out.drain(|datagram| {
                reports.sends(now, datagram, clock_rate);
                send(datagram);
            });
        }
    }

    /// When [`Self::transmit`], or [`Self::poll_video`], has something by itself.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.platform?;
        let (audio, videos) = (self.audio_out.next_deadline(), self.videos.next_deadline());
        [audio, videos, self.reports.next_deadline()].into_iter().flatten().min()
    }
}
