//! Errors as JavaScript sees them: an `Error` with a `code`.

use despoof::CheckError;
use despoof::bundle::BundleError;
use despoof::photo::PhotoError;
use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// What is thrown.
#[derive(Debug)]
pub struct CodedError {
    code: &'static str,
    message: String,
}

impl CodedError {
    /// Calls in an order that cannot work.
    pub fn misuse(message: &str) -> Self {
        Self { code: "internal", message: message.to_owned() }
    }
}

impl From<BundleError> for CodedError {
    fn from(error: BundleError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

impl From<CheckError> for CodedError {
    fn from(error: CheckError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

impl From<PhotoError> for CodedError {
    fn from(error: PhotoError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

#[cfg(feature = "webgpu")]
impl From<burn::tensor::wgpu::WgpuInitError> for CodedError {
    /// Whatever keeps a browser from handing out a GPU, the page has to take the CPU module instead.
    fn from(error: burn::tensor::wgpu::WgpuInitError) -> Self {
        Self { code: "not_supported", message: format!("WebGPU is not available: {error}") }
    }
}

impl From<CodedError> for JsValue {
    fn from(error: CodedError) -> Self {
        let thrown = js_sys::Error::new(&error.message);
        Reflect::set(&thrown, &"code".into(), &error.code.into())
            .expect("an Error takes properties");
        thrown.into()
    }
}
