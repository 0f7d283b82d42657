"""Many rows into one table, without what an object and a place in a statement cost for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, FloatField, IntegerField, Model

_PLAIN = (IntegerField, FloatField)
"""Kinds of fields whose values are in Python what they are in every database."""


def insert_rows(
    model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, replacing: Sequence[str] = ()
) -> None:
    """Insert rows; no signals are sent, and columns that aren't named need a default in the database.

    Args:
        columns: what the rows hold, by the names of the model's attributes (``track_id``, not ``track``).
        replacing: the columns of a unique constraint; a row that is the same in them gets the values of the new one.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    by_name: dict[str, Field[Any, Any]] = {field.attname: field for field in model._meta.concrete_fields}
    fields = [by_name[name] for name in columns]
    prepared = [
        _prepared(field, values, connection) for field, values in zip(fields, zip(*rows, strict=True), strict=False)
    ]
    if not prepared:
        return
    quoted = {name: connection.ops.quote_name(str(field.column)) for name, field in by_name.items()}
    names = ", ".join(quoted[name] for name in columns)
    sql = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 (names)
    sql += f"({', '.join(['%s'] * len(columns))})"
    if replacing:
        others = ", ".join(f"{quoted[name]} = EXCLUDED.{quoted[name]}" for name in columns if name not in replacing)
        sql += f" ON CONFLICT ({', '.join(quoted[name] for name in replacing)}) DO UPDATE SET {others}"
    with connection.cursor() as cursor:
        cursor.executemany(sql, list(zip(*prepared, strict=True)))


def insert_new(objects: Sequence[Model]) -> None:
    """Insert objects of one model that have their primary keys."""
    if not objects:
        return
    model = type(objects[0])
    fields = model._meta.concrete_fields
    insert_rows(
        model,
        [field.attname for field in fields],
        [[field.pre_save(each, add=True) for field in fields] for each in objects],
    )
    for each in objects:
        each._state.adding = False


def _prepared(field: Field[Any, Any], values: Sequence[Any], connection: BaseDatabaseWrapper) -> Sequence[Any]:
    if isinstance(field, _PLAIN):
        return values
    return [field.get_db_prep_save(value, connection) for value in values]
