//! Pictures to send: they move, each source has its own, and the same number gives the same pixels.

use std::time::Duration;

use super::{
    barcode::Barcode,
    picture::{I420, PictureError},
};

/// Draws the frames of one source.
#[derive(Debug, Clone)]
pub struct TestPattern {
    source: u32,
    picture: I420,
}

/// Pixels of the moving square's side, at most a quarter of the height.
const SQUARE: usize = 64;

impl TestPattern {
    /// Frames of this size for a source.
    ///
    /// # Errors
    /// No size of a picture.
    pub fn new(width: usize, height: usize, source: u32) -> Result<Self, PictureError> {
        Ok(Self { source, picture: I420::black(width, height)? })
    }

    /// Draws frame `index`, captured at `time` since the start, with its barcode where there is room.
    ///
    /// A diagonal gradient that wanders, chroma of the source's own, and a textured square that
    /// crosses it: enough for an encoder to have motion, edges and detail.
    pub fn draw(&mut self, index: u64, time: Duration) -> &I420 {
        let (width, height) = (self.picture.width, self.picture.height);
        let step = index as usize;
        let (y, u, v) = self.picture.split_mut();
        for (row, line) in y.chunks_exact_mut(width).enumerate() {
            for (column, pixel) in line.iter_mut().enumerate() {
                // A triangle wave between 32 and 159.
                let phase = (column / 2 + row / 2 + step) & 0xff;
                *pixel = 32 + phase.min(255 - phase) as u8;
            }
        }
        let side = SQUARE.min(height / 4).min(width / 4);
        let left = (step * 3) % (width - side);
        let top = height / 2 + (step * 2) % (height / 2 - side).max(1);
        for (row, line) in y.chunks_exact_mut(width).skip(top).take(side).enumerate() {
            for (column, pixel) in line[left..left + side].iter_mut().enumerate() {
                *pixel = 160 + (((column * 5) ^ (row * 3)) & 0x3f) as u8;
            }
        }
        u.fill(96 + (self.source.wrapping_mul(37) & 0x3f) as u8);
        v.fill(96 + ((step / 4) & 0x3f) as u8);
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Barcode::new(self.source, millis).draw(&mut self.picture);
        &self.picture
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::luma_psnr;

    #[test]
    fn frames_are_the_same_each_time_and_move() {
        for (width, height) in [(2, 2), (16, 2), (320, 180), (424, 240), (180, 320)] {
            let mut one = TestPattern::new(width, height, 5).unwrap();
            let mut other = TestPattern::new(width, height, 5).unwrap();
            for index in [0, 1, 1_000_000] {
                let time = Duration::from_millis(index * 33);
                assert_eq!(one.draw(index, time), other.draw(index, time));
            }
        }
        let mut pattern = TestPattern::new(320, 180, 5).unwrap();
        let first = pattern.draw(0, Duration::ZERO).clone();
        let second = pattern.draw(1, Duration::from_millis(33));
        let alike = luma_psnr(&first, second).unwrap();
        assert!((15.0..40.0).contains(&alike), "{alike} dB");
        let read = Barcode::read(second).unwrap().barcode;
        assert_eq!(read, Barcode::new(5, 33));
    }
}
