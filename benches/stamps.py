"""Writes the captions of Debian's `tuxpaint-stamps-default` as a CSV file: a line for each PNG that has an English caption.

    apt-get download tuxpaint-stamps-default && dpkg -x tuxpaint-stamps-default_*.deb stamps
    python benches/stamps.py stamps/usr/share/tuxpaint/stamps stamps.csv

The text beside a stamp has the English caption in its first line, and those of other languages below.
"""

import csv
import pathlib
import sys

folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
rows = []
for image in sorted(folder.rglob("*.png")):
    text = image.with_suffix(".txt")
    lines = text.read_text(encoding="utf-8", errors="replace").splitlines() if text.exists() else []
    if lines and lines[0].strip():
        rows.append((image.resolve(), lines[0].strip()))
with out.open("w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["image", "caption"])
    writer.writerows(rows)
print(f"{len(rows)} images, {len({caption for _, caption in rows})} captions")
