"""k-means on training features, test features by the nearest centre, and recall and mAP@R among test features.

Needs Python 3.11 with torch==2.11.0 safetensors scikit-learn==1.9.1 scipy. Run it in its own folder.
"""

import numpy as np
import torch
from safetensors.torch import save_file
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, confusion_matrix, normalized_mutual_info_score
from sklearn.preprocessing import normalize

rng = np.random.default_rng(2)
CLASSES, WIDTH = 6, 16
centres = rng.normal(size=(CLASSES, WIDTH))
# Two classes lie together, so that clusters are not the classes.
centres[5] = centres[4] + 0.3 * rng.normal(size=WIDTH)


def split(rows):
    """Features around a centre a class, of different lengths."""
    labels = rng.integers(CLASSES, size=rows)
    features = centres[labels] + 0.25 * rng.normal(size=(rows, WIDTH))
    return (features * rng.uniform(0.5, 3.0, size=(rows, 1))).astype(np.float32), labels


train, train_labels = split(600)
test, test_labels = split(200)
case = {"train.features": train, "train.labels": train_labels, "test.features": test, "test.labels": test_labels}
unit = normalize(test.astype(np.float64))
found = KMeans(CLASSES, n_init=50, random_state=0).fit(normalize(train.astype(np.float64))).predict(unit)
counts = confusion_matrix(found, test_labels)
rows, columns = linear_sum_assignment(-counts)
case["accuracy"] = 100 * counts[rows, columns].sum() / len(test)
case["nmi"] = 100 * normalized_mutual_info_score(test_labels, found)
case["ari"] = 100 * adjusted_rand_score(test_labels, found)
cosines = unit @ unit.T
np.fill_diagonal(cosines, -2)
order = np.argsort(-cosines, axis=1)[:, :-1]
right = test_labels[order] == test_labels[:, None]
for k in (1, 5, 10):
    case[f"recall.{k}"] = 100 * right[:, :k].any(1).mean()
precision = []
for row, label in zip(right, test_labels):
    r = (test_labels == label).sum() - 1
    hits = row[:r]
    precision.append((hits * np.cumsum(hits) / np.arange(1, r + 1)).sum() / r)
case["map_at_r"] = 100 * np.mean(precision)
save_file({name: torch.as_tensor(np.asarray(value)) for name, value in case.items()}, "case.safetensors")
