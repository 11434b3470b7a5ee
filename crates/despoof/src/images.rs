//! Between images on the host (`RgbImage`) and tensors on a device.

use burn::tensor::{Device, ExecutionError, Tensor};
use despoof_nn::ops::planes_from_rgb;
use image::RgbImage;

/// Images of one size as a batch `[images, 3, height, width]` in [−1, 1].
pub fn batch_from_images(images: &[&RgbImage], device: &Device) -> Tensor<4> {
    let [width, height] =
        images.first().map_or([0, 0], |image| [image.width() as usize, image.height() as usize]);
    let rgb = images.iter().map(|image| image.as_raw().as_slice()).collect::<Vec<_>>().concat();
    planes_from_rgb(&rgb, [images.len(), height, width], device)
}

/// The images of a batch `[images, 3, height, width]` in [−1, 1]; values outside are clamped.
///
/// # Errors
/// When the device cannot be read back (a lost GPU).
pub async fn images_from_batch(batch: Tensor<4>) -> Result<Vec<RgbImage>, ExecutionError> {
    let [count, _, height, width] = batch.dims();
    let data = batch.into_data_async().await?;
    let values: Vec<f32> = data.iter::<f32>().collect();
    Ok((0..count)
        .map(|index| {
            image_from_planes(
                &values[index * 3 * height * width..][..3 * height * width],
                width,
                height,
            )
        })
        .collect())
}

fn image_from_planes(planes: &[f32], width: usize, height: usize) -> RgbImage {
    let area = width * height;
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = y as usize * width + x as usize;
        image::Rgb([0, 1, 2].map(|channel| byte_from_unit(planes[channel * area + at])))
    })
}

/// [−1, 1] to 0…255, rounded and clamped.
fn byte_from_unit(value: f32) -> u8 {
    ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8
}
