//! The networks of a bundle one by one, and the check behind the aligned face as a whole: what is
//! exported for others and measured beside them.

use burn::tensor::{Device, Tensor, TensorData};
use despoof_nn::agnet::{AgNetConfig, Variant, Views};

use crate::bundle::Manifest;
use crate::checker::Checker;

/// Shape of an aligned face, and of a cue.
const FACE: [usize; 4] = [1, 3, 224, 224];

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
    /// AG-Net, behind F_cue where the cue guides it.
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
    const ALL: [Self; 10] = [
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

    /// All parts of a check with such an AG-Net, in the order of the check.
    pub fn all_with(agnet: &AgNetConfig) -> impl Iterator<Item = Self> + use<> {
        let guided = agnet.variant == Variant::AgNet;
        Self::ALL.into_iter().filter(move |part| guided || *part != Self::CueEncoder)
    }

    /// The part of that name, of a check with such an AG-Net.
    pub fn named(name: &str, agnet: &AgNetConfig) -> Option<Self> {
        Self::all_with(agnet).find(|part| part.name() == name)
    }

    /// What it takes, with a usual batch, in the sizes of the web preset but for those of the bundle's
    /// AG-Net; a wider crop last, where that looks at one.
    pub fn inputs(self, manifest: &Manifest) -> Vec<Port> {
        let mut ports = self.inputs_without_context(&manifest.preset.agnet);
        let context = manifest.preprocessing.context;
        if let (Self::AgNet | Self::Check, Some(context)) = (self, context) {
            let side = context.side as usize;
            ports.push(Port { name: "wider_crop", shape: vec![1, 3, side, side] });
        }
        ports
    }

    fn inputs_without_context(self, agnet: &AgNetConfig) -> Vec<Port> {
        match self {
            Self::PNet => vec![port("picture", &[1, 3, 145, 193])],
            Self::RNet => vec![port("crops", &[16, 3, 24, 24])],
            Self::ONet => vec![port("crops", &[4, 3, 48, 48])],
            Self::Identity => vec![port("face", &[1, 3, 112, 112])],
            Self::Encoder | Self::Check => vec![port("face", &FACE)],
            Self::Unet => vec![
                port("latent", &[1, 4, 28, 28]),
                port("timestep", &[1]),
                port("context", &[1, 49, 512]),
            ],
            Self::Decoder => vec![port("latent", &[1, 4, 28, 28])],
            Self::CueEncoder => vec![port("cue", &FACE)],
            Self::AgNet => agnet_inputs(agnet),
        }
    }
}

/// Of an AG-Net without its wider crop: the face, and the cue as the variant takes it.
fn agnet_inputs(config: &AgNetConfig) -> Vec<Port> {
    let face = port("face", &FACE);
    match (config.variant, config.cue_shape(FACE[3])) {
        (_, Some([tokens, width])) => vec![face, port("cue_tokens", &[1, tokens, width])],
        (Variant::OnlyResidual, _) => vec![port("cue", &FACE)],
        (Variant::DualBranch, _) => vec![face, port("cue", &FACE)],
        (Variant::OnlyImage | Variant::AgNet, _) => vec![face],
    }
}

fn port(name: &'static str, shape: &[usize]) -> Port {
    Port { name, shape: shape.to_vec() }
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
                vec![output("logits", self.agnet_logits(inputs))]
            }
            Part::Check => {
                let views = Views { face: inputs.next(), context: inputs.next_if_any() };
                vec![output("live", self.live_probability(views))]
            }
        }
    }

    /// Of what [`agnet_inputs`] names and a wider crop: `[batch, 2]`.
    fn agnet_logits(&self, mut inputs: Inputs<'_>) -> Tensor<2> {
        let agnet = &self.networks().agnet;
        let first: Tensor<4> = inputs.next();
        let answer = match self.manifest().preset.agnet.variant {
            Variant::AgNet => {
                let cue_tokens = inputs.next();
                let views = Views { face: first, context: inputs.next_if_any() };
                agnet.forward_guided(views, Some(cue_tokens))
            }
            Variant::OnlyImage => {
                agnet.forward(Views { face: first, context: inputs.next_if_any() }, None)
            }
            // The views are not looked at.
            Variant::OnlyResidual => agnet.forward(Views::of_face(first.clone()), Some(first)),
            Variant::DualBranch => {
                let cue = inputs.next();
                agnet.forward(Views { face: first, context: inputs.next_if_any() }, Some(cue))
            }
        };
        answer.answer()
    }

    /// Of crops `[batch, 3, side, side]`: `[batch]`.
    fn live_probability(&self, views: Views) -> Tensor<1> {
        let generated = self.networks().generate(views.face.clone());
        self.scores(views, generated)
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
