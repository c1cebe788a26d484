"""The fault test's parts: who pays how and what is broken for whom, the kills, and the books afterwards."""
