"""Writes values.json: scikit-learn's Ridge, Lasso and LassoCV with sample weights, on masks; statsmodels-free HC3 errors by their formula.

Run: pip install numpy==2.4.6 scikit-learn==1.9.1, then python generate.py > values.json
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import Lasso, LassoCV, Ridge
from sklearn.model_selection import PredefinedSplit


def hc3(design, values, weights):
    """Ordinary weighted least squares with an intercept and HC3 standard errors (MacKinnon and White 1985)."""
    full = np.column_stack([np.ones(len(values)), design])
    root = np.sqrt(weights)
    x, y = full * root[:, None], values * root
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ x.T @ y
    residuals = y - x @ coefficients
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    middle = (x * (residuals / (1 - leverage))[:, None] ** 2).T @ x
    return coefficients[1:], np.sqrt(np.diag(inverse @ middle @ inverse))[1:]


def case(seed, rows, spans):
    g = np.random.default_rng(seed)
    design = g.integers(0, 2, (rows, spans)).astype(float)
    effects = np.where(g.random(spans) < 0.4, g.normal(0, 1, spans), 0)
    values = np.round(design @ effects + 0.8 * design[:, 0] * design[:, 1] + g.normal(0, 0.3, rows), 4)
    weights = np.round(g.random(rows), 3) + 0.01
    fold = g.permutation(np.arange(rows) % 5)
    average = np.average(design, axis=0, weights=weights)
    correlations = (weights[:, None] * (design - average)).T @ (values - np.average(values, weights=weights)) / weights.sum()
    largest = np.abs(correlations).max()
    path = largest * 1e-3 ** (np.arange(30) / 29)
    chosen = LassoCV(alphas=path, cv=PredefinedSplit(fold), tol=1e-10, max_iter=200000).fit(design, values, sample_weight=weights)
    ridge = Ridge(alpha=1.0, tol=1e-12).fit(design, values, sample_weight=weights)
    coefficients, errors = hc3(design, values, weights)
    alphas = largest * np.array([0.5, 0.1, 0.02])
    return {
        "design": design.astype(int).tolist(),
        "values": values.tolist(),
        "weights": weights.tolist(),
        "fold": fold.tolist(),
        "ridge": {"alpha": 1, "coefficients": ridge.coef_.tolist(), "intercept": float(ridge.intercept_), "score": float(ridge.score(design, values, sample_weight=weights))},
        "lasso": [{"alpha": float(a), "coefficients": Lasso(alpha=a, tol=1e-12, max_iter=500000).fit(design, values, sample_weight=weights).coef_.tolist()} for a in alphas],
        "crossValidated": {"alpha": float(chosen.alpha_), "coefficients": chosen.coef_.tolist()},
        "leastSquares": {"coefficients": coefficients.tolist(), "hc3": errors.tolist()},
    }


print(json.dumps({"numpy": np.__version__, "scikit-learn": sklearn.__version__, "cases": [case(0, 60, 12), case(1, 30, 8), case(2, 200, 20)]}))
