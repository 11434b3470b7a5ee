//! The presets: how large they are, and that the same code runs both.

use burn::tensor::{Device, Tensor};
use despoof_nn::agnet::Views;
use despoof_nn::cost;
use despoof_nn::identity::IdentityConfig;
use despoof_nn::mobilefacenet::tokens_from_map;
use despoof_nn::presets::{Preset, PresetName};
use despoof_nn::sizes::SizesError;

/// Parameters of all networks behind the detector, running statistics included.
fn parameters(preset: &Preset) -> [usize; 4] {
    let device = Device::flex();
    [
        cost::parameters(&preset.identity.init(&device)),
        cost::parameters(&preset.autoencoder.init(&device)),
        cost::parameters(&preset.unet.init(&device)),
        cost::parameters(&preset.agnet.init(&device)),
    ]
}

#[test]
fn paper_has_the_published_sizes() {
    let paper = Preset::named(PresetName::Paper);
    let [identity, autoencoder, unet, agnet] = parameters(&paper);
    assert_eq!(identity, 11_192_704);
    assert_eq!(autoencoder, 83_653_863);
    assert_eq!(unet, 859_520_964);
    assert_eq!(agnet, 121_027_778);
}

/// Nothing is computed and no weight drawn: only what has which shape.
#[test]
fn papers_networks_fit_together() {
    let device = Device::flex();
    let paper = Preset::paper();
    let face = Tensor::<4>::zeros([1, 3, 224, 224], &device);
    let small_face = Tensor::<4>::zeros([1, 3, 112, 112], &device);
    let (_, multiply_accumulates) = cost::multiply_accumulates_uncomputed(|| {
        let identity = tokens_from_map(paper.identity.init(&device).forward(small_face));
        assert_eq!(identity.dims(), [1, 49, 512]);
        let autoencoder = paper.autoencoder.init(&device);
        let latent = autoencoder.latent_from_image(face.clone());
        assert_eq!(latent.dims(), [1, 4, 28, 28]);
        let unet = paper.unet.init(&device);
        let noise = unet.forward(latent.clone(), Tensor::zeros([1], &device), identity);
        assert_eq!(noise.dims(), latent.dims());
        assert_eq!(autoencoder.image_from_latent(noise).dims(), [1, 3, 224, 224]);
        let agnet = paper.agnet.init(&device);
        assert_eq!(agnet.cue_tokens(face.clone()).dims(), [1, 49, 512]);
        let views = Views::of_face(face.clone());
        assert_eq!(agnet.forward(views, Some(face)).feature.dims(), [1, 768]);
    });
    assert!(multiply_accumulates > 100_000_000_000);
}

#[test]
fn counting_without_computing_counts_the_same() {
    let device = Device::flex();
    let web = Preset::web();
    let agnet = web.agnet.init(&device);
    let face = Tensor::<4>::zeros([1, 3, 224, 224], &device);
    let context = Tensor::<4>::zeros([1, 3, 112, 112], &device);
    let views = Views { face: face.clone(), context: Some(context) };
    let forward = || agnet.forward(views.clone(), Some(face.clone())).logits;
    let (_, uncomputed) = cost::multiply_accumulates_uncomputed(forward);
    let (_, computed) = cost::multiply_accumulates(forward);
    assert_eq!(uncomputed, computed);
}

/// Bundles written before there were two identity encoders hold the sizes of MobileFaceNet alone.
#[test]
fn identity_sizes_are_written_as_those_of_the_network() {
    for preset in [Preset::web(), Preset::paper()] {
        let written = match &preset.identity {
            IdentityConfig::MobileFaceNet(config) => serde_json::to_string(config),
            IdentityConfig::IResNet(config) => serde_json::to_string(config),
        }
        .expect("sizes can be written");
        let read: IdentityConfig = serde_json::from_str(&written).expect("and read");
        assert_eq!(read, preset.identity);
        assert_eq!(serde_json::to_string(&read).expect("sizes can be written"), written);
    }
}

#[test]
fn the_presets_fit_together_and_a_changed_size_is_named() {
    assert_eq!(Preset::web().check(224, Some(112)), Ok(()));
    assert_eq!(Preset::paper().check(224, None), Ok(()));
    assert_eq!(Preset::web().check(224, None), Err(SizesError::WiderCrop));
    assert_eq!(Preset::paper().check(224, Some(112)), Err(SizesError::WiderCrop));
    assert!(Preset::web().check(231, Some(112)).is_err(), "a side that is no multiple of 8");
    assert!(Preset::web().check(0, Some(112)).is_err());
    assert!(Preset::web().check(224, Some(160)).is_err(), "tokens that no crop gives");
    for shrink in 1..=14 {
        let mut shrunk = Preset::web();
        shrunk.agnet.shrink = shrink;
        let fits = std::panic::catch_unwind(|| runs(&shrunk)).is_ok();
        assert_eq!(shrunk.check(224, Some(112)).is_ok(), fits, "shrink {shrink}");
    }
}

/// Panics where AG-Net has not as many places for tokens as it makes; nothing is computed.
fn runs(preset: &Preset) {
    let device = Device::flex();
    cost::multiply_accumulates_uncomputed(|| {
        let image = |side| Tensor::<4>::zeros([1, 3, side, side], &device);
        let views = Views { face: image(224), context: Some(image(112)) };
        preset.agnet.init(&device).forward(views, Some(image(224)));
    });
}
