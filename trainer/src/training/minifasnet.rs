//! MiniFASNet, the open liveness network whose knowledge AG-Net may learn from (minivision-ai,
//! Silent-Face-Anti-Spoofing, Apache-2.0). Its sizes are read off its state dict, as `tests/peers/minifasnet.py` does,
//! which says how it is fed. Used for training, never shipped.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{PRelu, PReluConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData, activation};
use despoof_nn::layers;

use super::batch::bilinear;
use crate::import::checkpoint_file::CheckpointFile;

/// Side of the crops that it looks at, in pixels.
const SIDE: usize = 80;
/// The class "live" of its three.
const LIVE: i32 = 1;
/// Added to every variance, PyTorch's default.
const EPSILON: f32 = 1e-5;
/// The two networks whose mean is the published score.
const FILES: [&str; 2] = ["2.7_80x80_MiniFASNetV2.pth", "4_0_0_80x80_MiniFASNetV1SE.pth"];

/// Both published networks.
pub struct MiniFasNets {
    networks: Vec<MiniFasNet>,
    device: Device,
}

impl MiniFasNets {
    /// Reads both networks out of a folder, for a device without autodiff.
    ///
    /// # Errors
    /// Files that are missing, damaged or of another network.
    pub fn open(folder: &Path, device: &Device) -> Result<Self> {
        let open = |file: &&str| MiniFasNet::open(&folder.join(file), device);
        let networks = FILES.iter().map(open).collect::<Result<_>>()?;
        Ok(Self { networks, device: device.clone() })
    }

    /// Probabilities of live, of crops `[batch, 3, height, width]`, RGB in [−1, 1], with what is around the face; on whatever
    /// device.
    pub fn live(&self, crops: Tensor<4>) -> Vec<f32> {
        let [batch, ..] = crops.dims();
        let crops = if crops.device().is_autodiff() { crops.inner() } else { crops };
        let input = input_from_crops(crops.to_device(&self.device));
        let mut sums = vec![0.0; batch];
        for network in &self.networks {
            let live = network.live(input.clone()).into_data();
            sums.iter_mut().zip(live.iter::<f32>()).for_each(|(sum, live)| *sum += live);
        }
        sums.iter_mut().for_each(|sum| *sum /= self.networks.len() as f32);
        sums
    }
}

/// BGR from 0 to 255 in whole numbers.
fn input_from_crops(crops: Tensor<4>) -> Tensor<4> {
    let resized = bilinear((crops + 1.0) * 127.5, SIDE);
    resized.round().clamp(0.0, 255.0).flip([1])
}

/// One network: bottlenecks between a stem and a convolution over the whole map.
struct MiniFasNet {
    stem: [Unit; 2],
    bottlenecks: Vec<Bottleneck>,
    head: [Unit; 2],
    /// The last linear maps with the norm between them, `[features, classes]` and `[1, classes]`.
    classifier: (Tensor<2>, Tensor<2>),
}

impl MiniFasNet {
    fn open(path: &Path, device: &Device) -> Result<Self> {
        let tensors = Tensors::read(path, device)?;
        Self::from_tensors(&tensors).with_context(|| format!("{} is no MiniFASNet", path.display()))
    }

    fn from_tensors(tensors: &Tensors) -> Result<Self> {
        let mut bottlenecks = Vec::new();
        for (strided, stage) in
            [("conv_23", "conv_3"), ("conv_34", "conv_4"), ("conv_45", "conv_5")]
        {
            bottlenecks.push(tensors.bottleneck(strided, false)?);
            let named = |block: usize| format!("{stage}.model.{block}");
            for block in (0..).map(named).take_while(|name| tensors.has(&format!("{name}.conv"))) {
                bottlenecks.push(tensors.bottleneck(&block, true)?);
            }
        }
        Ok(Self {
            stem: [tensors.unit("conv1", 2, true)?, tensors.unit("conv2_dw", 1, true)?],
            bottlenecks,
            head: [tensors.unit("conv_6_sep", 1, true)?, tensors.unit("conv_6_dw", 1, false)?],
            classifier: tensors.classifier()?,
        })
    }

    /// `[batch, 3, 80, 80]` to the probabilities of live, `[batch, 1]`.
    fn live(&self, input: Tensor<4>) -> Tensor<2> {
        let through = |units: &[Unit], map| units.iter().fold(map, |map, unit| unit.forward(map));
        let mut map = through(&self.stem, input);
        for bottleneck in &self.bottlenecks {
            map = bottleneck.forward(map);
        }
        let feature: Tensor<2> = through(&self.head, map).flatten(1, 3);
        let (weight, shift) = &self.classifier;
        let logits = feature.matmul(weight.clone()) + shift.clone();
        activation::softmax(logits, 1).slice_dim(1, LIVE..LIVE + 1)
    }
}

/// Convolution with its norm folded in, then the slopes of negative values where there are some.
struct Unit {
    convolution: Conv2d,
    slopes: Option<PRelu>,
}

impl Unit {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let output = layers::conv2d(&self.convolution, input);
        match &self.slopes {
            Some(slopes) => layers::prelu(slopes, output),
            None => output,
        }
    }
}

/// Up, depthwise, down, and what is added to.
struct Bottleneck {
    units: [Unit; 3],
    /// Squeeze and excitation.
    gate: Option<[Unit; 2]>,
    has_shortcut: bool,
}

impl Bottleneck {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let mut output = self.units.iter().fold(input.clone(), |map, unit| unit.forward(map));
        if let Some([squeeze, excite]) = &self.gate {
            let mean = output.clone().mean_dim(2).mean_dim(3);
            let gate = activation::sigmoid(excite.forward(squeeze.forward(mean).clamp_min(0.0)));
            output = output * gate;
        }
        if self.has_shortcut { output + input } else { output }
    }
}

/// A state dict.
struct Tensors {
    values: HashMap<String, (Vec<usize>, Vec<f32>)>,
    device: Device,
}

impl Tensors {
    fn read(path: &Path, device: &Device) -> Result<Self> {
        let file = CheckpointFile::open(path)?;
        let mut values = HashMap::new();
        for entry in
            file.entries().iter().filter(|entry| !entry.name.ends_with("num_batches_tracked"))
        {
            values.insert(entry.name.clone(), (entry.shape.clone(), file.floats(entry)?));
        }
        Ok(Self { values, device: device.clone() })
    }

    fn has(&self, prefix: &str) -> bool {
        self.values.keys().any(|name| name.starts_with(&format!("{prefix}.")))
    }

    fn get(&self, name: &str) -> Result<(&[usize], &[f32])> {
        let (shape, values) = self.values.get(name).with_context(|| format!("it has no {name}"))?;
        Ok((shape, values))
    }

    /// What a batch normalisation multiplies by and adds.
    fn scale_and_shift(&self, norm: &str) -> Result<(Vec<f32>, Vec<f32>)> {
        let part = |name: &str| Ok::<_, anyhow::Error>(self.get(&format!("{norm}.{name}"))?.1);
        let (weight, bias) = (part("weight")?, part("bias")?);
        let (mean, variance) = (part("running_mean")?, part("running_var")?);
        let scale: Vec<f32> = weight
            .iter()
            .zip(variance)
            .map(|(weight, variance)| weight / (variance + EPSILON).sqrt())
            .collect();
        let shift =
            bias.iter().zip(mean).zip(&scale).map(|((bias, mean), scale)| bias - mean * scale);
        let shift = shift.collect();
        Ok((scale, shift))
    }

    fn convolution(
        &self,
        [kernel, norm]: [&str; 2],
        stride: usize,
        padded: bool,
    ) -> Result<Conv2d> {
        let (shape, weights) = self.get(kernel)?;
        let &[channels_out, of_group, side, _] = shape else {
            anyhow::bail!("{kernel} is no convolution");
        };
        let (scale, shift) = self.scale_and_shift(norm)?;
        ensure!(scale.len() == channels_out, "{norm} does not fit {kernel}");
        let of_output = weights.len() / channels_out;
        let weights = weights.chunks(of_output).zip(&scale);
        let weights: Vec<f32> = weights
            .flat_map(|(weights, scale)| weights.iter().map(move |weight| weight * scale))
            .collect();
        let groups = if of_group == 1 { channels_out } else { 1 };
        let padding = if padded { side / 2 } else { 0 };
        let config = Conv2dConfig::new([of_group * groups, channels_out], [side, side])
            .with_stride([stride, stride])
            .with_groups(groups)
            .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding));
        let mut layer = config.init(&self.device);
        layer.weight =
            Param::from_tensor(self.tensor::<4>(weights, [channels_out, of_group, side, side]));
        layer.bias = Some(Param::from_tensor(self.tensor::<1>(shift, [channels_out])));
        Ok(layer)
    }

    fn unit(&self, name: &str, stride: usize, padded: bool) -> Result<Unit> {
        let [kernel, norm, slopes] =
            ["conv.weight", "bn", "prelu.weight"].map(|part| format!("{name}.{part}"));
        let slopes = self.values.get(&slopes).map(|(_, slopes)| {
            let mut layer = PReluConfig::new().with_num_parameters(slopes.len()).init(&self.device);
            layer.alpha = Param::from_tensor(self.tensor(slopes.clone(), [slopes.len()]));
            layer
        });
        Ok(Unit { convolution: self.convolution([&kernel, &norm], stride, padded)?, slopes })
    }

    fn bottleneck(&self, name: &str, has_shortcut: bool) -> Result<Bottleneck> {
        let stride = if has_shortcut { 1 } else { 2 };
        let unit = |part: &str, stride| self.unit(&format!("{name}.{part}"), stride, true);
        let units = [unit("conv", 1)?, unit("conv_dw", stride)?, unit("project", 1)?];
        let gate = format!("{name}.se_module");
        let linear = |index: u8| {
            let names = [format!("{gate}.fc{index}.weight"), format!("{gate}.bn{index}")];
            let convolution = self.convolution([&names[0], &names[1]], 1, false)?;
            Ok::<_, anyhow::Error>(Unit { convolution, slopes: None })
        };
        let gate = self.has(&gate).then(|| Ok::<_, anyhow::Error>([linear(1)?, linear(2)?]));
        Ok(Bottleneck { units, gate: gate.transpose()?, has_shortcut })
    }

    /// `prob` behind `bn` behind `linear`, as one affine map.
    fn classifier(&self) -> Result<(Tensor<2>, Tensor<2>)> {
        let matrix = |name: &str| {
            let (shape, values) = self.get(name)?;
            let &[rows, columns] = shape else { anyhow::bail!("{name} is no linear map") };
            Ok(self.tensor::<2>(values.to_vec(), [rows, columns]).transpose())
        };
        let (linear, probabilities) = (matrix("linear.weight")?, matrix("prob.weight")?);
        let (scale, shift) = self.scale_and_shift("bn")?;
        let row = |values: Vec<f32>| {
            let width = values.len();
            self.tensor::<2>(values, [1, width])
        };
        Ok(((linear * row(scale)).matmul(probabilities.clone()), row(shift).matmul(probabilities)))
    }

    fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

#[cfg(test)]
pub mod tests {
    use std::path::PathBuf;

    use despoof::weights::{NamedTensor, tensors_from_safetensors};

    use super::*;

    fn golden() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens/minifasnet.safetensors")
    }

    /// The golden's network, its crops, and what PyTorch says of them.
    pub fn small() -> (MiniFasNets, Tensor<4>, Vec<f32>) {
        let device = Device::flex();
        let networks = vec![MiniFasNet::open(&golden(), &device).expect("it is one")];
        let expected = named::<1>("golden.live").into_data().iter::<f32>().collect();
        (MiniFasNets { networks, device }, named("golden.crops"), expected)
    }

    fn named<const D: usize>(name: &str) -> Tensor<D> {
        let bytes = std::fs::read(golden()).expect("the golden is shipped");
        let tensors = tensors_from_safetensors(&bytes).expect("it is a safetensors file");
        let found = tensors.into_iter().find(|tensor| tensor.name == name).expect("it is in it");
        let NamedTensor { values, shape, .. } = found;
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    #[test]
    fn agrees_with_pytorch() {
        let (networks, crops, expected) = small();
        for (live, expected) in networks.live(crops).into_iter().zip(expected) {
            assert!((live - expected).abs() < 2e-4, "{live}, expected {expected}");
        }
    }

    #[test]
    fn another_networks_weights_are_refused_by_name() {
        let other = golden().with_file_name("resnet18.safetensors");
        let error = MiniFasNet::open(&other, &Device::flex()).err().expect("it is another");
        assert!(format!("{error:#}").contains("is no MiniFASNet"), "{error:#}");
        let error = MiniFasNets::open(Path::new("/no/such/folder"), &Device::flex());
        assert!(format!("{:#}", error.err().expect("there is none")).contains("MiniFASNetV2.pth"));
    }
}
