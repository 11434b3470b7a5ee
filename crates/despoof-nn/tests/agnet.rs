//! AG-Net: sizes, shapes, the role of the cue, and agreement of a guided layer with torch.

mod golden;

use burn::tensor::{Device, Distribution, Tensor};
use despoof_nn::agnet::{
    AgNet, AgNetConfig, CueEncoderConfig, EmbedderConfig, GuidedLayerConfig, Variant,
};
use despoof_nn::cost;
use despoof_nn::resnet::ResNetConfig;

#[test]
fn web_network_fits_its_budget() {
    let network = AgNetConfig::web().init(&Device::flex());
    let (output, multiply_accumulates) =
        cost::multiply_accumulates(|| network.forward(image(1, 224), Some(image(1, 224))));
    assert_eq!(output.feature.dims(), [1, 192]);
    assert_eq!(output.embedding.dims(), [1, 512]);
    assert_eq!(output.logits.dims(), [1, 2]);
    let running_statistics = 16_160 + 34_208;
    assert_eq!(cost::parameters(&network), 6_774_946 + running_statistics);
    assert_eq!(multiply_accumulates, 1_325_368_736);
}

/// Parameters are initialised on first use, so that this allocates little.
#[test]
fn paper_network_is_a_vision_transformer_with_cross_attention() {
    let network = AgNetConfig::paper().init(&Device::flex());
    let vision_transformer = 85_798_656;
    let resnet18 = 11_186_112;
    let cross_attention = 2 * (768 * 768 + 768) + 2 * (512 * 768 + 768) + 2 * 768;
    let head = 768 * 512 + 512 + 512 * 2 + 2;
    let expected = vision_transformer + resnet18 + 12 * cross_attention + head;
    assert_eq!(cost::parameters(&network), expected);
}

/// The output projection of every cross-attention starts at zero.
#[test]
fn untrained_network_ignores_the_cue() {
    let network = small_network();
    let face = image(2, 64);
    let without = network.forward(face.clone(), None).logits;
    let with = network.forward(face, Some(image(2, 64))).logits;
    golden::assert_close(with, without, 1e-6);
}

#[test]
fn embeddings_have_length_root_two() {
    let embedding = small_network().forward(image(2, 64), None).embedding;
    let squared_length = embedding.square().sum_dim(1);
    golden::assert_close(squared_length, Tensor::full([2, 1], 2.0, &Device::flex()), 1e-6);
}

#[test]
fn guided_layer_agrees_with_torch() {
    let expected = golden::repository("tests/goldens/guided_layer.safetensors");
    let config = GuidedLayerConfig { width: 24, cue_width: Some(16), heads: 3, mlp_ratio: 4 };
    let keys = [
        (r"^weights\.", ""),
        (r"^norm2\.", "norm_cross."),
        (r"^norm3\.", "norm2."),
        (r"^self_attention\.", "attn."),
        (r"^cross_attention\.", "cross_attn."),
        (r"attn\.out\.", "attn.proj."),
    ];
    let layer = golden::load(config.init(&Device::flex()), &expected, &keys);
    let cue = golden::tensor(&expected, "cue");
    let output = layer.forward(golden::tensor(&expected, "x"), Some(cue));
    golden::assert_close(output, golden::tensor(&expected, "output"), 1e-5);
}

/// Manifests written before there were variants say nothing of them, and still mean the same.
#[test]
fn the_methods_own_variant_is_not_written_down() {
    let web = serde_json::to_value(AgNetConfig::web()).expect("serialisable");
    assert!(web.get("variant").is_none());
    assert_eq!(serde_json::from_value::<AgNetConfig>(web).expect("readable"), AgNetConfig::web());
    let other = AgNetConfig::web().with_variant(Variant::OnlyImage);
    let json = serde_json::to_value(&other).expect("serialisable");
    assert_eq!(json["variant"], "only-image");
    assert_eq!(serde_json::from_value::<AgNetConfig>(json).expect("readable"), other);
}

/// Paper table 3: what each network looks at.
#[test]
fn variants_look_at_face_residual_or_both() {
    let depends = |network: &AgNet, faces: [&Tensor<4>; 2], cues: [&Tensor<4>; 2]| {
        let [first, second] = [0, 1].map(|at| {
            network.forward(faces[at].clone(), Some(cues[at].clone())).logits.into_data()
        });
        first != second
    };
    let [a, b] = [image(2, 64), image(2, 64)];
    for (variant, of_face, of_cue) in [
        (Variant::OnlyImage, true, false),
        (Variant::OnlyResidual, false, true),
        (Variant::DualBranch, true, true),
    ] {
        let network = small_config().with_variant(variant).init(&Device::flex());
        assert_eq!(depends(&network, [&a, &b], [&a, &a]), of_face, "{variant:?}");
        assert_eq!(depends(&network, [&a, &a], [&a, &b]), of_cue, "{variant:?}");
    }
}

/// Only image and only residual are one network (paper section 4.5), that of AG-Net without cue.
#[test]
fn single_branches_are_one_network() {
    let count = |variant| {
        cost::parameters(&AgNetConfig::paper().with_variant(variant).init(&Device::flex()))
    };
    let vision_transformer = 85_798_656;
    let head = |width: usize| width * 512 + 512 + 512 * 2 + 2;
    assert_eq!(count(Variant::OnlyImage), vision_transformer + head(768));
    assert_eq!(count(Variant::OnlyResidual), count(Variant::OnlyImage));
    assert_eq!(count(Variant::DualBranch), 2 * vision_transformer + head(2 * 768));
}

/// Two layers over 4×4 patches of a 64×64 face.
fn small_config() -> AgNetConfig {
    let resnet = ResNetConfig { base_width: 8, repeats: [1; 4] };
    AgNetConfig {
        variant: Variant::AgNet,
        embedder: EmbedderConfig::Patches { side: 16 },
        tokens: 16,
        cue_encoder: CueEncoderConfig::ResNet(resnet),
        width: 24,
        layers: 2,
        heads: 3,
        mlp_ratio: 4,
        bottleneck_width: 16,
    }
}

fn small_network() -> AgNet {
    small_config().init(&Device::flex())
}

fn image(batch: usize, side: usize) -> Tensor<4> {
    let uniform = Distribution::Uniform(-1.0, 1.0);
    Tensor::random([batch, 3, side, side], uniform, &Device::flex())
}
