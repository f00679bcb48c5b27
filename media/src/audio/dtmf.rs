//! Tones by name and number: the events of RFC 4733 section 3.2 and the names of Graph's `tone`.

use std::fmt;

/// Names of Graph's enum `tone`, in the order of the event codes.
const NAMES: [&str; 17] = [
    "tone0", "tone1", "tone2", "tone3", "tone4", "tone5", "tone6", "tone7", "tone8", "tone9",
    "star", "pound", "a", "b", "c", "d", "flash",
];

/// A tone: 0 to 9, star (10), pound (11), a to d (12 to 15) or flash (16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tone(u8);

impl Tone {
    /// The tone with this event code; none above 16.
    pub fn from_event(event: u8) -> Option<Self> {
        (usize::from(event) < NAMES.len()).then_some(Self(event))
    }

    /// The tone with this Graph name.
    pub fn from_graph_name(name: &str) -> Option<Self> {
        let event = NAMES.iter().position(|known| *known == name)?;
        Some(Self(event as u8))
    }

    /// The event code of RFC 4733, which is also the number of a bot's `SendDtmfTone`.
    pub fn event(self) -> u8 {
        self.0
    }

    /// The name in Graph.
    pub fn graph_name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// All tones, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..NAMES.len() as u8).map(Self)
    }
}

impl fmt::Display for Tone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.graph_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_one_to_one() {
        assert_eq!(Tone::all().count(), 17);
        for tone in Tone::all() {
            assert_eq!(Tone::from_event(tone.event()), Some(tone));
            assert_eq!(Tone::from_graph_name(tone.graph_name()), Some(tone));
        }
        let by_name = |name| Tone::from_graph_name(name).map(Tone::event);
        assert_eq!(by_name("tone9"), Some(9));
        assert_eq!((by_name("star"), by_name("pound")), (Some(10), Some(11)));
        assert_eq!((by_name("a"), by_name("d"), by_name("flash")), (Some(12), Some(15), Some(16)));
        assert_eq!((by_name("*"), Tone::from_event(17)), (None, None));
    }
}
