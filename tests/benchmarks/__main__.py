"""Runs every benchmark and prints what was found: `python -m tests.benchmarks`, about four minutes."""

from tests.benchmarks import asking, drain, first_byte, idle, indexing, personas, starting, streaming, tree
from tests.benchmarks.screen import application
from tests.benchmarks.table import table

if __name__ == "__main__":
    # One for all of them: two, one after the other, are more than Qt takes.
    app = application()
    benchmarks = (asking, first_byte, drain, starting, tree, personas, streaming, indexing, idle)
    print(table([benchmark.measure() for benchmark in benchmarks]))
