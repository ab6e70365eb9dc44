"""Makes case.safetensors with scikit-learn, scipy and NumPy:

    pip install scikit-learn==1.9.1 safetensors
    python generate.py
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors

rng = np.random.default_rng(0)
classes = rng.integers(0, 5, 150)
means = rng.normal(size=(5, 12))
x = (means[classes] + 0.9 * rng.normal(size=(150, 12))).astype(np.float32)
case = {"x": x, "classes": classes.astype(np.int64)}

start = x[:5].astype(np.float64)
fitted = KMeans(5, init=start, n_init=1, tol=1e-4, max_iter=300).fit(x.astype(np.float64))
case["kmeans.centers"] = fitted.cluster_centers_
case["kmeans.assignment"] = fitted.labels_.astype(np.int64)
case["kmeans.inertia"] = np.array([fitted.inertia_])

pca = PCA(4, svd_solver="covariance_eigh").fit(x.astype(np.float64))
# The sign of a direction is free: here its value of largest size is positive.
largest = np.abs(pca.components_).argmax(axis=1)
signs = np.sign(pca.components_[np.arange(4), largest])
case["pca.mean"] = pca.mean_
case["pca.components"] = pca.components_ * signs[:, None]
case["pca.variances"] = pca.explained_variance_
case["pca.fractions"] = pca.explained_variance_ratio_
case["pca.projected"] = pca.transform(x.astype(np.float64)) * signs

# Clusters that are no classes: more of them, some wrong, some empty of a class.
clusters = (classes + (rng.random(150) < 0.3) * rng.integers(0, 4, 150)) % 7
counts = np.zeros((clusters.max() + 1, classes.max() + 1))
np.add.at(counts, (clusters, classes), 1)
rows, columns = linear_sum_assignment(counts, maximize=True)
case["agreement.clusters"] = clusters.astype(np.int64)
case["agreement.values"] = np.array(
    [
        counts[rows, columns].sum() / 150,
        normalized_mutual_info_score(classes, clusters),
        adjusted_rand_score(classes, clusters),
    ]
)

queries = rng.normal(size=(20, 12)).astype(np.float32)
near = NearestNeighbors(n_neighbors=7, metric="cosine", algorithm="brute").fit(x.astype(np.float64))
distances, positions = near.kneighbors(queries.astype(np.float64))
case["search.queries"] = queries
case["search.positions"] = positions.astype(np.int64)
case["search.cosines"] = 1 - distances

# By the definitions: recall@k of Oh Song et al. 2016, MAP@R of Musgrave et al. 2020, each row among all others.
unit = x.astype(np.float64) / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True)
cosines = unit @ unit.T
np.fill_diagonal(cosines, -np.inf)
order = np.argsort(-cosines, axis=1, kind="stable")[:, :-1]
right = classes[order] == classes[:, None]
precision = np.cumsum(right, axis=1) / np.arange(1, 150)
at_r = []
for row in range(150):
    r = (classes == classes[row]).sum() - 1
    at_r.append((precision[row, :r] * right[row, :r]).sum() / r)
case["retrieval.values"] = np.array([right[:, :k].any(axis=1).mean() for k in (1, 5, 10)] + [np.mean(at_r)])

scores = np.round(rng.normal(size=200) + (rng.random(200) < 0.4), 1).astype(np.float32)
positive = rng.random(200) < 0.4
case["auroc.scores"] = scores
case["auroc.positive"] = positive.astype(np.int64)
case["auroc.value"] = np.array([roc_auc_score(positive, scores)])

duplicates = np.argwhere(np.triu(unit @ unit.T, 1) >= 0.8)
case["duplicates.pairs"] = duplicates.astype(np.int64)

case = {name: np.ascontiguousarray(value) for name, value in case.items()}
save_file(case, Path(__file__).with_name("case.safetensors"))
