//! The other networks that the paper takes cues from (section 4.6): each is trained on real faces alone
//! and makes a "real" version of a face without knowing its identity. They are compared with the
//! De-spoofing Face Generator and are not part of what runs in a page.

pub mod anoddpm;
pub mod deep_svdd;
pub mod memae;
