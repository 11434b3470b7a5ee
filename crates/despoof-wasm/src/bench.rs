//! Networks one by one, to be measured beside other runtimes.

use burn::tensor::{Device, TensorData};
use despoof::parts::Part;
use js_sys::{Array, Float32Array, Object};
use wasm_bindgen::prelude::*;

use crate::error::CodedError;
use crate::{Despoof, answer};

#[wasm_bindgen]
impl Despoof {
    /// Runs the network `name` on one `Float32Array` for each of its inputs and reads all outputs back:
    /// an object of `Float32Array`s by name. The detector's networks run on the CPU, as in a check.
    pub async fn run_part(&self, name: &str, inputs: Array) -> Result<JsValue, CodedError> {
        let checker = self.checker()?;
        let part = Part::named(name, &checker.manifest().preset.agnet)
            .ok_or(CodedError::misuse("no network has this name"))?;
        let device = match part {
            Part::PNet | Part::RNet | Part::ONet => Device::flex(),
            _ => self.device.clone(),
        };
        let ports = part.inputs(checker.manifest()).into_iter();
        let inputs = std::iter::zip(ports, inputs.iter())
            .map(|(port, values)| TensorData::new(Float32Array::new(&values).to_vec(), port.shape));
        let outputs = checker.run_part(part, inputs.collect(), &device);
        let object = Object::new().into();
        for output in outputs {
            let failed = |error| CodedError::from(despoof::CheckError::from(error));
            let data = output.values.into_data_async().await.map_err(failed)?;
            let values = data.try_into_vec::<f32>().expect("networks give 32-bit floats");
            answer::set(&object, output.name, Float32Array::from(values.as_slice()).into());
        }
        Ok(object)
    }
}
