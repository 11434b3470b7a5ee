//! Position embeddings of a network that looks at more or fewer squares of the face than the one whose weights it
//! starts from: interpolated, as vision transformers are taken to another resolution (Dosovitskiy et al. 2021, section 3.2).

use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor};
use despoof::weights::NamedTensor;

/// Takes the position embeddings among `tensors` to the sizes that those of the same name have in `network`; those
/// that no interpolation makes fit stay, for loading to refuse.
pub fn fit_positions(tensors: &mut [NamedTensor], network: &[NamedTensor]) {
    for tensor in tensors.iter_mut().filter(|tensor| tensor.name.ends_with("pos_embed")) {
        let same = network.iter().find(|other| other.name == tensor.name);
        if let Some([_, count, width]) = same.and_then(|same| same.shape.as_array::<3>())
            && tensor.shape.len() == 3
            && tensor.shape[2] == *width
            && tensor.shape[1] != *count
            && let Some(values) = resized(&tensor.values, *width, *count)
        {
            tensor.values = values;
            tensor.shape[1] = *count;
        }
    }
}

/// `[before, width]` to `[count, width]`: a square of positions, behind a class token or not, between whose
/// middles values are interpolated. Nothing where only one of both has the class token.
fn resized(values: &[f32], width: usize, count: usize) -> Option<Vec<f32>> {
    let before = values.len() / width;
    let (from, to) = (before.isqrt(), count.isqrt());
    let kept = before - from * from;
    if kept != count - to * to {
        return None;
    }
    let (class_token, square) = values.split_at(kept * width);
    let square = Tensor::<1>::from_floats(square, &Device::flex());
    let map = square.reshape([1, from, from, width]).permute([0, 3, 1, 2]);
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size([to, to]);
    let resized = interpolate(map, options).permute([0, 2, 3, 1]).into_data();
    Some(class_token.iter().copied().chain(resized.iter::<f32>()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(name: &str, count: usize, values: Vec<f32>) -> NamedTensor {
        let width = values.len() / count;
        NamedTensor { name: name.to_owned(), shape: vec![1, count, width], values }
    }

    #[test]
    fn a_square_grows_as_pytorch_interpolates() {
        // torch.nn.functional.interpolate of [[1, 2], [3, 4]] to 4×4, bilinear, align_corners=False.
        let expected = [
            1.0, 1.25, 1.75, 2.0, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3.0, 3.25, 3.75, 4.0,
        ];
        let mut tensors = [embedding("pos_embed", 5, vec![9.0, 1.0, 2.0, 3.0, 4.0])];
        fit_positions(&mut tensors, &[embedding("pos_embed", 17, vec![0.0; 17])]);
        assert_eq!(tensors[0].shape, [1, 17, 1]);
        assert_eq!(tensors[0].values[0], 9.0);
        assert_eq!(tensors[0].values[1..], expected);
    }

    #[test]
    fn every_channel_is_interpolated_by_itself() {
        let before: Vec<f32> =
            (1..=4).flat_map(|place| [place as f32, -8.0 * place as f32]).collect();
        let mut tensors = [embedding("pos_embed", 4, before)];
        fit_positions(&mut tensors, &[embedding("pos_embed", 16, vec![0.0; 32])]);
        let (pairs, _) = tensors[0].values.as_chunks::<2>();
        assert_eq!(pairs[..4], [[1.0, -8.0], [1.25, -10.0], [1.75, -14.0], [2.0, -16.0]]);
        assert_eq!(pairs[15], [4.0, -32.0]);
    }

    #[test]
    fn positions_without_the_networks_class_token_stay() {
        let mut tensors = [embedding("pos_embed", 4, vec![1.0; 4])];
        fit_positions(&mut tensors, &[embedding("pos_embed", 17, vec![0.0; 17])]);
        assert_eq!(tensors[0].shape, [1, 4, 1]);
    }

    #[test]
    fn what_fits_and_what_is_no_position_stays() {
        let before =
            vec![embedding("pos_embed", 4, vec![1.0; 8]), embedding("norm", 4, vec![2.0; 4])];
        let mut tensors = before.clone();
        let network = [embedding("pos_embed", 4, vec![0.0; 8]), embedding("norm", 9, vec![0.0; 9])];
        fit_positions(&mut tensors, &network);
        for (tensor, before) in tensors.iter().zip(before) {
            assert_eq!((&tensor.shape, &tensor.values), (&before.shape, &before.values));
        }
    }
}
