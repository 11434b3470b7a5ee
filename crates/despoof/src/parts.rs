//! The networks of a bundle one by one, and the check behind the aligned face as a whole: what is
//! exported for others and measured beside them.

use burn::tensor::{Device, Tensor, TensorData};
use despoof_nn::agnet::Views;

use crate::bundle::Preprocessing;
use crate::checker::Checker;
use crate::cue::cue_from_residual;
use crate::score::score;

/// A network, or the check made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// P-Net at the largest scale of a 640×480 frame, 193×145 pixels.
    PNet,
    /// R-Net.
    RNet,
    /// O-Net.
    ONet,
    /// F_id.
    Identity,
    /// 𝓔 of the latent space.
    Encoder,
    /// One step of ε_θ.
    Unet,
    /// 𝓓 of the latent space.
    Decoder,
    /// F_cue.
    CueEncoder,
    /// AG-Net behind F_cue.
    AgNet,
    /// From the aligned face to the probability that it is live, all steps of the sampler included.
    Check,
}

/// A tensor that a [`Part`] takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: &'static str,
    /// Its shape; the first dimension is the batch.
    pub shape: Vec<usize>,
}

/// A tensor that a [`Part`] gives.
#[derive(Debug)]
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, row by row, still on the device.
    pub values: Tensor<1>,
}

impl Part {
    /// All parts, in the order of a check.
    pub const ALL: [Self; 10] = [
        Self::PNet,
        Self::RNet,
        Self::ONet,
        Self::Identity,
        Self::Encoder,
        Self::Unet,
        Self::Decoder,
        Self::CueEncoder,
        Self::AgNet,
        Self::Check,
    ];

    /// As in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::PNet => "pnet",
            Self::RNet => "rnet",
            Self::ONet => "onet",
            Self::Identity => "identity",
            Self::Encoder => "encoder",
            Self::Unet => "unet",
            Self::Decoder => "decoder",
            Self::CueEncoder => "cue-encoder",
            Self::AgNet => "agnet",
            Self::Check => "check",
        }
    }

    /// The part of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// What it takes, in the sizes of the web preset and with a usual batch; a wider crop last, where
    /// the bundle's AG-Net looks at one.
    pub fn inputs(self, preprocessing: &Preprocessing) -> Vec<Port> {
        let mut ports = self.inputs_without_context();
        if let (Self::AgNet | Self::Check, Some(context)) = (self, preprocessing.context) {
            let side = context.side as usize;
            ports.push(Port { name: "wider_crop", shape: vec![1, 3, side, side] });
        }
        ports
    }

    fn inputs_without_context(self) -> Vec<Port> {
        let port = |name, shape: &[usize]| Port { name, shape: shape.to_vec() };
        match self {
            Self::PNet => vec![port("picture", &[1, 3, 145, 193])],
            Self::RNet => vec![port("crops", &[16, 3, 24, 24])],
            Self::ONet => vec![port("crops", &[4, 3, 48, 48])],
            Self::Identity => vec![port("face", &[1, 3, 112, 112])],
            Self::Encoder | Self::Check => vec![port("face", &[1, 3, 224, 224])],
            Self::Unet => vec![
                port("latent", &[1, 4, 28, 28]),
                port("timestep", &[1]),
                port("context", &[1, 49, 512]),
            ],
            Self::Decoder => vec![port("latent", &[1, 4, 28, 28])],
            Self::CueEncoder => vec![port("cue", &[1, 3, 224, 224])],
            Self::AgNet => vec![port("face", &[1, 3, 224, 224]), port("cue_tokens", &[1, 49, 192])],
        }
    }
}

impl Checker {
    /// Runs one part on tensors of the shapes that [`Part::inputs`] names, or of another batch.
    ///
    /// # Panics
    /// Where `inputs` are others.
    pub fn run_part(&self, part: Part, inputs: Vec<TensorData>, device: &Device) -> Vec<Output> {
        let mut inputs = Inputs { inputs: inputs.into_iter(), device };
        let (pnet, rnet, onet) = self.detector().networks();
        let networks = self.networks();
        let generator = &networks.generator;
        match part {
            Part::PNet => {
                let proposals = pnet.forward(inputs.next());
                vec![
                    output("probability", proposals.probability),
                    output("offsets", proposals.offsets),
                ]
            }
            Part::RNet => {
                let refinements = rnet.forward(inputs.next());
                vec![
                    output("probability", refinements.probability),
                    output("offsets", refinements.offsets),
                ]
            }
            Part::ONet => {
                let decisions = onet.forward(inputs.next());
                vec![
                    output("probability", decisions.probability),
                    output("offsets", decisions.offsets),
                    output("landmarks", decisions.landmarks),
                ]
            }
            Part::Identity => {
                vec![output("map", networks.identity_encoder.forward(inputs.next()))]
            }
            Part::Encoder => {
                vec![output("latent", generator.autoencoder().latent_from_image(inputs.next()))]
            }
            Part::Unet => {
                let predicted =
                    generator.unet().forward(inputs.next(), inputs.next(), inputs.next());
                vec![output("predicted", predicted)]
            }
            Part::Decoder => {
                vec![output("image", generator.autoencoder().image_from_latent(inputs.next()))]
            }
            Part::CueEncoder => {
                vec![output("cue_tokens", networks.agnet.cue_tokens(inputs.next()))]
            }
            Part::AgNet => {
                let (face, cue_tokens) = (inputs.next(), inputs.next());
                let views = Views { face, context: inputs.next_if_any() };
                let answer = networks.agnet.forward_guided(views, Some(cue_tokens));
                vec![output("logits", answer.logits)]
            }
            Part::Check => {
                let views = Views { face: inputs.next(), context: inputs.next_if_any() };
                vec![output("live", self.live_probability(views))]
            }
        }
    }

    /// Of crops `[batch, 3, side, side]`: `[batch]`.
    fn live_probability(&self, views: Views) -> Tensor<1> {
        let (networks, manifest) = (self.networks(), self.manifest());
        let generated = networks.generate(views.face.clone());
        let standardised = manifest.preprocessing.standardised_cue;
        let cue = cue_from_residual(views.face.clone(), generated, standardised);
        score(&networks.agnet, views, cue, manifest.decision.temperature)
    }
}

/// Tensors to be taken one after the other.
struct Inputs<'a> {
    inputs: std::vec::IntoIter<TensorData>,
    device: &'a Device,
}

impl Inputs<'_> {
    fn next<const D: usize>(&mut self) -> Tensor<D> {
        self.next_if_any().expect("as many as Part::inputs names")
    }

    fn next_if_any<const D: usize>(&mut self) -> Option<Tensor<D>> {
        self.inputs.next().map(|data| Tensor::from_data(data, self.device))
    }
}

fn output<const D: usize>(name: &'static str, tensor: Tensor<D>) -> Output {
    let shape = tensor.dims();
    Output {
        name,
        shape: shape.to_vec(),
        values: tensor.reshape([shape.iter().product::<usize>()]),
    }
}
