"""The figures of the house, each beside its floor: `./caretill bench` (docs/operate/bench.md)."""
