//! G.711 (ITU-T G.711, 1988): A-law and µ-law by tables that the compiler fills.
//!
//! A code depends on the upper 12 bits of a sample (A-law) or on the upper 14 (µ-law), so that both
//! encoders together need 20 KiB and stay in the first-level cache.

/// Which of the two laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// A-law, RTP payload type 8 (PCMA).
    A,
    /// µ-law, RTP payload type 0 (PCMU).
    Mu,
}

/// µ-law adds this before it takes the logarithm, in units of 14-bit samples.
const MU_BIAS: i32 = 33;

static A_DECODE: [i16; 256] = decode_table(Law::A);
static MU_DECODE: [i16; 256] = decode_table(Law::Mu);
static A_ENCODE: [u8; 1 << 12] = a_encode_table();
static MU_ENCODE: [u8; 1 << 14] = mu_encode_table();

impl Law {
    /// The code of one 16-bit sample.
    pub fn encode(self, sample: i16) -> u8 {
        let upper = i32::from(sample) + 0x8000;
        match self {
            Self::A => A_ENCODE[(upper >> 4) as usize],
            Self::Mu => MU_ENCODE[(upper >> 2) as usize],
        }
    }

    /// The sample that a code stands for.
    pub fn decode(self, code: u8) -> i16 {
        match self {
            Self::A => A_DECODE[usize::from(code)],
            Self::Mu => MU_DECODE[usize::from(code)],
        }
    }

    /// Encodes as many samples as both sides hold; says how many.
    pub fn encode_into(self, samples: &[i16], codes: &mut [u8]) -> usize {
        for (code, sample) in codes.iter_mut().zip(samples) {
            *code = self.encode(*sample);
        }
        codes.len().min(samples.len())
    }

    /// Decodes as many codes as both sides hold; says how many.
    pub fn decode_into(self, codes: &[u8], samples: &mut [i16]) -> usize {
        let table = match self {
            Self::A => &A_DECODE,
            Self::Mu => &MU_DECODE,
        };
        for (sample, code) in samples.iter_mut().zip(codes) {
            *sample = table[usize::from(*code)];
        }
        codes.len().min(samples.len())
    }
}

const fn decode_table(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match law {
            Law::A => a_expand(code as i32),
            Law::Mu => mu_expand(code as i32),
        } as i16;
        code += 1;
    }
    table
}

/// Table 1 of G.711: the even bits are inverted; the middle of the interval is what comes out.
const fn a_expand(code: i32) -> i32 {
    let plain = code ^ 0x55;
    let (segment, step) = (plain >> 4 & 7, plain & 15);
    let middle = (step << 4) + 8;
    let size = if segment == 0 { middle } else { (middle + 0x100) << (segment - 1) };
    if plain & 0x80 != 0 { size } else { -size }
}

/// Table 2 of G.711: all bits are inverted.
const fn mu_expand(code: i32) -> i32 {
    let plain = !code & 0xff;
    let (segment, step) = (plain >> 4 & 7, plain & 15);
    let size = (((step << 1) + MU_BIAS) << segment) - MU_BIAS;
    4 * if plain & 0x80 == 0 { size } else { -size }
}

const fn a_encode_table() -> [u8; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut index = 0;
    while index < table.len() {
        let value = index as i32 - 0x800;
        // One's complement: zero belongs to the positive side only.
        let size = if value < 0 { !value } else { value };
        let segment = if size < 32 { 0 } else { 27 - (size as u32).leading_zeros() as i32 };
        let step = if segment == 0 { size } else { (segment << 4) + (size >> segment) };
        let sign = if value < 0 { 0 } else { 0x80 };
        table[index] = ((sign | step) ^ 0x55) as u8;
        index += 1;
    }
    table
}

const fn mu_encode_table() -> [u8; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut index = 0;
    while index < table.len() {
        let value = index as i32 - 0x2000;
        let plain = MU_BIAS + if value < 0 { !value } else { value };
        let size = if plain > 0x1fff { 0x1fff } else { plain };
        let segment = 26 - (size as u32).leading_zeros() as i32;
        let step = (size >> (segment + 1)) & 15;
        let sign = if value < 0 { 0x80 } else { 0 };
        table[index] = !(sign | segment << 4 | step) as u8;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Virtual decision values and ends of the scale, from tables 1 and 2 of G.711 (in 16-bit units).
    #[test]
    fn the_points_of_the_recommendation() {
        let decoded: Vec<i16> =
            [0xd5, 0x55, 0xaa, 0x2a, 0x80, 0x00].map(|code| Law::A.decode(code)).to_vec();
        assert_eq!(decoded, [8, -8, 32_256, -32_256, 5_504, -5_504]);
        let decoded: Vec<i16> =
            [0xff, 0x7f, 0x80, 0x00, 0xfe, 0x7e].map(|code| Law::Mu.decode(code)).to_vec();
        assert_eq!(decoded, [0, 0, 32_124, -32_124, 8, -8]);
        assert_eq!((Law::A.encode(0), Law::A.encode(-1)), (0xd5, 0x55));
        assert_eq!((Law::Mu.encode(0), Law::Mu.encode(-1)), (0xff, 0x7f));
        assert_eq!((Law::A.encode(i16::MAX), Law::A.encode(i16::MIN)), (0xaa, 0x2a));
        assert_eq!((Law::Mu.encode(i16::MAX), Law::Mu.encode(i16::MIN)), (0x80, 0x00));
    }

    /// The crate `audio-codec-algorithms` was written by others from the same recommendation.
    #[test]
    fn agrees_with_another_implementation() {
        use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(Law::A.encode(sample), encode_alaw(sample), "A, {sample}");
            assert_eq!(Law::Mu.encode(sample), encode_ulaw(sample), "mu, {sample}");
        }
        for code in 0..=255 {
            assert_eq!(Law::A.decode(code), decode_alaw(code), "A, {code}");
            assert_eq!(Law::Mu.decode(code), decode_ulaw(code), "mu, {code}");
        }
    }

    /// The law itself, without its tables: the error is at most a 32nd of the sample (of the biased one
    /// for µ-law), half a step near zero, and the order is kept.
    #[test]
    fn the_error_is_what_the_law_allows() {
        for law in [Law::A, Law::Mu] {
            let mut before = i16::MIN;
            for sample in i16::MIN..=i16::MAX {
                let decoded = law.decode(law.encode(sample));
                let size = u32::from(sample.unsigned_abs());
                let (allowed, top) = match law {
                    Law::A => ((size / 32).max(8) + 8, 32_256),
                    Law::Mu => ((size + 132) / 32 + 4, 32_124),
                };
                let error = u32::from(decoded.abs_diff(sample));
                assert!(
                    error <= allowed || (size > top && size - top == error),
                    "{law:?}, {sample}"
                );
                assert!(decoded >= before, "{law:?}, {sample}");
                before = decoded;
            }
        }
    }

    #[test]
    fn a_code_survives_the_way_there_and_back() {
        for law in [Law::A, Law::Mu] {
            for code in (0..=255_u8).filter(|code| (law, *code) != (Law::Mu, 0x7f)) {
                assert_eq!(law.encode(law.decode(code)), code, "{law:?}");
            }
        }
        assert_eq!(Law::Mu.encode(Law::Mu.decode(0x7f)), 0xff, "minus zero is zero");
    }

    #[test]
    fn slices_end_with_the_shorter() {
        let mut codes = [0; 3];
        assert_eq!(Law::A.encode_into(&[0, 0, 0, 0], &mut codes), 3);
        assert_eq!(codes, [0xd5; 3]);
        let mut samples = [7; 4];
        assert_eq!(Law::Mu.decode_into(&[0xff; 3], &mut samples), 3);
        assert_eq!(samples, [0, 0, 0, 7]);
    }
}
