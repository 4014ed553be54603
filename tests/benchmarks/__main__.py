"""Runs every benchmark and prints what was found: `python -m tests.benchmarks`, about six minutes."""

from tests.benchmarks import (
    asking,
    drain,
    first_byte,
    idle,
    indexing,
    personas,
    prompts,
    starting,
    streaming,
    tree,
)
from tests.benchmarks.screen import application
from tests.benchmarks.table import table

if __name__ == "__main__":
    # One for all of them: two, one after the other, are more than Qt takes.
    app = application()
    benchmarks = (asking, first_byte, drain, starting, tree, personas, prompts, streaming, indexing, idle)
    print(table([benchmark.measure() for benchmark in benchmarks]))
