"""The optional section ``[report]`` of ``area.toml``: the council's own Word template."""

# ruff: noqa: ANN401  # values of a file are of any type

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["report_faults"]


def report_faults(found: Any) -> list[str]:
    """Return what is wrong with the section, each fault in plain words."""
    if not isinstance(found, Mapping):
        return ["[report] is no table"]
    faults = [f"[report] unknown key {key!r}; there is only docx_template" for key in found if key != "docx_template"]
    name = found.get("docx_template", "")
    if name != "" and not (isinstance(name, str) and re.fullmatch(r"[^/\\\\:]+(/[^/\\\\:]+)*\.docx", name)):
        faults.append("[report] docx_template must name a Word document (.docx) by its path within the area's folder")
    elif ".." in str(name).split("/"):
        faults.append("[report] docx_template must lie in the area's folder")
    return faults
