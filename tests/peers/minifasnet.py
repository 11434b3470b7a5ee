"""Scores photos with MiniFASNet, the open model most people would pick, for `despoof eval --scores`.

    python tests/peers/minifasnet.py --weights FOLDER --data SHARD.tar… --out scores.csv [--share 0.1]
    despoof eval --scores scores.csv --threshold 0.5
    python tests/peers/minifasnet.py --weights FOLDER --faces PREPARED --out teacher.csv
    despoof train agnet --faces PREPARED --teacher teacher.csv …

FOLDER holds `2.7_80x80_MiniFASNetV2.pth` and `4_0_0_80x80_MiniFASNetV1SE.pth` (Apache-2.0, from
minivision-ai/Silent-Face-Anti-Spoofing). The networks are read off the state dicts; how they are fed follows that
repository: the face box is widened by 2.7 and 4.0 about its middle, by less where the photo ends, moved inside the photo,
resized to 80×80; BGR, 0 to 255. The score is the mean of both networks' softmax, class 1 being live.

The photos' own `face` box takes the place of that repository's detector; a photo without one, or one that cannot be
decoded, gets no score and is counted. `--share` takes the same photos as `despoof eval --share`. `--faces` scores a folder
of prepared faces for training: both networks see the stored wider crop, which is as wide as photos of that cut allow.
Needs torch, numpy, Pillow.
"""

import argparse
import csv
import io
import json
import sys
import tarfile
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

SIDE = 80
NETWORKS = {"2.7_80x80_MiniFASNetV2.pth": 2.7, "4_0_0_80x80_MiniFASNetV1SE.pth": 4.0}
LIVE = 1
CONTEXT_SIDE = 112
# Prepared faces scored at once.
BATCH = 64


class StateDictNetwork:
    """Runs a MiniFASNet from its state dict alone."""

    def __init__(self, path: Path):
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.state = {name.removeprefix("module."): tensor for name, tensor in state.items()}

    def has(self, prefix: str) -> bool:
        return any(name.startswith(f"{prefix}.") for name in self.state)

    def batch_norm(self, x: torch.Tensor, prefix: str) -> torch.Tensor:
        mean, variance, weight, bias = (
            self.state[f"{prefix}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
        )
        return functional.batch_norm(x, mean, variance, weight, bias, eps=1e-5)

    def unit(self, x: torch.Tensor, prefix: str, stride: int = 1, padded: bool = True) -> torch.Tensor:
        """Convolution, batch norm and, where there are slopes, PReLU."""
        kernel = self.state[f"{prefix}.conv.weight"]
        groups = x.shape[1] // kernel.shape[1]
        padding = kernel.shape[-1] // 2 if padded else 0
        x = functional.conv2d(x, kernel, stride=stride, padding=padding, groups=groups)
        x = self.batch_norm(x, f"{prefix}.bn")
        slopes = self.state.get(f"{prefix}.prelu.weight")
        return x if slopes is None else functional.prelu(x, slopes)

    def bottleneck(self, x: torch.Tensor, prefix: str, stride: int = 1) -> torch.Tensor:
        x = self.unit(x, f"{prefix}.conv")
        x = self.unit(x, f"{prefix}.conv_dw", stride)
        return self.unit(x, f"{prefix}.project")

    def excited(self, x: torch.Tensor, prefix: str) -> torch.Tensor:
        """Squeeze and excitation."""
        gate = x.mean((2, 3), keepdim=True)
        gate = functional.conv2d(gate, self.state[f"{prefix}.fc1.weight"])
        gate = self.batch_norm(gate, f"{prefix}.bn1").relu()
        gate = functional.conv2d(gate, self.state[f"{prefix}.fc2.weight"])
        return x * self.batch_norm(gate, f"{prefix}.bn2").sigmoid()

    def residual_stage(self, x: torch.Tensor, prefix: str) -> torch.Tensor:
        block = 0
        while self.has(f"{prefix}.model.{block}"):
            name = f"{prefix}.model.{block}"
            added = self.bottleneck(x, name)
            if self.has(f"{name}.se_module"):
                added = self.excited(added, f"{name}.se_module")
            x = x + added
            block += 1
        return x

    def probabilities(self, x: torch.Tensor) -> torch.Tensor:
        """`[n, 3, 80, 80]` to `[n, 3]`."""
        x = self.unit(x, "conv1", stride=2)
        x = self.unit(x, "conv2_dw")
        for strided, stage in (("conv_23", "conv_3"), ("conv_34", "conv_4"), ("conv_45", "conv_5")):
            x = self.bottleneck(x, strided, stride=2)
            x = self.residual_stage(x, stage)
        x = self.unit(x, "conv_6_sep")
        x = self.unit(x, "conv_6_dw", padded=False).flatten(1)
        x = x @ self.state["linear.weight"].T
        x = self.batch_norm(x, "bn")
        return (x @ self.state["prob.weight"].T).softmax(1)


def widened(box: list[float], scale: float, width: int, height: int) -> tuple[int, int, int, int]:
    """A box about the same middle, `scale` times as large, or as large as the photo allows, moved inside it."""
    left, top, right, bottom = box
    box_width, box_height = right - left, bottom - top
    scale = min((height - 1) / box_height, (width - 1) / box_width, scale)
    sides = (box_width * scale, box_height * scale)
    middle = ((left + right) / 2, (top + bottom) / 2)
    starts = [
        min(max(centre - side / 2, 0), limit - side)
        for centre, side, limit in zip(middle, sides, (width, height), strict=True)
    ]
    return tuple(int(value) for value in (starts[0], starts[1], starts[0] + sides[0], starts[1] + sides[1]))


def bilinear(image: np.ndarray, side: int) -> torch.Tensor:
    """As OpenCV's default resize: bilinear between pixel middles, no smoothing where it reduces; 8-bit levels."""
    tensor = torch.from_numpy(image.copy()).permute(2, 0, 1).float().unsqueeze(0)
    resized = functional.interpolate(tensor, (side, side), mode="bilinear", align_corners=False, antialias=False)
    return resized.round().clamp(0, 255)


def photos(shard: Path):
    """Key, image bytes and metadata of each photo of a WebDataset shard."""
    waiting = {}
    with tarfile.open(shard) as archive:
        for member in archive:
            if not member.isfile():
                continue
            key, _, extension = Path(member.name).name.rpartition(".")
            parts = waiting.setdefault(key, {})
            parts["json" if extension == "json" else "image"] = archive.extractfile(member).read()
            if len(parts) == 2:
                del waiting[key]
                yield key, parts["image"], json.loads(parts["json"])


def is_chosen(key: str, share: float) -> bool:
    """`despoof eval`'s choice: FNV-1a of the key."""
    value = 0xCBF29CE484222325
    for byte in f"evaluation of {key}".encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value % 10_000 < share * 10_000


def score(networks: list[tuple[StateDictNetwork, float]], image: Image.Image, box: list[float]) -> float:
    pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]
    height, width = pixels.shape[:2]
    live = []
    for network, scale in networks:
        left, top, right, bottom = widened(box, scale, width, height)
        crop = bilinear(pixels[top:bottom, left:right], SIDE)
        live.append(network.probabilities(crop)[0, LIVE].item())
    return sum(live) / len(live)


def stored_faces(folder: Path):
    """Key, label and wider crop, BGR, of each face of a folder of prepared faces."""
    index = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    size = len(index) * CONTEXT_SIDE * CONTEXT_SIDE * 3
    crops = np.memmap(folder / "context.u8", np.uint8, "r")[:size]
    for entry, crop in zip(index, crops.reshape(-1, CONTEXT_SIDE, CONTEXT_SIDE, 3), strict=True):
        yield entry["key"], entry["metadata"]["label"], crop[:, :, ::-1]


def score_faces(networks: list[tuple[StateDictNetwork, float]], folder: Path, out: Path) -> None:
    with out.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sample", "label", "score"])
        faces = stored_faces(folder)
        while batch := list(islice(faces, BATCH)):
            crops = torch.cat([bilinear(crop, SIDE) for _, _, crop in batch])
            live = sum(network.probabilities(crops)[:, LIVE].double() for network, _ in networks) / len(networks)
            rows.writerows([key, label, score] for (key, label, _), score in zip(batch, live.tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, required=True, help="folder of the two .pth files")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, nargs="+", help="WebDataset shards")
    source.add_argument("--faces", type=Path, help="folder of prepared faces")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--share", type=float, default=1.0, help="share of the photos, as `despoof eval --share`")
    parser.add_argument("--only", type=Path, help="score file: take only the samples it holds")
    parser.add_argument("--threads", type=int, default=1, help="processor cores to use")
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_num_threads(options.threads)
    networks = [(StateDictNetwork(options.weights / name), scale) for name, scale in NETWORKS.items()]
    if options.faces:
        return score_faces(networks, options.faces, options.out)
    only = None
    if options.only:
        with options.only.open(newline="") as file:
            only = {row["sample"] for row in csv.DictReader(file)}
    skipped = Counter()
    with options.out.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sample", "label", "score", "subject", "video"])
        for key, data, metadata in (photo for shard in options.data for photo in photos(shard)):
            if not is_chosen(key, options.share) or (only is not None and key not in only):
                continue
            if metadata.get("face") is None:
                skipped["no face box"] += 1
                continue
            try:
                value = score(networks, Image.open(io.BytesIO(data)), metadata["face"])
            except OSError as error:
                skipped[f"cannot be decoded: {error}"] += 1
                continue
            subject = metadata.get("subject") or ""
            video = metadata.get("video", metadata.get("recording"))
            rows.writerow([
                key,
                metadata["label"],
                value,
                "" if subject == "unknown" else subject,
                "" if video is None else f"{metadata.get('domain', '')}/{video}",
            ])
    for reason, count in skipped.items():
        print(f"{count} without a score: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
