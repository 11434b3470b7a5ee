//! What identity maps say of persons nobody trained on: same person or two, by the similarity of their
//! maps, and of what the teacher's own embedding makes of them.

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor};
use despoof::identify::identity_input_from_aligned;
use despoof_nn::identity::IdentityEncoder;
use despoof_nn::mobilefacenet::MobileFaceNet;
use serde::Serialize;

use crate::data::face_store::{
    ALIGNED, ALIGNED_SIDE, FaceEntry, FaceStore, ImagePlane, TEACHER, TEACHER_SIDE,
};
use crate::evaluation::verification::{Pair, Verification, pairs, verification};
use crate::training::in_batches::{BATCH, read};
use crate::training::margin::normalised;

/// How well one kind of vector tells persons apart.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityRow {
    /// Whose map, and what was made of it.
    pub vector: &'static str,
    /// How well its cosine tells pairs apart.
    #[serde(flatten)]
    pub verification: Verification,
}

/// Pairs of held-out faces.
pub struct HeldOutPairs {
    /// The faces, indices of the store.
    faces: Vec<usize>,
    /// Pairs of them.
    pub pairs: Vec<Pair>,
}

impl HeldOutPairs {
    /// Of the faces of a store that training may not look at and whose persons are known.
    ///
    /// # Errors
    /// No pair of one person, or none of two.
    pub fn of(store: &FaceStore, seed: u64) -> Result<Self> {
        let held_out =
            |entry: &FaceEntry| !entry.metadata.is_for_training() && entry.person().is_some();
        let faces = store.indices(held_out);
        let persons: Vec<String> =
            faces.iter().filter_map(|&face| store.entries[face].person()).collect();
        let pairs = pairs(&persons, seed);
        ensure!(
            !pairs.is_empty(),
            "{} has no two held-out faces of a known person",
            store.folder().display()
        );
        Ok(Self { faces, pairs })
    }

    /// The vectors' cosines, one for each pair: rows of `vectors` are the faces'.
    fn verification(&self, vectors: &[Tensor<2>]) -> Result<Verification> {
        let vectors = normalised(Tensor::cat(vectors.to_vec(), 0));
        let similarity = vectors.clone().matmul(vectors.transpose()).into_data();
        let similarity: Vec<f32> = similarity.iter::<f32>().collect();
        let of_pair = |pair: &Pair| similarity[pair.faces[0] * self.faces.len() + pair.faces[1]];
        let similarities: Vec<f32> = self.pairs.iter().map(of_pair).collect();
        verification(&self.pairs, &similarities).context("the persons are in fewer than two folds")
    }
}

/// Vectors of faces by one kind of map: its mean over positions, and the teacher's embedding of it.
#[derive(Default)]
struct Vectors {
    pooled: Vec<Tensor<2>>,
    embedded: Vec<Tensor<2>>,
}

impl Vectors {
    fn add(&mut self, map: Tensor<4>, teacher: Option<&MobileFaceNet>) {
        self.embedded.extend(teacher.map(|teacher| teacher.embedding(map.clone())));
        self.pooled.push(map.mean_dims(&[2, 3]).flatten(1, 3));
    }
}

/// A row for each kind of vector: of `encoder`, and of `teacher`, whose crops the store then has.
///
/// # Errors
/// Crops that cannot be read.
pub fn rows(
    store: &FaceStore,
    held_out: &HeldOutPairs,
    encoder: &IdentityEncoder,
    teacher: Option<&MobileFaceNet>,
    device: &Device,
) -> Result<Vec<IdentityRow>> {
    let aligned = store.image_plane(ALIGNED, ALIGNED_SIDE)?;
    let own = vectors(held_out, &aligned, teacher, device, |faces| {
        encoder.forward(identity_input_from_aligned(faces))
    })?;
    let mut kinds =
        vec![("mean of the map", own.pooled), ("the teacher's embedding of it", own.embedded)];
    if let Some(teacher) = teacher {
        let crops = store.whole_image_plane(TEACHER, TEACHER_SIDE)?;
        let of_teacher =
            vectors(held_out, &crops, Some(teacher), device, |faces| teacher.forward(faces))?;
        kinds.push(("mean of the teacher's map", of_teacher.pooled));
        kinds.push(("the teacher's embedding", of_teacher.embedded));
    }
    let row = |(vector, vectors): (&'static str, Vec<Tensor<2>>)| {
        Ok(IdentityRow { vector, verification: held_out.verification(&vectors)? })
    };
    kinds.into_iter().filter(|(_, vectors)| !vectors.is_empty()).map(row).collect()
}

fn vectors(
    held_out: &HeldOutPairs,
    crops: &ImagePlane,
    teacher: Option<&MobileFaceNet>,
    device: &Device,
    map: impl Fn(Tensor<4>) -> Tensor<4>,
) -> Result<Vectors> {
    let mut vectors = Vectors::default();
    for batch in held_out.faces.chunks(BATCH) {
        vectors.add(map(read(crops, batch, device)?), teacher);
    }
    Ok(vectors)
}
