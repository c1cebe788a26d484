"""The command line: a door like the web. One module per command, named for its verb; frame.py lists them."""
