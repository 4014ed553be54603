"""Runs every benchmark and prints what was found: `python -m tests.benchmarks`, about a minute."""

from tests.benchmarks import asking, drain, first_byte
from tests.benchmarks.table import table

if __name__ == "__main__":
    print(table([asking.measure(), first_byte.measure(), drain.measure()]))
