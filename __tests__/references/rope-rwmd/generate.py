"""Writes values.json: Relaxed Word Mover's Distance over rotary-turned embeddings by NumPy, written out mask by mask.

Rotation as in transformers' Llama (apply_rotary_pos_emb with rotate_half); l1, l2 and their maximum as in Kusner et al. 2015, section 4.

Run: pip install numpy==2.4.6, then python generate.py > values.json
"""

import json

import numpy as np


def rotate_half(x):
    half = x.shape[-1] // 2
    return np.concatenate([-x[..., half:], x[..., :half]], axis=-1)


def turned(vectors, positions, head, base):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    inverse = 1.0 / base ** (np.arange(0, head, 2) / head)
    angles = np.outer(positions, inverse)
    angles = np.concatenate([angles, angles], axis=-1)[:, None, :]
    blocks = unit.reshape(len(unit), -1, head)
    return (blocks * np.cos(angles) + rotate_half(blocks) * np.sin(angles)).reshape(unit.shape)


def distance(vectors, spans, mask, weights, contiguous, head, base):
    kept = np.array([s < 0 or mask[s] == 1 for s in spans])
    positions = np.arange(len(spans))
    full = turned(vectors, positions, head, base)
    left = turned(vectors[kept], np.arange(kept.sum()) if contiguous else positions[kept], head, base)
    cost = np.array([[1 - a @ b for b in left] for a in full])
    w = weights / weights.sum()
    v = weights[kept] / weights[kept].sum()
    return float(w @ cost.min(1)), float(v @ cost.min(0))


def pooled_distance(vectors, spans, mask, weights, head, base):
    """Gapped: one mean vector a span, and one for each run of tokens that stay, at unit norm."""
    rotated = turned(vectors, np.arange(len(spans)), head, base)
    groups, last = {}, None
    for token, span in enumerate(spans):
        key = ("span", span) if span >= 0 else (last if last is not None and last[0] == "run" else ("run", token))
        groups.setdefault(key, []).append(token)
        last = key
    means = {key: rotated[tokens].mean(0) for key, tokens in groups.items()}
    means = {key: m / np.linalg.norm(m) for key, m in means.items()}
    kept = [key for key in groups if key[0] == "run" or mask[key[1]] == 1]
    l1 = sum(weights[tokens].sum() * min(1 - means[key] @ means[k] for k in kept) for key, tokens in groups.items())
    return float(l1 / weights.sum()), 0.0


def case(seed, tokens, hidden, head, base, spans):
    g = np.random.default_rng(seed)
    vectors = np.round(g.normal(size=(tokens, hidden)), 3)
    # Tokens occur again, as words do.
    vectors[tokens // 2] = vectors[1]
    vectors[-1] = vectors[2]
    weights = np.round(g.uniform(0.2, 3, tokens), 3)
    count = max(spans) + 1
    masks = g.integers(0, 2, (8, count))
    masks[0] = 1
    rows = {
        "gapped": [distance(vectors, spans, m, np.ones(tokens), False, head, base) for m in masks],
        "gappedWeighted": [distance(vectors, spans, m, weights, False, head, base) for m in masks],
        "contiguous": [distance(vectors, spans, m, np.ones(tokens), True, head, base) for m in masks],
        "contiguousWeighted": [distance(vectors, spans, m, weights, True, head, base) for m in masks],
        "pooledWeighted": [pooled_distance(vectors, spans, m, weights, head, base) for m in masks],
    }
    return {
        "hidden": hidden,
        "headSize": head,
        "ropeBase": base,
        "vectors": vectors.ravel().tolist(),
        "spanOf": spans,
        "weights": weights.tolist(),
        "masks": masks.tolist(),
        "distances": rows,
    }


cases = [
    case(0, 14, 16, 8, 1e4, [-1, -1, 0, 0, 0, 1, 1, -1, 2, 2, 3, 3, -1, -1]),
    case(1, 21, 12, 4, 1e6, [-1, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 0, 0, 4, 4, 4, -1, -1, 5, -1]),
]
print(json.dumps({"numpy": np.__version__, "cases": cases}))
