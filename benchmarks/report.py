"""What a benchmark prints: where it ran, and a table to paste into a page."""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
from collections.abc import Sequence
from typing import Any


def create_parser(description: str | None) -> argparse.ArgumentParser:
  """A parser of flags whose --help shows a module's docstring as it is."""
  return argparse.ArgumentParser(
    description=description,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )


def machine() -> dict[str, Any]:
  """The CPU, its cores and their load, Python and the date."""
  return {
    'cpu': _cpu_model(),
    'cores': len(os.sched_getaffinity(0))
    if hasattr(os, 'sched_getaffinity')
    else os.cpu_count(),
    'load_average': round(os.getloadavg()[0], 1),
    'python': platform.python_version(),
    'date': datetime.date.today().isoformat(),
  }


def versions(*packages: str) -> dict[str, str]:
  """The installed version of each package."""
  return {package: importlib.metadata.version(package) for package in packages}


def line(facts: dict[str, Any]) -> str:
  """Facts in one line, as `cpu AMD EPYC, cores 4`."""
  return ', '.join(
    f'{name.replace("_", " ")} {value}' for name, value in facts.items()
  )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
  """A Markdown table that is also readable as it is.

  Args:
    header: names of the columns; the first is aligned left, others right.
    rows: cells.

  Returns:
    Lines without a last newline.
  """
  widths = [max(map(len, column)) for column in zip(header, *rows)]
  widths = [max(width, 3) for width in widths]
  rule = ['-' * widths[0], *('-' * (width - 1) + ':' for width in widths[1:])]

  def row(cells: Sequence[str]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])]
    return f'| {" | ".join([first, *rest])} |'

  return '\n'.join([row(header), row(rule), *map(row, rows)])


def write_json(path: str | None, result: dict[str, Any]) -> None:
  """Writes the result to a file, if a path is given."""
  if path:
    text = json.dumps(result, indent=2) + '\n'
    pathlib.Path(path).write_text(text, encoding='utf-8')


def _cpu_model() -> str:
  try:
    lines = pathlib.Path('/proc/cpuinfo').read_text().splitlines()
  except OSError:
    return platform.processor() or platform.machine()
  models = [
    s.split(':', 1)[1].strip() for s in lines if s.startswith('model name')
  ]
  return models[0] if models else platform.machine()
