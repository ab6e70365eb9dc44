"""Views as torchvision's float path renders them, rounded once at the end.

Run with Python 3.11, torch==2.11.0, torchvision==0.26.0, kornia==0.9.0, numpy, safetensors; writes case.safetensors beside itself.
Each case is an image (`image.<name>`), a recipe (in the metadata, as kontrast-augment writes it) and the
view (`view.<case>`), all bytes, [height, width, channels]; for one image also the view before it is rounded
(`float.<case>`, [channels, height, width]). Alpha takes part in what moves, blurs or fills pixels or adds noise; torchvision's
functions of colours and levels see the other channels alone.
"""

import json
import math
from pathlib import Path

import kornia
import numpy
import torch
import torchvision.transforms.v2.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)


def natural(height, width):
    """A smooth image: coarse noise, enlarged."""
    coarse = torch.rand(1, 3, 5, 5)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)
    return (smooth.clamp(0, 1) * 255).round().byte()[0].permute(1, 2, 0).contiguous()


def noise(height, width):
    return torch.randint(0, 256, (height, width, 3), dtype=torch.uint8)


def saturated(height, width):
    """Every pixel with a channel at 0 and one at 255: the edges of the HSV cone."""
    image = noise(height, width)
    image[..., 0] = 255
    image[..., 1] = 0
    order = torch.rand(height, width, 3).argsort(-1)
    return image.gather(-1, order)


images = {
    "natural": natural(15, 18),
    "tall": natural(23, 9),
    "noise": noise(17, 20),
    "large": natural(60, 47),
    "saturated": saturated(12, 14),
    "black": torch.zeros(12, 12, 3, dtype=torch.uint8),
    "white": torch.full((12, 12, 3), 255, dtype=torch.uint8),
    "pixel": torch.tensor([[[200, 100, 7]]], dtype=torch.uint8),
    "row": noise(1, 13),
    "column": noise(13, 1),
}
images["gray"] = natural(14, 21)[..., :1].contiguous()
images["gray_alpha"] = torch.cat([natural(19, 11), noise(19, 11)], -1)[..., [0, 3]].contiguous()
images["rgba"] = torch.cat([natural(13, 22), natural(13, 22)], -1)[..., :4].contiguous()


def mixed(x):
    """Wellons' lowbias32, on arrays of 32 bits."""
    x = (x ^ (x >> numpy.uint32(16))) * numpy.uint32(0x7FEB352D)
    x = (x ^ (x >> numpy.uint32(15))) * numpy.uint32(0x846CA68B)
    return x ^ (x >> numpy.uint32(16))


def normal(count, key):
    """Standard normal numbers from a counter."""
    index = numpy.arange(2 * count, dtype=numpy.uint32)
    bits = mixed(mixed(index ^ numpy.uint32(key & 0xFFFFFFFF)) + numpy.uint32(key >> 32)) >> numpy.uint32(8)
    radius = numpy.sqrt(-2 * numpy.log((bits[0::2].astype(float) + 1) / 2**24))
    return torch.from_numpy((radius * numpy.cos(math.tau * bits[1::2] / 2**24)).astype(numpy.float32))


def moved(image, offsets):
    """Each channel moved by whole pixels, border pixels repeated."""
    _, height, width = image.shape
    planes = []
    for plane, (right, down) in zip(image, offsets):
        rows = (torch.arange(height) - down).clamp(0, height - 1)
        columns = (torch.arange(width) - right).clamp(0, width - 1)
        planes.append(plane[rows][:, columns])
    return torch.stack(planes)


def affine(image, value, **change):
    still = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    return F.affine(image, **{**still, **change}, interpolation=sampling(value))


def sampling(value):
    return {"nearest": F.InterpolationMode.NEAREST, "bilinear": F.InterpolationMode.BILINEAR}[value["sampling"]]


def degrees(slope):
    return math.degrees(math.atan(slope))


COLOURS = {"brightness", "contrast", "saturation", "hue", "grayscale", "solarize", "posterize", "equalize", "invert"}
COLOURS |= {"autocontrast", "sharpness", "shift_channels", "drop_channels"}


def apply(image, op, size):
    name, value = (op, None) if isinstance(op, str) else next(iter(op.items()))
    channels = len(image)
    if channels % 2 == 0 and name in COLOURS:
        return torch.cat([apply(image[:-1], op, size), image[-1:]])
    if name == "crop":
        box = value["y"], value["x"], value["height"], value["width"]
        return F.resized_crop(image, *box, size=[size[1], size[0]], antialias=value.get("antialias", True))
    if name == "resize":
        return F.resize(image, [value["height"], value["width"]], antialias=True)
    if name == "cut":
        _, height, width = image.shape
        right, below = value["x"] + value["width"] - width, value["y"] + value["height"] - height
        padded = F.pad(image, [max(0, -value["x"]), max(0, -value["y"]), max(0, right), max(0, below)])
        return F.crop(padded, max(0, value["y"]), max(0, value["x"]), value["height"], value["width"])
    if name == "flip_vertical":
        return F.vertical_flip(image)
    if name == "quarter_turns":
        return torch.rot90(image, value, dims=(-2, -1))
    if name == "posterize":
        return F.posterize(image, value["bits"])
    if name == "equalize":
        return F.equalize(image)
    if name == "invert":
        return F.invert(image)
    if name == "autocontrast":
        return F.autocontrast(image)
    if name == "sharpness":
        return F.adjust_sharpness(image, value)
    if name == "rotate":
        return F.rotate(image, value["degrees"], interpolation=sampling(value))
    if name == "translate":
        return affine(image, value, translate=[value["x"], value["y"]])
    if name == "shear":
        return affine(image, value, shear=[degrees(value["x"]), degrees(value["y"])], center=[0, 0])
    if name == "erase":
        box = value["y"], value["x"], value["height"], value["width"]
        kind, fill = next(iter(value["fill"].items()))
        if kind == "noise":
            count = channels * value["height"] * value["width"]
            fill = (0.5 + 0.25 * normal(count, fill)).clamp(0, 1).view(channels, value["height"], value["width"])
        return F.erase(image, *box, v=torch.as_tensor(fill))
    if name == "noise":
        noise = normal(image.numel(), value["key"]).view(image.shape)
        return (image + value["std"] * noise).clamp(0, 1)
    if name == "sobel":
        return kornia.filters.sobel(image[None], normalized=True, eps=1e-6)[0]
    if name == "shift_channels":
        return moved(image, value)
    if name == "reflect_translate":
        _, height, width = image.shape
        x, y = value["x"], value["y"]
        # Padded on the sides where pixels are missing, and cut from there.
        padded = F.pad(image, [max(0, x), max(0, y), max(0, -x), max(0, -y)], padding_mode="reflect")
        return F.crop(padded, max(0, -y), max(0, -x), height, width)
    if name == "drop_channels":
        kept = value["kept"]
        std = value["fraction"] * image[kept].double().std(correction=0).item()
        dropped = [channel for channel in range(3) if channel != kept]
        noise = normal(image[dropped].numel(), value["key"]).view(2, *image.shape[1:])
        output = image.clone()
        output[dropped] = (0.5 + std * noise).clamp(0, 1)
        return output
    if name == "flip":
        return F.horizontal_flip(image)
    if name == "brightness":
        return F.adjust_brightness(image, value)
    if name == "contrast":
        return F.adjust_contrast(image, value)
    if name == "saturation":
        return F.adjust_saturation(image, value)
    if name == "hue":
        return F.adjust_hue(image, value)
    if name == "grayscale":
        return F.rgb_to_grayscale(image, num_output_channels=channels)
    if name == "blur":
        return F.gaussian_blur(image, [value["kernel"]] * 2, [value["sigma"]] * 2)
    if name == "solarize":
        return F.solarize(image, value["threshold"])
    raise ValueError(name)


def crop(x, y, width, height, **more):
    return {"crop": {"x": x, "y": y, "width": width, "height": height, **more}}


def whole(image):
    height, width, _ = images[image].shape
    return crop(0, 0, width, height)


tensors = {f"image.{name}": image for name, image in images.items()}
recipes = {}


def case(name, image, size, ops):
    view = F.to_dtype(images[image].permute(2, 0, 1), torch.float32, scale=True)
    for op in ops:
        view = apply(view, op, size)
    key = f"{name}.{image}"
    assert key not in recipes
    if image == "natural":
        tensors[f"float.{key}"] = view.contiguous()
    tensors[f"view.{key}"] = (view.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous()
    recipes[key] = json.dumps({"image": image, "recipe": {"size": size, "ops": ops}})


single = {
    "flip": "flip",
    "darker": {"brightness": 0.3},
    "brighter": {"brightness": 1.7},
    "flatter": {"contrast": 0.2},
    "steeper": {"contrast": 1.8},
    "paler": {"saturation": 0.1},
    "richer": {"saturation": 1.8},
    "hue_up": {"hue": 0.13},
    "hue_down": {"hue": -0.31},
    "hue_half": {"hue": 0.5},
    "grayscale": "grayscale",
    "blur_small": {"blur": {"sigma": 0.1, "kernel": 3}},
    "blur": {"blur": {"sigma": 1.3, "kernel": 9}},
    "blur_wide": {"blur": {"sigma": 2.0, "kernel": 19}},
    "solarize": {"solarize": {"threshold": 0.5}},
    "solarize_low": {"solarize": {"threshold": 128 / 255}},
}
for name, op in single.items():
    for image in ["natural", "saturated"]:
        height, width, _ = images[image].shape
        case(name, image, [width, height], [whole(image), op])
for name in ["brighter", "steeper", "richer", "hue_up", "grayscale", "blur", "solarize"]:
    for image in ["black", "white"]:
        case(name, image, [12, 12], [whole(image), single[name]])

for image in images:
    case("enlarged", image, [25, 17], [whole(image)])
    case("reduced", image, [7, 5], [whole(image)])
case("same_width", "natural", [18, 9], [whole("natural")])
case("same_height", "natural", [9, 15], [whole("natural")])
case("part", "noise", [16, 16], [crop(3, 5, 11, 7)])
case("one_pixel", "noise", [8, 8], [crop(19, 16, 1, 1)])
case("halved", "large", [23, 30], [whole("large")])
case("slightly_reduced", "large", [28, 35], [crop(1, 2, 37, 43)])

chains = [
    [{"brightness": 1.31}, {"contrast": 0.7}, {"saturation": 1.3}, {"hue": 0.08}],
    ["flip", {"hue": -0.2}, {"saturation": 0.3}, {"contrast": 1.7}, {"brightness": 0.6}],
    [{"contrast": 1.8}, {"hue": 0.2}, {"brightness": 1.8}, {"saturation": 1.8}, "grayscale"],
    ["flip", {"saturation": 1.6}, {"blur": {"sigma": 0.8, "kernel": 3}}],
    [{"hue": 0.1}, {"contrast": 0.5}, {"blur": {"sigma": 1.9, "kernel": 5}}, {"solarize": {"threshold": 0.5}}],
    ["flip", {"brightness": 0.5}, "grayscale", {"blur": {"sigma": 0.3, "kernel": 3}}],
]
crops = {"natural": crop(2, 3, 13, 9), "noise": crop(0, 0, 20, 17), "large": crop(7, 9, 40, 51), "tall": crop(1, 8, 7, 11)}
for number, chain in enumerate(chains):
    for image, box in crops.items():
        case(f"chain_{number}", image, [14, 12], [box, *chain])

still = {"x": 0.0, "y": 0.0, "sampling": "nearest"}
more = {
    "flip_vertical": "flip_vertical",
    "half_turn": {"quarter_turns": 2},
    "invert": "invert",
    "posterize": {"posterize": {"bits": 3}},
    "posterize_all": {"posterize": {"bits": 8}},
    "posterize_none": {"posterize": {"bits": 0}},
    "equalize": "equalize",
    "autocontrast": "autocontrast",
    "softer": {"sharpness": 0.3},
    "sharper": {"sharpness": 1.9},
    "rotate": {"rotate": {"degrees": 30.0, "sampling": "nearest"}},
    "rotate_back": {"rotate": {"degrees": -77.5, "sampling": "bilinear"}},
    "rotate_far": {"rotate": {"degrees": 180.0, "sampling": "nearest"}},
    "translate": {"translate": {**still, "x": 3.0, "y": -2.0}},
    "translate_part": {"translate": {"x": -1.25, "y": 2.5, "sampling": "bilinear"}},
    "shear": {"shear": {**still, "x": 0.23}},
    "shear_rows": {"shear": {**still, "y": -0.31}},
    "shear_both": {"shear": {"x": -0.11, "y": 0.17, "sampling": "bilinear"}},
    "erase": {"erase": {"x": 2, "y": 1, "width": 5, "height": 7, "fill": {"value": 0.25}}},
    "erase_noise": {"erase": {"x": 3, "y": 4, "width": 4, "height": 3, "fill": {"noise": 2**40 + 5}}},
    "noise": {"noise": {"std": 0.1, "key": 81985529216486895}},
    "sobel": "sobel",
    "shift_channels": {"shift_channels": [[2, 0], [-1, 1], [0, -3]]},
    "drop_channels": {"drop_channels": {"kept": 1, "fraction": 0.5, "key": 77}},
    "reflect_translate": {"reflect_translate": {"x": 3, "y": -4}},
    "reflect_translate_back": {"reflect_translate": {"x": -2, "y": 1}},
}
for name, op in more.items():
    for image in ["natural", "saturated", "black", "white"]:
        height, width, _ = images[image].shape
        case(name, image, [width, height], [op])
for image in ["pixel", "row", "column"]:
    height, width, _ = images[image].shape
    for name in ["flip_vertical", "posterize", "equalize", "autocontrast", "softer", "sobel", "noise"]:
        case(name, image, [width, height], [more[name]])
for quarters in [1, 3]:
    case(f"quarter_turns_{quarters}", "natural", [15, 18], [{"quarter_turns": quarters}])
    case(f"rotate_quarters_{quarters}", "black", [12, 12], [{"rotate": {"degrees": 90.0 * quarters, "sampling": "nearest"}}])
case("right_angle", "natural", [18, 15], [{"rotate": {"degrees": 90.0, "sampling": "bilinear"}}])
case("resize_cut", "large", [20, 20], [{"resize": {"width": 24, "height": 31}}, {"cut": {"x": 2, "y": 6, "width": 20, "height": 20}}])
case("padded_cut", "natural", [18, 15], [{"cut": {"x": -3, "y": 2, "width": 18, "height": 15}}])
case("padded_cut", "pixel", [4, 5], [{"cut": {"x": -1, "y": -2, "width": 4, "height": 5}}])
for image in ["large", "noise", "row"]:
    height, width, _ = images[image].shape
    for name, size in {"reduced": [7, 5], "enlarged": [29, 31]}.items():
        case(f"aliased_{name}", image, size, [crop(0, 0, width, height, antialias=False)])
for number, chain in enumerate(
    [
        ["flip", "autocontrast", {"sharpness": 1.6}, {"posterize": {"bits": 5}}],
        [{"shear": {**still, "x": -0.1}}, "equalize"],
        ["flip_vertical", {"rotate": {"degrees": 12.0, "sampling": "bilinear"}}, {"saturation": 1.4}, "invert"],
        [{"contrast": 1.5}, "autocontrast", {"brightness": 0.8}, {"solarize": {"threshold": 0.4}}, {"hue": -0.4}],
    ]
):
    for image, box in crops.items():
        case(f"policy_{number}", image, [14, 12], [box, *chain])

for image in ["gray", "gray_alpha", "rgba"]:
    height, width, channels = images[image].shape
    for name, op in (single | more).items():
        if channels == 4 or name not in ["shift_channels", "drop_channels"]:
            case(name, image, [width, height], [op])
    for number, chain in enumerate(chains):
        case(f"chain_{number}", image, [13, 10], [crop(2, 3, 9, 10), *chain])
    case("resize_cut", image, [9, 12], [{"resize": {"width": 16, "height": 13}}, {"cut": {"x": 2, "y": -1, "width": 9, "height": 12}}])
    case("aliased", image, [7, 5], [crop(0, 0, width, height, antialias=False)])

path = Path(__file__).with_name("case.safetensors")
save_file(tensors, path, metadata=recipes)
print(f"{len(recipes)} cases, {path.stat().st_size} bytes")
