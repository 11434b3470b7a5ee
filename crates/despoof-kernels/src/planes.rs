//! Bytes of pictures to the numbers networks take.

use burn::tensor::{Device, Tensor, TensorData};

/// `rgb`, the interleaved bytes of `images` pictures of `height` × `width`, to `[images, 3, height, width]` in
/// [−1, 1]. A GPU is given a value a pixel and unpacks them itself: a third of the upload.
///
/// # Panics
/// Where `rgb` has another length.
pub fn planes_from_rgb(
    rgb: &[u8],
    [images, height, width]: [usize; 3],
    device: &Device,
) -> Tensor<4> {
    assert_eq!(rgb.len(), 3 * images * height * width, "three bytes a pixel");
    #[cfg(feature = "webgpu")]
    if let Some(planes) = on_gpu(rgb, [images, height, width], device) {
        return planes;
    }
    let plane = height * width;
    let mut values = Vec::with_capacity(rgb.len());
    for image in rgb.chunks_exact(3 * plane.max(1)) {
        for channel in 0..3 {
            let bytes = image.iter().skip(channel).step_by(3);
            values.extend(bytes.map(|&byte| f32::from(byte) / 127.5 - 1.0));
        }
    }
    Tensor::from_data(TensorData::new(values, [images, 3, height, width]), device)
}

#[cfg(feature = "webgpu")]
fn on_gpu(rgb: &[u8], shape: [usize; 3], device: &Device) -> Option<Tensor<4>> {
    use crate::cube::pixels::PixelsKernel;
    let packed = |pixel: &[u8]| {
        f32::from(pixel[0]) + 256.0 * f32::from(pixel[1]) + 65536.0 * f32::from(pixel[2])
    };
    let pixels: Vec<f32> = rgb.chunks_exact(3).map(packed).collect();
    let pixels = Tensor::<3>::from_data(TensorData::new(pixels, shape), device);
    crate::cube::holds(&pixels).then(|| {
        let pixels = pixels.into_dispatch();
        Tensor::from_dispatch(<burn::backend::Dispatch as PixelsKernel>::planes_from_pixels(pixels))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_planes_between_minus_one_and_one() {
        let rgb = [0, 51, 255, 102, 0, 0, 255, 255, 0, 0, 0, 153];
        let planes = planes_from_rgb(&rgb, [2, 1, 2], &Device::flex());
        assert_eq!(planes.dims(), [2, 3, 1, 2]);
        let values: Vec<f32> = planes.into_data().iter::<f32>().collect();
        let expected = [-1.0, -0.2, -0.6, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, -1.0, 0.2];
        assert!(values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{values:?}");
    }
}
