"""Logistic regression at three penalties, as scikit-learn fits it in fp64.

Needs Python 3.11 with torch==2.11.0 safetensors scikit-learn==1.9.1. Run it in its own folder.
"""

import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(0)
CLASSES, WIDTH = 5, 12
centres = rng.normal(size=(CLASSES, WIDTH))
scale = np.geomspace(0.1, 3.0, WIDTH)


def split(rows):
    """Features around a centre a class, columns of different spread, none of mean zero."""
    labels = rng.integers(CLASSES, size=rows)
    features = (centres[labels] + 1.5 * rng.normal(size=(rows, WIDTH))) * scale + 2.0
    return features.astype(np.float32), labels


train, train_labels = split(300)
test, test_labels = split(120)
case = {"train.features": train, "train.labels": train_labels, "test.features": test, "test.labels": test_labels}
for index, c in enumerate((1e-3, 1.0, 1e3)):
    fit = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(train.astype(np.float64), train_labels)
    case[f"c.{index}"] = np.array(c)
    case[f"log_probabilities.{index}"] = fit.predict_log_proba(test.astype(np.float64))
    probabilities = fit.predict_proba(test.astype(np.float64))
    confidence, hits = probabilities.max(1), probabilities.argmax(1) == test_labels
    bins = np.clip(np.ceil(confidence * 15).astype(int), 1, 15)
    error = sum(abs((confidence - hits)[bins == b].sum()) for b in range(1, 16)) / len(hits)
    case[f"calibration_error.{index}"] = np.array(100 * error)
save_file({name: torch.as_tensor(value) for name, value in case.items()}, "case.safetensors")
