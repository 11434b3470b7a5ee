//! Weights of the denoising loss over time steps: min-SNR (Hang et al. 2023, "Efficient Diffusion
//! Training via Min-SNR Weighting Strategy", section 3.4).

use despoof_nn::diffusion::{NoiseSchedule, Prediction};

/// Weight of the squared error at `timestep` with the signal-to-noise ratio `ᾱ / (1 − ᾱ)` cut at
/// `gamma`: every prediction then has the weight `min(SNR, γ)` on the clean latent.
pub fn min_snr(
    schedule: &NoiseSchedule,
    prediction: Prediction,
    gamma: f64,
    timestep: usize,
) -> f64 {
    let alpha = schedule.alphas_cumprod()[timestep];
    let ratio = alpha / (1.0 - alpha);
    match prediction {
        Prediction::Epsilon => ratio.min(gamma) / ratio,
        Prediction::Velocity => ratio.min(gamma) / (ratio + 1.0),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tensor};
    use despoof_nn::diffusion::{NoiseScheduleConfig, add_noise, clean_from_prediction, velocity};

    use super::*;

    fn schedule() -> NoiseSchedule {
        NoiseScheduleConfig::default().init()
    }

    #[test]
    fn weights_are_those_of_the_formulas() {
        let schedule = schedule();
        for timestep in [0, 1, 100, 400, 601, 999] {
            let alpha = schedule.alphas_cumprod()[timestep];
            // min(SNR, γ) / SNR and min(SNR, γ) / (SNR + 1), written without the ratio.
            let cut = alpha.min(5.0 * (1.0 - alpha));
            let epsilon = min_snr(&schedule, Prediction::Epsilon, 5.0, timestep);
            let velocity = min_snr(&schedule, Prediction::Velocity, 5.0, timestep);
            assert!((epsilon - cut / alpha).abs() < 1e-12, "{timestep}");
            assert!((velocity - cut).abs() < 1e-12, "{timestep}");
        }
        // Noisier than γ says: ε keeps its weight.
        assert!((min_snr(&schedule, Prediction::Epsilon, 5.0, 999) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn both_predictions_weigh_an_error_of_the_clean_latent_alike() {
        let (schedule, device) = (schedule(), Device::flex());
        let normal = || Tensor::<4>::random([1, 4, 8, 8], Distribution::Normal(0.0, 1.0), &device);
        let mean_square =
            |error: Tensor<4>| f64::from(error.powf_scalar(2.0).mean().into_scalar::<f32>());
        let (clean, noise, wrong) = (normal(), normal(), normal() * 0.1);
        for timestep in [50, 300, 601] {
            let latent = add_noise(&schedule, clean.clone(), noise.clone(), &[timestep]);
            let velocity = velocity(&schedule, clean.clone(), noise.clone(), &[timestep]);
            for (prediction, target) in
                [(Prediction::Epsilon, noise.clone()), (Prediction::Velocity, velocity)]
            {
                let predicted = target + wrong.clone();
                let latent = latent.clone();
                let implied =
                    clean_from_prediction(&schedule, prediction, latent, predicted, &[timestep]);
                let alpha = schedule.alphas_cumprod()[timestep];
                let expected =
                    mean_square(implied - clean.clone()) * (alpha / (1.0 - alpha)).min(5.0);
                let actual =
                    mean_square(wrong.clone()) * min_snr(&schedule, prediction, 5.0, timestep);
                assert!((actual / expected - 1.0).abs() < 1e-3, "{prediction:?} at {timestep}");
            }
        }
    }
}
