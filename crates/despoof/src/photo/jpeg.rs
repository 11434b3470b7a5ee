//! The markers of a JPEG file (ITU-T T.81, annex B).

const TEMPORARY: u8 = 0x01;
const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;

/// Whether a JPEG file holds its first picture to the end; what follows (a motion photo's film, a
/// second picture) is not looked at. The decoder fills what is missing with grey, which must not be
/// judged as if it were a photo.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some((marker, behind)) = next_marker(bytes, at) {
        at = match marker {
            END_OF_IMAGE => return true,
            START_OF_IMAGE | TEMPORARY => behind,
            // A segment: a thumbnail in it has an end of its own.
            _ => match bytes.get(behind..behind + 2) {
                Some(&[high, low]) => behind + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
        };
    }
    false
}

/// The first marker from byte `from` on and the place behind it. Compressed data has none: its bytes
/// 0xFF are followed by a zero or a restart marker, and one more 0xFF is padding.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let rest = bytes.get(from..)?;
    let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF);
    let place = rest.windows(2).position(is_marker)?;
    Some((rest[place + 1], from + place + 2))
}
