//! From ten readings to an id.

use super::{
    super::field::{over, times},
    MASK, Marker, SYMBOLS, abscissa,
    bank::Reading,
    value,
};

/// Symbols that have to be clear, and that have to agree.
const NEEDED: usize = 7;

/// The id that at least seven of the symbols stand for, and how many do.
pub(super) fn decode(readings: &[Reading; SYMBOLS]) -> Option<(Marker, usize)> {
    let clear = || (0..SYMBOLS).filter(|place| readings[*place].clear);
    if clear().count() < NEEDED {
        return None;
    }
    let word: [u8; SYMBOLS] = std::array::from_fn(|place| readings[place].symbol ^ MASK[place]);
    for first in clear() {
        for second in clear().filter(|place| *place > first) {
            for third in clear().filter(|place| *place > second) {
                let coefficients = through(&word, [first, second, third]);
                let agrees = |place: &usize| value(coefficients, *place) == word[*place];
                let agreeing = (0..SYMBOLS).filter(agrees).count();
                if agreeing >= NEEDED {
                    return Some((Marker::from_coefficients(coefficients), agreeing));
                }
            }
        }
    }
    None
}

/// The polynomial through three of the values (Newton's divided differences).
fn through(word: &[u8; SYMBOLS], places: [usize; 3]) -> [u8; 3] {
    let [x0, x1, x2] = places.map(abscissa);
    let [y0, y1, y2] = places.map(|place| word[place]);
    let d01 = over(y0 ^ y1, x0 ^ x1);
    let d12 = over(y1 ^ y2, x1 ^ x2);
    let high = over(d01 ^ d12, x0 ^ x2);
    let middle = d01 ^ times(high, x0 ^ x1);
    let low = y0 ^ times(x0, d01) ^ times(high, times(x0, x1));
    [high, middle, low]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn readings(symbols: [u8; SYMBOLS]) -> [Reading; SYMBOLS] {
        symbols.map(|symbol| Reading { symbol, clear: true, power: 1 })
    }

    /// Dial tone, ringing, hold tones: any symbol that stays the same.
    #[test]
    fn steady_sounds_are_no_marker() {
        for symbol in 0..=255 {
            assert!(decode(&readings([symbol; SYMBOLS])).is_none(), "{symbol}");
            let two = std::array::from_fn(|place| if place < 5 { symbol } else { !symbol });
            assert!(decode(&readings(two)).is_none(), "{symbol}, then its complement");
        }
    }

    proptest! {
        #[test]
        fn three_wrong_symbols_are_mended(
            id in 0..1_u32 << 24,
            wrong in prop::collection::btree_map(0..SYMBOLS, 1..=255_u8, 0..4),
        ) {
            let marker = Marker::new(id).unwrap();
            let mut symbols = marker.symbols();
            for (place, by) in &wrong {
                symbols[*place] ^= by;
            }
            let found = decode(&readings(symbols));
            prop_assert_eq!(found, Some((marker, SYMBOLS - wrong.len())));
        }

        #[test]
        fn chance_is_no_marker(symbols: [u8; SYMBOLS]) {
            prop_assert!(decode(&readings(symbols)).is_none());
        }
    }
}
