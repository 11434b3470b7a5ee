"""Prints the model card's tables from what `docs/weights/measure.sh` measured.

    python docs/weights/tables.py FOLDER
"""

import json
import sys
from pathlib import Path

# Protocols by the names they have in measure.sh, and what the card calls them.
KNOWN = {
    "nuaa-train": "– persons of `nuaa-train` held out (`--held-out`)",
    "nuaa-train-close-up": "– the same photos close up (`--close-up 1.25`)",
    "phone-a": "– photos of `phone-a` held out (`--held-out`); training knows its persons' live faces and some of its replays",
    "phone-b": "– live persons of `phone-b` held out (`--held-out --share 0.4`); training knows its replays",
    "phone-c": "– `phone-c` (`--share 0.12`); training knows half of its live faces and some of its replays",
    "real-003": "– `real-003.tar`, persons never seen",
    "nuaa-test": "`nuaa-test`, six other persons, same cameras (`--share 0.4`)",
    "nuaa-test-close-up": "the same photos close up (`--close-up 1.25`)",
    "real": "real faces, persons never seen (`real-000…002.tar --held-out --share 0.4`)",
}
STRANGE = {
    "strange-phone-a": "`phone-a` left out",
    "strange-phone-c": "`phone-c` left out",
    "strange-nuaa": "`nuaa` left out: no recorded print in training",
    "strange-nuaa-close-up": "– the same photos close up",
}


def read(path):
    return json.loads(path.read_text()) if path.exists() else None


def percent(value):
    return "" if value is None else f"{value:.1f}"


def with_interval(value, interval):
    """A rate with its interval, which is left out where it says nothing."""
    if value is None:
        return ""
    text = percent(value)
    if not interval or percent(interval[0]) == percent(interval[1]):
        return text
    return f"{text} ({percent(interval[0])}–{percent(interval[1])})"


def by_path(tree, *path):
    for name in path:
        tree = tree.get(name) if tree else None
    return tree


def rate(report, *path):
    return with_interval(by_path(report, *path), by_path(report, "intervals", *path))


def photos(counts):
    attacks = [f"{count} {kind}" for kind, count in counts["attacks"].items()]
    return ", ".join([f"{counts['live']} live", *attacks])


def attacks_passed(report):
    return ", ".join(f"{kind} {percent(value)}" for kind, value in report["honest"]["apcer_by_attack"].items())


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def known(folder):
    together = read(folder / "development.json")
    if together:
        row("development sets together", photos(together["counts"]), rate(together, "auc"), rate(together, "eer"))
    for name, title in KNOWN.items():
        report = read(folder / "known" / f"{name}.json")
        if report:
            row(title, photos(report["counts"]), rate(report, "auc"), percent(report["eer"]), rate(report, "honest", "hter"),
                attacks_passed(report), rate(report, "honest", "bpcer"), str(report["non_response"]["count"]))


def strange(folder):
    means = []
    for name, title in STRANGE.items():
        for path in sorted((folder / "strange").glob(f"*/{name}.crossed")):
            report = read(path)
            row(path.parent.name, title, *map(percent, figures(report)))
            if not name.endswith("close-up"):
                means.append(figures(report))
    if means:
        row("", f"mean of {len(means)}", *(percent(sum(column) / len(means)) for column in zip(*means)))


def figures(report):
    return [report["auc"], report["eer"], *(report["honest"][name] for name in ("hter", "apcer", "bpcer"))]


def crossed(folder):
    for run in sorted((folder / "crossed").glob("*")):
        reports = [read(path) for path in sorted(run.glob("*.crossed"))]
        if not reports:
            continue
        for report in reports:
            row(run.name, report["data"][0].removeprefix("strange-").removesuffix(".csv"), *map(percent, figures(report)))
        means = (sum(column) / len(reports) for column in zip(*map(figures, reports)))
        row(run.name, f"mean of {len(reports)}", *map(percent, means))


def outcomes(folder):
    for name, title in KNOWN.items():
        report = read(folder / "known" / f"{name}.json")
        for outcome in report["outcomes"] if report else []:
            row(title, outcome["label"], str(outcome["presentations"]), *(percent(outcome[what]) for what in ("live", "uncertain", "spoof")))


def groups(folder):
    reports = [read(folder / "known" / f"{name}.json") for name in ("real", "real-003")]
    rows = {}
    for column, report in enumerate(reports):
        for group in report["groups"] if report else []:
            rows.setdefault((group["attribute"], group["group"]), [None, None])[column] = group
    for (attribute, name), columns in rows.items():
        cells = [cell for group in columns for cell in
                 (("", "") if group is None else (with_interval(group["bpcer"], group["interval"]), str(group["live"])))]
        refused = sum(round(group["bpcer"] * group["live"] / 100) for group in columns if group)
        row(f"{attribute} {name}", *cells, f"{refused} of {sum(group['live'] for group in columns if group)}")


def main():
    folder = Path(sys.argv[1])
    tables = {
        "known cameras": known,
        "networks that know all cameras but one, on that one: AUC, EER, HTER, APCER, BPCER": strange,
        "networks that know no camera: AUC, EER, HTER, APCER, BPCER": crossed,
        "what the rule says": outcomes,
        "who is refused": groups,
    }
    for title, table in tables.items():
        print(f"\n{title}")
        table(folder)


main()
