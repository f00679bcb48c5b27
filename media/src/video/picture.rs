//! Pictures: planar 4:2:0, and the NV12 that sockets hand over.

use thiserror::Error;

/// A frame, planar 4:2:0: `width * height` bytes of luma, a quarter of that of each chroma.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct I420 {
    /// Pixels across; even.
    pub width: usize,
    /// Pixels down; even.
    pub height: usize,
    /// Y, then U, then V, without padding.
    pub planes: Vec<u8>,
}

/// Pixels and the memory for them do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PictureError {
    /// Zero, odd, or larger than [`I420::MAX_SIDE`].
    #[error("{width} x {height} is no size of a picture")]
    Size {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// Rows shorter than the picture is wide.
    #[error("rows of {stride} bytes for {width} pixels")]
    Stride {
        /// Bytes from row to row.
        stride: usize,
        /// Bytes that a row needs.
        width: usize,
    },
    /// Too little memory.
    #[error("{needed} bytes are needed, there are {given}")]
    Short {
        /// Bytes that are needed.
        needed: usize,
        /// Bytes that there are.
        given: usize,
    },
}

impl I420 {
    /// Pixels across and down at the most; openh264 goes no further.
    pub const MAX_SIDE: usize = 3_840;

    /// A black picture.
    ///
    /// # Errors
    /// No size of a picture.
    pub fn black(width: usize, height: usize) -> Result<Self, PictureError> {
        let mut picture = Self::default();
        picture.resize(width, height)?;
        let luma = width * height;
        picture.planes[..luma].fill(16);
        picture.planes[luma..].fill(128);
        Ok(picture)
    }

    /// Makes room for another size; the memory stays if it is enough, the pixels are unspecified.
    ///
    /// # Errors
    /// No size of a picture.
    pub fn resize(&mut self, width: usize, height: usize) -> Result<(), PictureError> {
        let fits = |side: usize| side > 0 && side.is_multiple_of(2) && side <= Self::MAX_SIDE;
        if !fits(width) || !fits(height) {
            return Err(PictureError::Size { width, height });
        }
        self.planes.resize(width * height * 3 / 2, 0);
        (self.width, self.height) = (width, height);
        Ok(())
    }

    /// Whether the planes are those of the size.
    ///
    /// # Errors
    /// They are not, or it is no size of a picture.
    pub fn check(&self) -> Result<(), PictureError> {
        let (width, height, given) = (self.width, self.height, self.planes.len());
        let fits = |side: usize| side > 0 && side.is_multiple_of(2) && side <= Self::MAX_SIDE;
        if !fits(width) || !fits(height) {
            return Err(PictureError::Size { width, height });
        }
        let needed = width * height * 3 / 2;
        if given == needed { Ok(()) } else { Err(PictureError::Short { needed, given }) }
    }

    /// Y, U and V.
    pub fn split(&self) -> (&[u8], &[u8], &[u8]) {
        let luma = (self.width * self.height).min(self.planes.len());
        let (y, chroma) = self.planes.split_at(luma);
        let (u, v) = chroma.split_at((luma / 4).min(chroma.len()));
        (y, u, v)
    }

    /// Y, U and V, to be drawn in.
    pub fn split_mut(&mut self) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let luma = (self.width * self.height).min(self.planes.len());
        let (y, chroma) = self.planes.split_at_mut(luma);
        let quarter = (luma / 4).min(chroma.len());
        let (u, v) = chroma.split_at_mut(quarter);
        (y, u, v)
    }

    /// Copies planes whose rows are `strides` bytes apart, and takes their size.
    ///
    /// # Errors
    /// No size of a picture, or planes that are too short for it.
    pub fn copy_planes(
        &mut self,
        (width, height): (usize, usize),
        planes: [&[u8]; 3],
        strides: [usize; 3],
    ) -> Result<(), PictureError> {
        for (index, (plane, stride)) in planes.iter().zip(strides).enumerate() {
            let half = usize::from(index > 0);
            check_rows(plane.len(), stride, width >> half, height >> half)?;
        }
        self.resize(width, height)?;
        let (y, u, v) = self.split_mut();
        for (index, (to, (from, stride))) in
            [y, u, v].into_iter().zip(planes.into_iter().zip(strides)).enumerate()
        {
            let wide = width >> usize::from(index > 0);
            for (to, from) in to.chunks_exact_mut(wide).zip(from.chunks(stride)) {
                to.copy_from_slice(&from[..wide]);
            }
        }
        Ok(())
    }

    /// Bytes of an NV12 picture of this size whose rows are `stride` bytes apart.
    pub fn nv12_len(width: usize, height: usize, stride: usize) -> usize {
        // The last row needs no padding.
        (stride * (height + height / 2)).saturating_sub(stride.saturating_sub(width))
    }

    /// Writes the picture as NV12: luma rows, then rows of U and V by turns, each `stride` bytes apart.
    /// Padding is left alone.
    ///
    /// # Errors
    /// Planes of another size, a stride below the width, or too little memory.
    pub fn write_nv12(&self, stride: usize, out: &mut [u8]) -> Result<(), PictureError> {
        self.check()?;
        let (width, height) = (self.width, self.height);
        check_rows(out.len(), stride, width, height + height / 2)?;
        let (luma, chroma) = out.split_at_mut(stride * height);
        let (y, u, v) = self.split();
        for (to, from) in luma.chunks_mut(stride).zip(y.chunks_exact(width)) {
            to[..width].copy_from_slice(from);
        }
        let half = width / 2;
        let rows = u.chunks_exact(half).zip(v.chunks_exact(half));
        for (to, (u, v)) in chroma.chunks_mut(stride).zip(rows) {
            for (pair, (u, v)) in to[..width].chunks_exact_mut(2).zip(u.iter().zip(v)) {
                pair.copy_from_slice(&[*u, *v]);
            }
        }
        Ok(())
    }

    /// Reads an NV12 picture whose rows are `stride` bytes apart, and takes its size.
    ///
    /// # Errors
    /// No size of a picture, a stride below the width, or too few bytes.
    pub fn read_nv12(
        &mut self,
        (width, height): (usize, usize),
        stride: usize,
        nv12: &[u8],
    ) -> Result<(), PictureError> {
        check_rows(nv12.len(), stride, width, height + height / 2)?;
        self.resize(width, height)?;
        let (luma, chroma) = nv12.split_at(stride * height);
        let (y, u, v) = self.split_mut();
        for (to, from) in y.chunks_exact_mut(width).zip(luma.chunks(stride)) {
            to.copy_from_slice(&from[..width]);
        }
        let half = width / 2;
        let rows = u.chunks_exact_mut(half).zip(v.chunks_exact_mut(half));
        for ((u, v), from) in rows.zip(chroma.chunks(stride)) {
            for ((u, v), pair) in u.iter_mut().zip(v).zip(from[..width].chunks_exact(2)) {
                (*u, *v) = (pair[0], pair[1]);
            }
        }
        Ok(())
    }
}

/// Whether so many bytes are `rows` rows of `width`.
fn check_rows(given: usize, stride: usize, width: usize, rows: usize) -> Result<(), PictureError> {
    if stride < width || width == 0 {
        return Err(PictureError::Stride { stride, width });
    }
    let needed = stride.saturating_mul(rows.saturating_sub(1)).saturating_add(width);
    if given < needed { Err(PictureError::Short { needed, given }) } else { Ok(()) }
}

/// How alike two pictures of one size are: peak signal to noise ratio of the luma, dB; infinite for
/// equal ones, none for different sizes.
pub fn luma_psnr(one: &I420, other: &I420) -> Option<f64> {
    if (one.width, one.height) != (other.width, other.height) || one.width == 0 {
        return None;
    }
    let mut squares = 0_u64;
    for (a, b) in one.split().0.chunks(4_096).zip(other.split().0.chunks(4_096)) {
        // 4 096 squares of bytes are below 2^32.
        let sum: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum();
        squares += u64::from(sum);
    }
    let mean = squares as f64 / (one.width * one.height) as f64;
    Some(10.0 * (255.0 * 255.0 / mean).log10())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// NV12 and back, padding untouched, whatever the stride.
        #[test]
        fn nv12_and_back(
            half_width in 1..20_usize, half_height in 1..20_usize, padding in 0..9_usize, seed: u8,
        ) {
            let (width, height) = (half_width * 2, half_height * 2);
            let mut picture = I420::black(width, height).unwrap();
            for (index, byte) in picture.planes.iter_mut().enumerate() {
                *byte = (index * 31) as u8 ^ seed;
            }
            let stride = width + padding;
            let mut nv12 = vec![0xee; I420::nv12_len(width, height, stride)];
            picture.write_nv12(stride, &mut nv12).unwrap();
            for row in nv12.chunks(stride) {
                prop_assert!(row[width..].iter().all(|byte| *byte == 0xee));
            }
            let chroma = &nv12[stride * height..];
            let (_, u, v) = picture.split();
            prop_assert_eq!((chroma[0], chroma[1]), (u[0], v[0]), "U comes first");
            let mut back = I420::default();
            back.read_nv12((width, height), stride, &nv12).unwrap();
            prop_assert_eq!(&back, &picture);
            let short = back.read_nv12((width, height), stride, &nv12[1..]);
            prop_assert_eq!(short, Err(PictureError::Short { needed: nv12.len(), given: nv12.len() - 1 }));
        }

        #[test]
        fn rows_with_padding_are_copied(padding in 0..9_usize) {
            let (width, height) = (6, 4);
            let plane = |wide: usize, high: usize, base: u8| -> Vec<u8> {
                (0..high).flat_map(|row| {
                    let pixels = (0..wide).map(move |x| base + (row * wide + x) as u8);
                    pixels.chain(std::iter::repeat_n(0xee, padding))
                }).collect()
            };
            let (y, u, v) = (plane(6, 4, 0), plane(3, 2, 100), plane(3, 2, 200));
            let mut picture = I420::default();
            let strides = [6 + padding, 3 + padding, 3 + padding];
            picture.copy_planes((width, height), [&y, &u, &v], strides).unwrap();
            let expected: Vec<u8> = (0..24).chain(100..106).chain(200..206).collect();
            prop_assert_eq!(picture.planes, expected);
        }
    }

    #[test]
    fn sizes_have_limits() {
        assert!(I420::black(0, 2).is_err());
        assert!(I420::black(3, 2).is_err());
        assert!(I420::black(3_842, 2).is_err());
        assert!(I420::black(3_840, 2).is_ok());
        let mut picture = I420::default();
        let stride = picture.copy_planes((4, 2), [&[0; 8], &[0; 2], &[0; 2]], [3, 2, 2]);
        assert_eq!(stride, Err(PictureError::Stride { stride: 3, width: 4 }));
    }

    #[test]
    fn noise_lowers_the_ratio() {
        let black = I420::black(16, 16).unwrap();
        let mut other = black.clone();
        assert_eq!(luma_psnr(&black, &other), Some(f64::INFINITY));
        other.split_mut().0.fill(17);
        let one_level = luma_psnr(&black, &other).unwrap();
        assert!((one_level - 48.13).abs() < 0.01, "20 log10 255 = {one_level}");
        assert_eq!(luma_psnr(&black, &I420::black(16, 18).unwrap()), None);
    }
}
