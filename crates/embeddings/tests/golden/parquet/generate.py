"""Tables of vectors as pyarrow writes them, in the forms that people have: a list a row, a column a value, and mistakes.

Run with pyarrow: python generate.py
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent


def write(name, columns, **options):
    pq.write_table(pa.table(columns), HERE / f"{name}.parquet", **options)


floats = pa.list_(pa.float32())
write(
    "lists",
    {
        "name": ["a.png", "b.png", "c.png"],
        "label": [0, 1, 0],
        "vector": pa.array([[0.5, -1.0], [2.0, 3.0], [0.0, 8.0]], floats),
    },
    compression="zstd",
)
write("columns", {"v0": [0.5, 2.0], "v1": [-1.0, 3.0], "count": [7, 8]}, compression="snappy")
write("none", {"name": ["a.png"], "count": [3]})
write("ragged", {"vector": pa.array([[0.5, -1.0], [2.0]], floats)})
write("words", {"vector": [["a", "b"]]})
