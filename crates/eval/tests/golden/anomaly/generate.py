"""One class against the rest: AUROC of the mean cosine with the nearest, and of a Gaussian kernel density.

Needs Python 3.11 with torch==2.11.0 safetensors scikit-learn==1.9.1. Run it in its own folder.
"""

import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import normalize

rng = np.random.default_rng(1)
CLASSES, WIDTH, GAMMA = 4, 10, 10.0
centres = rng.normal(size=(CLASSES, WIDTH))


def split(rows):
    """Features around a centre a class."""
    labels = rng.integers(CLASSES, size=rows)
    return (centres[labels] + 1.2 * rng.normal(size=(rows, WIDTH))).astype(np.float32), labels


train, train_labels = split(200)
test, test_labels = split(150)
case = {"train.features": train, "train.labels": train_labels, "test.features": test, "test.labels": test_labels}
bank, queries = normalize(train.astype(np.float64)), normalize(test.astype(np.float64))
for k in (1, 2, 5):
    areas = []
    for c in range(CLASSES):
        cosines = np.sort(queries @ bank[train_labels == c].T, axis=1)[:, -k:].mean(1)
        areas.append(roc_auc_score(test_labels == c, cosines))
    case[f"knn.{k}"] = 100 * np.array(areas)
areas = []
for c in range(CLASSES):
    of_class = bank[train_labels == c]
    gamma = GAMMA / (of_class.var() * WIDTH)
    density = KernelDensity(bandwidth=(2 * gamma) ** -0.5).fit(of_class).score_samples(queries)
    areas.append(roc_auc_score(test_labels == c, density))
case["kde"] = 100 * np.array(areas)
save_file({name: torch.as_tensor(value) for name, value in case.items()}, "case.safetensors")
