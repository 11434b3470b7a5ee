//! A bundle is loaded whole and verified, or refused with the name of what is wrong.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use despoof::bundle::manifest::{Manifest, hexadecimal_sha256};
use despoof::bundle::write::{Precision, write_bundle};
use despoof::bundle::{BundleError, BundleLoader, Preprocessing};
use despoof::decide::DecisionRule;
use despoof::weights::{NamedTensor, tensors_from_network, tensors_from_safetensors};
use despoof::{CheckError, Checker};
use despoof_nn::agnet::AgNetConfig;
use despoof_nn::autoencoder::AutoencoderConfig;
use despoof_nn::diffusion::TimestepSpacing;
use despoof_nn::presets::Preset;
use despoof_nn::sampler::Start;
use despoof_nn::unet::UnetConfig;

/// The web preset with narrow networks: the same code, in milliseconds.
fn narrow_preset() -> Preset {
    let web = Preset::web();
    Preset {
        autoencoder: AutoencoderConfig {
            block_out_channels: vec![16, 16],
            decoder_layers: vec![1, 1],
            ..AutoencoderConfig::web()
        },
        unet: UnetConfig { block_out_channels: vec![16, 16, 16], ..UnetConfig::web() },
        agnet: AgNetConfig {
            width: 24,
            layers: 1,
            heads: 2,
            bottleneck_width: 16,
            ..AgNetConfig::web()
        },
        ..web
    }
}

fn rule() -> DecisionRule {
    DecisionRule {
        threshold: 0.5,
        uncertain_band: [0.4, 0.6],
        temperature: 1.0,
        fixed_on: "a test".into(),
    }
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn narrow_tensors(preset: &Preset) -> Vec<NamedTensor> {
    let device = Device::flex();
    let detector = std::fs::read(repository("models/pretrained/mtcnn.safetensors"))
        .expect("the detector is shipped");
    let mut tensors: Vec<NamedTensor> = tensors_from_safetensors(&detector)
        .expect("it is a safetensors file")
        .into_iter()
        .map(|tensor| NamedTensor { name: format!("mtcnn.{}", tensor.name), ..tensor })
        .collect();
    let mut add =
        |more: Result<Vec<NamedTensor>, _>| tensors.extend(more.expect("the CPU can be read"));
    add(tensors_from_network("identity", &preset.identity.init(&device)));
    add(tensors_from_network("autoencoder", &preset.autoencoder.init(&device)));
    add(tensors_from_network("unet", &preset.unet.init(&device)));
    add(tensors_from_network("agnet", &preset.agnet.init(&device)));
    tensors
}

/// A bundle folder that is removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn with_bundle(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("despoof-{name}-{}", std::process::id()));
        let folder = Self(path);
        folder
            .write(&narrow_tensors(&narrow_preset()), Precision::Int8)
            .expect("the folder can be written");
        folder
    }

    fn write(
        &self,
        tensors: &[NamedTensor],
        precision: Precision,
    ) -> Result<Manifest, BundleError> {
        let preset = narrow_preset();
        let preprocessing = Preprocessing::of_agnet(&preset.agnet);
        write_bundle(&self.0, preset, preprocessing, rule(), tensors, precision)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the folder is there");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.expect("it can be listed").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    fn manifest(&self) -> Manifest {
        let text =
            std::fs::read_to_string(self.0.join("manifest.json")).expect("there is a manifest");
        Manifest::from_json(&text).expect("it is intact")
    }

    /// Writes a manifest whose digest is right, whatever it says.
    fn write_manifest(&self, mut manifest: Manifest) {
        manifest.digest = manifest.computed_digest();
        let text = serde_json::to_string(&manifest).expect("a manifest is JSON");
        std::fs::write(self.0.join("manifest.json"), text).expect("the folder can be written");
    }

    fn load(&self) -> Result<Checker, BundleError> {
        let device = Device::flex();
        BundleLoader::from_folder(&self.0)?.finish(&device, &device)
    }

    fn refusal(&self) -> BundleError {
        self.load().map(drop).expect_err("it has to be refused")
    }

    /// Of `intact` changed, its digest right.
    fn refusal_of(&self, intact: &Manifest, change: impl FnOnce(&mut Manifest)) -> BundleError {
        let mut manifest = intact.clone();
        change(&mut manifest);
        self.write_manifest(manifest);
        self.refusal()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it: a leftover folder in the temporary directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_written_bundle_checks_the_portrait_and_survives_a_photo_without_a_face() {
    let checker = Folder::with_bundle("whole").load().expect("it is intact");
    let portrait =
        std::fs::read(repository("tests/photos/astronaut.png")).expect("the portrait is shipped");
    let portrait = despoof::photo::decode(&portrait).expect("it is a photo");
    let mut stages = Vec::new();
    let check = || pollster::block_on(checker.check(&portrait, true, |_| {}));
    let first =
        pollster::block_on(checker.check(&portrait, true, |stage| stages.push(stage.name())))
            .expect("there is a face");
    assert_eq!(stages, ["detect", "align", "identify", "generate", "cue", "score"]);
    assert!((0.0..=1.0).contains(&first.verdict.score));
    assert_eq!(first.faces, 1);
    let evidence = first.evidence.expect("it was asked for");
    assert_eq!(evidence.generated.dimensions(), (224, 224));

    let empty = image::RgbImage::new(200, 200);
    let refused = pollster::block_on(checker.check(&empty, false, |_| {}));
    assert!(matches!(refused, Err(CheckError::NoFace)));
    let again = check().expect("the checker stays usable");
    assert_eq!(again.verdict.score, first.verdict.score, "the same photo gives the same score");
}

#[test]
fn a_wider_crop_that_nothing_describes_is_refused() {
    let folder = Folder::with_bundle("no-context");
    let mut manifest = folder.manifest();
    assert!(manifest.preprocessing.context.take().is_some(), "the web preset looks around");
    folder.write_manifest(manifest);
    let error = folder.refusal();
    assert!(matches!(error, BundleError::Manifest(_)), "{error}");
    assert!(error.to_string().contains("wider crop"), "{error}");
}

/// Its landmarks decide what every later network sees: it keeps more bits than they do.
#[test]
fn the_detector_is_stored_in_16_bits_and_the_other_networks_in_8() {
    let manifest = Folder::with_bundle("bits").manifest();
    let large = |shape: &[usize]| shape.len() > 1 && shape.iter().product::<usize>() >= 1024;
    for entry in manifest.tensors.iter().filter(|entry| large(&entry.shape)) {
        let expected = if entry.name.starts_with("mtcnn.") { "F16" } else { "I8" };
        assert_eq!(entry.dtype, expected, "{}", entry.name);
    }
}

#[test]
fn a_missing_bundle_is_named() {
    let missing = BundleLoader::from_folder(Path::new("/no/such/bundle"))
        .map(drop)
        .expect_err("there is none");
    assert!(missing.to_string().contains("/no/such/bundle/manifest.json"), "{missing}");
    assert_eq!(missing.code(), "asset_fetch_failed");
}

#[test]
fn truncated_altered_and_missing_shards_are_named() {
    let folder = Folder::with_bundle("shards");
    let name = folder.manifest().shards[0].name.clone();
    let path = folder.0.join(&name);
    let whole = std::fs::read(&path).expect("the shard is there");

    std::fs::write(&path, &whole[..whole.len() / 2]).expect("the folder can be written");
    let truncated = folder.refusal();
    assert!(truncated.to_string().contains(&name), "{truncated}");
    assert_eq!(truncated.code(), "integrity_failed");

    let mut flipped = whole.clone();
    *flipped.last_mut().expect("a shard is not empty") ^= 1;
    std::fs::write(&path, flipped).expect("the folder can be written");
    assert!(matches!(folder.refusal(), BundleError::ShardDigest { .. }));

    std::fs::remove_file(&path).expect("it was there");
    let missing = folder.refusal();
    assert!(missing.to_string().contains(&name), "{missing}");
}

#[test]
fn an_altered_manifest_is_refused() {
    let folder = Folder::with_bundle("manifest");
    let path = folder.0.join("manifest.json");
    let text = std::fs::read_to_string(&path).expect("there is a manifest");
    std::fs::write(&path, text.replacen("\"threshold\": 0.5", "\"threshold\": 0.1", 1))
        .expect("it can be written");
    assert!(matches!(folder.refusal(), BundleError::ManifestDigest { .. }));
    std::fs::write(&path, text.replacen("\"format\": 1", "\"format\": 99", 1))
        .expect("it can be written");
    let other = folder.refusal();
    assert!(other.to_string().contains("99"), "{other}");
    std::fs::write(&path, "{").expect("it can be written");
    assert_eq!(folder.refusal().code(), "bundle_incompatible");
}

#[test]
fn a_tensor_of_another_shape_or_a_missing_one_is_named() {
    let folder = Folder::with_bundle("tensors");
    let intact = folder.manifest();
    let tensor = |manifest: &Manifest| {
        manifest.tensors.iter().position(|entry| entry.name == "unet.conv_in.weight")
    };
    let at = tensor(&intact).expect("the U-Net has a first convolution");

    let refused = folder.refusal_of(&intact, |it| it.tensors[at].shape[0] += 1);
    assert!(refused.to_string().contains("unet.conv_in.weight"), "{refused}");

    let refused = folder.refusal_of(&intact, |it| drop(it.tensors.remove(at)));
    assert!(refused.to_string().contains("conv_in.weight"), "{refused}");
    assert_eq!(refused.code(), "bundle_incompatible");
}

#[test]
fn a_tensor_that_is_not_what_its_entry_says_is_named() {
    let folder = Folder::with_bundle("entries");
    let intact = folder.manifest();
    let refused_with = |detail: &str, change: &dyn Fn(&mut Manifest)| {
        let refused = folder.refusal_of(&intact, change);
        let name = &intact.tensors[0].name;
        assert!(matches!(&refused, BundleError::Tensor { name: found, .. } if found == name));
        assert!(refused.to_string().contains(detail), "{refused}");
    };
    refused_with("the manifest says BF16", &|it| it.tensors[0].dtype = "BF16".into());
    refused_with("no shard named else", &|it| it.tensors[0].shard = "else".into());
    refused_with("twice", &|it| it.tensors.push(it.tensors[0].clone()));
}

#[test]
fn a_tensor_that_belongs_to_no_network_is_refused_by_name() {
    let folder = Folder::with_bundle("surplus");
    let mut tensors = narrow_tensors(&narrow_preset());
    let values = vec![0.0];
    tensors.push(NamedTensor { name: "unets.weight".into(), shape: vec![1], values });
    folder.write(&tensors, Precision::Int8).expect("the folder can be written");
    let refused = folder.refusal();
    assert!(refused.to_string().contains("unets.weight"), "{refused}");
    assert_eq!(refused.code(), "bundle_incompatible");
}

#[test]
fn a_bundle_of_another_preset_is_refused() {
    let folder = Folder::with_bundle("preset");
    let mut other = folder.manifest();
    other.preset.unet.block_out_channels = vec![32, 32, 32];
    folder.write_manifest(other);
    let refused = folder.refusal();
    assert!(refused.to_string().contains("unet"), "{refused}");
}

#[test]
fn a_shard_the_manifest_does_not_list_is_refused() {
    let folder = Folder::with_bundle("unknown");
    let text =
        std::fs::read_to_string(folder.0.join("manifest.json")).expect("there is a manifest");
    let mut loader = BundleLoader::new(&text).expect("it is intact");
    assert!(matches!(
        loader.add_shard("else.safetensors", &[1]),
        Err(BundleError::UnknownShard(_))
    ));
    let device = Device::flex();
    assert!(matches!(loader.finish(&device, &device), Err(BundleError::MissingShard(_))));
}

#[test]
fn a_new_bundle_removes_the_shards_of_the_old_one_and_nothing_else() {
    let folder = Folder::with_bundle("foreign");
    let bundle = folder.files();
    let foreign = ["mtcnn.safetensors", "weights-01.safetensors", "weights-old.safetensors"];
    for name in foreign.into_iter().chain(["weights-99.safetensors"]) {
        std::fs::write(folder.file(name), b"else").expect("the folder can be written");
    }
    let tensors = narrow_tensors(&narrow_preset());
    folder.write(&tensors, Precision::Int8).expect("it can be written again");
    let mut expected = bundle;
    expected.extend(foreign.map(str::to_owned));
    expected.sort();
    assert_eq!(folder.files(), expected);
}

#[test]
fn a_write_that_fails_leaves_the_old_bundle() {
    let folder = Folder::with_bundle("kept");
    let before = (folder.files(), folder.manifest());
    let mut tensors = narrow_tensors(&narrow_preset());
    // A folder where a file is to be written.
    let obstacle = folder.file("manifest.json.unfinished");
    std::fs::create_dir(&obstacle).expect("the folder can be written");
    let refused = folder.write(&tensors, Precision::Float32).expect_err("it is in the way");
    assert!(matches!(refused, BundleError::File { .. }), "{refused}");
    std::fs::remove_dir(&obstacle).expect("it was made here");

    for value in [f32::NAN, f32::INFINITY] {
        tensors[0].values[0] = value;
        let refused = folder.write(&tensors, Precision::Int8).expect_err("no weight");
        assert!(refused.to_string().contains(&tensors[0].name), "{refused}");
    }
    let twice = [narrow_tensors(&narrow_preset()), vec![tensors[1].clone()]].concat();
    let refused = folder.write(&twice, Precision::Int8).expect_err("two of one name");
    assert!(refused.to_string().contains(&tensors[1].name), "{refused}");
    assert_eq!((folder.files(), folder.manifest()), before);
    folder.load().expect("the old bundle is whole");
}

/// The detector's weights are stored in 16 bits, which end at 65 504.
#[test]
fn a_weight_too_large_for_its_precision_is_refused() {
    let folder = Folder::with_bundle("large");
    let mut tensors = narrow_tensors(&narrow_preset());
    let large = |tensor: &&mut NamedTensor| tensor.name == "mtcnn.onet.conv4.weight";
    let tensor = tensors.iter_mut().find(large).expect("O-Net has four convolutions");
    tensor.values[0] = 1e5;
    let refused = folder.write(&tensors, Precision::Int8).expect_err("it becomes infinite");
    assert!(refused.to_string().contains("mtcnn.onet.conv4.weight"), "{refused}");
    folder.write(&tensors, Precision::Float32).expect("32 bits hold it");
}

#[test]
fn settings_with_which_no_check_can_run_are_refused_by_name() {
    let folder = Folder::with_bundle("settings");
    let intact = folder.manifest();
    let refused_with = |name: &str, change: &dyn Fn(&mut Manifest)| {
        let refused = folder.refusal_of(&intact, change);
        assert!(matches!(refused, BundleError::Manifest(_)), "{refused}");
        assert!(refused.to_string().contains(name), "{refused} does not name {name}");
        assert_eq!(refused.code(), "bundle_incompatible");
    };
    refused_with("sampler", &|it| it.preset.sampler.steps = 0);
    refused_with("sampler", &|it| it.preset.sampler.start = Start::NoisedInput { timestep: 1000 });
    refused_with("sampler", &|it| {
        it.preset.sampler.spacing = TimestepSpacing::Leading;
        it.preset.sampler.steps = 1000;
    });
    refused_with("agnet.shrink", &|it| it.preset.agnet.shrink = 0);
    refused_with("agnet.heads", &|it| it.preset.agnet.heads = 0);
    refused_with("agnet.width", &|it| it.preset.agnet.heads = 5);
    refused_with("agnet.tokens", &|it| it.preset.agnet.tokens = 256);
    refused_with("unet.heads", &|it| it.preset.unet.heads.clear());
    refused_with("unet.block_out_channels", &|it| it.preset.unet.norm_groups = 5);
    refused_with("unet.context_width", &|it| it.preset.unet.context_width = 256);
    refused_with("autoencoder.block_out_channels", &|it| {
        it.preset.autoencoder.block_out_channels.clear();
    });
    refused_with("latent", &|it| it.preset.autoencoder.patch = 2);
    refused_with("scaling_factor", &|it| it.preset.autoencoder.scaling_factor = 0.0);
    refused_with("side", &|it| it.preprocessing.side = 220);
    refused_with("agnet.tokens", &|it| it.preprocessing.side = 112);
    refused_with("agnet.context_tokens", &|it| {
        it.preprocessing.context.as_mut().expect("the web preset looks around").side = 224;
    });
    refused_with("temperature", &|it| it.decision.temperature = 0.0);
    refused_with("uncertain_band", &|it| it.decision.uncertain_band = [0.6, 0.7]);
    refused_with("pyramid_factor", &|it| it.preprocessing.detector.pyramid_factor = 1.0);
}

#[test]
fn a_shard_that_was_forgotten_can_still_be_added() {
    let folder = Folder::with_bundle("forgotten");
    let text = std::fs::read_to_string(folder.file("manifest.json")).expect("there is a manifest");
    let mut loader = BundleLoader::new(&text).expect("it is intact");
    for name in loader.shard_names() {
        assert!(matches!(loader.check_complete(), Err(BundleError::MissingShard(_))));
        let bytes = std::fs::read(folder.file(&name)).expect("the shard is there");
        loader.add_shard(&name, &bytes).expect("it is intact");
    }
    loader.check_complete().expect("all shards were added");
    loader.into_tensors().expect("all shards were added");
}

#[test]
fn digests_are_sha256() {
    // FIPS 180-2, appendix B.1.
    assert_eq!(
        hexadecimal_sha256(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}
