"""The web application as `serve` runs it: a worker that ends when the server above it does, even by kill -9."""

from __future__ import annotations

import os
import signal

from caretill.config.embedded import dies_with_us
from caretill.config.wsgi import application

__all__ = ["application"]

dies_with_us(os.getppid(), signal.SIGKILL)()
