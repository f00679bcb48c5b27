//! Where a sequence number belongs: extended over wraps, with restarts told from strays.

/// A number that is this far off belongs to a restarted sender once a second one confirms it.
const FAR: u64 = 100;
/// Numbers begin here, so that those before the first packet are not negative.
const BASE: u64 = 1 << 20;

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// It lies in the ring.
    Here(u64),
    /// The source starts anew with it.
    Restart(u64),
    /// Its turn is over.
    Late,
    /// It lies beyond the ring.
    TooFar,
}

/// The numbers of one source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sequence {
    known: Option<Known>,
    /// What a restarted sender would send next.
    suspect: Option<u16>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    next: u64,
    highest: u64,
    /// Below this, numbers have been played or given up.
    floor: u64,
}

impl Sequence {
    /// Where a number belongs. `playing`: whether frames are handed out; `empty`: whether none waits.
    pub(super) fn fit(&mut self, sequence: u16, playing: bool, empty: bool, slots: u64) -> Fit {
        let Some(known) = self.known else {
            let number = BASE + u64::from(sequence);
            self.start(number);
            return Fit::Here(number);
        };
        let distance = sequence.wrapping_sub(known.highest as u16) as i16;
        let number = known.highest.saturating_add_signed(distance.into());
        let far = number.abs_diff(known.next) >= FAR;
        if far && self.suspect == Some(sequence) {
            return Fit::Restart(BASE + u64::from(sequence));
        }
        self.suspect = far.then(|| sequence.wrapping_add(1));
        // Before anything is played, the ring may also grow backwards.
        let lowest = if playing { known.next } else { known.floor };
        if number < lowest || (number < known.next && known.highest - number >= slots) {
            return Fit::Late;
        }
        // An outage: the stream goes on here.
        if number >= known.next + slots && (far || !empty) {
            return Fit::TooFar;
        }
        self.suspect = None;
        Fit::Here(number)
    }

    /// Whether the last number that was looked at may belong to another stream.
    pub(super) fn is_suspicious(&self) -> bool {
        self.suspect.is_some()
    }

    /// Begins with this number.
    pub(super) fn start(&mut self, number: u64) {
        let floor = number.saturating_sub(64);
        self.known = Some(Known { next: number, highest: number, floor });
        self.suspect = None;
    }

    /// Takes a number that fits; says whether a higher one had come before.
    pub(super) fn take(&mut self, number: u64, playing: bool) -> bool {
        let Some(known) = &mut self.known else { return false };
        let reordered = number < known.highest;
        known.highest = known.highest.max(number);
        if !playing {
            known.next = known.next.min(number);
        }
        if number >= known.next + 64 {
            known.next = number;
            known.floor = number;
        }
        reordered
    }

    /// The number that is played next.
    pub(super) fn next(&self) -> u64 {
        self.known.map_or(0, |known| known.next)
    }

    /// Its turn is over.
    pub(super) fn advance(&mut self) {
        if let Some(known) = &mut self.known {
            known.next += 1;
            known.floor = known.next;
        }
    }
}
