"""Writes images of many bands as tifffile and NumPy do, with the values that they hold, as expected.json says them, and in
`refused` one that is not read.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 tifffile==2025.10.16
    v/bin/python crates/data/tests/bands/generate.py
"""

import json
from pathlib import Path

import numpy
import tifffile

HERE = Path(__file__).parent
READ = HERE / "read"
READ.mkdir(exist_ok=True)
rng = numpy.random.default_rng(0)
height, width, bands = 4, 6, 7
bytes_ = rng.integers(0, 256, (height, width, bands), dtype=numpy.uint8)
words = rng.integers(0, 65536, (height, width, bands), dtype=numpy.uint16)
floats = rng.random((height, width, bands), dtype=numpy.float32)
planes = numpy.ascontiguousarray(bytes_.transpose(2, 0, 1))
as_bytes = {
    "words": numpy.rint(words / 257).astype(numpy.uint8),
    "floats": numpy.rint(floats * 255).astype(numpy.uint8),
    "bytes": bytes_,
}

files = {
    "bytes.npy": "bytes",
    "planes.npy": "bytes",
    "fortran.npy": "bytes",
    "words.npy": "words",
    "floats.npy": "floats",
    "doubles.npy": "floats",
    "pages.tif": "bytes",
    "samples.tif": "bytes",
    "words.tif": "words",
    "floats.tif": "floats",
    "big.tif": "bytes",
}
numpy.save(READ / "bytes.npy", bytes_)
numpy.save(READ / "planes.npy", planes)
numpy.save(READ / "fortran.npy", numpy.asfortranarray(bytes_))
numpy.save(READ / "words.npy", words)
numpy.save(READ / "floats.npy", floats)
numpy.save(READ / "doubles.npy", floats.astype(numpy.float64))
with tifffile.TiffWriter(READ / "pages.tif") as writer:
    for plane in planes:
        writer.write(plane, photometric="minisblack", contiguous=False, metadata=None)
extra = {"photometric": "minisblack", "planarconfig": "contig", "metadata": None}
tifffile.imwrite(READ / "samples.tif", bytes_, **extra)
tifffile.imwrite(READ / "words.tif", words, **extra)
tifffile.imwrite(READ / "floats.tif", floats, **extra)
tifffile.imwrite(READ / "big.tif", bytes_, bigtiff=True, **extra)
(HERE / "refused").mkdir(exist_ok=True)
tifffile.imwrite(HERE / "refused" / "separate.tif", planes, photometric="minisblack", planarconfig="separate", metadata=None)

expected = {name: as_bytes[kind].reshape(-1).tolist() for name, kind in files.items()}
(HERE / "expected.json").write_text(json.dumps({"size": [width, height], "bands": bands, "pixels": expected}))
