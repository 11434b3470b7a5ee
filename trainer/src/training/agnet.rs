//! `train agnet`: AG-Net on faces and their cues (paper section 3.3), from cached generated faces.

use std::iter;
use std::path::Path;

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof::look::Look;
use despoof::metrics::area_under_curve;
use despoof::score::score;
use despoof_nn::agnet::{AgNet, AgNetOutput, Views};
use rand::Rng;
use rand::rngs::StdRng;

use super::augment::Augmentation;
use super::checkpoint::Better;
use super::labelled_faces::{Changes, LabelledFaces, Reading, domains};
use super::run::{Pass, StepLoss, Training};
use super::strategy::{Labels, Moment, Strategy};
use super::teacher::Teacher;
use crate::data::face_store::{FaceEntry, FaceStore};

/// Faces looked at in one piece when measuring.
const MEASURED_BATCH: usize = 16;

/// What AG-Net is trained on.
pub struct AgNetData<'a> {
    /// Live faces and attacks.
    pub store: &'a FaceStore,
    /// Additional real faces, drawn as often as those of `store` (paper section 4.7).
    pub extra_real: Option<&'a FaceStore>,
    /// Whether wider crops are looked at.
    pub context: bool,
    /// Where the cues are; `None` for a network that looks at none.
    pub reading: Reading,
    /// What a teacher says of the training faces, if one is asked.
    pub teacher: Option<&'a Teacher>,
    /// How faces are disturbed; `None` mirrors them only.
    pub augmentation: Option<Augmentation>,
    /// How often an attack is drawn from the recorded ones; `None` treats all instruments alike.
    pub recorded_share: Option<f64>,
    /// Whether a network with a companion learns beside it.
    pub both_networks: bool,
}

/// Live faces against attacks by a strategy, balanced over domains and classes.
pub struct AgNetTraining<S> {
    strategy: S,
    faces: LabelledFaces,
    extra_real: Option<LabelledFaces>,
    held_out: Vec<usize>,
    augmentation: Option<Augmentation>,
    both_networks: bool,
    device: Device,
}

/// A face of a batch.
#[derive(Clone, Copy)]
struct Drawn {
    is_extra: bool,
    index: usize,
}

impl AgNetData<'_> {
    /// Domains that training tells apart; additional real faces are one of their own.
    pub fn domains(&self) -> usize {
        domains(self.store).len() + usize::from(self.extra_real.is_some())
    }
}

impl<S> AgNetTraining<S> {
    /// Faces that are neither for training nor for the test are held out.
    ///
    /// # Errors
    /// A store whose generated faces are not complete, or without either class.
    pub fn new(data: &AgNetData, strategy: S, device: Device) -> Result<Self> {
        let reading = &data.reading;
        let faces = LabelledFaces::open(data.store, data.context, reading, 0)?
            .with_recorded_share(data.recorded_share);
        let faces = match data.teacher {
            Some(teacher) => faces.with_teacher(data.store, teacher)?,
            None => faces,
        };
        for (live, name) in [(false, "attacks"), (true, "live faces")] {
            ensure!(faces.has(live), "training needs live faces and attacks, there are no {name}");
        }
        let own = domains(data.store).len();
        let extra_real = data
            .extra_real
            .map(|store| one_domain(store, data.context, reading, own))
            .transpose()?;
        let held_out = data.store.indices(|FaceEntry { metadata, .. }| {
            !metadata.is_for_training() && !metadata.is_for_test()
        });
        let AgNetData { augmentation, both_networks, .. } = *data;
        Ok(Self { strategy, faces, extra_real, held_out, augmentation, both_networks, device })
    }

    /// Half live faces, half attacks; of the live ones half are additional, where there are some.
    fn draw(&self, count: usize, rng: &mut StdRng) -> Vec<Drawn> {
        let draw = |position: usize| {
            let live = position % 2 == 1;
            match &self.extra_real {
                Some(extra) if live && rng.random() => {
                    Drawn { is_extra: true, index: extra.draw(true, rng) }
                }
                _ => Drawn { is_extra: false, index: self.faces.draw(live, rng) },
            }
        };
        (0..count).map(draw).collect()
    }

    fn faces_of(&self, drawn: Drawn) -> &LabelledFaces {
        self.extra_real.as_ref().filter(|_| drawn.is_extra).unwrap_or(&self.faces)
    }

    /// A look at a batch, in its order.
    fn look(&self, drawn: &[Drawn], device: &Device, rng: &mut StdRng) -> Result<Look> {
        let (mut faces, mut contexts, mut cues) = (Vec::new(), Vec::new(), Vec::new());
        for run in drawn.chunk_by(|a, b| a.is_extra == b.is_extra) {
            let indices: Vec<usize> = run.iter().map(|drawn| drawn.index).collect();
            let source = self.faces_of(run[0]);
            let live: Vec<bool> = indices.iter().map(|&index| source.is_live(index)).collect();
            let changes = Changes::draw(&live, self.augmentation, rng);
            let look = source.changed_look(&indices, &changes, device)?;
            faces.push(look.views.face);
            contexts.extend(look.views.context);
            cues.extend(look.cue);
        }
        let joined = |parts: Vec<Tensor<4>>| (!parts.is_empty()).then(|| Tensor::cat(parts, 0));
        let views = Views { face: Tensor::cat(faces, 0), context: joined(contexts) };
        Ok(Look { views, cue: joined(cues) })
    }

    /// Probabilities of live that `network`, on a device without autodiff, gives to faces of the store.
    ///
    /// # Errors
    /// A face that cannot be read.
    pub fn scores(&self, network: &AgNet, indices: &[usize]) -> Result<Vec<f32>> {
        let device = self.device.clone().inner();
        let mut scores = Vec::with_capacity(indices.len());
        for indices in indices.chunks(MEASURED_BATCH) {
            let look = self.faces.look(indices, &device)?;
            scores.extend(score(network, look, 1.0).into_data().iter::<f32>());
        }
        Ok(scores)
    }

    /// Area under the ROC curve of these faces' scores; `None` without either class.
    pub fn area_under_curve(&self, scores: &[f32], indices: &[usize]) -> Option<f64> {
        let live: Vec<bool> = indices.iter().map(|&index| self.faces.is_live(index)).collect();
        area_under_curve(scores, &live)
    }
}

/// What those that are trained say of faces: the network, its companion alone where it has one, or both.
fn trained_outputs(agnet: &AgNet, look: Look, both: bool) -> Vec<AgNetOutput> {
    if agnet.has_companion() && !both {
        return vec![companion_output(agnet, look)];
    }
    let mut own = agnet.forward(look.views, look.cue);
    let companion = own.companion.take().map(|it| *it);
    iter::once(own).chain(companion).collect()
}

/// What the companion says. What makes the cue's tokens is not trained, its norms' statistics neither.
fn companion_output(agnet: &AgNet, look: Look) -> AgNetOutput {
    let Look { views, cue } = look;
    let frozen = agnet.valid();
    let tokens = cue.map(|cue| Tensor::from_inner(frozen.cue_tokens(cue.inner())));
    agnet.forward_companion(views, tokens).expect("it has a companion")
}

/// Additional real faces, all of one domain.
fn one_domain(
    store: &FaceStore,
    context: bool,
    reading: &Reading,
    number: usize,
) -> Result<LabelledFaces> {
    let mut same = FaceStore::open(store.folder())?;
    for entry in &mut same.entries {
        entry.metadata.domain = "additional".to_owned();
    }
    let faces = LabelledFaces::open(&same, context, reading, number)?;
    ensure!(faces.has(true), "{} has no real faces for training", store.folder().display());
    Ok(faces)
}

impl<S: Strategy> Training for AgNetTraining<S> {
    type Network = S::Network;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_auc", Better::Larger));

    fn faces(&self) -> usize {
        self.faces.count() + self.extra_real.as_ref().map_or(0, LabelledFaces::count)
    }

    fn has_held_out(&self) -> bool {
        !self.held_out.is_empty()
    }

    fn loss(&self, network: &S::Network, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let drawn = self.draw(pass.faces, rng);
        let look = self.look(&drawn, &pass.device, rng)?;
        let outputs = trained_outputs(S::agnet(network), look, self.both_networks);
        let of = |drawn: &Drawn| (self.faces_of(*drawn), drawn.index);
        let labels = Labels {
            live: drawn.iter().map(of).map(|(faces, index)| faces.is_live(index)).collect(),
            domains: drawn.iter().map(of).map(|(faces, index)| faces.domain(index)).collect(),
            targets: drawn.iter().map(of).map(|(faces, index)| faces.target(index)).collect(),
        };
        let loss = |output| {
            let moment = Moment { progress: pass.progress, rng: &mut *rng };
            self.strategy.loss(network, output, &labels, moment)
        };
        Ok(StepLoss::mean(outputs.into_iter().map(loss).collect()))
    }

    fn evaluate(&self, network: &S::Network, _: &Path) -> Result<Vec<(&'static str, f64)>> {
        let scores = self.scores(&S::agnet(network).valid(), &self.held_out)?;
        let area = self.area_under_curve(&scores, &self.held_out);
        Ok(area.map(|area| ("held_out_auc", area)).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::{GradientsParams, SgdConfig};
    use burn::tensor::Distribution;
    use despoof::weights::tensors_from_network;
    use despoof_nn::agnet::{AgNetConfig, CueEncoderConfig, EmbedderConfig};
    use despoof_nn::resnet::ResNetConfig;

    use super::*;

    fn small_pair() -> AgNetConfig {
        let resnet = ResNetConfig { base_width: 4, repeats: [1; 4] };
        AgNetConfig {
            embedder: EmbedderConfig::Patches { side: 16 },
            tokens: 16,
            cue_encoder: CueEncoderConfig::ResNet(resnet),
            width: 24,
            layers: 1,
            heads: 3,
            bottleneck_width: 16,
            unguided_answer: true,
            companion: true,
            ..AgNetConfig::paper()
        }
    }

    /// Names of the parameters that a step changes.
    fn learning(both: bool) -> Vec<String> {
        let device = Device::flex().autodiff();
        let network = small_pair().init(&device);
        let picture = || Tensor::random([4, 3, 64, 64], Distribution::Uniform(-1.0, 1.0), &device);
        let look = Look { views: Views::of_face(picture()), cue: Some(picture()) };
        let loss_of = |it: AgNetOutput| it.answer().slice([0..4, 0..1]).sum();
        let outputs = trained_outputs(&network, look, both).into_iter();
        let loss = outputs.map(loss_of).reduce(|one, other| one + other).expect("one learns");
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        let tensors = |network: &AgNet| tensors_from_network("", network).expect("they are there");
        let before = tensors(&network);
        let after = tensors(&SgdConfig::new().init().step(0.1, network, gradients));
        let changed = before.iter().zip(&after).filter(|(one, other)| one.values != other.values);
        changed.map(|(one, _)| one.name.clone()).collect()
    }

    #[test]
    fn a_companion_learns_and_the_first_network_stays() {
        let changed = learning(false);
        assert!(changed.iter().any(|name| name == "companion.classifier.weight"), "{changed:?}");
        assert!(changed.iter().all(|name| name.starts_with("companion.")), "{changed:?}");
    }

    #[test]
    fn both_networks_learn_where_that_is_asked() {
        let changed = learning(true);
        for name in ["companion.classifier.weight", "classifier.weight"] {
            assert!(changed.iter().any(|it| it == name), "{name}: {changed:?}");
        }
    }
}
