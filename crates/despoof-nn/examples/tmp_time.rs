use burn::tensor::{Device, Distribution, Tensor};
use despoof_nn::{autoencoder::AutoencoderConfig, unet::UnetConfig};
use std::time::Instant;
fn best(name: &str, mut f: impl FnMut()) {
    f();
    let mut t: Vec<f64> = (0..7).map(|_| { let s = Instant::now(); f(); s.elapsed().as_secs_f64() * 1e3 }).collect();
    t.sort_by(f64::total_cmp);
    println!("{name}: min {:.0} ms, median {:.0} ms", t[0], t[3]);
}
fn main() {
    let n = Distribution::Normal(0.0, 1.0);
    for (label, d) in [("plain", Device::flex()), ("autodiff", Device::flex().autodiff())] {
        let ad = label == "autodiff";
        let unet = UnetConfig::web().init(&d);
        let ae = AutoencoderConfig::web().init(&d);
        for b in [1usize, 8] {
            if ad && b == 1 { continue; }
            let z: Tensor<4> = Tensor::random([b, 4, 28, 28], n, &d);
            let t: Tensor<1> = Tensor::full([b], 500.0, &d);
            let c: Tensor<3> = Tensor::random([b, 49, 512], n, &d);
            best(&format!("{label} unet b{b}"), || { let o = unet.forward(z.clone(), t.clone(), c.clone()).square().mean(); if ad { o.backward(); } else { o.into_scalar::<f32>(); } });
            let x: Tensor<4> = Tensor::random([b, 3, 224, 224], n, &d);
            best(&format!("{label} autoencoder b{b}"), || { let o = ae.decode(ae.encode(x.clone()).mean).square().mean(); if ad { o.backward(); } else { o.into_scalar::<f32>(); } });
        }
    }
}
