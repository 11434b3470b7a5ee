//! Between burn's GPU tensor and the texts of the kernels.

use burn::backend::{DispatchTensorKind, TensorMetadata};
use burn::tensor::{DType, Tensor};
use burn_cubecl::cubecl::ir::metadata::Info;
use burn_cubecl::cubecl::ir::{ElemType, UIntKind};
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::cubecl::server::{KernelArguments, MetadataBindingInfo};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::wgsl::{Launch, Program};

/// Whether a tensor lives where these kernels run.
pub fn holds<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32
        && matches!(tensor.clone().into_dispatch().kind, DispatchTensorKind::Cube(_))
}

/// Queues a call; `inputs` are in the order of [`Program::buffers`]. Returns its output.
pub fn run<P: Program, const N: usize>(
    launch: Launch<P>,
    inputs: impl IntoIterator<Item = CubeTensor>,
    shape: [usize; N],
) -> CubeTensor {
    let inputs: Vec<_> = inputs.into_iter().map(into_contiguous).collect();
    let CubeTensor { client, device, .. } = &inputs[0];
    let bytes = shape.iter().product::<usize>() * size_of::<f32>();
    let output = CubeTensor::new_contiguous(
        client.clone(),
        device.clone(),
        shape.into(),
        client.empty(bytes),
        DType::F32,
    );
    let buffers = inputs.iter().chain([&output]).map(|tensor| tensor.handle.clone().binding());
    let arguments = KernelArguments::new()
        .with_buffers(buffers.collect())
        .with_info(MetadataBindingInfo::custom(words(&launch.sizes)));
    let [x, y, z] = launch.workgroups;
    client.launch(Box::new(Kernel(launch.program)), CubeCount::Static(x, y, z), arguments);
    output
}

/// The sizes of a tensor of known rank.
pub fn dims<const D: usize>(tensor: &CubeTensor) -> [usize; D] {
    tensor.shape().dims()
}

/// cubecl uploads 64-bit words; the kernels read the halves in order.
fn words(sizes: &[u32]) -> Vec<u64> {
    let word = |pair: &[u32]| u64::from(pair[0]) | u64::from(*pair.get(1).unwrap_or(&0)) << 32;
    sizes.chunks(2).map(word).collect()
}

/// A program as cubecl launches it.
struct Kernel<P>(P);

impl<P: Program> KernelMetadata for Kernel<P> {
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.0.clone())
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl<P: Program> CubeKernel for Kernel<P> {
    fn define(&self) -> KernelDefinition {
        let dim = CubeDim::new_1d(self.0.workgroup() as u32);
        let settings = KernelSettings::new(dim.0, ExecutionMode::Checked, AddressType::U32);
        let body = Scope::root(settings.clone());
        KernelDefinition { body, settings, info: Info::default() }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.0.text(),
            entrypoint_name: "main".to_owned(),
            lang: "wgsl",
        })
    }
}
