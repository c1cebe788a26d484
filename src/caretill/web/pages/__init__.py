"""Views, a file per page noun: read the form, call one verb, show a page."""
