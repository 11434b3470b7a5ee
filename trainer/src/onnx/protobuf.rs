//! The wire format of Protocol Buffers, as far as ONNX needs it written.

/// A message that is being written.
#[derive(Debug, Default, Clone)]
pub struct Message(Vec<u8>);

/// How a field's value is laid out.
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Bytes = 2,
    FourBytes = 5,
}

impl Message {
    /// The finished message.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A whole number; negative ones take ten bytes, as the format has it.
    pub fn integer(&mut self, field: u32, value: i64) -> &mut Self {
        self.tag(field, Wire::Varint);
        self.varint(value as u64);
        self
    }

    /// A number of 32 bits.
    pub fn float(&mut self, field: u32, value: f32) -> &mut Self {
        self.tag(field, Wire::FourBytes);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A text.
    pub fn text(&mut self, field: u32, value: &str) -> &mut Self {
        self.bytes(field, value.as_bytes())
    }

    /// Anything whose length stands before it.
    pub fn bytes(&mut self, field: u32, value: &[u8]) -> &mut Self {
        self.tag(field, Wire::Bytes);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    /// A message within this one.
    pub fn message(&mut self, field: u32, value: &Self) -> &mut Self {
        self.bytes(field, &value.0)
    }

    fn tag(&mut self, field: u32, wire: Wire) {
        self.varint(u64::from(field << 3 | wire as u32));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    /// The examples of the format's own documentation.
    #[test]
    fn writes_as_documented() {
        let mut inner = Message::default();
        inner.integer(1, 150);
        assert_eq!(inner.clone().into_bytes(), [0x08, 0x96, 0x01]);
        let mut outer = Message::default();
        outer.text(2, "testing").message(3, &inner);
        let expected = b"\x12\x07testing\x1a\x03\x08\x96\x01";
        assert_eq!(outer.into_bytes(), expected);
        let mut numbers = Message::default();
        numbers.integer(1, -1).float(2, 1.0);
        let expected = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x15\x00\x00\x80\x3f";
        assert_eq!(numbers.into_bytes(), expected);
    }
}
