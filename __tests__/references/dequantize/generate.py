"""Writes blocks.json: stored blocks of every tensor type and what the gguf package makes of them.

Run: pip install gguf==0.19.0 numpy==2.4.6, then python generate.py > blocks.json
Bytes are random; the half-precision scales in them are drawn separately so that they are finite, and include negative,
subnormal, zero and largest values. Both sides are base64 of little-endian bytes.
"""

import base64
import json
from importlib.metadata import version

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

BLOCKS = 6
# Byte positions of the half-precision numbers in a block.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
EDGES = np.array([0.0, -0.0, 6e-8, -3e-6, 65504.0, -65504.0], dtype=np.float16)


def blocks(name: str, rng: np.random.Generator) -> np.ndarray:
    elements, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    if name in SCALES:
        data = rng.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
        for position in SCALES[name]:
            scales = (rng.standard_normal(BLOCKS) * 0.05).astype(np.float16)
            scales[-2:] = rng.choice(EDGES, 2)
            data[:, position : position + 2] = scales.view(np.uint8).reshape(BLOCKS, 2)
        return data
    numbers = np.concatenate([rng.standard_normal(26), [0.0, -0.0, np.inf, -np.inf, 1e-7, -6e4]]).astype(np.float32)
    if name == "F16":
        return numbers.astype(np.float16).view(np.uint8)
    if name == "BF16":
        return (numbers.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    return numbers.view(np.uint8)


def main() -> None:
    rng = np.random.default_rng(20)
    found = []
    for name in ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]:
        data = blocks(name, rng)
        kind = GGMLQuantizationType[name]
        stored = data.view(np.float16) if name == "F16" else data.view(np.float32) if name == "F32" else data
        values = dequantize(stored, kind).astype(np.float32).reshape(-1)
        encode = lambda array: base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        found.append({"type": name, "bytes": encode(data), "values": encode(values)})
    print(json.dumps({"made with": {"gguf": version("gguf"), "numpy": version("numpy")}, "blocks": found}, indent=1))


main()
