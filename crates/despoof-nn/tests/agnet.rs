//! AG-Net: sizes, shapes, the role of the cue, and agreement of a guided layer with torch.

mod awake;
mod golden;

use awake::awake;
use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use despoof_nn::agnet::{
    AgNet, AgNetConfig, ClassToken, CueEncoderConfig, EmbedderConfig, GuidedLayerConfig, Variant,
    Views,
};
use despoof_nn::cost;
use despoof_nn::ops::average_pool;
use despoof_nn::resnet::ResNetConfig;

#[test]
fn web_network_fits_its_budget() {
    let network = AgNetConfig::web().init(&Device::flex());
    let views = Views { face: image(1, 224), context: Some(image(1, 112)) };
    let (output, multiply_accumulates) =
        cost::multiply_accumulates(|| network.forward(views, Some(image(1, 224))));
    assert_eq!(output.feature.dims(), [1, 192]);
    assert_eq!(output.embedding.dims(), [1, 512]);
    assert_eq!(output.logits.dims(), [1, 2]);
    let running_statistics = 16_160 + 34_208;
    let context = 112 * 192 + 192 + 16 * 192;
    assert_eq!(cost::parameters(&network), 4_372_834 + context + running_statistics);
    assert_eq!(multiply_accumulates, 243_947_488);
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
    let without = network.forward(Views::of_face(face.clone()), None).logits;
    let with = network.forward(Views::of_face(face), Some(image(2, 64))).logits;
    golden::assert_close(with, without, 1e-6);
}

/// Trained or not, the cross-attentions are the only difference: each answer is that of the same weights
/// with the cue or without.
#[test]
fn one_network_answers_with_its_cue_and_without() {
    let config = AgNetConfig { context_tokens: Some(4), ..small_config() };
    let twice = AgNetConfig { unguided_answer: true, ..config.clone() };
    let once = awake(config.init(&Device::flex()));
    let both = twice.init(&Device::flex()).load_record(once.clone().into_record());
    let views = Views { face: image(3, 64), context: Some(image(3, 32)) };
    let cue = image(3, 64);
    let guided = once.forward(views.clone(), Some(cue.clone()));
    let unguided = once.forward(views.clone(), None);
    let asked = both.forward(views.clone(), Some(cue));
    golden::assert_close(asked.logits.clone(), guided.logits.clone(), 1e-5);
    golden::assert_close(asked.tokens.clone(), guided.tokens, 1e-5);
    golden::assert_close(asked.embedding.clone(), guided.embedding, 1e-5);
    let without = asked.unguided.clone().expect("it was asked");
    golden::assert_close(without, unguided.logits.clone(), 1e-5);
    assert_ne!(guided.logits.to_data(), unguided.logits.to_data(), "this cue says something");
    golden::assert_close(asked.answer(), (guided.logits + unguided.logits.clone()) / 2.0, 1e-5);
    let no_cue = both.forward(views, None);
    assert!(no_cue.unguided.is_none());
    golden::assert_close(no_cue.answer(), unguided.logits, 1e-5);
}

#[test]
fn a_companion_has_a_say_of_its_own() {
    let config = AgNetConfig { context_tokens: Some(4), unguided_answer: true, ..small_config() };
    let pair = AgNetConfig { companion: true, ..config.clone() };
    let network = awake(pair.init(&Device::flex()));
    let views = Views { face: image(3, 64), context: Some(image(3, 32)) };
    let cue = image(3, 64);
    let asked = network.forward(views.clone(), Some(cue.clone()));
    let tokens = network.cue_tokens(cue);
    let alone = network.forward_companion(views, Some(tokens)).expect("it has one");
    let first = (asked.logits.clone() + asked.unguided.clone().expect("it was asked")) / 2.0;
    let second = (alone.logits.clone() + alone.unguided.clone().expect("it was asked")) / 2.0;
    golden::assert_close(alone.clone().answer(), second.clone(), 1e-6);
    assert_ne!(first.to_data(), second.to_data(), "nothing but the cue's tokens is shared");
    golden::assert_close(asked.answer(), (first + second) / 2.0, 1e-5);
    let single = config.init(&Device::flex());
    let more = cost::parameters(&network) - cost::parameters(&single);
    assert_eq!(more, cost::parameters(&single) - single.cue_encoder_parameters());
    assert!(single.forward_companion(Views::of_face(image(1, 64)), None).is_none());
}

#[test]
fn embeddings_have_length_root_two() {
    let embedding = small_network().forward(Views::of_face(image(2, 64)), None).embedding;
    let squared_length = embedding.square().sum_dim(1);
    golden::assert_close(squared_length, Tensor::full([2, 1], 2.0, &Device::flex()), 1e-6);
}

#[test]
fn guided_layer_agrees_with_torch() {
    let expected = golden::repository("tests/goldens/guided_layer.safetensors");
    let config = GuidedLayerConfig {
        width: 24,
        cue_width: Some(16),
        heads: 3,
        mlp_ratio: 4,
        starts_as_identity: false,
    };
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

#[test]
fn only_a_network_that_the_cue_guides_answers_without_it_too() {
    let twice = AgNetConfig { unguided_answer: true, ..AgNetConfig::web() };
    let json = serde_json::to_value(&twice).expect("serialisable");
    assert_eq!(json["unguided_answer"], true);
    assert!(serde_json::to_value(AgNetConfig::web()).unwrap().get("unguided_answer").is_none());
    assert_eq!(serde_json::from_value::<AgNetConfig>(json).expect("readable"), twice);
    assert!(twice.clone().with_variant(Variant::AgNet).unguided_answer);
    let pair = AgNetConfig { companion: true, ..twice };
    for variant in [Variant::OnlyImage, Variant::OnlyResidual, Variant::DualBranch] {
        let other = pair.clone().with_variant(variant);
        assert!(!other.unguided_answer && !other.companion);
    }
}

/// Of the 64×64 face and of a 32×32 picture of what is around it, by the same embedder.
#[test]
fn what_is_around_the_face_counts_where_it_is_looked_at() {
    let config = AgNetConfig { context_tokens: Some(4), ..small_config() };
    let network = config.clone().init(&Device::flex());
    let face = image(2, 64);
    let logits = |context| {
        let views = Views { face: face.clone(), context: Some(context) };
        network.forward(views, None).logits.into_data()
    };
    assert_ne!(logits(image(2, 32)), logits(image(2, 32)));
    let output = network.forward(Views { face, context: Some(image(2, 32)) }, None);
    assert_eq!(output.tokens.dims(), [2, 16, 24], "tokens of the face alone");
    let residual_alone = config.with_variant(Variant::OnlyResidual).init(&Device::flex());
    assert!(network.looks_at_context() && !residual_alone.looks_at_context());
    assert!(!AgNetConfig::paper().init(&Device::flex()).looks_at_context());
}

/// Half the resolution is what the same network sees of images that somebody else has shrunk.
#[test]
fn a_shrunk_network_averages_pixels_first() {
    let small = AgNetConfig { context_tokens: Some(4), ..small_config() };
    let shrinking = AgNetConfig { shrink: 2, ..small.clone() }.init(&Device::flex());
    let record = shrinking.clone().into_record();
    let config = AgNetConfig { tokens: 4, context_tokens: Some(1), ..small };
    let plain = config.init(&Device::flex()).load_record(record);
    let [face, context, cue] = [image(1, 64), image(1, 32), image(1, 64)];
    let halves = |image: &Tensor<4>| average_pool(image.clone(), 2);
    let whole = Views { face: face.clone(), context: Some(context.clone()) };
    let half = Views { face: halves(&face), context: Some(halves(&context)) };
    golden::assert_close(
        shrinking.forward(whole, Some(cue.clone())).logits,
        plain.forward(half, Some(halves(&cue))).logits,
        1e-6,
    );
}

#[test]
fn sizes_say_which_tokens_a_cue_becomes() {
    let web = AgNetConfig { cue_encoder: AgNetConfig::web().cue_encoder, ..small_config() };
    for (config, shrink) in [(small_config(), 1), (small_config(), 3), (web.clone(), 1), (web, 2)] {
        let config = AgNetConfig { shrink, ..config };
        let tokens = config.init(&Device::flex()).cue_tokens(image(1, 224)).dims();
        let [count, width] = config.cue_shape(224).expect("the cue guides it");
        assert_eq!(tokens, [1, count, width], "shrink {shrink}");
        assert_eq!(config.with_variant(Variant::DualBranch).cue_shape(224), None);
    }
}

/// A new network with a pooled class token is a linear classifier: whatever order the face's parts
/// are in.
#[test]
fn a_pooled_class_token_starts_as_the_mean_of_the_tokens() {
    let config = AgNetConfig { class_token: ClassToken::Pooled, ..small_config() };
    let network = config.init(&Device::flex());
    let face = image(1, 64);
    let half = |start: i32| face.clone().slice([0..1, 0..3, 0..64, start..start + 32]);
    let swapped = Tensor::cat(vec![half(32), half(0)], 3);
    let feature = |face| network.forward(Views::of_face(face), None).feature;
    golden::assert_close(feature(swapped), feature(face.clone()), 1e-5);
    assert_ne!(feature(face).into_data(), feature(image(1, 64)).into_data());
}

/// Paper table 3: what each network looks at.
#[test]
fn variants_look_at_face_residual_or_both() {
    let depends = |network: &AgNet, faces: [&Tensor<4>; 2], cues: [&Tensor<4>; 2]| {
        let [first, second] = [0, 1].map(|at| {
            let face = Views::of_face(faces[at].clone());
            network.forward(face, Some(cues[at].clone())).logits.into_data()
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
        shrink: 1,
        embedder: EmbedderConfig::Patches { side: 16 },
        tokens: 16,
        context_tokens: None,
        class_token: ClassToken::Learned,
        unguided_answer: false,
        companion: false,
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
