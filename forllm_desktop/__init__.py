"""FORLLM Desktop: a forum for your local language models."""

__version__ = "0.1.0"
