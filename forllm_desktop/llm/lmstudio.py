"""Reads LM Studio's own lists of models, which know more than its `/v1/models`."""

from typing import Any

from forllm_desktop.llm.backend import ModelInfo
from forllm_desktop.llm.fields import count_in, object_in, objects_in, size_in, text_in
from forllm_desktop.llm.transport import Transport


async def lmstudio_models(transport: Transport) -> list[ModelInfo]:
    """List the models of version 0.4 and newer, else of 0.3; empty where neither list is there.

    `ctx_trained` is what a model can take, `ctx_allocated` the window it is loaded with, both in tokens.
    """
    answer = (await transport.request("GET", "/api/v1/models")).json()
    models = [_model(entry) for entry in objects_in(answer.get("models")) if text_in(entry.get("key"))]
    if models:
        return models
    answer = (await transport.request("GET", "/api/v0/models")).json()
    return [_model_of_03(entry) for entry in objects_in(answer.get("data")) if text_in(entry.get("id"))]


def _model(entry: dict[str, Any]) -> ModelInfo:
    instances = objects_in(entry.get("loaded_instances"))
    configs = [c for instance in instances if isinstance(c := instance.get("config"), dict)]
    return ModelInfo(
        id=entry["key"],
        label=text_in(entry.get("display_name")) or entry["key"],
        size=size_in(entry.get("size_bytes")),
        family=text_in(entry.get("architecture")),
        quant=text_in(object_in(entry.get("quantization")).get("name")),
        ctx_trained=count_in(entry.get("max_context_length")),
        ctx_allocated=count_in(configs[0].get("context_length")) if configs else None,
        capabilities=("embedding",) if entry.get("type") == "embedding" else None,
        loaded=bool(instances),
    )


def _model_of_03(entry: dict[str, Any]) -> ModelInfo:
    return ModelInfo(
        id=entry["id"],
        label=entry["id"],
        family=text_in(entry.get("arch")),
        quant=text_in(entry.get("quantization")),
        ctx_trained=count_in(entry.get("max_context_length")),
        ctx_allocated=count_in(entry.get("loaded_context_length")),
        capabilities=("embedding",) if entry.get("type") == "embeddings" else None,
        loaded=entry.get("state") == "loaded",
    )
