//! Checkpoints of others become our networks, or are refused by name.

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::module::Module;
use burn::optim::AdamWConfig;
use burn::store::{ModuleStore, SafetensorsStore, bridge};
use burn::tensor::{DType, Device, Tensor, Tolerance};
use despoof::layout::layout_of_network;
use despoof::weights::{NamedTensor, load_network, tensors_from_safetensors};
use despoof::weights_file::write_safetensors;
use despoof_nn::agnet::{AgNetConfig, CueEncoderConfig, EmbedderConfig, Views};
use despoof_nn::autoencoder::AutoencoderConfig;
use despoof_nn::efficientnet_lite::EfficientNetLiteConfig;
use despoof_nn::iresnet::IResNetConfig;
use despoof_nn::mtcnn::{ONetConfig, PNetConfig, RNetConfig};
use despoof_nn::resnet::ResNetConfig;
use despoof_nn::unet::UnetConfig;

use super::checkpoint_file::Entry;
use super::fit::{Fit, Misfit, Table};
use super::network::{Destination, Imported, import};
use super::tables::{self, Mtcnn};
use crate::training::checkpoint::{self, Checkpoint, load_weights};

fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens")
}

/// A folder that is removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("despoof-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary directory can be written");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A leftover in the temporary directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A network's published state dict, tensor by tensor, against ours in full size.
fn published<M: Module>(table: &Table, network: &M, layout: &str) -> Fit {
    let text = std::fs::read_to_string(goldens().join("layouts").join(layout))
        .expect("the list of published tensors");
    let entries = text
        .lines()
        .map(|line| {
            let (name, shape) = line.split_once(' ').expect("a name and a shape");
            Entry {
                name: name.to_owned(),
                stored: name.to_owned(),
                shape: serde_json::from_str(shape).expect("a shape"),
            }
        })
        .collect();
    table.fit(&layout_of_network(network), entries).expect("every tensor has its place")
}

#[test]
fn unet_has_diffusers_tensors() {
    let network = UnetConfig::stable_diffusion().init(&Device::flex());
    let fit = published(&tables::unet(), &network, "unet.txt");
    assert_eq!(fit.pieces.len(), 686);
    assert!(fit.left_out.is_empty() && fit.stays_initialised.is_empty());
}

#[test]
fn autoencoders_have_diffusers_tensors() {
    let network = AutoencoderConfig::stable_diffusion().init(&Device::flex());
    let fit = published(&tables::autoencoder(), &network, "autoencoder.txt");
    assert_eq!((fit.pieces.len(), fit.left_out.len()), (248, 0));
    let network = AutoencoderConfig::latent_diffusion_vq().init(&Device::flex());
    let fit = published(&tables::autoencoder(), &network, "vq_autoencoder.txt");
    assert_eq!((fit.pieces.len(), fit.left_out.len()), (299, 0));
}

#[test]
fn agnet_has_a_vision_transformers_tensors() {
    let network = AgNetConfig::paper().init(&Device::flex());
    let fit = published(&tables::vision_transformer(), &network, "vision_transformer.txt");
    assert_eq!(fit.left_out, ["head.bias", "head.weight"]);
    assert_eq!(fit.pieces.len(), 150 + 2 * 2 * 12);
    let cross_attention =
        fit.stays_initialised.iter().filter(|name| name.contains("cross")).count();
    assert_eq!(cross_attention, 12 * (2 + 4 * 2));
}

#[test]
fn resnets_have_their_publishers_tensors() {
    let fit = published(
        &tables::resnet(),
        &ResNetConfig::resnet18().init(&Device::flex()),
        "resnet18.txt",
    );
    assert_eq!((fit.pieces.len(), fit.left_out.len()), (100, 20 + 2));
    let network = IResNetConfig::iresnet18().init(&Device::flex());
    let fit = published(&tables::iresnet(), &network, "iresnet18.txt");
    assert_eq!(fit.pieces.len() + fit.left_out.len(), 187);
    assert!(fit.stays_initialised.is_empty());
}

#[test]
fn efficientnet_and_mtcnn_have_their_publishers_tensors() {
    let network = EfficientNetLiteConfig::lite0().init(&Device::flex());
    let fit = published(&tables::efficientnet_lite(), &network, "efficientnet_lite0.txt");
    assert_eq!(fit.pieces.len(), layout_of_network(&network).len());
    let fit = published(&tables::mtcnn(), &mtcnn(), "mtcnn.txt");
    assert_eq!((fit.pieces.len(), fit.left_out.len()), (50, 0));
}

fn mtcnn() -> Mtcnn {
    let device = Device::flex();
    Mtcnn {
        pnet: PNetConfig::new().init(&device),
        rnet: RNetConfig::new().init(&device),
        onet: ONetConfig::new().init(&device),
    }
}

/// Two layers over 8×8 patches of a 32×32 face, as `checkpoints/vit.pth` has them.
fn narrow_agnet() -> AgNetConfig {
    AgNetConfig {
        embedder: EmbedderConfig::Patches { side: 8 },
        tokens: 16,
        cue_encoder: CueEncoderConfig::ResNet(narrow_resnet()),
        width: 24,
        layers: 2,
        heads: 3,
        bottleneck_width: 16,
        ..AgNetConfig::paper()
    }
}

fn narrow_resnet() -> ResNetConfig {
    ResNetConfig { base_width: 4, ..ResNetConfig::resnet18() }
}

fn output<const D: usize>(name: &str) -> Tensor<D> {
    let mut store = SafetensorsStore::from_file(goldens().join("checkpoints/outputs.safetensors"));
    let found = store.get_tensor(name).expect("a safetensors file").expect(name);
    let data = bridge::to_data(found).expect("readable data").convert_dtype(DType::F32);
    Tensor::from_data(data, &Device::flex())
}

fn assert_close<const D: usize>(actual: Tensor<D>, expected: Tensor<D>) {
    let tolerance = Tolerance::absolute(1e-5 * expected.clone().abs().max().into_scalar::<f32>());
    actual.into_data().assert_approx_eq::<f32>(&expected.into_data(), tolerance);
}

fn written<M: Module>(network: M, file: &Path) -> M {
    let bytes = std::fs::read(file).expect("the import was written");
    let tensors = tensors_from_safetensors(&bytes).expect("it is a safetensors file");
    load_network("imported", network, tensors).expect("it has every tensor")
}

#[test]
fn imported_vision_transformer_sees_what_timms_sees() {
    let folder = Folder::new("import-vit");
    let out = folder.file("agnet.safetensors");
    let imported = import(
        narrow_agnet().init(&Device::flex()),
        &tables::vision_transformer(),
        &goldens().join("checkpoints/vit.pth"),
        &Destination::from_path(&out),
    )
    .expect("timm's names are known");
    assert_eq!(imported.left_out, ["head.bias", "head.weight"]);
    assert!(imported.stays_initialised.contains(&"blocks.1.cross_attn.q.weight".to_owned()));
    let agnet = written(narrow_agnet().init(&Device::flex()), &out);
    assert_close(
        agnet.forward(Views::of_face(output("vit.input")), None).feature,
        output("vit.feature"),
    );
}

#[test]
fn imported_run_is_read_and_trained_from() {
    let folder = Folder::new("import-run");
    let run = folder.file("run");
    let network = || narrow_resnet().init(&Device::flex());
    let from = goldens().join("checkpoints/resnet18.pth");
    let again = || import(network(), &tables::resnet(), &from, &Destination::from_path(&run));
    again().expect("torchvision's names are known, below a training script's key");
    let resnet = load_weights(&run, network()).expect("the run has a checkpoint");
    assert_close(resnet.forward(output("resnet18.input")), output("resnet18.map"));
    let resumed = checkpoint::resume_or(&run, || Checkpoint {
        step: 0,
        network: narrow_resnet().init(&Device::flex().autodiff()),
        average: Some(network()),
        optimizer: AdamWConfig::new().init(),
    })
    .expect("training starts from the import");
    let average = resumed.average.expect("the average starts there, too");
    assert_close(average.forward(output("resnet18.input")), output("resnet18.map"));
    let trained = resumed.network.valid();
    assert_close(trained.forward(output("resnet18.input")), output("resnet18.map"));
    let refusal = format!("{:#}", again().expect_err("a run is not overwritten"));
    assert!(refusal.contains("has checkpoints already"), "{refusal}");
}

/// `unet.safetensors` holds a narrow diffusers U-Net below `weights.`.
fn narrow_unet_tensors() -> Vec<NamedTensor> {
    let bytes = std::fs::read(goldens().join("unet.safetensors")).expect("a golden");
    despoof::weights::tensors_below(&floats(&bytes), "weights")
}

/// The golden's floats; its time steps are whole numbers.
fn floats(bytes: &[u8]) -> Vec<NamedTensor> {
    let file = safetensors::SafeTensors::deserialize(bytes).expect("a golden");
    file.iter()
        .filter_map(|(name, view)| {
            let values = despoof::weights::floats_from_bytes(name, view.dtype(), view.data());
            Some(NamedTensor {
                name: name.into(),
                shape: view.shape().into(),
                values: values.ok()?,
            })
        })
        .collect()
}

fn import_unet(folder: &Folder, tensors: &[NamedTensor]) -> Result<Imported> {
    let config = UnetConfig {
        block_out_channels: vec![16, 32, 32],
        cross_attention: vec![false, true, true],
        heads: vec![4; 3],
        context_width: 24,
        ..UnetConfig::web()
    };
    let from = folder.file("checkpoint.bin");
    write_safetensors(&from, tensors)?;
    let out = Destination::from_path(&folder.file("unet.safetensors"));
    import(config.init(&Device::flex()), &tables::unet(), &from, &out)
}

fn misfit(result: Result<Imported>) -> Misfit {
    result.expect_err("it does not fit").downcast().expect("what does not fit is named")
}

#[test]
fn what_does_not_fit_is_named_and_nothing_written() {
    let folder = Folder::new("import-misfit");
    let mut tensors = narrow_unet_tensors();
    let missing = tensors.iter().position(|t| t.name == "mid_block.resnets.1.conv2.bias");
    tensors.remove(missing.expect("the U-Net has a middle"));
    tensors.push(NamedTensor { name: "text.weight".into(), shape: vec![1], values: vec![0.0] });
    let wrong = tensors.iter_mut().find(|t| t.name == "conv_in.weight").expect("a first layer");
    wrong.shape = vec![16, 9, 2, 2];
    let misfit = misfit(import_unet(&folder, &tensors));
    assert_eq!(misfit.missing, ["mid_block.resnets.1.conv2.bias"]);
    assert_eq!(misfit.unexpected, ["text.weight"]);
    assert_eq!(misfit.wrong_shape, ["conv_in.weight is [16, 9, 2, 2], expected [16, 4, 3, 3]"]);
    assert!(!folder.file("unet.safetensors").exists());
}

#[test]
fn complete_unet_is_written_in_our_names() {
    let folder = Folder::new("import-unet");
    let imported = import_unet(&folder, &narrow_unet_tensors()).expect("it fits");
    assert!(imported.left_out.is_empty() && imported.stays_initialised.is_empty());
    let bytes = std::fs::read(folder.file("unet.safetensors")).expect("it was written");
    let tensors = tensors_from_safetensors(&bytes).expect("it is a safetensors file");
    assert_eq!(tensors.len(), imported.tensors);
    assert!(tensors.iter().any(|tensor| tensor.name == "down_blocks.0.downsampler.weight"));
}

/// diffusers renamed the autoencoder's attention; Stable Diffusion 1.5's file has the older names.
#[test]
fn older_names_of_the_autoencoders_attention_are_known() {
    let network = AutoencoderConfig::stable_diffusion().init(&Device::flex());
    let text = std::fs::read_to_string(goldens().join("layouts/autoencoder.txt"))
        .expect("the list of published tensors");
    let older = [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")];
    let entries = text.lines().map(|line| {
        let (name, shape) = line.split_once(' ').expect("a name and a shape");
        let name = older.iter().fold(name.to_owned(), |name, (new, old)| name.replace(new, old));
        let shape = serde_json::from_str(shape).expect("a shape");
        Entry { stored: name.clone(), name, shape }
    });
    let fit = tables::autoencoder().fit(&layout_of_network(&network), entries.collect());
    assert_eq!(fit.expect("every tensor has its place").pieces.len(), 248);
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let folder = Folder::new("import-broken");
    let whole = std::fs::read(goldens().join("checkpoints/vit.pth")).expect("a checkpoint");
    let safetensors = std::fs::read(goldens().join("iresnet.safetensors")).expect("a golden");
    let broken: [(&str, &[u8], &str); 4] = [
        ("text.pth", b"no checkpoint at all", "neither a PyTorch checkpoint nor safetensors"),
        ("empty.pth", b"", "neither a PyTorch checkpoint nor safetensors"),
        ("cut.pth", &whole[..whole.len() / 2], "neither a PyTorch checkpoint nor safetensors"),
        ("cut.safetensors", &safetensors[..9000], "no complete safetensors file"),
    ];
    for (name, bytes, reason) in broken {
        let from = folder.file(name);
        std::fs::write(&from, bytes).expect("the temporary directory can be written");
        let out = Destination::from_path(&folder.file("out.safetensors"));
        let network = narrow_agnet().init(&Device::flex());
        let refusal = import(network, &tables::vision_transformer(), &from, &out)
            .expect_err("a broken file is refused");
        let refusal = format!("{refusal:#}");
        assert!(refusal.contains(name) && refusal.contains(reason), "{refusal}");
    }
    let missing = import(
        narrow_agnet().init(&Device::flex()),
        &tables::vision_transformer(),
        &folder.file("nowhere.pth"),
        &Destination::from_path(&folder.file("out.safetensors")),
    );
    assert!(format!("{:#}", missing.expect_err("no such file")).contains("nowhere.pth"));
}
