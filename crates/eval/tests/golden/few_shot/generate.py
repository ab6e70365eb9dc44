"""Few-shot k-NN with DINOv2's vote: the softmax over the similarities of the k nearest, k as many as there are shots.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
CLASSES, DRAWS, TEMPERATURE = 6, 4, 0.07
unit = torch.nn.functional.normalize
centres = torch.randn(CLASSES, 16, dtype=torch.float64)


def split(counts):
    """Features around a centre a class, so many of each, in random order."""
    labels = torch.repeat_interleave(torch.arange(CLASSES), torch.tensor(counts))
    labels = labels[torch.randperm(len(labels))]
    features = centres[labels] + 1.5 * torch.randn(len(labels), 16, dtype=torch.float64)
    return features.float(), labels


train, train_labels = split([20] * CLASSES)
test, test_labels = split([30, 10, 5, 20, 15, 10])
case = {"train.features": train, "train.labels": train_labels, "test.features": test, "test.labels": test_labels}
for shots in (1, 5, 10):
    positions, predictions = [], []
    for _ in range(DRAWS):
        members = [(train_labels == c).nonzero().flatten() for c in range(CLASSES)]
        drawn = torch.cat([of[torch.randperm(len(of))[:shots]] for of in members])
        similarities, nearest = (unit(test.double()) @ unit(train[drawn].double()).T).topk(shots)
        votes = torch.zeros(len(test), CLASSES, dtype=torch.float64)
        votes.scatter_add_(1, train_labels[drawn][nearest], (similarities / TEMPERATURE).softmax(1))
        first, second = votes.topk(2).values.T
        assert shots == 1 or (first - second).min() > 1e-5, "a vote is too close to be the same in fp32"
        positions.append(drawn)
        predictions.append(votes.argmax(1))
    predictions = torch.stack(predictions)
    hits = (predictions == test_labels).double()
    per_class = torch.stack([hits[:, test_labels == c].mean(1) for c in range(CLASSES)]).mean(0)
    case |= {f"positions.{shots}": torch.stack(positions), f"predictions.{shots}": predictions}
    for name, by_draw in (("top1", hits.mean(1)), ("mean_per_class", per_class)):
        case[f"{name}.{shots}"] = 100 * by_draw.mean()
        case[f"{name}_std.{shots}"] = 100 * by_draw.std()
save_file(case, "case.safetensors")
