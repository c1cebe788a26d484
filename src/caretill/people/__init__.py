"""Who pays and who was cared for: billing accounts, the people on them, and the viewer a door makes of its guest."""
