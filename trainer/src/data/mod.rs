//! Photos in WebDataset shards, and the caches that training reads.

pub mod face_store;
pub mod metadata;
pub mod shard;
