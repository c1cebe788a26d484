// This page answers a form with a mistake in it. Back must show the form again, not ask whether to send it once more:
// from here on, this entry of the history is an address like any other.
history.replaceState(history.state, "", location.href);
