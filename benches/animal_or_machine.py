"""A rule without any text, beside zero-shot scores of cat and truck on CIFAR-10: an animal is a cat, a machine is a truck.

    cargo xtask run -- embed RUN --dataset cifar10 --out cifar10.safetensors
    python benches/animal_or_machine.py cifar10.safetensors

Fits a logistic regression on the training images of the eight other classes, five animals and three machines, and
prints how many of the test images of cat and truck it tells apart. Needs Python 3.11 with numpy, safetensors and scikit-learn.
"""

import json
import sys

import numpy as np
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

MACHINES = {"airplane", "automobile", "ship", "truck"}
UNSEEN = {"cat", "truck"}

table = load_file(sys.argv[1])
names = json.loads(table["names"].tobytes())
labels = np.array(json.loads(table["labels"].tobytes()))
is_test = np.array([name.startswith("test") for name in names])
is_unseen = np.isin(labels, list(UNSEEN))
is_machine = np.isin(labels, list(MACHINES))
train, test = ~is_test & ~is_unseen, is_test & is_unseen
scaler = StandardScaler().fit(table["embeddings"][train])
rule = LogisticRegression(max_iter=1000).fit(scaler.transform(table["embeddings"][train]), is_machine[train])
right = rule.predict(scaler.transform(table["embeddings"][test])) == is_machine[test]
print(f"{100 * right.mean():.1f} % of {test.sum()} test images of {' and '.join(sorted(UNSEEN))}")
