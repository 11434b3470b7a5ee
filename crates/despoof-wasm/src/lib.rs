//! The browser module: hands bytes from JavaScript to [`despoof`] and its answers back.
//!
//! Built three times, with the feature `cpu`, `cpu_relaxed` or `webgpu`; a page loads the one it needs.
//! Calls must not overlap: wasm-bindgen refuses a call that takes the object while another one still awaits the GPU.
//!
//! A panic aborts the module. Inside an async call it surfaces as an uncaught error of the worker, and the
//! call's promise stays pending for ever: whoever owns the worker listens for its `error` event.

mod answer;
#[cfg(feature = "bench")]
mod bench;
mod device;
mod error;
mod frame;

use burn::tensor::Device;
use despoof::Checker;
use despoof::bundle::BundleLoader;
use despoof::decide::decide_frames;
use despoof::photo;
use image::RgbImage;
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_time::Instant;

use error::CodedError;

/// Prints panics to the console: the trap that follows says only "unreachable".
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|panic| console_error(&panic.to_string())));
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
}

/// A weight bundle that is being loaded, then one that checks pictures.
#[wasm_bindgen]
pub struct Despoof {
    device: Device,
    bundle_digest: String,
    loader: Option<BundleLoader>,
    checker: Option<Checker>,
}

#[wasm_bindgen]
impl Despoof {
    /// Reads a bundle's manifest and acquires the device. Throws `not_supported` where there is no WebGPU.
    pub async fn create(manifest_json: String) -> Result<Despoof, CodedError> {
        let loader = BundleLoader::new(&manifest_json)?;
        Ok(Self {
            device: device::acquire().await?,
            bundle_digest: loader.manifest().digest.clone(),
            loader: Some(loader),
            checker: None,
        })
    }

    /// The shards the manifest lists, all to be added before `finish`.
    pub fn shards(&self) -> Vec<String> {
        self.loader.as_ref().map(BundleLoader::shard_names).unwrap_or_default()
    }

    /// Takes a shard's weights. Throws `integrity_failed` where it is not what the manifest says.
    pub fn add_shard(&mut self, name: &str, bytes: &[u8]) -> Result<(), CodedError> {
        let loader = self.loader.as_mut().ok_or(CodedError::misuse("the bundle is finished"))?;
        Ok(loader.add_shard(name, bytes)?)
    }

    /// Builds the networks and runs them once. Throws where the weights do not fit, and where a shard is
    /// missing, which can then still be added.
    pub async fn finish(&mut self) -> Result<(), CodedError> {
        self.loader.as_ref().map_or(Ok(()), BundleLoader::check_complete)?;
        let loader = self.loader.take().ok_or(CodedError::misuse("the bundle is finished"))?;
        let checker = loader.finish(&self.device, &Device::flex())?;
        checker.warm_up().await?;
        self.checker = Some(checker);
        Ok(())
    }

    /// Checks a photo: the bytes of a PNG, JPEG, GIF or WebP file.
    #[wasm_bindgen(unchecked_return_type = "CheckOutcome")]
    pub async fn check_photo(
        &self,
        bytes: Vec<u8>,
        explain: bool,
        #[wasm_bindgen(unchecked_optional_param_type = "(stage: CheckStage) => void")]
        on_stage: Option<Function>,
    ) -> Result<JsValue, CodedError> {
        let listener = Listener(on_stage);
        let decode = Decode::start(&listener);
        let photo = photo::decode(&bytes)?;
        self.check(&photo, decode.milliseconds(), explain, &listener).await
    }

    /// Checks a frame of a camera: RGBA, as a canvas holds it.
    #[wasm_bindgen(unchecked_return_type = "CheckOutcome")]
    pub async fn check_frame(
        &self,
        rgba: Vec<u8>,
        width: u32,
        height: u32,
        explain: bool,
        #[wasm_bindgen(unchecked_optional_param_type = "(stage: CheckStage) => void")]
        on_stage: Option<Function>,
    ) -> Result<JsValue, CodedError> {
        let listener = Listener(on_stage);
        let decode = Decode::start(&listener);
        let photo = frame::photo_from_rgba(&rgba, width, height)?;
        self.check(&photo, decode.milliseconds(), explain, &listener).await
    }

    /// Measures a camera's frame (RGBA, as a canvas holds it) without checking it.
    #[wasm_bindgen(unchecked_return_type = "FrameExamination")]
    pub async fn examine_frame(
        &self,
        rgba: Vec<u8>,
        width: u32,
        height: u32,
    ) -> Result<JsValue, CodedError> {
        let frame = frame::photo_from_rgba(&rgba, width, height)?;
        Ok(answer::js_from_serializable(&self.checker()?.examine(&frame).await?))
    }

    /// Decides the scores of several frames of one person.
    #[wasm_bindgen(unchecked_return_type = "FramesVerdict")]
    pub fn decide_frames(&self, scores: &[f32]) -> Result<JsValue, CodedError> {
        let rule = &self.checker()?.manifest().decision;
        let verdict =
            decide_frames(rule, scores).ok_or(CodedError::misuse("no scores to decide"))?;
        Ok(answer::js_from_serializable(&verdict))
    }

    /// SHA-256 that names the bundle.
    pub fn bundle_digest(&self) -> String {
        self.bundle_digest.clone()
    }

    /// What the networks run on.
    #[wasm_bindgen(unchecked_return_type = "\"webgpu\" | \"cpu\"")]
    pub fn backend(&self) -> String {
        device::BACKEND.to_owned()
    }
}

impl Despoof {
    fn checker(&self) -> Result<&Checker, CodedError> {
        self.checker.as_ref().ok_or(CodedError::misuse("finish() comes before checks"))
    }

    async fn check(
        &self,
        photo: &RgbImage,
        decode_ms: f64,
        explain: bool,
        listener: &Listener,
    ) -> Result<JsValue, CodedError> {
        let check =
            self.checker()?.check(photo, explain, |stage| listener.hear(stage.name())).await?;
        Ok(answer::js_from_check(&check, decode_ms, &self.bundle_digest))
    }
}

impl Drop for Despoof {
    /// Gives the GPU buffers back: burn keeps those of dropped tensors for its next ones.
    fn drop(&mut self) {
        self.checker = None;
        self.device.memory_cleanup();
    }
}

/// The page's function that is told each stage as it begins.
struct Listener(Option<Function>);

impl Listener {
    fn hear(&self, stage: &str) {
        let Some(function) = &self.0 else { return };
        if let Err(thrown) = function.call1(&JsValue::UNDEFINED, &stage.into()) {
            // The listener's own mistake must not cost the verdict.
            console_error(&format!("the stage listener threw: {thrown:?}"));
        }
    }
}

/// The stage before those of the checker: from a file or a canvas to pixels.
struct Decode(Instant);

impl Decode {
    fn start(listener: &Listener) -> Self {
        listener.hear("decode");
        Self(Instant::now())
    }

    fn milliseconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1e3
    }
}
