"""Nearest slice of another volume: median distance in mm, by embeddings and by raw pixels.

    kontrast embed RUN --config CONFIG --set data.root=A.nii.gz --out a.csv
    kontrast embed RUN --config CONFIG --set data.root=B.nii.gz --out b.csv
    python benches/nearest_slice.py a.csv b.csv --volumes A.nii.gz B.nii.gz --size 64

For each axial slice of B the slice of A with the largest cosine is found, and the distance of the two in mm is taken, which says
something where both volumes lie in one space, such as MNI's. Pixels are those of the same slices: 1st to 99th percentile of the
volume, the largest centred square, at so many pixels on a side; their cosine is taken as they are and after each image's mean was
subtracted, and the better one counts. Needs numpy, nibabel and torch.
"""

import argparse
import csv
import re

import nibabel as nib
import numpy as np
import torch

SLICE = re.compile(r"#(\d+) at (-?[\d.]+) mm$")


def table(path):
    """Numbers of slices, positions in mm and vectors of a table that `kontrast embed` wrote."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    header = rows[0]
    name = header.index("name")
    values = [column for column, text in enumerate(header) if text not in ("name", "label", "group")]
    found = [SLICE.search(row[name]) for row in rows[1:]]
    numbers = np.array([int(match[1]) for match in found])
    positions = np.array([float(match[2]) for match in found])
    return numbers, positions, np.array([[float(row[column]) for column in values] for row in rows[1:]])


def pixels(path, numbers, size):
    """The same slices as gray images, a row each."""
    volume = nib.as_closest_canonical(nib.load(path)).get_fdata()
    low, high = np.percentile(volume, [1, 99])
    volume = ((volume - low) / (high - low)).clip(0, 1)
    images = np.transpose(volume, (2, 1, 0))[numbers - 1, ::-1, ::-1]
    side = min(images.shape[1:])
    top, left = [(length - side) // 2 for length in images.shape[1:]]
    square = torch.from_numpy(images[:, top : top + side, left : left + side].copy())[:, None]
    small = torch.nn.functional.interpolate(square, size=(size, size), mode="bilinear", antialias=True)
    return small.flatten(1).numpy()


def median(a, b, at_a, at_b):
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (a, b)]
    nearest = (unit[1] @ unit[0].T).argmax(1)
    return float(np.median(np.abs(at_a[nearest] - at_b)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tables", nargs=2)
    parser.add_argument("--volumes", nargs=2, required=True)
    parser.add_argument("--size", type=int, default=64)
    asked = parser.parse_args()
    (na, at_a, a), (nb, at_b, b) = [table(path) for path in asked.tables]
    # Slices of B beyond the ends of A have no right answer.
    inside = (at_b >= at_a.min()) & (at_b <= at_a.max())
    nb, at_b, b = nb[inside], at_b[inside], b[inside]
    pa, pb = [pixels(path, n, asked.size) for path, n in zip(asked.volumes, (na, nb))]
    plain = median(pa, pb, at_a, at_b)
    centred = median(*[p - p.mean(1, keepdims=True) for p in (pa, pb)], at_a, at_b)
    print(f"{len(b)} slices: embeddings {median(a, b, at_a, at_b):.1f} mm, pixels {min(plain, centred):.1f} mm "
          f"(as they are {plain:.1f}, without their mean {centred:.1f})")


if __name__ == "__main__":
    main()
