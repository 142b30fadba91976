"""PURE: the contract with subscribers, made from the messages and the table of topics."""

from monitor.contract.asyncapi import asyncapi
from monitor.contract.schemas import MODELS, schema_of

__all__ = ["MODELS", "asyncapi", "schema_of"]
