"""Views as torchvision's float path renders them, rounded once at the end.

Run with Python 3.11, torch==2.11.0, torchvision==0.26.0, safetensors; writes case.safetensors beside itself.
Each case is an image (`image.<name>`), a recipe (in the metadata, as kontrast-augment writes it) and the
view (`view.<case>`), all bytes, [height, width, 3].
"""

import json
from pathlib import Path

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


def apply(image, op, size):
    name, value = (op, None) if isinstance(op, str) else next(iter(op.items()))
    if name == "crop":
        box = value["y"], value["x"], value["height"], value["width"]
        return F.resized_crop(image, *box, size=[size[1], size[0]], antialias=True)
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
        return F.rgb_to_grayscale(image, num_output_channels=3)
    if name == "blur":
        return F.gaussian_blur(image, [value["kernel"]] * 2, [value["sigma"]] * 2)
    if name == "solarize":
        return F.solarize(image, value["threshold"])
    raise ValueError(name)


def crop(x, y, width, height):
    return {"crop": {"x": x, "y": y, "width": width, "height": height}}


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

path = Path(__file__).with_name("case.safetensors")
save_file(tensors, path, metadata=recipes)
print(f"{len(recipes)} cases, {path.stat().st_size} bytes")
