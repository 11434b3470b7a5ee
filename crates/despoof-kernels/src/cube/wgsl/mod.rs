//! The text of the WebGPU kernels, and how many workgroups of each a call needs.
//!
//! Every invocation computes a small block of outputs in named variables, without shared memory and,
//! but for the sums of a normalisation, without barriers (docs/adr/0005). What sizes loops that are
//! unrolled is part of the text; all other sizes come in a buffer, so that a text serves many shapes.

use std::fmt::{Debug, Write};
use std::hash::Hash;

pub mod attention;
#[cfg(test)]
mod cases;
pub mod channelwise;
pub mod conv;
pub mod linear;
pub mod normalisation;
pub mod pixels;

/// Invocations of a workgroup that shares nothing.
pub const WORKGROUP: usize = 64;

/// A kernel. Equal programs have equal text.
pub trait Program: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// Names of the `f32` buffers in their order; the last one is the output.
    fn buffers(&self) -> Vec<&'static str>;

    /// Names of the values in [`Launch::sizes`].
    fn sizes(&self) -> &'static [&'static str];

    /// What `main` does, with `id` (global invocation), `lane` (in the workgroup) and `group`
    /// (workgroup).
    fn body(&self) -> String;

    /// Declarations in front of `main`.
    fn declarations(&self) -> String {
        String::new()
    }

    /// Invocations of a workgroup.
    fn workgroup(&self) -> usize {
        WORKGROUP
    }

    /// The whole text; its entry point is `main`.
    fn text(&self) -> String {
        let mut text = String::new();
        let buffers = self.buffers();
        for (binding, name) in buffers.iter().enumerate() {
            // All of them writable: WebGPU refuses a buffer bound for both in one dispatch, and
            // cubecl may cut several tensors from one buffer.
            line(
                &mut text,
                format!(
                    "@group(0) @binding({binding}) var<storage, read_write> {name}: array<f32>;"
                ),
            );
        }
        let binding = buffers.len();
        line(
            &mut text,
            format!("@group(0) @binding({binding}) var<storage, read> sizes: array<u32>;"),
        );
        text += &self.declarations();
        line(&mut text, format!("@compute @workgroup_size({})", self.workgroup()));
        line(
            &mut text,
            "fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) \
             lane: u32, @builtin(workgroup_id) group: vec3<u32>) {",
        );
        for (index, name) in self.sizes().iter().enumerate() {
            line(&mut text, format!("let {name} = sizes[{index}];"));
        }
        text + &self.body() + "}\n"
    }
}

/// One call of a kernel.
#[derive(Clone, Debug)]
pub struct Launch<P> {
    /// The kernel.
    pub program: P,
    /// What [`Program::sizes`] names.
    pub sizes: Vec<u32>,
    /// Workgroups in x, y and z.
    pub workgroups: [u32; 3],
}

impl<P: Program> Launch<P> {
    /// `invocations` for each of `batch` images.
    fn per_image(program: P, sizes: Vec<u32>, invocations: usize, batch: usize) -> Self {
        let workgroups = [invocations.div_ceil(program.workgroup()) as u32, 1, batch as u32];
        debug_assert_eq!(sizes.len(), program.sizes().len(), "every size has a name");
        Self { program, sizes, workgroups }
    }
}

/// The sizes as the buffer holds them.
fn words<const N: usize>(sizes: [usize; N]) -> Vec<u32> {
    sizes.map(|size| size as u32).to_vec()
}

fn line(text: &mut String, line: impl AsRef<str>) {
    writeln!(text, "{}", line.as_ref()).expect("a string takes all that is written");
}
