"""Log-probabilities of the embedded model by transformers in fp32, teacher-forced.

Run with torch 2.13.0 (CPU), transformers 5.23.0 and gguf 0.19.0:
    python generate.py ../../../models/SmolLM2-135M-Instruct.Q4_1.gguf > values.json
The token ids are transformers' own, of the chat with the generation prompt and of the response: the test compares them too.
"""

import json
import os
import platform
import sys
from importlib.metadata import version

import torch
import transformers

# Prompt (a user message), response.
TEXTS = [
    ("What is the capital of France?", "The capital of France is Paris."),
    ("Sort this letter to a desk: the lamp on the east pier is dark.", "lights desk"),
    ("Reply with one word: is a lemon sweet or sour?", "sour"),
    ("Continue: one, two, three,", " four, five, six, seven"),
    ("Write a line of Python that sums the numbers from 1 to 10.", "print(sum(range(1, 11)))"),
    ("Übersetze ins Deutsche: the cat sleeps.", "Die Katze schläft."),
]


def main() -> None:
    folder, file = os.path.split(os.path.abspath(sys.argv[1]))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
    sequences = []
    for prompt, response in TEXTS:
        chat = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True, tokenize=False)
        ids = tokenizer.encode(chat, add_special_tokens=False)
        scored = tokenizer.encode(response, add_special_tokens=False)
        with torch.no_grad():
            logits = model(torch.tensor([ids + scored])).logits[0]
        rows = torch.log_softmax(logits.double(), dim=-1)[len(ids) - 1 : -1]
        values = [round(rows[i, token].item(), 6) for i, token in enumerate(scored)]
        sequences.append({"prompt": prompt, "response": response, "ids": ids + scored, "responseTokens": len(scored), "logProbabilities": values})
    versions = {"python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__, "gguf": version("gguf")}
    lines = ",\n".join(json.dumps(sequence, ensure_ascii=False) for sequence in sequences)
    print(f'{{"file": {json.dumps(file)}, "versions": {json.dumps(versions)}, "sequences": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
