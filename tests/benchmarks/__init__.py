"""What FORLLM costs on top of the bare thing: `python -m tests.benchmarks` prints the measured ratios."""
