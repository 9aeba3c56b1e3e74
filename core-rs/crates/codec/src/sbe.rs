//! Reading simple binary encoding (SBE), little endian: by the lengths on the wire, never by ours, so that fields that a
//! newer schema appends are stepped over. Every read past the end is a typed error.

use crate::error::FrameError;

/// Null of an int64.
pub const NULL_I64: i64 = i64::MIN;

/// A place in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// `blockLength u16 | templateId u16 | schemaId u16 | version u16`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    pub block_length: usize,
    pub template_id: u16,
    pub schema_id: u16,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    pub fn header(&mut self) -> Result<Header, FrameError> {
        let block_length = usize::from(self.u16()?);
        let (template_id, schema_id, _version) = (self.u16()?, self.u16()?, self.u16()?);
        Ok(Header { block_length, template_id, schema_id })
    }

    /// The next `length` bytes as a frame of their own.
    pub fn block(&mut self, length: usize) -> Result<Cursor<'a>, FrameError> {
        self.take(length).map(Cursor::new)
    }

    /// `entry blockLength u16 | numInGroup u16`, then the entries.
    pub fn group(&mut self) -> Result<Group<'a>, FrameError> {
        let (entry_length, count) = (usize::from(self.u16()?), usize::from(self.u16()?));
        Ok(Group { entries: self.block(entry_length * count)?, entry_length, left: count })
    }

    /// `length u8`, then UTF-8.
    pub fn text8(&mut self) -> Result<&'a str, FrameError> {
        let length = usize::from(self.take(1)?[0]);
        std::str::from_utf8(self.take(length)?).map_err(|_| FrameError::Invalid("text"))
    }

    pub fn u8(&mut self) -> Result<u8, FrameError> {
        Ok(self.take(1)?[0])
    }

    pub fn u16(&mut self) -> Result<u16, FrameError> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, FrameError> {
        self.array().map(i64::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn take(&mut self, needed: usize) -> Result<&'a [u8], FrameError> {
        let (offset, length) = (self.offset, self.bytes.len());
        let truncated = FrameError::Truncated { offset, needed, length };
        let taken = self.bytes.get(offset..offset + needed).ok_or(truncated)?;
        self.offset += needed;
        Ok(taken)
    }
}

/// Entries of a repeating group.
#[derive(Debug)]
pub struct Group<'a> {
    entries: Cursor<'a>,
    entry_length: usize,
    left: usize,
}

impl<'a> Iterator for Group<'a> {
    type Item = Cursor<'a>;

    fn next(&mut self) -> Option<Cursor<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.entries.block(self.entry_length).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// A decimal of `mantissa` hundred-millionths, to the nearest f64. An f64 holds 53 bits: larger ones go through text.
pub fn decimal8(mantissa: i64) -> f64 {
    if mantissa.unsigned_abs() <= 1 << 53 {
        mantissa as f64 / 1e8
    } else {
        format!("{mantissa}e-8").parse().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_past_the_end_is_an_error_and_reads_nothing() {
        let mut cursor = Cursor::new(&[1, 0, 9]);
        assert_eq!(cursor.u16().unwrap(), 1);
        assert!(matches!(cursor.u16(), Err(FrameError::Truncated { offset: 2, needed: 2, length: 3 })));
        assert_eq!(cursor.u8().unwrap(), 9);
    }

    #[test]
    fn groups_step_by_the_entry_length_on_the_wire() {
        let bytes = [3, 0, 2, 0, /* entries */ 7, 0, 99, 8, 0, 99, /* behind */ 2, b'o', b'k'];
        let mut cursor = Cursor::new(&bytes);
        let values: Vec<u16> = cursor.group().unwrap().map(|mut entry| entry.u16().unwrap()).collect();
        assert_eq!(values, [7, 8]);
        assert_eq!(cursor.text8().unwrap(), "ok");
    }

    #[test]
    fn a_group_that_promises_more_than_there_is_is_an_error() {
        assert!(Cursor::new(&[16, 0, 255, 255, 0, 0]).group().is_err());
    }

    #[test]
    fn decimals_are_the_nearest_f64_whatever_their_size() {
        for mantissa in
            [0, 1, 8_750_000_010_000, i64::from(i32::MIN), 123_456_789_012_345_678, -NULL_I64.saturating_add(1)]
        {
            let expected: f64 = format!("{mantissa}e-8").parse().unwrap();
            assert_eq!(decimal8(mantissa).to_bits(), expected.to_bits(), "{mantissa}");
        }
        assert!(decimal8(NULL_I64) < 0.0);
    }
}
