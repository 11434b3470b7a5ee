//! Photos in WebDataset shards: how they get there, what is in them, and the caches that training
//! reads.

pub mod crop_planes;
pub mod face_store;
pub mod found_face;
pub mod layouts;
pub mod made_by;
pub mod metadata;
pub mod plane_made_by;
mod planes;
pub mod prepare;
#[cfg(test)]
pub mod scratch;
pub mod shard;
pub mod stats;
pub mod whole_file;
