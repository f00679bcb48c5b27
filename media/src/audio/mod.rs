//! The audio half: frames, codecs, tones, jitter buffer, mixer, speakers, markers, statistics.

mod conceal;
mod delay;
mod dtmf;
mod e_model;
mod field;
mod frame;
mod g711;
mod jitter;
mod kernel;
mod marker;
mod mixer;
mod pacer;
mod qoe;
mod recorder;
mod resample;
mod sequence;
mod signal;
mod speaker;
mod stream_stats;
mod telephone_event;
mod tone_sender;
mod unmixed;

pub use dtmf::Tone;
pub use e_model::{CodecImpairment, Conditions, Quality, mos, rate};
pub use frame::{
    BYTES_16K, BYTES_44K_STEREO, FRAME_PERIOD, FrameSize, Pcm16K, Pcm44KStereo, SAMPLES_16K,
    SAMPLES_44K, TICKS_PER_FRAME,
};
pub use g711::Law;
pub use jitter::{AudioJitter, JitterConfig, JitterStats, Played, Push};
pub use marker::{Marker, MarkerDetector, MarkerHeard};
pub use mixer::{MEMBERS_MAX, MemberId, MixPolicy, Mixer, MixerConfig, MixerError};
pub use pacer::{Due, Lateness, Pacer, Schedule};
pub use qoe::{AudioQuality, QOE_INTERVAL, QoeSource, Remote, Spread, TooSoon};
pub use recorder::{RecordError, Recorder};
pub use resample::{Downsampler, Upsampler};
pub use signal::{SpeechLike, noise};
pub use speaker::{DominantChanged, NO_SPEAKER, SPEAKERS_MAX, SpeakerConfig, SpeakerDetector, Top};
pub use stream_stats::{StreamCounts, StreamStats};
pub use telephone_event::{
    EVENT_LEN, EventSize, Heard, TelephoneEvent, ToneEnded, ToneReceiver, ToneStarted,
};
pub use tone_sender::{ToneConfig, ToneError, TonePacket, ToneSender};
pub use unmixed::{UnmixedBuffer, UnmixedBuffers};
