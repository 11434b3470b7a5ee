//! Position embeddings of a network that looks at more or fewer squares of the face than the one whose weights it
//! starts from: interpolated, as vision transformers are taken to another resolution (Dosovitskiy et al. 2021, section 3.2).

use despoof::weights::NamedTensor;

/// Takes the position embeddings among `tensors` to the sizes that those of the same name have in `network`.
pub fn fit_positions(tensors: &mut [NamedTensor], network: &[NamedTensor]) {
    for tensor in tensors.iter_mut().filter(|tensor| tensor.name.ends_with("pos_embed")) {
        let same = network.iter().find(|other| other.name == tensor.name);
        if let Some([_, count, width]) = same.and_then(|same| same.shape.as_array::<3>())
            && tensor.shape.len() == 3
            && tensor.shape[2] == *width
            && tensor.shape[1] != *count
        {
            tensor.values = resized(&tensor.values, *width, *count);
            tensor.shape[1] = *count;
        }
    }
}

/// `[before, width]` to `[count, width]`: a square of positions, behind a class token or not, between whose
/// middles values are interpolated.
fn resized(values: &[f32], width: usize, count: usize) -> Vec<f32> {
    let (from, to) = ((values.len() / width).isqrt(), count.isqrt());
    let kept = count - to * to;
    let (class_token, square) = values.split_at(values.len() - from * from * width);
    let mut resized = class_token[..kept * width].to_vec();
    for row in 0..to {
        for column in 0..to {
            let [(top, bottom, down), (left, right, across)] =
                [row, column].map(|place| neighbours(place, from, to));
            let at =
                |row: usize, column: usize, index| square[(row * from + column) * width + index];
            resized.extend((0..width).map(|index| {
                let upper = at(top, left, index) * (1.0 - across) + at(top, right, index) * across;
                let lower =
                    at(bottom, left, index) * (1.0 - across) + at(bottom, right, index) * across;
                upper * (1.0 - down) + lower * down
            }));
        }
    }
    resized
}

/// Which two of `from` places lie around place `place` of `to`, and how far it is from the first to the second.
fn neighbours(place: usize, from: usize, to: usize) -> (usize, usize, f32) {
    let middle =
        ((place as f32 + 0.5) * from as f32 / to as f32 - 0.5).clamp(0.0, (from - 1) as f32);
    let first = middle as usize;
    (first, (first + 1).min(from - 1), middle - first as f32)
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
