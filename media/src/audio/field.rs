//! Arithmetic in GF(256), for the code of the audio markers.

/// x^8 + x^4 + x^3 + x^2 + 1; its root 2 generates all but zero.
const POLYNOMIAL: u16 = 0x11d;

/// Powers of 2, twice, and logarithms.
static TABLES: ([u8; 512], [u8; 256]) = tables();

const fn tables() -> ([u8; 512], [u8; 256]) {
    let (mut powers, mut logarithms) = ([0; 512], [0; 256]);
    let (mut value, mut exponent) = (1_u16, 0);
    while exponent < 255 {
        powers[exponent] = value as u8;
        powers[exponent + 255] = value as u8;
        logarithms[value as usize] = exponent as u8;
        value <<= 1;
        if value & 0x100 != 0 {
            value ^= POLYNOMIAL;
        }
        exponent += 1;
    }
    (powers, logarithms)
}

/// The product.
pub(super) fn times(a: u8, b: u8) -> u8 {
    if a == 0 || b == 0 {
        return 0;
    }
    let (powers, logarithms) = &TABLES;
    powers[usize::from(logarithms[usize::from(a)]) + usize::from(logarithms[usize::from(b)])]
}

/// The quotient; `b` is not zero.
pub(super) fn over(a: u8, b: u8) -> u8 {
    if a == 0 {
        return 0;
    }
    let (powers, logarithms) = &TABLES;
    let (a, b) = (logarithms[usize::from(a)], logarithms[usize::from(b)]);
    powers[255 + usize::from(a) - usize::from(b)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The product by its definition: shifts, sums and the polynomial.
    fn slowly(a: u8, b: u8) -> u8 {
        let mut product = 0_u16;
        for bit in 0..8 {
            if b >> bit & 1 == 1 {
                product ^= u16::from(a) << bit;
            }
        }
        for bit in (8..16).rev() {
            if product >> bit & 1 == 1 {
                product ^= POLYNOMIAL << (bit - 8);
            }
        }
        product as u8
    }

    #[test]
    fn products_and_quotients() {
        for a in 0..=255 {
            for b in 0..=255 {
                assert_eq!(times(a, b), slowly(a, b));
                if b != 0 {
                    assert_eq!(over(times(a, b), b), a);
                }
            }
        }
    }
}
