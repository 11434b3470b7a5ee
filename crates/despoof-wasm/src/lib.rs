//! Toolchain smoke test.
use burn::nn::conv::Conv2dConfig;
use burn::tensor::{Device, Tensor, Distribution};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
pub async fn smoke(n: usize) -> Result<Vec<f32>, JsError> {
    #[cfg(feature = "webgpu")]
    let device = Device::wgpu_options().init_async().await.map_err(|e| JsError::new(&e.to_string()))?;
    #[cfg(not(feature = "webgpu"))]
    let device = Device::flex();
    let conv = Conv2dConfig::new([3, 16], [3, 3]).init(&device);
    let x = Tensor::<4>::random([1, 3, n, n], Distribution::Default, &device);
    let y = conv.forward(x);
    let [_, c, h, w] = y.dims();
    let y = y.reshape([c, h * w]);
    let z = y.clone().matmul(y.transpose());
    let data = z.into_data_async().await.map_err(|e| JsError::new(&format!("{e:?}")))?;
    data.to_vec::<f32>().map_err(|e| JsError::new(&format!("{e:?}")))
}
