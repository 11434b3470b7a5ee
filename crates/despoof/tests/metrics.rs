//! Metrics: agreement with scikit-learn, properties, and numbers counted by hand.

mod golden;

use despoof::metrics::{
    Bootstrap, Estimate, Interval, Label, Metrics, Report, Resampled, Sample, Scores,
    area_under_curve, averaged_by_video, report,
};

const SETS: [&str; 6] = ["continuous", "tied", "unbalanced", "separated", "constant", "backwards"];
const TOLERANCE: f64 = 1e-9;

#[test]
fn agrees_with_scikit_learn() {
    for set in SETS {
        let scores = golden_scores(set, |score| score);
        let golden = |name: &str| golden::values::<f64>("metrics", &format!("{set}.{name}"));
        assert_near(scores.area_under_curve(), golden("auc")[0], set);
        assert_near(scores.equal_error().map(|equal| equal.rate), golden("eer")[0], set);
        let curve = scores.curve().expect("both kinds");
        let expected: Vec<(f64, f64)> = golden("fpr").into_iter().zip(golden("tpr")).collect();
        assert_eq!(curve.len(), expected.len(), "{set}");
        for (point, (attacks, live)) in curve.iter().zip(expected) {
            assert_near(Some(point.attacks_accepted), attacks, set);
            assert_near(Some(point.live_accepted), live, set);
        }
    }
}

#[test]
fn frames_and_videos_agree_with_scikit_learn() {
    let frames = golden_presentations();
    let videos = averaged_by_video(&frames).expect("they name their videos");
    for (unit, samples) in [("frame", frames), ("video", videos)] {
        let golden = |name: &str| golden::values::<f64>("presentations", &format!("{unit}.{name}"));
        let metrics = Scores::from_samples(&samples).metrics(Some(0.55));
        assert_near(metrics.auc, golden("auc")[0], unit);
        let oracle = metrics.oracle.expect("both kinds");
        let [threshold, bpcer, accepted] = golden("oracle")[..] else { panic!("three values") };
        assert_near(Some(oracle.threshold), threshold, unit);
        assert_near(oracle.bpcer, bpcer, unit);
        assert_near(oracle.hter, (bpcer + accepted) / 2.0, unit);
        let honest = metrics.honest.expect("a threshold");
        let [first, second, bpcer] = golden("honest")[..] else { panic!("three values") };
        assert_near(honest.apcer.get("type 1").copied(), first, unit);
        assert_near(honest.apcer.get("type 2").copied(), second, unit);
        assert_near(honest.acer, (first.max(second) + bpcer) / 2.0, unit);
        let [at_10, at_5, at_1] = golden("bpcer_at_apcer")[..] else { panic!("three values") };
        assert_near(metrics.bpcer_at_apcer_10, at_10, unit);
        assert_near(metrics.bpcer_at_apcer_5, at_5, unit);
        assert_near(metrics.bpcer_at_apcer_1, at_1, unit);
    }
}

#[test]
fn videos_of_different_persons_and_labels_are_different() {
    let frame = |score: f64, attack: Option<&str>, subject: &str, video: Option<&str>| Sample {
        video: video.map(str::to_owned),
        ..sample(score, attack, subject)
    };
    let frames = [
        frame(0.2, None, "a", Some("1")),
        frame(0.9, None, "b", Some("1")),
        frame(0.4, None, "a", Some("1")),
        frame(0.5, Some("print"), "a", Some("1")),
        frame(0.6, None, "a", None),
        frame(0.7, None, "a", None),
    ];
    let videos = averaged_by_video(&frames).expect("some name their video");
    let scores: Vec<f64> = videos.iter().map(|video| video.score).collect();
    assert_near(Some(scores[0]), 0.3, "mean");
    assert_eq!(scores[1..], [0.9, 0.5, 0.6, 0.7]);
    assert!(averaged_by_video(&frames[4..]).is_none());
}

#[test]
fn what_is_drawn_is_the_subject_else_the_recording_else_the_photo_else_the_sample() {
    let single = || Sample::single(0.5, Label::Live);
    let name = || Some("a".to_owned());
    let samples = [
        Sample { subject: name(), video: name(), photo: name(), ..single() },
        Sample { subject: name(), ..single() },
        Sample { video: name(), photo: name(), ..single() },
        Sample { video: name(), ..single() },
        Sample { photo: name(), ..single() },
        Sample { photo: name(), ..single() },
        Sample { photo: Some("b".to_owned()), ..single() },
        single(),
        single(),
        single(),
    ];
    let resampled = report(&samples, None, &Bootstrap::default()).resampled;
    assert_eq!(resampled, Resampled { subjects: 1, recordings: 1, photos: 2, samples: 3 });
}

#[test]
fn turning_the_scores_round_turns_the_area_round() {
    for set in SETS {
        let area = golden_scores(set, |score| score).area_under_curve().expect("both kinds");
        assert_near(golden_scores(set, |score| -score).area_under_curve(), 1.0 - area, set);
    }
}

#[test]
fn a_monotone_transform_changes_no_rate() {
    let transforms: [fn(f64) -> f64; 2] =
        [|score| 1.0 / (1.0 + (-score).exp()), |score| 7.0 * score - 3.0];
    for set in SETS {
        let plain = golden_scores(set, |score| score).metrics(None);
        for transform in transforms {
            let transformed = golden_scores(set, transform).metrics(None);
            assert_near(transformed.auc, plain.auc.expect("both kinds"), set);
            assert_near(transformed.eer, plain.eer.expect("both kinds"), set);
            assert_eq!(transformed.bpcer_at_apcer_10, plain.bpcer_at_apcer_10);
            assert_eq!(transformed.bpcer_at_apcer_1, plain.bpcer_at_apcer_1);
            let hter = |metrics: Metrics<f64>| metrics.oracle.and_then(|rates| rates.hter);
            assert_eq!(hter(transformed), hter(plain.clone()));
        }
    }
}

#[test]
fn rates_are_those_counted_by_hand() {
    let scores = Scores::new(
        vec![0.9, 0.8, 0.7, 0.2],
        [("print", vec![0.1, 0.2, 0.3, 0.4, 0.75]), ("screen", vec![0.1, 0.7])],
    );
    let rates = scores.rates(0.7);
    assert_eq!(rates.apcer["print"], 0.2);
    assert_eq!(rates.apcer["screen"], 0.5);
    assert_eq!(rates.worst_apcer, Some(0.5));
    assert_eq!(rates.bpcer, Some(0.25));
    assert_eq!(rates.acer, Some(0.375));
    assert_near(rates.hter, (0.25 + 2.0 / 7.0) / 2.0, "hter");
}

#[test]
fn thresholds_keep_their_promise() {
    let live: Vec<f64> = (0..50).map(|step| f64::from(step * 37 % 50) / 50.0 + 0.3).collect();
    let print: Vec<f64> = (0..30).map(|step| f64::from(step) / 30.0).collect();
    let screen: Vec<f64> = (0..20).map(|step| f64::from(step / 4) / 10.0 + 0.5).collect();
    let scores = Scores::new(live, [("print", print), ("screen", screen)]);
    for target in [0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0] {
        let by_apcer = scores.rates(scores.threshold_at_apcer(target).expect("attacks"));
        assert!(by_apcer.worst_apcer.expect("attacks") <= target + TOLERANCE);
        assert_eq!(scores.bpcer_at_apcer(target), by_apcer.bpcer);
        let by_bpcer = scores.rates(scores.threshold_at_bpcer(target).expect("live"));
        assert!(by_bpcer.bpcer.expect("live") <= target + TOLERANCE);
    }
    assert_eq!(scores.threshold_at_bpcer(0.1), Some(0.3 + 0.1));
}

#[test]
fn a_threshold_survives_rounding_to_32_bits() {
    let scores: Vec<f64> = [0.1f32, 0.2, 0.3].map(f64::from).to_vec();
    let scores = Scores::new(vec![], [("print", scores)]);
    let threshold = scores.threshold_at_apcer(0.0).expect("attacks") as f32;
    assert!(threshold > 0.3f32);
}

#[test]
fn half_a_set_has_half_the_metrics() {
    let live_only =
        report(&[sample(0.9, None, "a"), sample(0.4, None, "b")], Some(0.5), &Bootstrap::default());
    let honest = live_only.metrics.honest.expect("a threshold");
    assert_eq!(honest.bpcer.map(|rate| rate.value), Some(0.5));
    assert!(honest.apcer.is_empty() && honest.acer.is_none() && honest.hter.is_none());
    assert!(live_only.metrics.auc.is_none() && live_only.metrics.bpcer_at_apcer_10.is_none());

    let attacks_only = report(&[sample(0.9, Some("print"), "a")], Some(0.5), &Bootstrap::default());
    let honest = attacks_only.metrics.honest.expect("a threshold");
    assert_eq!(honest.worst_apcer.map(|rate| rate.value), Some(1.0));
    assert!(honest.bpcer.is_none() && attacks_only.metrics.oracle.is_none());

    let nothing = report(&[], None, &Bootstrap::default());
    assert_eq!((nothing.live, nothing.resampled), (0, Resampled::default()));
    assert!(nothing.metrics.auc.is_none() && nothing.metrics.honest.is_none());
}

#[test]
fn a_score_that_is_no_number_is_never_accepted() {
    let rates = Scores::new(vec![f64::NAN, 0.9], [("print", vec![f64::NAN, 0.1])]).rates(0.0);
    assert_eq!((rates.bpcer, rates.worst_apcer), (Some(0.5), Some(0.5)));
}

#[test]
fn intervals_are_over_subjects_and_seeded() {
    let by_subject = set_of_two_hundred(|index| format!("subject {}", index / 20));
    let by_sample = set_of_two_hundred(|index| format!("subject {index}"));
    let bootstrap = Bootstrap { resamples: 400, seed: 7 };
    let interval = |samples: &[Sample], bootstrap: &Bootstrap| {
        let auc = report(samples, None, bootstrap).metrics.auc.expect("both kinds");
        let interval = auc.interval.expect("resamples");
        assert!(interval.low <= auc.value && auc.value <= interval.high);
        interval
    };
    let wide = interval(&by_subject, &bootstrap);
    let narrow = interval(&by_sample, &bootstrap);
    assert!(wide.high - wide.low > 1.5 * (narrow.high - narrow.low), "{wide:?} {narrow:?}");
    assert_eq!(interval(&by_subject, &bootstrap), wide);
    assert_ne!(interval(&by_subject, &Bootstrap { seed: 8, ..bootstrap }), wide);
}

#[test]
fn a_resample_without_a_species_says_nothing_of_the_worst() {
    let refused = (0..9).map(|person| sample(0.1, Some("A"), &format!("a{person}")));
    let accepted = sample(0.9, Some("B"), "b");
    let live = (0..5).map(|person| sample(0.7, None, &format!("live{person}")));
    let samples: Vec<Sample> = refused.chain([accepted]).chain(live).collect();
    let metrics = report(&samples, Some(0.5), &Bootstrap::default()).metrics;
    let always =
        |value: f64| Some(Estimate { value, interval: Some(Interval { low: value, high: value }) });
    assert_eq!(metrics.bpcer_at_apcer_1, always(1.0));
    let honest = metrics.honest.expect("a threshold");
    assert_eq!((honest.worst_apcer, honest.acer), (always(1.0), always(0.5)));
    assert_eq!(honest.apcer.get("A").copied(), always(0.0));
    // The attacks that were accepted differ with how often the one of B was drawn.
    assert!(honest.hter.and_then(|rate| rate.interval).expect("resamples").low < 0.05);
}

#[test]
fn a_report_travels_as_json() {
    let samples = set_of_two_hundred(|index| index.to_string());
    let bootstrap = Bootstrap { resamples: 10, seed: 0 };
    let written = report(&samples, Some(0.5), &bootstrap);
    let json = serde_json::to_string(&written).expect("serialisable");
    let read: Report = serde_json::from_str(&json).expect("a report");
    assert_eq!((read.live, &read.attacks, read.resampled.subjects), (100, &written.attacks, 200));
    let bpcer = |report: Report| report.metrics.honest.and_then(|rates| rates.bpcer);
    assert_near(bpcer(read).map(|rate| rate.value), bpcer(written).expect("live").value, "bpcer");
}

#[test]
fn the_short_way_to_the_area_is_the_same() {
    assert_eq!(area_under_curve(&[0.9, 0.5, 0.5, 0.1], &[true, true, false, false]), Some(0.875));
    assert_eq!(area_under_curve(&[0.9, 0.5], &[true, true]), None);
}

/// Ten persons, every second one an attacker, with 20 scores each that are alike.
fn set_of_two_hundred(subject: impl Fn(usize) -> String) -> Vec<Sample> {
    let level = |person: usize| (person * 3 % 10) as f64 / 10.0;
    let noise = |index: usize| (index * 7919 % 101) as f64 / 1010.0;
    let species = |person: usize| [None, Some("print"), None, Some("screen")][person % 4];
    let scored = |index: usize| {
        let person = index / 20;
        sample(level(person) + noise(index), species(person), &subject(index))
    };
    (0..200).map(scored).collect()
}

fn sample(score: f64, attack: Option<&str>, subject: &str) -> Sample {
    let label = attack.map_or(Label::Live, |species| Label::Attack(species.to_owned()));
    Sample { subject: Some(subject.to_owned()), ..Sample::single(score, label) }
}

/// Frames of ten live videos and of two attack types.
fn golden_presentations() -> Vec<Sample> {
    let scores: Vec<f64> = golden::values("presentations", "scores");
    let labels: Vec<i64> = golden::values("presentations", "labels");
    let videos: Vec<i64> = golden::values("presentations", "videos");
    let frame = |((score, label), video): ((f64, i64), i64)| {
        let label = if label == 0 { Label::Live } else { Label::Attack(format!("type {label}")) };
        Sample { video: Some(video.to_string()), ..Sample::single(score, label) }
    };
    scores.into_iter().zip(labels).zip(videos).map(frame).collect()
}

/// The scores of a golden set; label 1 is live.
fn golden_scores(set: &str, transform: impl Fn(f64) -> f64) -> Scores<'static> {
    let scores: Vec<f64> = golden::values("metrics", &format!("{set}.scores"));
    let labels: Vec<i64> = golden::values("metrics", &format!("{set}.labels"));
    let of = |wanted: i64| -> Vec<f64> {
        let chosen = scores.iter().zip(&labels).filter(|(_, label)| **label == wanted);
        chosen.map(|(score, _)| transform(*score)).collect()
    };
    Scores::new(of(1), [("attack", of(0))])
}

fn assert_near(ours: Option<f64>, expected: f64, what: &str) {
    let ours = ours.expect("a value");
    assert!((ours - expected).abs() <= TOLERANCE, "{what}: {ours} is not {expected}");
}
