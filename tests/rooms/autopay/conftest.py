"""The processor inside the test's process."""

from house.desk import processor_desk

__all__ = ["processor_desk"]
