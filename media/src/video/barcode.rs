//! A frame's identity, drawn into its pixels, so that it survives encoding, loss and resizing of the
//! stream: the content check of every decoded frame.
//!
//! 96 bits, each a block of 8 x 8 luma pixels, 16 for zero and 235 for one, 24 in a row, 4 rows, in the
//! top left corner: 192 x 32 pixels. The most significant bit comes first. The first 24 bits are the
//! source, the next 40 the time in ms, the last 32 the CRC-32 (IEEE 802.3) of those eight bytes.

use super::picture::I420;

/// Pixels of a block's side.
const BLOCK: usize = 8;
/// Blocks in a row.
const COLUMNS: usize = 24;
/// Rows of blocks.
const ROWS: usize = 4;
/// Bits that are identity; the rest is the check.
const PAYLOAD_BITS: u32 = 64;
const BITS: u32 = 96;
/// Luma of the two values.
const DARK: u8 = 16;
const BRIGHT: u8 = 235;
/// Pixels of a block's border that are not read: the encoder blurs them.
const BORDER: usize = 2;
/// Pixels read of a block.
const READ: usize = (BLOCK - 2 * BORDER) * (BLOCK - 2 * BORDER);
/// Half way between dark and bright, for the sum of a block's pixels.
const MIDDLE: u32 = (DARK as u32 + BRIGHT as u32) * READ as u32 / 2;

/// Pixels across that a barcode takes.
pub const BARCODE_WIDTH: usize = BLOCK * COLUMNS;
/// Pixels down that a barcode takes.
pub const BARCODE_HEIGHT: usize = BLOCK * ROWS;

/// Who drew a frame, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Barcode {
    source: u32,
    time_ms: u64,
}

/// A barcode that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarcodeReading {
    /// What it says.
    pub barcode: Barcode,
    /// Levels of luma between the least certain block and the middle, 109 at the most.
    pub margin: u8,
}

impl Barcode {
    /// Of a source, of which the low 24 bits are kept, at a time since the start in ms, of which the low
    /// 40 bits are kept (34 years).
    pub fn new(source: u32, time_ms: u64) -> Self {
        Self { source: source & 0xff_ffff, time_ms: time_ms & 0xff_ffff_ffff }
    }

    /// The source, 24 bits.
    pub fn source(self) -> u32 {
        self.source
    }

    /// The time since the start, ms, 40 bits.
    pub fn time_ms(self) -> u64 {
        self.time_ms
    }

    fn to_bits(self) -> u128 {
        let payload = u64::from(self.source) << 40 | self.time_ms;
        u128::from(payload) << (BITS - PAYLOAD_BITS) | u128::from(crc32(&payload.to_be_bytes()))
    }

    fn from_bits(bits: u128) -> Option<Self> {
        let payload = (bits >> (BITS - PAYLOAD_BITS)) as u64;
        let whole = bits as u32 == crc32(&payload.to_be_bytes());
        whole.then(|| Self::new((payload >> 40) as u32, payload))
    }

    /// Draws it; whether the picture is large enough, 192 x 32.
    pub fn draw(self, picture: &mut I420) -> bool {
        if !has_room(picture) {
            return false;
        }
        let width = picture.width;
        let bits = self.to_bits();
        let (luma, _, _) = picture.split_mut();
        for row in 0..ROWS {
            let mut line = [0; BARCODE_WIDTH];
            for (column, block) in line.chunks_exact_mut(BLOCK).enumerate() {
                let shift = BITS - 1 - (row * COLUMNS + column) as u32;
                block.fill(if bits >> shift & 1 == 1 { BRIGHT } else { DARK });
            }
            for pixels in luma.chunks_exact_mut(width).skip(row * BLOCK).take(BLOCK) {
                pixels[..BARCODE_WIDTH].copy_from_slice(&line);
            }
        }
        true
    }

    /// Reads one; none if the picture is too small or the check is wrong.
    pub fn read(picture: &I420) -> Option<BarcodeReading> {
        if !has_room(picture) {
            return None;
        }
        let (luma, _, _) = picture.split();
        let mut bits = 0_u128;
        let mut least = MIDDLE;
        for row in 0..ROWS {
            let mut sums = [0_u32; COLUMNS];
            let lines = luma.chunks_exact(picture.width).skip(row * BLOCK + BORDER);
            for line in lines.take(BLOCK - 2 * BORDER) {
                for (sum, block) in sums.iter_mut().zip(line.chunks_exact(BLOCK)) {
                    let inner = &block[BORDER..BLOCK - BORDER];
                    *sum += inner.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            for sum in sums {
                bits = bits << 1 | u128::from(sum > MIDDLE);
                least = least.min(sum.abs_diff(MIDDLE));
            }
        }
        let margin = (least / READ as u32).min(255) as u8;
        Some(BarcodeReading { barcode: Self::from_bits(bits)?, margin })
    }
}

fn has_room(picture: &I420) -> bool {
    picture.width >= BARCODE_WIDTH && picture.height >= BARCODE_HEIGHT && picture.check().is_ok()
}

/// The bytes of CRC-32's table, made at compile time.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| CRC_TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_is_the_crc_of_ethernet() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    proptest! {
        #[test]
        fn what_is_drawn_is_read(source in 0..1_u32 << 24, time_ms in 0..1_u64 << 40, noise: u8) {
            let mut picture = I420::black(320, 180).unwrap();
            for (index, byte) in picture.planes.iter_mut().enumerate() {
                *byte = (index * 7) as u8 ^ noise;
            }
            let before = picture.clone();
            let barcode = Barcode::new(source, time_ms);
            prop_assert!(barcode.draw(&mut picture));
            let reading = Barcode::read(&picture).unwrap();
            prop_assert_eq!((reading.barcode, reading.margin), (barcode, 109));
            prop_assert_eq!((barcode.source(), barcode.time_ms()), (source, time_ms));
            // Nothing outside the corner has changed.
            for (row, (now, then)) in
                picture.planes.chunks(320).zip(before.planes.chunks(320)).enumerate()
            {
                let from = if row < BARCODE_HEIGHT { BARCODE_WIDTH } else { 0 };
                prop_assert_eq!(&now[from..], &then[from..]);
            }
        }

        /// One wrong block is always noticed: a CRC misses no single error.
        #[test]
        fn a_wrong_block_is_noticed(source: u32, time_ms: u64, block in 0..96_usize) {
            let mut picture = I420::black(192, 32).unwrap();
            Barcode::new(source, time_ms).draw(&mut picture);
            let (column, row) = (block % COLUMNS * BLOCK, block / COLUMNS * BLOCK);
            for line in picture.planes.chunks_mut(192).skip(row).take(BLOCK) {
                line[column..column + BLOCK].iter_mut().for_each(|pixel| *pixel = 251 - *pixel);
            }
            prop_assert_eq!(Barcode::read(&picture), None);
        }
    }

    #[test]
    fn without_a_barcode_nothing_is_read() {
        let mut picture = I420::black(192, 32).unwrap();
        assert_eq!(Barcode::read(&picture), None, "black");
        picture.planes.fill(235);
        assert_eq!(Barcode::read(&picture), None, "white");
        let mut small = I420::black(190, 32).unwrap();
        assert!(!Barcode::new(1, 2).draw(&mut small));
        assert_eq!(Barcode::read(&small), None);
    }
}
