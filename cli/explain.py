"""The command ``explain``."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.options import OutputOption, write

RuleArgument = Annotated[str | None, typer.Argument(metavar="RULE", help="A rule of lint or check; all by default.")]


def explain(rule: RuleArgument = None, output: OutputOption = None) -> None:
    """Say what a RULE of lint or check is about: when it fires, why that matters, what helps; or list the rules."""
    from cascade.report.rules import explanation, listing  # noqa: PLC0415 - so that --help is quick

    write(listing() if rule is None else explanation(rule), output)
