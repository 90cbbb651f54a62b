"""One thread at a time learns of a model: two that meet the same classes at once would crash the process."""

import subprocess
import sys

RACE = """
import sys, threading, types
import msgspec
from opskit.core.answers import converted, decoder_for

sys.setswitchinterval(1e-6)
LINE = "class C{n}(msgspec.Struct):\\n    b: 'list[C{m}] | None' = None\\n"
LINE += "    c: 'dict[str, C{m}] | None' = None\\n"
SOURCE = "import msgspec\\n" + "".join(LINE.format(n=n, m=min(n + 1, 11)) for n in range(12))
VALUE = {"b": [{"b": [{}]}], "c": {"k": {}}}


def learn(model, start):
    start.wait()
    decoder_for(model).decode(msgspec.json.encode(VALUE))
    converted(VALUE, model)


for number in range(ROUNDS):
    module = sys.modules[f"m{number}"] = types.ModuleType(f"m{number}")
    exec(SOURCE, vars(module))
    start = threading.Barrier(8)
    models = [getattr(module, f"C{each % 3}") for each in range(8)]
    threads = [threading.Thread(target=learn, args=(model, start)) for model in models]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
"""


def test_threads_that_meet_a_model_for_the_first_time_together_survive() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RACE.replace("ROUNDS", "60")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
