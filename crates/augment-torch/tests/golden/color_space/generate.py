"""Images in CIE L*a*b* and in YCbCr, as scikit-image has them, in fp64.

Run with Python 3.11, numpy, scikit-image==0.26.0, torch==2.11.0, safetensors; writes case.safetensors beside itself: `bytes`
[height, width, 3] with the corners of the cube, grays and random colours, `lab` and `ycbcr` [3, height, width].
"""

import itertools
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file
from skimage.color import rgb2lab, rgb2ycbcr

corners = list(itertools.product([0, 255], repeat=3))
grays = [(level,) * 3 for level in [1, 2, 5, 10, 11, 40, 128, 200, 254]]
drawn = numpy.random.default_rng(0).integers(0, 256, (240 - len(corners) - len(grays), 3))
pixels = numpy.concatenate([numpy.array(corners + grays), drawn]).astype(numpy.uint8).reshape(12, 20, 3)
rgb = pixels.astype(numpy.float64) / 255


def planes(image):
    return torch.from_numpy(image.transpose(2, 0, 1).astype(numpy.float32).copy())


tensors = {"bytes": torch.from_numpy(pixels), "lab": planes(rgb2lab(rgb)), "ycbcr": planes(rgb2ycbcr(rgb))}
save_file(tensors, Path(__file__).with_name("case.safetensors"))
