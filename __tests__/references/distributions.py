"""Reference values for numerics/{normal,gamma,beta,binomial,poisson-binomial,multiple-testing}: SciPy 1.17.1, NumPy 2.4.6.
Run: python distributions.py > distributions.json"""
import json
import numpy as np
from scipy import stats, special

rng = np.random.default_rng(1)


def poisson_binomial_tail(k, ps):
    pmf = np.array([1.0])
    for p in ps:
        pmf = np.convolve(pmf, [1 - p, p])
    return float(pmf[k:].sum())


out = {
    "versions": {"scipy": "1.17.1", "numpy": "2.4.6"},
    "normalTail": [[x, float(stats.norm.sf(x))] for x in [-9, -3.2, -1, -0.1, 0, 0.3, 1, 1.96, 2.999, 3, 3.001, 5, 8, 12, 20, 37]],
    "normalQuantile": [[p, float(stats.norm.ppf(p))] for p in [1e-300, 1e-30, 1e-10, 0.001, 0.05, 0.3, 0.4999, 0.5, 0.5001, 0.8, 0.975, 0.999999]],
    "logGamma": [[x, float(special.gammaln(x))] for x in [1e-3, 0.5, 1, 1.5, 2, 3.7, 9.9, 15, 100, 1e5]],
    "incompleteBeta": [[x, a, b, float(special.betainc(a, b, x))] for x, a, b in
                       [(0.1, 1, 1), (0.5, 2, 3), (0.05, 58, 1), (0.95, 1, 59), (0.3, 0.5, 0.5), (0.01, 3, 500), (0.7, 200, 90), (1e-5, 2, 4)]],
    "binomialCdf": [[k, n, p, float(stats.binom.cdf(k, n, p))] for k, n, p in
                    [(0, 59, .05), (0, 58, .05), (1, 93, .05), (1, 92, .05), (3, 153, .05), (7, 20, .4), (50, 100, .5), (10, 1000, .02), (0, 1, .3), (999, 1000, .999)]],
    "upperBound": [[k, n, c, float(stats.beta.ppf(c, k + 1, n - k))] for k, n, c in [(0, 59, .95), (2, 100, .95), (5, 40, .9), (39, 40, .95), (0, 1, .5)]],
    "poissonBinomialTail": [],
    "benjaminiHochberg": [],
}
for n, k in [(5, 2), (12, 12), (40, 9), (40, 0), (3, 4), (200, 150)]:
    ps = rng.uniform(0, 1, n).round(6).tolist()
    out["poissonBinomialTail"].append([k, ps, poisson_binomial_tail(k, ps)])
for m in [1, 8, 60]:
    ps = np.concatenate([rng.uniform(0, 1, m), rng.uniform(0, .01, m // 3), [0.5, 0.5]]).tolist()
    out["benjaminiHochberg"].append([ps, stats.false_discovery_control(ps, method="bh").tolist()])
print(json.dumps(out))
