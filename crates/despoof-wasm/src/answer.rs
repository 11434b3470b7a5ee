//! A check's answer as a JavaScript object.

use despoof::{Check, Evidence};
use image::RgbImage;
use js_sys::{JSON, Object, Reflect, Uint8Array};
use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The stages of a check, in order. */
export type CheckStage = "decode" | "detect" | "align" | "identify" | "generate" | "cue" | "score";

/** The answer to one picture. */
export interface CheckOutcome {
  outcome: "live" | "spoof" | "uncertain";
  /** Probability of a live face. */
  score: number;
  /** The bundle's threshold. */
  threshold: number;
  /** How many faces the picture shows; the largest was taken. */
  faces: number;
  /** Milliseconds by stage. */
  stages_ms: Partial<Record<CheckStage, number>>;
  /** SHA-256 that names the bundle. */
  bundle_digest: string;
  /** The pictures that explain the verdict, where they were asked for. */
  evidence?: CheckEvidence;
}

/** What can be said of a frame without checking it. */
export interface FrameExamination {
  /** How many faces the frame shows. */
  faces: number;
  /** Of the largest; `null` where there is no face. */
  quality: FrameQuality | null;
}

/** Measures of a frame's largest face. */
export interface FrameQuality {
  /** Height of the face, as a share of the frame's height. */
  size: number;
  /** Middle of the face in x and y, as shares of the frame's width and height. */
  centre: [number, number];
  /** Share of the crop the networks see that lies inside the frame. */
  inside: number;
  /** Degrees by which the head leans to a shoulder. */
  roll: number;
  /** How far the nose lies beside the middle of the eyes, in distances of the eyes. */
  yaw: number;
  /** How far the nose lies below its place in a frontal face, in distances from eyes to mouth. */
  pitch: number;
  /** Mean brightness, 0 to 1. */
  luminance: number;
  /** Variance of the Laplacian of the brightness. */
  sharpness: number;
}

/** Several frames decided together. */
export interface FramesVerdict {
  outcome: "live" | "spoof" | "uncertain";
  /** Mean of the scores. */
  score: number;
  threshold: number;
  /** Distance from the lowest to the highest score. */
  spread: number;
}

/** Square RGBA pictures. */
export interface CheckEvidence {
  /** Width and height. */
  size: number;
  aligned: Uint8Array;
  generated: Uint8Array;
  cue: Uint8Array;
}
"#;

/// The object described above.
pub fn js_from_check(check: &Check, decode_ms: f64, bundle_digest: &str) -> JsValue {
    let answer = object_from_json(&json_from_check(check, decode_ms, bundle_digest));
    if let Some(evidence) = &check.evidence {
        set(&answer, "evidence", js_from_evidence(evidence));
    }
    answer
}

/// The fields of a line of `despoof check --json`, and the time decoding took.
fn json_from_check(check: &Check, decode_ms: f64, bundle_digest: &str) -> Value {
    let mut stages_ms = json!(check.stages);
    stages_ms["decode"] = decode_ms.into();
    json!({
        "outcome": check.verdict.outcome,
        "score": check.verdict.score,
        "threshold": check.verdict.threshold,
        "faces": check.faces,
        "stages_ms": stages_ms,
        "bundle_digest": bundle_digest,
    })
}

fn js_from_evidence(evidence: &Evidence) -> JsValue {
    let object = Object::new().into();
    set(&object, "size", evidence.aligned.width().into());
    for (name, picture) in
        [("aligned", &evidence.aligned), ("generated", &evidence.generated), ("cue", &evidence.cue)]
    {
        set(&object, name, Uint8Array::from(rgba_from_rgb(picture).as_slice()).into());
    }
    object
}

/// As canvases want it: opaque.
fn rgba_from_rgb(picture: &RgbImage) -> Vec<u8> {
    picture
        .pixels()
        .flat_map(|&image::Rgb([red, green, blue])| [red, green, blue, u8::MAX])
        .collect()
}

/// Anything that serialises, as a JavaScript object.
pub fn js_from_serializable(value: &impl Serialize) -> JsValue {
    object_from_json(&json!(value))
}

fn object_from_json(value: &Value) -> JsValue {
    JSON::parse(&value.to_string()).expect("serde_json writes JSON")
}

/// Sets a property of a fresh object.
pub fn set(object: &JsValue, name: &str, value: JsValue) {
    Reflect::set(object, &name.into(), &value).expect("a fresh object takes properties");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_opaque() {
        let picture = RgbImage::from_raw(1, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(rgba_from_rgb(&picture), [1, 2, 3, 255, 4, 5, 6, 255]);
    }
}
