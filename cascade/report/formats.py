"""The formats in which results are written; known without loading what writes them."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class CheckFormat(StrEnum):
    """How a check is written: also for what runs it in pull requests and pipelines."""

    TEXT = "text"
    MARKDOWN = "markdown"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"
    JSON = "json"
    CSV = "csv"
