"""Golden cases of relative patches and of dropped colours (arXiv 1505.05192), tile by tile.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
tiles = torch.randn(6, 9, 3, 4, 5)
classes = torch.tensor([0, 3, 4, 7, 2, 5])
kept = torch.randint(0, 3, (6, 9))
noise = torch.randn_like(tiles)

# The number of the class, and where that tile lies in the grid: row by row without the middle.
places = [(row, column) for row in range(3) for column in range(3) if (row, column) != (1, 1)]
pairs = torch.stack([
    torch.stack([image[3 * 1 + 1], image[3 * places[c][0] + places[c][1]]]) for image, c in zip(tiles, classes)
])

dropped = noise.clone()
for n in range(6):
    for t in range(9):
        channel = tiles[n, t, kept[n, t]]
        dropped[n, t] *= 0.01 * channel.std(correction=0)
        dropped[n, t, kept[n, t]] = channel
save_file(
    {"tiles": tiles, "classes": classes, "pairs": pairs, "kept": kept, "noise": noise, "dropped": dropped},
    "case.safetensors",
)
