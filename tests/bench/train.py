"""PyTorch's side of `cargo xtask bench train`: forward passes and training steps of the same networks.

    python tests/bench/train.py FOLDER THREADS

FOLDER holds what `bench_train` wrote: NAME.json, the operations of a network in our own terms, and NAME.bin, the
tensors that go in. Each operation runs as PyTorch's own for it (fused attention, group_norm, batch_norm …), so no
network is described a second time. Outputs are compared with ours first. Then lines `forward NAME` and `step NAME` are
answered with the milliseconds that took.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy
import torch
from torch import Tensor
from torch.nn import functional

# Of outputs, relative to the largest value where that is above 1.
TOLERANCE = 1e-3
LEARNING_RATE = 1e-5

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "Identity": lambda x: x,
    "Relu": functional.relu,
    "Relu6": functional.relu6,
    "Silu": functional.silu,
    "Gelu": functional.gelu,
}


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None, settings: dict) -> Tensor:
    (top, bottom), (left, right) = settings["padding"]
    if (top, left) == (bottom, right):
        padding = (top, left)
    else:
        x, padding = functional.pad(x, (left, right, top, bottom)), (0, 0)
    return functional.conv2d(x, weight, bias, settings["stride"], padding, groups=settings["groups"])


def normalised(x: Tensor, parameters: list[Tensor], settings: dict, training: bool) -> Tensor:
    gamma, beta, mean, variance = parameters
    x = functional.batch_norm(x, mean, variance, gamma, beta, training, 0.1, settings["epsilon"])
    return ACTIVATIONS[settings["activation"]](x)


def attended(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    split = [x.unflatten(2, (heads, -1)).transpose(1, 2) for x in (query, key, value)]
    return functional.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)


def embedded(timesteps: Tensor, frequencies: list[float]) -> Tensor:
    angles = timesteps[:, None] * torch.tensor(frequencies)[None]
    return torch.cat([angles.cos(), angles.sin()], 1)


def applied(kind: str, settings: dict, inputs: list[Tensor], shape: list[int], training: bool) -> Tensor:
    """An operation of `despoof_nn::trace::Operation`."""
    x = inputs[0]
    match kind:
        case "Conv2d":
            return convolved(x, inputs[1], inputs[2] if len(inputs) > 2 else None, settings)
        case "Conv2dBatchNorm":
            return normalised(convolved(x, inputs[1], None, settings), inputs[2:], settings, training)
        case "BatchNorm":
            return normalised(x, inputs[1:], settings, training)
        case "Linear":
            # Ours has the weight the other way round, as a leaf that is trained: a view costs nothing.
            return functional.linear(x, inputs[1].T, inputs[2] if len(inputs) > 2 else None)
        case "GroupNorm":
            x = functional.group_norm(x, settings["groups"], inputs[1], inputs[2], settings["epsilon"])
            return ACTIVATIONS[settings["activation"]](x)
        case "LayerNorm":
            return functional.layer_norm(x, x.shape[-1:], inputs[1], inputs[2], settings["epsilon"])
        case "Activate":
            return ACTIVATIONS[settings](x)
        case "PRelu":
            return functional.prelu(x, inputs[1])
        case "Attention":
            return attended(*inputs, settings["heads"])
        case "Add":
            return x + inputs[1]
        case "Multiply":
            return x * inputs[1]
        case "Scale":
            return x * settings
        case "Reshape":
            return x.reshape(shape)
        case "Permute":
            return x.permute(settings)
        case "Expand":
            return x.expand(shape)
        case "Concatenate":
            return torch.cat(inputs, settings["axis"])
        case "Flip":
            return x.flip(settings["axis"])
        case "Slice":
            return x.narrow(settings["axis"], settings["start"], shape[settings["axis"]])
        case "AveragePool":
            return functional.avg_pool2d(x, settings["side"])
        case "ResizeNearest":
            return functional.interpolate(x, shape[2:])
        case "PixelShuffle":
            return functional.pixel_shuffle(x, settings["factor"])
        case "SinusoidalEmbedding":
            return embedded(x, settings["frequencies"])
        case "ToLength":
            return functional.normalize(x) * settings["squared"] ** 0.5
    raise NotImplementedError(kind)


class Network:
    """A network that was recorded."""

    def __init__(self, folder: Path, name: str) -> None:
        description = json.loads((folder / f"{name}.json").read_text())
        numbers = numpy.fromfile(folder / f"{name}.bin", dtype=numpy.float32)
        self.leaves: dict[int, Tensor] = {}
        for leaf in description["leaves"][:-1]:
            length = int(numpy.prod(leaf["shape"]))
            self.leaves[leaf["number"]] = torch.from_numpy(numbers[:length].copy()).reshape(leaf["shape"])
            numbers = numbers[length:]
        last = description["leaves"][-1]
        self.output = last["number"]
        self.expected = torch.from_numpy(numbers.copy()).reshape(last["shape"])
        self.operations = []
        for step in description["operations"]:
            operation = step["operation"]
            kind, settings = next(iter(operation.items())) if isinstance(operation, dict) else (operation, {})
            self.operations.append((kind, settings, step["inputs"], step["output"], step["shape"]))
        statistics = {
            number
            for kind, _, inputs, _, _ in self.operations
            if kind in ("BatchNorm", "Conv2dBatchNorm")
            for number in inputs[-2:]
        }
        self.trained = [
            leaf.requires_grad_()
            for number, leaf in self.leaves.items()
            if number >= description["inputs"] and number not in statistics
        ]
        self.optimizer = torch.optim.AdamW(self.trained, lr=LEARNING_RATE)

    def run(self, training: bool) -> Tensor:
        tensors = dict(self.leaves)
        for kind, settings, inputs, output, shape in self.operations:
            tensors[output] = applied(kind, settings, [tensors[number] for number in inputs], shape, training)
        return tensors[self.output]

    def forward(self) -> Tensor:
        with torch.inference_mode():
            return self.run(training=False)

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.run(training=True).square().mean().backward()
        self.optimizer.step()

    def check(self, name: str) -> None:
        apart = (self.forward() - self.expected).abs().max() / max(1.0, self.expected.abs().max())
        if not apart <= TOLERANCE:
            raise SystemExit(f"{name}: PyTorch's output differs by {apart:.1e}")


def main() -> None:
    folder, threads = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    networks = {path.stem: Network(folder, path.stem) for path in sorted(folder.glob("*.json"))}
    for name, network in networks.items():
        network.check(name)
    print("ready", flush=True)
    for line in sys.stdin:
        kind, name = line.split()
        run = networks[name].forward if kind == "forward" else networks[name].step
        start = time.perf_counter()
        run()
        print((time.perf_counter() - start) * 1e3, flush=True)


if __name__ == "__main__":
    main()
