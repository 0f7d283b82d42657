"""Amounts as pages tell them."""

from __future__ import annotations

from django import template

from annotator.actions.storage_use import in_gb

register = template.Library()


@register.filter
def gb(size: int | None) -> str:
    """Bytes, of which 10⁹ are a GB."""
    return "" if size is None else in_gb(size)
