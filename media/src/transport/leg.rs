//! The platform's end of one bot's media.

mod video;

use std::{net::SocketAddr, time::Duration};

use super::{
    AudioFormat, AudioReport, Blob, Dropped, Drops, Message, PT_AUDIO, PT_EVENT, PT_STEREO,
    PT_VIDEO, SHARING, StreamReport, UNMIXED_MAX, VideoChannel,
    app::{Channel, Flow},
    audio::{AudioIn, AudioOut, Outbox},
    clock_rate, is_rtcp,
    reports::Reports,
    rtcp::{Said, cut},
    video::channels,
};
pub use video::VideoCounts;
use video::VideoLegs;

use crate::{
    Compound, RtpPacket,
    audio::{Pcm16K, Played, Tone, ToneError},
};

/// How often the session is announced until the bot says something.
const ANNOUNCED_EVERY: Duration = Duration::from_millis(500);
/// How often the bot is told again what flows: a datagram may be lost.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// Requests of the bot that wait to be looked at.
const WISHES_MAX: usize = 64;

/// What the bot asks for beside sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To see somebody: socket (-1 is screen sharing), whom, at most in which resolution.
    Subscribe(i8, Option<u32>, String),
    /// To see nobody there any more.
    Unsubscribe(i8),
    /// A key frame on this socket.
    KeyFrame(i8),
    /// No more than so many bits in a second on this socket.
    Limit(i8, u32),
    /// It sends no more.
    Bye,
}

/// The SSRCs on which the platform sends to one bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Of the mixed audio.
    pub audio: u32,
    /// Of the four loudest, where they are wanted apart.
    pub unmixed: Vec<u32>,
    /// Of the video sockets.
    pub video: Vec<u32>,
    /// Of screen sharing.
    pub screen_sharing: Option<u32>,
}

impl Announced {
    /// From `first` on, as many as the blob needs.
    fn from(first: u32, blob: &Blob) -> Self {
        let mut next = first;
        let mut draw = || {
            next = next.wrapping_add(1);
            next.wrapping_sub(1)
        };
        let audio = draw();
        let unmixed = if blob.audio.unmixed { UNMIXED_MAX } else { 0 };
        let unmixed = (0..unmixed).map(|_| draw()).collect();
        let video = blob.video.iter().map(|_| draw()).collect();
        let screen_sharing = blob.screen_sharing.as_ref().map(|_| draw());
        Self { audio, unmixed, video, screen_sharing }
    }
}

/// The platform's end of one session: what it hears of the bot, and what it sends there.
#[derive(Debug)]
pub struct Leg {
    call_id: String,
    blob: Blob,
    announced: Announced,
    audio_in: AudioIn,
    audio_out: AudioOut,
    unmixed: Vec<AudioOut>,
    reports: Reports,
    videos: VideoLegs,
    out: Outbox,
    wishes: Vec<Wish>,
    drops: Drops,
    /// When the session is announced next; never again once the bot has been heard of.
    announce_at: Option<Duration>,
    /// When something valid came last.
    heard_at: Option<Duration>,
    active: bool,
    /// When the bot is told next what flows, once it has been heard of.
    tell_at: Duration,
}

impl Leg {
    /// A session that begins now; the platform's SSRCs are counted from `first_ssrc` on.
    pub fn new(now: Duration, call_id: &str, blob: Blob, first_ssrc: u32) -> Self {
        let (announced, format) = (Announced::from(first_ssrc, &blob), blob.audio.format);
        Self {
            call_id: call_id.to_owned(),
            audio_in: AudioIn::new(format),
            audio_out: AudioOut::new(announced.audio, format),
            unmixed: announced.unmixed.iter().map(|ssrc| AudioOut::new(*ssrc, format)).collect(),
            reports: Reports::new(announced.audio, call_id.to_owned()),
            videos: VideoLegs::default(),
            announced,
            blob,
            out: Outbox::default(),
            wishes: Vec::new(),
            drops: Drops::default(),
            announce_at: Some(now),
            heard_at: None,
            active: false,
            tell_at: now,
        }
    }

    /// What the bot declared.
    pub const fn blob(&self) -> &Blob {
        &self.blob
    }

    /// Where datagrams go.
    pub const fn address(&self) -> SocketAddr {
        self.blob.address
    }

    /// On which SSRCs the platform sends.
    pub const fn announced(&self) -> &Announced {
        &self.announced
    }

    /// When something valid came from the bot last; nothing before the first time.
    pub const fn heard_at(&self) -> Option<Duration> {
        self.heard_at
    }

    /// Datagrams that were not taken.
    pub const fn drops(&self) -> Drops {
        self.drops
    }

    /// How the bot's audio arrives.
    pub fn audio_report(&self) -> AudioReport {
        self.audio_in.report()
    }

    /// How a stream of the bot arrives.
    pub fn report_from(&self, ssrc: u32) -> StreamReport {
        self.reports.from(ssrc)
    }

    /// How a stream to the bot arrives there, as the bot says.
    pub fn report_to(&self, ssrc: u32) -> StreamReport {
        self.reports.to(ssrc)
    }

    /// Packets and bytes of audio that were sent.
    pub const fn audio_sent(&self) -> (u64, u64) {
        (self.audio_out.packets, self.audio_out.bytes)
    }

    /// Whether a datagram is of this session: its SSRC is one that the bot declared, and it comes from where the bot
    /// receives.
    pub fn is_of(&self, from: SocketAddr, ssrc: u32) -> bool {
        from == self.blob.address && self.declares(ssrc)
    }

    /// Whether the bot declared this SSRC.
    pub fn declares(&self, ssrc: u32) -> bool {
        self.blob.ssrcs().any(|one| one == ssrc)
    }

    /// Media flows, or does not any more: the call is established, or held. The bot is told.
    pub fn set_active(&mut self, now: Duration, active: bool) {
        if self.active != active {
            self.active = active;
            self.tell_at = now;
        }
    }

    fn tell_flow(&mut self) {
        let active = self.active;
        let flow = |allowed: bool| if active && allowed { Flow::Active } else { Flow::Inactive };
        let audio = (Channel::Audio, None, self.blob.audio.direction);
        let videos = channels(&self.blob).map(|(id, one)| match u8::try_from(id) {
            Ok(socket) => (Channel::Video, Some(socket), one.direction),
            Err(_) => (Channel::ScreenSharing, None, one.direction),
        });
        let told: Vec<Message> = std::iter::once(audio)
            .chain(videos)
            .map(|(channel, socket, direction)| {
                let (send, receive) = (flow(direction.sends()), flow(direction.receives()));
                Message::Status { channel, socket, send, receive }
            })
            .collect();
        for message in told {
            self.tell(&message);
        }
    }

    /// Whether media flows.
    pub const fn is_active(&self) -> bool {
        self.active
    }

    /// Tells the bot something.
    pub fn tell(&mut self, message: &Message) {
        let packet = message.to_packet(self.announced.audio);
        self.out.push().extend(packet);
    }

    /// Takes a datagram that is of this session.
    ///
    /// # Errors
    /// Why not; it is counted.
    pub fn receive(
        &mut self,
        now: Duration,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Result<(), Dropped> {
        let taken = self.take(now, from, datagram);
        match taken {
            Ok(()) | Err(Dropped::Inactive) => {
                self.heard_at = Some(now);
                self.announce_at = None;
            }
            Err(_) => {}
        }
        taken.inspect_err(|why| self.drops.count(*why))
    }

    fn take(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) -> Result<(), Dropped> {
        if from != self.blob.address {
            return Err(Dropped::Source);
        }
        if is_rtcp(datagram) {
            return cut(datagram).try_for_each(|packet| self.take_rtcp(now, packet));
        }
        let packet = RtpPacket::parse(datagram).map_err(|_| Dropped::Form)?;
        if packet.header.ssrc != self.blob.audio.ssrc {
            self.take_video(&packet, datagram)?;
            let video = (clock_rate(PT_VIDEO), true);
            self.reports.received(now, packet.header, packet.payload, video);
            return Ok(());
        }
        if !self.active || !self.blob.audio.direction.sends() {
            return Err(Dropped::Inactive);
        }
        match self.audio_in.push(now, packet.header, datagram, packet.payload) {
            true => {
                let kind = packet.header.payload_type;
                let timed = (self.audio_clock(), kind != PT_EVENT);
                self.reports.received(now, packet.header, packet.payload, timed);
                Ok(())
            }
            false => Err(Dropped::Kind),
        }
    }

    const fn audio_clock(&self) -> u32 {
        match self.blob.audio.format {
            AudioFormat::Pcm16K => clock_rate(PT_AUDIO),
            AudioFormat::Pcm44KStereo => clock_rate(PT_STEREO),
        }
    }

    fn take_rtcp(&mut self, now: Duration, packet: &[u8]) -> Result<(), Dropped> {
        let wish = match Message::read(packet) {
            Ok((ssrc, _)) if !self.declares(ssrc) => return Err(Dropped::Ssrc),
            Ok((_, message)) => self.wish_of(message)?,
            Err(_) => {
                let said = Said::read(packet).map_err(|_| Dropped::Kind)?;
                let wish = self.wish_said(said)?;
                if let Some(Ok(report)) = Compound::new(packet).next() {
                    for ssrc in self.reports.take(now, report) {
                        self.estimate(now, ssrc);
                    }
                }
                wish
            }
        };
        let Some(wish) = wish else { return Ok(()) };
        let again = matches!(wish, Wish::KeyFrame(_)) && self.wishes.contains(&wish);
        if self.wishes.len() < WISHES_MAX && !again {
            self.wishes.push(wish);
        }
        Ok(())
    }

    fn wish_of(&self, message: Message) -> Result<Option<Wish>, Dropped> {
        match message {
            Message::Ready { session } if session == self.blob.session => Ok(None),
            Message::Subscribe { socket, source_id, resolution } => {
                Ok(Some(Wish::Subscribe(socket, source_id, resolution)))
            }
            Message::Unsubscribe { socket } => Ok(Some(Wish::Unsubscribe(socket))),
            Message::Limit { socket, bits_per_second } => {
                Ok(Some(Wish::Limit(socket, bits_per_second)))
            }
            Message::Ready { .. }
            | Message::Session { .. }
            | Message::Status { .. }
            | Message::DominantSpeaker { .. }
            | Message::Subscribed { .. }
            | Message::Quality { .. }
            | Message::Refused { .. } => Err(Dropped::Kind),
        }
    }

    fn wish_said(&self, said: Said) -> Result<Option<Wish>, Dropped> {
        if !self.declares(said.sender()) {
            return Err(Dropped::Ssrc);
        }
        match said {
            Said::PictureLoss { media, .. } => {
                let socket = self.announced.socket(media).ok_or(Dropped::Ssrc)?;
                Ok(Some(Wish::KeyFrame(socket)))
            }
            Said::Bye { .. } => Ok(Some(Wish::Bye)),
            Said::Report { .. } => Ok(None),
        }
    }

    /// What the bot has asked for since.
    pub fn wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// What the bot says in the 20 ms that begin now; silence while media does not flow.
    pub fn pull_audio(&mut self, now: Duration) -> (Played, &Pcm16K) {
        self.audio_in.pull(now)
    }

    /// The next key that the bot pressed.
    pub fn pull_key(&mut self) -> Option<Tone> {
        self.audio_in.key()
    }

    /// Sends the bot what is heard in the next 20 ms, and whose media source ids those are. Nothing while media does not
    /// flow, and nothing before the bot has been heard of: an address that somebody else declared is not flooded.
    pub fn send_audio(&mut self, frame: &Pcm16K, heard: &[u32]) {
        if self.heard_at.is_some() && self.active && self.blob.audio.direction.receives() {
            self.audio_out.frame(frame, heard, &mut self.out);
        }
    }

    /// Sends the bot one of the loudest apart, with the media source id of whoever that is; nobody: the 20 ms pass in
    /// silence. Nothing while media does not flow.
    ///
    /// # Panics
    /// If there is no such stream; see [`Announced::unmixed`].
    pub fn send_unmixed(&mut self, stream: usize, said: Option<(&Pcm16K, u32)>) {
        let may = self.heard_at.is_some() && self.active && self.blob.audio.direction.receives();
        match said.filter(|_| may) {
            Some((frame, source)) => self.unmixed[stream].frame(frame, &[source], &mut self.out),
            None => self.unmixed[stream].skip(),
        }
    }

    /// A person presses a key.
    ///
    /// # Errors
    /// Too many wait.
    pub fn send_key(&mut self, now: Duration, tone: Tone) -> Result<(), ToneError> {
        self.audio_out.press(now, tone)
    }

    /// Hands out what is to be sent by now.
    pub fn transmit(&mut self, now: Duration, mut send: impl FnMut(&[u8])) {
        if self.announce_at.is_some_and(|at| at <= now) {
            self.announce_at = Some(now + ANNOUNCED_EVERY);
            let Announced { audio, unmixed, video, screen_sharing } = self.announced.clone();
            let (session, call_id) = (self.blob.session.clone(), self.call_id.clone());
            self.tell(&Message::Session {
                session,
                call_id,
                audio,
                unmixed,
                video,
                screen_sharing,
            });
        }
        if self.heard_at.is_some() && self.tell_at <= now {
            self.tell_at = now + TOLD_EVERY;
            self.tell_flow();
        }
        self.audio_out.poll(now, &mut self.out);
        if self.heard_at.is_some() {
            self.reports.transmit(now, |report| self.out.push().extend(report));
        }
        let reports = &mut self.reports;
        self.out.drain(|datagram| {
            reports.sends(now, datagram, clock_rate);
            send(datagram);
        });
    }

    /// When [`Self::transmit`] has something by itself.
    pub fn next_deadline(&self) -> Option<Duration> {
        let tell = self.heard_at.map(|_| self.tell_at);
        let report = self.heard_at.and(self.reports.next_deadline());
        let all = [self.announce_at, self.audio_out.next_deadline(), tell, report];
        all.into_iter().flatten().min()
    }
}
