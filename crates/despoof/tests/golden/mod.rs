//! Reference values by name.

use std::path::{Path, PathBuf};

use burn::store::{ModuleStore, SafetensorsStore, bridge};
use burn::tensor::Element;

/// A path below the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// One tensor of a file in `tests/goldens`, flattened.
pub fn values<E: Element>(file: &str, name: &str) -> Vec<E> {
    let path = repository("tests/goldens").join(file).with_extension("safetensors");
    let mut store = SafetensorsStore::from_file(path);
    let found = store.get_tensor(name).expect("a safetensors file").expect(name);
    bridge::to_data(found).expect("readable data").iter::<E>().collect()
}
