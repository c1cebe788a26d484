"""How an installation is put together: environment, settings, the database that comes along, addresses and logs.

Stands on top beside the doors: it may read every room, no room reads it.
"""
