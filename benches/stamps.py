"""Writes the captions of Debian's `tuxpaint-stamps-default` as a CSV file: a line for each PNG that has an English caption, of which a
fifth of the captions is the test split.

    apt-get download tuxpaint-stamps-default && dpkg -x tuxpaint-stamps-default_*.deb stamps
    python benches/stamps.py stamps/usr/share/tuxpaint/stamps stamps.csv [SEED]

The text beside a stamp has the English caption in its first line, and those of other languages below. Stamps of one caption are of one
split.
"""

import csv
import pathlib
import random
import sys

folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
rows = []
for image in sorted(folder.rglob("*.png")):
    text = image.with_suffix(".txt")
    lines = text.read_text(encoding="utf-8", errors="replace").splitlines() if text.exists() else []
    if lines and lines[0].strip():
        rows.append((image.resolve(), lines[0].strip()))
captions = sorted({caption for _, caption in rows})
random.Random(seed).shuffle(captions)
held = set(captions[: len(captions) // 5])
with out.open("w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["image", "caption", "split"])
    writer.writerows((image, caption, "test" if caption in held else "train") for image, caption in rows)
print(f"{len(rows)} images, {len(captions)} captions, {len(held)} of them set apart")
