//! Unmixed audio: the speakers one by one, each with its sender's time (contract, media section 2).

use super::{frame::Pcm16K, speaker::SPEAKERS_MAX};

/// One speaker's 20 ms, without concealment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnmixedBuffer<'a> {
    /// The speaker's media source id.
    pub active_speaker_id: u32,
    /// What it said.
    pub data: &'a Pcm16K,
    /// When its sender says it was said, in 100 ns. May be 0 in the first seconds, see
    /// [`super::MixerConfig::timestamps_after`].
    pub original_sender_timestamp: u64,
}

/// At most four of them, the loudest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnmixedBuffers<'a> {
    buffers: [Option<UnmixedBuffer<'a>>; SPEAKERS_MAX],
    count: usize,
}

impl<'a> UnmixedBuffers<'a> {
    pub(super) fn push(&mut self, buffer: UnmixedBuffer<'a>) {
        if let Some(place) = self.buffers.get_mut(self.count) {
            *place = Some(buffer);
            self.count += 1;
        }
    }

    /// The buffers.
    pub fn iter(&self) -> impl Iterator<Item = &UnmixedBuffer<'a>> {
        self.buffers.iter().flatten()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nobody speaks; the platform raises no event then.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}
