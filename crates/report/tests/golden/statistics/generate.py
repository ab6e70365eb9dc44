"""Writes case.json: paired tests, intervals, equivalence tests, rank correlations and Holm's correction, by SciPy and statsmodels.

    python3.11 -m venv v && v/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.14.6
    v/bin/python generate.py
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

rng = np.random.default_rng(0)
paired = []
for count, shift in [(3, 1.0), (3, 0.05), (5, -0.7), (12, 0.3)]:
    one = rng.normal(50, 1, count)
    other = one - shift + rng.normal(0, 0.5, count)
    test = stats.ttest_rel(one, other)
    above = stats.ttest_rel(one, other + 0.4, alternative="greater")
    low, high = test.confidence_interval(0.95)
    paired.append(
        {
            "differences": (one - other).tolist(),
            "low": low,
            "high": high,
            "p_above_0": stats.ttest_rel(one, other, alternative="greater").pvalue,
            "p_above_04": above.pvalue,
            "same_within_1": ttost_paired(one, other, -1.0, 1.0)[0],
        }
    )
ranks = []
for count in (4, 7, 49):
    a, b = rng.normal(size=count), rng.normal(size=count)
    b = np.round(b + 0.8 * a, 1)
    ranks.append({"a": a.tolist(), "b": b.tolist(), "spearman": stats.spearmanr(a, b)[0], "kendall": stats.kendalltau(a, b)[0]})
p = [0.04, 0.001, 0.03, 0.2, 0.012]
case = {"paired": paired, "ranks": ranks, "p": p, "holm": multipletests(p, method="holm")[1].tolist()}
Path(__file__).with_name("case.json").write_text(json.dumps(case, indent=1) + "\n")
