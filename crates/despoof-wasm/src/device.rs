//! The device the heavy networks run on.

use burn::tensor::Device;

use crate::error::CodedError;

#[cfg(not(feature = "webgpu"))]
pub const BACKEND: &str = "cpu";
#[cfg(feature = "webgpu")]
pub const BACKEND: &str = "webgpu";

/// The CPU; it is always there.
#[cfg(not(feature = "webgpu"))]
pub async fn acquire() -> Result<Device, CodedError> {
    Ok(Device::flex())
}

/// The browser's GPU.
///
/// burn registers a GPU once per module and refuses a second `init_async`, so the device is kept for the
/// next bundle. `Device::default()` would acquire it synchronously, which panics in a browser. A device
/// that was lost stays lost: the way back is a new worker with a new module.
#[cfg(feature = "webgpu")]
pub async fn acquire() -> Result<Device, CodedError> {
    use std::cell::OnceCell;
    thread_local!(static DEVICE: OnceCell<Device> = const { OnceCell::new() });

    if let Some(device) = DEVICE.with(|kept| kept.get().cloned()) {
        return Ok(device);
    }
    let device = Device::wgpu_options().init_async().await?;
    Ok(DEVICE.with(|kept| kept.get_or_init(|| device).clone()))
}
