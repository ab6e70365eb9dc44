"""k-NN by lightly and scikit-learn, logistic regression by scikit-learn, on the features of `cargo run --bin features`.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 scikit-learn==1.9.1.
"""

import argparse
import json
import time
import warnings

import numpy as np
import torch
from lightly.utils.benchmarking import knn_predict
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from torch.nn.functional import normalize

CLASSES = 10
SPREAD = 0.12
KNN = "k-NN, 50,000 x 512, 10,000 queries"
LOGISTIC = "logistic regression, 45 penalties, 10,000 x 512"

# A fit that has not come to its end after 1,000 rounds says so each time.
warnings.simplefilter("ignore")
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--json", action="store_true")
parser.add_argument("--only", choices=["knn", "logistic"])
asked = parser.parse_args()


def features(train, test):
    """Features around a centre a class: 512 values."""
    torch.manual_seed(0)
    centres = torch.randn(CLASSES, 512) * SPREAD

    def bank(rows):
        labels = torch.randint(CLASSES, (rows,))
        return centres[labels] + torch.randn(rows, 512), labels

    return *bank(train), *bank(test)


def shown(name, peer, seconds, top1):
    print(f"{peer} {name}: {seconds:.4f} s, {top1:.2f} %")
    if asked.json:
        for figure in ({"name": name, "value": seconds, "unit": "s"}, {"name": f"{name}, top-1", "value": top1, "unit": "%"}):
            print(json.dumps({**figure, "peer": peer}))


def timed(work):
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


if asked.only in (None, "knn"):
    bank, labels, queries, truth = features(50_000, 10_000)

    def by_lightly():
        columns = normalize(bank, dim=1).T.contiguous()
        parts = [knn_predict(part, columns, labels, CLASSES, 200, 0.1)[:, 0] for part in normalize(queries, dim=1).split(512)]
        return torch.cat(parts)

    for _ in range(2):
        seconds, predicted = timed(by_lightly)
    shown(KNN, "lightly", seconds, 100 * (predicted == truth).double().mean().item())

    def by_scikit():
        def weights(distances):
            return np.exp((1 - distances) / 0.1)

        nearest = KNeighborsClassifier(200, weights=weights, algorithm="brute", metric="cosine", n_jobs=-1)
        return nearest.fit(bank.numpy(), labels.numpy()).predict(queries.numpy())

    seconds, predicted = timed(by_scikit)
    shown(KNN, "scikit-learn", seconds, 100 * (torch.as_tensor(predicted) == truth).double().mean().item())

if asked.only in (None, "logistic"):
    x, y, test, truth = (part.numpy().astype(np.float64 if part.is_floating_point() else np.int64) for part in features(10_000, 2000))
    fit, held = np.arange(len(x)) % 10 != 0, np.arange(len(x)) % 10 == 0
    cs = np.geomspace(1e-6, 1e5, 45)

    def chosen(warm):
        scores = []
        model = LogisticRegression(warm_start=warm, max_iter=1000)
        for c in cs:
            model.C = c
            scores.append(model.fit(x[fit], y[fit]).score(x[held], y[held]))
        return LogisticRegression(C=cs[int(np.argmax(scores))], max_iter=1000).fit(x, y).score(test, truth)

    for peer, warm in (("scikit-learn", False), ("scikit-learn, warm starts", True)):
        seconds, score = timed(lambda: chosen(warm))
        shown(LOGISTIC, peer, seconds, 100 * score)
