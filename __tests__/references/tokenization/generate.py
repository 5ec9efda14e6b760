"""Writes ids.json: token ids by llama.cpp under each pre-tokenizer, for two vocabularies.

Run: pip install llama-cpp-python==0.3.36 gguf==0.19.0, then
python generate.py ../../../models/SmolLM2-135M-Instruct.Q4_1.gguf > ids.json
"embedded" is that file's vocabulary on texts.json; "runs" a small one made here, in which runs of digits merge and one word
has no merges, so that rules for digits and the look-up of whole words show. Each is written without tensors and with another
`tokenizer.ggml.pre` a time.
"""

import itertools
import json
import pathlib
import sys
import tempfile
from importlib.metadata import version

import gguf
from llama_cpp import Llama

RULES = ["gpt-2", "smollm", "qwen2", "llama-bpe"]
RUN_TEXTS = ["1", "12", "121", "1212", "12121", "121212 2112", "a1212b21", "½12²2121", "v1.2.1212", "zebra zebras", "a  1212", "ze 11zebra"]


def byte_alphabet() -> list[str]:
    shifted = itertools.count(256)
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(byte if byte in printable else next(shifted)) for byte in range(256)]


def run_vocabulary() -> tuple[list[str], list[str]]:
    runs = ["".join(digits) for length in (2, 3, 4) for digits in itertools.product("12", repeat=length)]
    merges = [f"{run[:-1]} {run[-1]}" for run in runs]
    return [*byte_alphabet(), *runs, "zebra", "Ġzebra"], merges


def write_vocabulary(source: str, target: str, replaced: dict) -> None:
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        kind = field.types[0]
        value = replaced.get(field.name, field.contents())
        writer.add_key_value(field.name, value, kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def encode(source: str, texts: list[str], replaced: dict) -> dict:
    ids = {}
    with tempfile.TemporaryDirectory() as folder:
        for rule in RULES:
            path = f"{folder}/{rule}.gguf"
            write_vocabulary(source, path, {**replaced, "tokenizer.ggml.pre": rule})
            model = Llama(path, vocab_only=True, verbose=False)
            ids[rule] = [model.tokenize(text.encode(), add_bos=False, special=True) for text in texts]
    return ids


def main() -> None:
    source = sys.argv[1]
    texts = json.loads((pathlib.Path(__file__).parent / "texts.json").read_text())
    tokens, merges = run_vocabulary()
    runs = {"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.merges": merges, "tokenizer.ggml.token_type": [1] * len(tokens)}
    found = {
        "made with": {name: version(name) for name in ["llama-cpp-python", "gguf"]},
        "embedded": encode(source, texts, {}),
        "runs": {"tokens": tokens, "merges": merges, "texts": RUN_TEXTS, "ids": encode(source, RUN_TEXTS, runs)},
    }
    print(json.dumps(found, separators=(",", ":")))


main()
