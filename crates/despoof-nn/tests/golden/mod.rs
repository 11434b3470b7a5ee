//! Reference files: tensors by name, weights into networks, and comparison.

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::store::{
    FloatCastAdapter, KeyRemapper, ModuleAdapter, ModuleSnapshot, ModuleStore,
    PyTorchToBurnAdapter, SafetensorsStore, bridge,
};
use burn::tensor::{DType, Device, Tensor, Tolerance};

/// A path below the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// One tensor of a safetensors file.
pub fn tensor<const D: usize>(file: &Path, name: &str) -> Tensor<D> {
    let mut store = SafetensorsStore::from_file(file);
    let found = store.get_tensor(name).expect("a safetensors file").expect(name);
    let data = bridge::to_data(found).expect("readable data").convert_dtype(DType::F32);
    Tensor::from_data(data, &Device::flex())
}

/// Fills a network from a PyTorch checkpoint whose names `keys` rewrites; none may be missing.
pub fn load<M: Module>(mut network: M, file: &Path, keys: &[(&str, &str)]) -> M {
    let keys = KeyRemapper::from_patterns(keys.to_vec()).expect("valid regular expressions");
    let mut store = SafetensorsStore::from_file(file)
        .with_from_adapter(PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32)))
        .remap(keys);
    network.load_from(&mut store).expect("weights for every parameter");
    network
}

/// Equal but for rounding: `tolerance` relative to the largest magnitude of `expected`. Prints how close,
/// for the table in `docs/trainer-tests.md`.
pub fn assert_close<const D: usize>(actual: Tensor<D>, expected: Tensor<D>, tolerance: f32) {
    let largest = expected.clone().abs().max().into_scalar::<f32>();
    let difference = (actual.clone() - expected.clone()).abs().max().into_scalar::<f32>() / largest;
    let test = std::thread::current();
    let name = test.name().unwrap_or("?");
    println!("parity {name}: {difference:.1e}, allowed {tolerance:.0e}");
    actual
        .into_data()
        .assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(tolerance * largest));
}
