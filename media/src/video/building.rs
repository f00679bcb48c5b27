//! Builds one frame from payloads in order.

use memchr::memmem;

use super::{
    annex_b::{NalType, START_CODE},
    depacketize::Payload,
};

/// Why a frame is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// A payload that RFC 6184 does not allow there.
    Malformed,
    /// A piece without its beginning.
    Unstarted,
    /// Longer than the limit.
    TooLong,
}

/// The frame that is being built.
#[derive(Debug, Clone)]
pub(super) struct Building {
    bytes: Vec<u8>,
    max_len: usize,
    units: usize,
    fragment: Option<Fragment>,
    has: Has,
    start_code: memmem::Finder<'static>,
    /// Units of kinds that a call does not carry, since the start.
    pub(super) dropped_units: u64,
}

/// What a frame has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Has {
    pub(super) sps: bool,
    pub(super) pps: bool,
    pub(super) idr: bool,
    /// A slice of any kind.
    pub(super) slice: bool,
}

/// The unit whose pieces come.
#[derive(Debug, Clone, Copy)]
struct Fragment {
    first: u8,
    kept: bool,
}

impl Building {
    pub(super) fn new(max_len: usize) -> Self {
        Self {
            bytes: Vec::new(),
            max_len,
            units: 0,
            fragment: None,
            has: Has::default(),
            start_code: memmem::Finder::new(&[0, 0, 1]),
            dropped_units: 0,
        }
    }

    /// What is there so far.
    pub(super) fn has(&self) -> Has {
        self.has
    }

    /// Whether a unit has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.fragment.is_some()
    }

    /// Forgets everything but the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.units = 0;
        self.fragment = None;
        self.has = Has::default();
    }

    /// Whether every start code is one of ours: a payload that holds one would smuggle in a unit of
    /// another kind.
    pub(super) fn is_clean(&self) -> bool {
        self.start_code.find_iter(&self.bytes).count() == self.units
    }

    /// The frame so far, Annex B.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds the next payload.
    pub(super) fn push(&mut self, payload: &[u8], ignore_order: bool) -> Result<(), Damage> {
        match Payload::parse(payload).ok_or(Damage::Malformed)? {
            Payload::Fragment { first, start, end, data } => {
                self.piece(first, start, end, data, ignore_order)
            }
            _ if self.fragment.is_some() && !ignore_order => Err(Damage::Malformed),
            Payload::Single(unit) => self.unit(unit),
            Payload::Aggregate(mut units) => units.try_for_each(|unit| self.unit(unit)),
        }
    }

    fn unit(&mut self, unit: &[u8]) -> Result<(), Damage> {
        let Some(first) = unit.first() else { return Err(Damage::Malformed) };
        if self.begin(*first, unit.len())? {
            self.bytes.extend_from_slice(unit);
        }
        Ok(())
    }

    fn piece(
        &mut self,
        first: u8,
        start: bool,
        end: bool,
        data: &[u8],
        ignore_order: bool,
    ) -> Result<(), Damage> {
        let open = match (self.fragment, start) {
            (None, true) => {
                let kept = self.begin(first, 1 + data.len())?;
                if kept {
                    self.bytes.push(first);
                }
                Fragment { first, kept }
            }
            (Some(open), false) if open.first & 0x1f == first & 0x1f => open,
            (Some(open), _) if ignore_order => open,
            (None, false) => return Err(Damage::Unstarted),
            (Some(_), _) => return Err(Damage::Malformed),
        };
        if open.kept {
            self.room(data.len())?;
            self.bytes.extend_from_slice(data);
        }
        self.fragment = (!end).then_some(open);
        Ok(())
    }

    /// Begins a unit, unless it is of a kind that a call does not carry.
    fn begin(&mut self, first: u8, len: usize) -> Result<bool, Damage> {
        let Some(kind) = NalType::of(first) else {
            self.dropped_units += 1;
            return Ok(false);
        };
        match kind {
            NalType::Sps => self.has.sps = true,
            NalType::Pps => self.has.pps = true,
            NalType::Idr => (self.has.idr, self.has.slice) = (true, true),
            NalType::NonIdr => self.has.slice = true,
        }
        self.room(START_CODE.len() + len)?;
        self.bytes.extend_from_slice(&START_CODE);
        self.units += 1;
        Ok(true)
    }

    fn room(&self, more: usize) -> Result<(), Damage> {
        if self.bytes.len() + more > self.max_len { Err(Damage::TooLong) } else { Ok(()) }
    }
}
