"""Writes rendered.json: chats put through chat templates by Jinja2, set up as transformers does it.

Run: pip install jinja2==3.1.6, then python generate.py > rendered.json
The templates are in the styles of common model families: markers around roles, trimmed contents, a default system message, a
date where there is a clock (there must be none), alternation checks, white-space control.
"""

import json
from importlib.metadata import version

from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATES = {
    "markers with a default system message": (
        "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}<|im_start|>system\nBe brief.<|im_end|>\n{% endif %}"
        "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
    "headers, trimmed contents and a date": (
        "{{- bos_token }}\n{%- if not date_string is defined %}\n    {%- if strftime_now is defined %}\n"
        "        {%- set date_string = strftime_now('%d %b %Y') %}\n    {%- else %}\n        {%- set date_string = '1 Jan 2000' %}\n"
        "    {%- endif %}\n{%- endif %}\n<|system|>Today: {{ date_string }}<|end|>\n"
        "{% for message in messages %}\n    {%- set content = '<|' + message.role + '|>' + message.content | trim + '<|end|>' %}\n"
        "    {{- content }}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|assistant|>' }}\n{%- endif %}\n"
    ),
    "system joined to the first user turn": (
        "{% if messages[0].role == 'system' %}{% set system = messages[0].content + '\n\n' %}{% set turns = messages[1:] %}"
        "{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}"
        "{% for turn in turns %}{% if (turn.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns must alternate') }}"
        "{% endif %}{% if turn.role == 'user' %}[INST] {{ (system if loop.first else '') ~ turn.content }} [/INST]"
        "{% else %} {{ turn.content | trim }}{{ eos_token }}{% endif %}{% endfor %}"
    ),
    "quoted contents": (
        "{% for i in range(messages | length) %}\n  {% if messages[i].role != 'assistant' %}\n{{ i }}: {{ messages[i].content | tojson }}\n"
        "  {% endif %}\n{% endfor %}\n{{ 'A:' if add_generation_prompt == true and None is none and False == false and True else 'B:' }}"
    ),
}

CHATS = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": "  Sort tickets. "}, {"role": "user", "content": "\nMy card {{ was }} {% charged %} twice \n"}],
    [
        {"role": "user", "content": "one é 漢 😀"},
        {"role": "assistant", "content": " two\n"},
        {"role": "user", "content": ""},
    ],
    [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
]


def raise_exception(message: str) -> None:
    raise ValueError(message)


def render(template: str, chat: list, generation: bool) -> str | None:
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.globals["raise_exception"] = raise_exception
    try:
        names = {"bos_token": "<bos>", "eos_token": "<eos>"}
        return environment.from_string(template).render(messages=chat, add_generation_prompt=generation, **names)
    except ValueError:
        return None


def main() -> None:
    cases = [
        {"template": name, "messages": chat, "addGenerationPrompt": generation, "text": render(template, chat, generation)}
        for name, template in TEMPLATES.items()
        for chat in CHATS
        for generation in (True, False)
    ]
    print(json.dumps({"made with": {"jinja2": version("jinja2")}, "templates": TEMPLATES, "cases": cases}, indent=1))


main()
