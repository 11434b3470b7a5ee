//! int8 per output channel: a transport format, undone once when a bundle is loaded.

/// Tensors with fewer values stay in 32 bits: biases and norms are small and sensitive.
const SMALLEST_QUANTIZED: usize = 1024;

/// An int8 tensor with one scale for each index of its first dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantized {
    /// Values in −127…127.
    pub values: Vec<i8>,
    /// value ≈ scale · int8, one scale an output channel.
    pub scales: Vec<f32>,
}

/// Whether a tensor of this shape is stored in int8.
pub fn is_quantized(shape: &[usize]) -> bool {
    shape.len() >= 2 && shape.iter().product::<usize>() >= SMALLEST_QUANTIZED
}

/// Symmetric quantisation of finite values, scale = largest magnitude of the channel / 127.
pub fn quantized_from_floats(values: &[f32], channels: usize) -> Quantized {
    let mut quantized = Quantized {
        values: Vec::with_capacity(values.len()),
        scales: Vec::with_capacity(channels),
    };
    for channel in values.chunks_exact(values.len() / channels) {
        let largest = channel.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        quantized.scales.push(scale);
        quantized.values.extend(channel.iter().map(|value| (value / scale).round() as i8));
    }
    quantized
}

/// Undoes [`quantized_from_floats`] up to half a scale.
pub fn floats_from_quantized(values: &[i8], scales: &[f32]) -> Vec<f32> {
    let channel_length = values.len() / scales.len().max(1);
    values
        .chunks_exact(channel_length.max(1))
        .zip(scales)
        .flat_map(|(channel, scale)| channel.iter().map(move |&value| f32::from(value) * scale))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_is_within_half_a_scale() {
        let floats: Vec<f32> =
            (0..2048).map(|index| ((index * 37 % 101) as f32 - 50.0) * 0.013).collect();
        let quantized = quantized_from_floats(&floats, 8);
        let restored = floats_from_quantized(&quantized.values, &quantized.scales);
        for (index, (before, after)) in floats.iter().zip(&restored).enumerate() {
            assert!((before - after).abs() <= quantized.scales[index / 256] * 0.5 + 1e-7);
        }
    }

    #[test]
    fn a_channel_of_zeros_stays_zero() {
        let quantized = quantized_from_floats(&[0.0; 16], 2);
        assert_eq!(floats_from_quantized(&quantized.values, &quantized.scales), vec![0.0; 16]);
    }
}
