//! `despoof distill`: the trained DFG to the few steps of the sampler, by consistency distillation
//! (Song et al. 2023, "Consistency Models", algorithm 2; in latent space as in Luo et al. 2023,
//! "Latent Consistency Models", without their guidance: the DFG has none).

use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof::images::images_from_batch;
use despoof_nn::autoencoder::Autoencoder;
use despoof_nn::diffusion::{
    NoiseSchedule, NoiseScheduleConfig, TimestepSpacing, add_noise, clean_from_prediction,
    ddim_step,
};
use despoof_nn::sampler::{Sampler, SamplerConfig, SamplerStep};
use despoof_nn::unet::Unet;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::batch;
use super::cached_faces::{CachedFaces, no_mirror};
use super::checkpoint::Better;
use super::run::{Pass, StepLoss, Training};
use super::samples::write_grid;

/// Faces whose samples are compared.
const HELD_OUT: usize = 8;
/// Steps of the teacher's sample that the student's is compared with.
const TEACHER_STEPS: usize = 50;
/// The pseudo-Huber constant over the root of the number of values (Song and Dhariwal 2024, "Improved
/// Techniques for Training Consistency Models", table 1).
const HUBER_CONSTANT: f64 = 0.000_54;

/// A student that says at every noise level what it says one step of the teacher later.
pub struct Distillation {
    faces: CachedFaces,
    teacher: Unet,
    gap: usize,
    schedule: NoiseSchedule,
    sampler: SamplerConfig,
    autoencoder: Autoencoder,
    /// The teacher's samples of the held-out faces in many steps.
    reference: Tensor<4>,
    /// Distance of the teacher's own few-step samples from those: what there is to gain.
    distance_before: f64,
    device: Device,
}

impl Distillation {
    /// `teacher` and `autoencoder` are on the device without autodiff; a step of the teacher spans
    /// `gap` time steps; `sampler` is what the student is to serve.
    ///
    /// # Errors
    /// Held-out faces that cannot be read.
    pub fn new(
        mut faces: CachedFaces,
        teacher: Unet,
        gap: usize,
        autoencoder: Autoencoder,
        sampler: SamplerConfig,
        device: Device,
    ) -> Result<Self> {
        faces.held_out.truncate(HELD_OUT);
        let schedule = NoiseScheduleConfig::default().init();
        let inner = device.clone().inner();
        let many = SamplerConfig {
            steps: TEACHER_STEPS,
            spacing: TimestepSpacing::Trailing,
            ..sampler.clone()
        };
        let reference = sampled(&faces, &teacher, &schedule, &many, &inner)?;
        let few = sampled(&faces, &teacher, &schedule, &sampler, &inner)?;
        let distance_before = distance(few, reference.clone());
        println!(
            "the teacher's {} steps are {distance_before:.4} from its {TEACHER_STEPS}",
            sampler.timesteps(&schedule).len()
        );
        let distilled = Self {
            faces,
            teacher,
            gap,
            schedule,
            sampler,
            autoencoder,
            reference,
            distance_before,
            device,
        };
        Ok(distilled)
    }

    /// The clean latent that a network sees in `latent` at the given time steps.
    fn clean(
        &self,
        network: &Unet,
        latent: Tensor<4>,
        timesteps: &[usize],
        context: Tensor<3>,
    ) -> Tensor<4> {
        let device = latent.device();
        let predicted =
            network.forward(latent.clone(), batch::timesteps(timesteps, &device), context);
        clean_from_prediction(&self.schedule, self.sampler.prediction, latent, predicted, timesteps)
    }

    /// One deterministic step of the teacher from `from` to `to`, without a graph.
    fn teacher_step(
        &self,
        latent: Tensor<4>,
        context: Tensor<3>,
        from: &[usize],
        to: &[usize],
    ) -> Tensor<4> {
        let timesteps = batch::timesteps(from, &latent.device());
        let teacher = self.teacher.clone().to_device(&latent.device());
        let predicted = teacher.forward(latent.clone(), timesteps, context);
        ddim_step(&self.schedule, self.sampler.prediction, latent, predicted, from, to)
    }
}

impl Training for Distillation {
    type Network = Unet;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_distance", Better::Smaller));

    fn faces(&self) -> usize {
        self.faces.train.len()
    }

    fn loss(&self, network: &Unet, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let inner = pass.device.clone().inner();
        let indices = batch::draw(&self.faces.train, pass.faces, rng);
        let mirrored = no_mirror(&indices);
        let latents = self.faces.latents(&indices, &mirrored, &inner)?;
        let context = self.faces.context(&indices, &mirrored, &inner)?;
        let noise = batch::normal_noise(latents.dims(), rng, &inner);
        // The sampler's start and below: it calls the network nowhere else.
        let start = self.sampler.timesteps(&self.schedule)[0];
        let from: Vec<usize> = indices.iter().map(|_| rng.random_range(1..=start)).collect();
        let to: Vec<usize> = from.iter().map(|step| step.saturating_sub(self.gap)).collect();
        let noised = add_noise(&self.schedule, latents, noise, &from);
        let stepped = self.teacher_step(noised.clone(), context.clone(), &from, &to);
        let target = self.clean(&network.valid(), stepped.clone(), &to, context.clone());
        let target = where_at_the_end(&to, stepped, target);
        let clean =
            self.clean(network, Tensor::from_inner(noised), &from, Tensor::from_inner(context));
        let loss = pseudo_huber(clean, Tensor::from_inner(target));
        Ok(StepLoss { loss, parts: Vec::new() })
    }

    fn evaluate(&self, network: &Unet, pictures: &Path) -> Result<Vec<(&'static str, f64)>> {
        let device = self.device.clone().inner();
        let drawn = sampled(&self.faces, &network.valid(), &self.schedule, &self.sampler, &device)?;
        let mut rows = vec![self.faces.images(&self.faces.held_out)?];
        for latent in [self.reference.clone(), drawn.clone()] {
            let decoded = self.autoencoder.image_from_latent(latent);
            rows.push(pollster::block_on(images_from_batch(decoded))?);
        }
        write_grid(pictures, &rows)?;
        Ok(vec![
            ("held_out_distance", distance(drawn, self.reference.clone())),
            ("held_out_distance_of_teacher", self.distance_before),
        ])
    }
}

/// Latents of the held-out faces drawn by `network`, from the same noise every time.
fn sampled(
    faces: &CachedFaces,
    network: &Unet,
    schedule: &NoiseSchedule,
    sampler: &SamplerConfig,
    device: &Device,
) -> Result<Tensor<4>> {
    let held_out = &faces.held_out;
    let latents = faces.latents(held_out, &no_mirror(held_out), device)?;
    let context = faces.context(held_out, &no_mirror(held_out), device)?;
    let mut rng = StdRng::seed_from_u64(0);
    let noise = batch::normal_noise(latents.dims(), &mut rng, device);
    let sampler = Sampler::new(sampler, schedule, device);
    let initial = sampler.initial_latent(|| latents, noise);
    let denoise = |latent: Tensor<4>, step: &SamplerStep| {
        let timesteps = batch::timesteps(&vec![step.timestep; held_out.len()], device);
        network.forward(latent, timesteps, context.clone())
    };
    Ok(sampler.run(denoise, initial))
}

/// Root of the mean squared difference, in units of a latent's standard deviation.
fn distance(latents: Tensor<4>, reference: Tensor<4>) -> f64 {
    f64::from((latents - reference).square().mean().sqrt().into_scalar::<f32>())
}

/// The boundary condition: at time step 0 a latent is its own answer, whatever the network says.
fn where_at_the_end(timesteps: &[usize], latent: Tensor<4>, said: Tensor<4>) -> Tensor<4> {
    let ends: Vec<f32> = timesteps.iter().map(|&step| f32::from(u8::from(step == 0))).collect();
    let ends = Tensor::<1>::from_floats(ends.as_slice(), &latent.device());
    let ends: Tensor<4> = ends.reshape([-1, 1, 1, 1]);
    latent * ends.clone() + said * (1.0 - ends)
}

/// `√(‖a − b‖² + c²) − c` with `c` proportional to the root of the number of values, over the same
/// root, so that it does not grow with the latent; the mean over the batch.
fn pseudo_huber(latents: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
    let mean_square = (latents - target).square().mean_dims(&[1, 2, 3]);
    ((mean_square + HUBER_CONSTANT * HUBER_CONSTANT).sqrt() - HUBER_CONSTANT).mean()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    fn values(tensor: Tensor<4>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn only_a_latent_at_step_0_answers_itself() {
        let of = |value: f32| Tensor::full([2, 1, 1, 2], value, &Device::flex());
        let answer = where_at_the_end(&[0, 7], of(1.0), of(2.0));
        assert_eq!(values(answer), [1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn pseudo_huber_is_that_of_the_formula() {
        let shape = [2, 4, 3, 3];
        let normal = || Tensor::random(shape, Distribution::Normal(0.0, 1e-3), &Device::flex());
        let (latents, target) = (normal(), normal());
        let root = 36f64.sqrt();
        let constant = HUBER_CONSTANT * root;
        let (a, b) = (values(latents.clone()), values(target.clone()));
        let of_face = |a: &[f32], b: &[f32]| {
            let squared: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            ((squared + constant * constant).sqrt() - constant) / root
        };
        let faces = a.chunks_exact(36).zip(b.chunks_exact(36));
        let expected = faces.map(|(a, b)| of_face(a, b)).sum::<f64>() / 2.0;
        let actual = f64::from(pseudo_huber(latents, target).into_scalar::<f32>());
        assert!((actual / expected - 1.0).abs() < 1e-3, "{actual} {expected}");
    }
}
