"""Writes values.json: Lasso, LassoCV, Ridge and least squares by scikit-learn, on masks.

Run: pip install numpy==2.4.6 scikit-learn==1.9.1, then python generate.py > values.json
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import Lasso, LassoCV, LinearRegression, Ridge
from sklearn.model_selection import PredefinedSplit


def case(seed, rows, columns):
    g = np.random.default_rng(seed)
    design = g.integers(0, 2, (rows, columns)).astype(float)
    effects = np.where(g.random(columns) < 0.4, g.normal(0, 1, columns), 0)
    values = np.round(design @ effects + 0.8 * design[:, 0] * design[:, 1] + g.normal(0, 0.3, rows), 4)
    fold = g.permutation(np.arange(rows) % 5)
    centred = design - design.mean(0)
    largest = np.abs(centred.T @ (values - values.mean())).max() / rows
    alphas = largest * np.array([0.5, 0.1, 0.02])
    path = largest * 1e-3 ** (np.arange(30) / 29)
    chosen = LassoCV(alphas=path, cv=PredefinedSplit(fold), tol=1e-10, max_iter=200000).fit(design, values)
    support = np.flatnonzero(chosen.coef_)
    return {
        "design": design.astype(int).tolist(),
        "values": values.tolist(),
        "fold": fold.tolist(),
        "lasso": [{"alpha": float(a), "coefficients": Lasso(alpha=a, tol=1e-12, max_iter=500000).fit(design, values).coef_.tolist()} for a in alphas],
        "crossValidated": {"alpha": float(chosen.alpha_), "coefficients": chosen.coef_.tolist(), "error": float(chosen.mse_path_.mean(1).min())},
        "relaxed": {"support": support.tolist(), "coefficients": LinearRegression().fit(design[:, support], values).coef_.tolist()},
        "ridge": {"penalty": 0.05, "coefficients": Ridge(alpha=0.05 * rows, tol=1e-12).fit(design, values).coef_.tolist()},
    }


print(json.dumps({"numpy": np.__version__, "scikit-learn": sklearn.__version__, "cases": [case(0, 60, 12), case(1, 24, 16), case(2, 200, 8)]}))
