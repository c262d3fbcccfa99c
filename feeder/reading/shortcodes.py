from __future__ import annotations


def expand(source, writer):
    return source
