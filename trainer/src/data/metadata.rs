//! What is known of a photo: the JSON beside it in a WebDataset shard.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `KEY.json` of a shard. Every label other than `live` is a presentation attack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoMetadata {
    /// `live`, or the attack instrument (`print`, `replay`, …).
    pub label: String,
    /// Camera and setting the photo is from; sets without domains give their `source`.
    #[serde(alias = "source", default = "unknown")]
    pub domain: String,
    /// The person, where known.
    #[serde(default)]
    pub subject: Option<String>,
    /// The video it is a frame of, where known.
    #[serde(default, deserialize_with = "name_from_text_or_number")]
    pub video: Option<String>,
    /// The recording it is from, where known; some sets call their videos so.
    #[serde(default, deserialize_with = "name_from_text_or_number")]
    pub recording: Option<String>,
    /// Face box `[x0, y0, x1, y1]` in pixels, where known.
    #[serde(default)]
    pub face: Option<[f32; 4]>,
    /// `train`, `dev` or `test`, where the set says so.
    #[serde(default)]
    pub split: Option<String>,
    /// The attack more closely than `label` says it (`cut-photo`, `ipad-video`, …), where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attack: Option<String>,
    /// What the set says of the person: `age`, `gender`, `ethnicity`, … Measured by, never trained on.
    #[serde(
        default,
        deserialize_with = "texts_by_name",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub group: BTreeMap<String, String>,
}

impl PhotoMetadata {
    /// Whether the photo shows a live person.
    pub fn is_live(&self) -> bool {
        self.label == "live"
    }

    /// Whether training may look at the photo: everything else is held out.
    pub fn is_for_training(&self) -> bool {
        self.split.as_deref().is_none_or(|split| split == "train")
    }

    /// Whether the photo is kept for the last measurement: neither a threshold nor a checkpoint is chosen
    /// by it.
    pub fn is_for_test(&self) -> bool {
        self.split.as_deref() == Some("test")
    }

    /// The person, where the set tells persons apart.
    pub fn known_subject(&self) -> Option<&str> {
        self.subject.as_deref().filter(|subject| *subject != "unknown")
    }

    /// The video it is a frame of, else the recording it is from.
    pub fn known_video(&self) -> Option<&str> {
        self.video.as_deref().or(self.recording.as_deref())
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// Sets name their videos by text or by number.
fn name_from_text_or_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(name) => Some(name),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// An object of texts and numbers, or null; numbers become text.
fn texts_by_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let values = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(values.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
}

/// Share of persons held out of a set that has no split of its own: one in this many.
const HELD_OUT_EVERY: u64 = 6;

/// Gives a photo of a set without splits one, by person (by photo where persons are unknown), so
/// that no person is on both sides.
pub fn assign_split(metadata: &mut PhotoMetadata, key: &str) {
    if metadata.split.is_some() {
        return;
    }
    let person = metadata.known_subject().unwrap_or(key);
    let held_out = stable_hash(person).is_multiple_of(HELD_OUT_EVERY);
    metadata.split = Some(if held_out { "dev" } else { "train" }.to_owned());
}

/// FNV-1a: the same on every machine and in every version.
pub fn stable_hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Resolution of [`is_in_share`].
const SHARE_STEPS: u64 = 10_000;

/// Whether a key belongs to the given share (0 to 1) of all keys. Each `purpose` has a choice of its own:
/// with the split's hash a share would take whole splits.
pub fn is_in_share(purpose: &str, key: &str, share: f64) -> bool {
    let step = stable_hash(&format!("{purpose} of {key}")) % SHARE_STEPS;
    (step as f64) < share * SHARE_STEPS as f64
}

/// Place of a key in an order that is the same everywhere and mixes keys that look alike: the high
/// bits of [`stable_hash`] hardly depend on a key's last letters (finaliser of MurmurHash3).
pub fn mixed_order(key: &str) -> u64 {
    let mix = |hash: u64, factor: u64| (hash ^ (hash >> 33)).wrapping_mul(factor);
    let hash = mix(mix(stable_hash(key), 0xFF51_AFD7_ED55_8CCD), 0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_may_be_called_recording_and_numbered() {
        let read = |json: &str| -> PhotoMetadata { serde_json::from_str(json).expect("metadata") };
        let both = read(r#"{"label": "live", "domain": "a", "video": 7, "recording": "r"}"#);
        assert_eq!(both.known_video(), Some("7"));
        let recording = read(r#"{"label": "live", "source": "a", "recording": "r"}"#);
        assert_eq!(recording.known_video(), Some("r"));
        assert_eq!(read(r#"{"label": "live"}"#).known_video(), None);
    }

    #[test]
    fn groups_are_texts_whatever_the_set_writes() {
        let read = |json: &str| -> PhotoMetadata { serde_json::from_str(json).expect("metadata") };
        let grouped =
            read(r#"{"label": "live", "group": {"age": 18, "gender": "female", "other": null}}"#);
        let expected = [("age", "18"), ("gender", "female")];
        assert_eq!(grouped.group, expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
        assert!(read(r#"{"label": "live", "group": null}"#).group.is_empty());
    }

    #[test]
    fn held_out_photos_are_for_development_or_for_the_test() {
        for (split, training, test) in
            [("train", true, false), ("dev", false, false), ("test", false, true)]
        {
            let json = serde_json::json!({ "label": "live", "split": split });
            let photo: PhotoMetadata = serde_json::from_value(json).expect("metadata");
            assert_eq!((photo.is_for_training(), photo.is_for_test()), (training, test), "{split}");
        }
    }

    #[test]
    fn a_person_is_on_one_side_only() {
        let metadata = |subject: &str| PhotoMetadata {
            label: "live".into(),
            domain: "a".into(),
            subject: Some(subject.into()),
            video: None,
            recording: None,
            face: None,
            split: None,
            attack: None,
            group: BTreeMap::new(),
        };
        let split_of = |subject: &str, key: &str| {
            let mut photo = metadata(subject);
            assign_split(&mut photo, key);
            photo.split.expect("it was assigned")
        };
        for person in 0..50 {
            let person = format!("person-{person}");
            assert_eq!(split_of(&person, "first"), split_of(&person, "second"));
        }
        let dev = (0..600)
            .filter(|photo| split_of("unknown", &format!("photo-{photo}")) == "dev")
            .count();
        assert!((50..150).contains(&dev), "{dev} of 600 held out");
    }

    #[test]
    fn an_order_mixes_numbered_keys() {
        let mut keys: Vec<usize> = (0..1000).collect();
        keys.sort_by_key(|number| mixed_order(&format!("photo-{number:05}")));
        let first_half = keys[..100].iter().filter(|number| **number < 500).count();
        assert!((30..70).contains(&first_half), "{first_half} of 100 are from the first half");
    }
}
