"""Installations to back up and to restore."""

from __future__ import annotations

from house.backups import alone, base, fresh, living, whole

__all__ = ["alone", "base", "fresh", "living", "whole"]
