"""Writes values.json: marcotcr/lime's LimeBase on given masks: masks, values and distances in, coefficients out.

Run: pip install numpy==2.4.6 scikit-learn==1.9.1 lime==0.2.0.1, then python generate.py > values.json
Distances and kernel are those of LimeTextExplainer: 100 x cosine distance to the full mask, kernel width 25.
"""

import json
from importlib.metadata import version

import numpy as np
import sklearn
from lime.lime_base import LimeBase
from sklearn.metrics import pairwise_distances


def kernel(distances):
    return np.sqrt(np.exp(-(distances**2) / 25**2))


def game(g, rows, spans):
    masks = np.ones((rows, spans))
    for row in range(1, rows):
        removed = g.integers(1, spans)
        masks[row, g.choice(spans, removed, replace=False)] = 0
    effects = np.where(g.random(spans) < 0.5, g.normal(0, 1, spans), 0)
    values = masks @ effects + 0.8 * masks[:, 0] * masks[:, 1] - masks[:, 2] * masks[:, 3] * masks[:, 4] + g.normal(0, 0.1, rows)
    return masks, np.round(values, 4)


def case(seed, rows, spans, features):
    masks, values = game(np.random.default_rng(seed), rows, spans)
    distances = pairwise_distances(masks, masks[0].reshape(1, -1), metric="cosine").ravel() * 100
    fits = []
    for count in features:
        base = LimeBase(kernel, random_state=np.random.RandomState(0))
        intercept, weights, score, _ = base.explain_instance_with_data(
            masks, np.stack([-values, values], axis=1), distances, 1, count
        )
        coefficients = np.zeros(spans)
        for feature, weight in weights:
            coefficients[feature] = weight
        fits.append({"features": count, "intercept": float(intercept), "coefficients": coefficients.tolist(), "score": float(score)})
    return {
        "masks": masks.astype(int).tolist(),
        "values": values.tolist(),
        "weights": kernel(distances).tolist(),
        "fits": fits,
    }


def tie():
    """Two spans that no mask tells apart: scikit-learn's scores of the two differ in their last bits, ours are equal."""
    g = np.random.default_rng(9)
    masks, values = game(g, 40, 6)
    masks[:, 5] = masks[:, 0]
    distances = pairwise_distances(masks, masks[0].reshape(1, -1), metric="cosine").ravel() * 100
    base = LimeBase(kernel, random_state=np.random.RandomState(0))
    _, weights, score, _ = base.explain_instance_with_data(masks, np.stack([-values, values], axis=1), distances, 1, 3)
    return {"masks": masks.astype(int).tolist(), "values": values.tolist(), "features": 3, "weights": [[int(f), float(w)] for f, w in weights], "score": float(score)}


print(
    json.dumps(
        {
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "lime": version("lime"),
            "cases": [case(0, 60, 12, [1, 3, 6, 7, 10, 12]), case(1, 40, 24, [4, 10, 24]), case(2, 200, 8, [2, 8])],
            "divergences": [
                {
                    "flag": "ties-in-selection",
                    "why": "spans that no mask tells apart explain equally much; lime takes the one whose score is larger in the last bits, we take the first",
                    "case": tie(),
                }
            ],
        }
    )
)
