"""The sandbox processor: a card processor that moves no money and breaks on demand.

It is a stranger to Caretill: its own program, its own store, its own log, no Django, no room of ours. `core` decides
and does no input or output; `http` and `shell` are two ways to reach it. docs/operate/processor.md is its manual.
"""
