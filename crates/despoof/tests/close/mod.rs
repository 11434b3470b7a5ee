//! Numbers of faces that agree.

/// As many, and none farther apart than `tolerance`; what is no number agrees with nothing.
pub fn assert_close(ours: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), expected.len(), "as many faces");
    for (ours, expected) in ours.iter().zip(expected) {
        assert!((ours - expected).abs() <= tolerance, "{ours} and {expected}");
    }
}
