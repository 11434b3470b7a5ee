"""Runs exported networks with onnxruntime and compares them with our own passes.

    python tests/onnx/check.py FOLDER [NAME...]

FOLDER is what `despoof export --onnx FOLDER` wrote: NAME.onnx and, beside it, the inputs and outputs of a
pass of our own. Exit code 1 where a value differs by more than the tolerance.
"""

import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file

# Of values around 1, or relative to the largest of a tensor where that is more.
TOLERANCE = 1e-4


def difference(folder: Path, name: str) -> float:
    """Largest difference between onnxruntime's outputs and ours."""
    path = folder / f"{name}.onnx"
    onnx.checker.check_model(str(path), full_check=True)
    tensors = load_file(folder / f"{name}.check.safetensors")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = session.run(names, {port.name: tensors[port.name] for port in session.get_inputs()})
    worst = 0.0
    for output_name, output in zip(names, outputs, strict=True):
        expected = tensors[output_name]
        assert output.shape == expected.shape, f"{name}.{output_name}: {output.shape}, not {expected.shape}"
        scale = max(1.0, float(numpy.abs(expected).max()))
        apart = float(numpy.abs(output - expected).max()) / scale
        worst = apart if not apart <= worst else worst  # NaN counts as worse
    return worst


def main() -> int:
    folder = Path(sys.argv[1])
    names = sys.argv[2:] or sorted(path.stem for path in folder.glob("*.onnx"))
    assert names, f"no .onnx file in {folder}"
    failed = 0
    for name in names:
        apart = difference(folder, name)
        good = apart <= TOLERANCE
        failed += not good
        print(f"{name:<14} differs by {apart:.1e}{'' if good else f', more than {TOLERANCE:.0e}'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
