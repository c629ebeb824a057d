"""The files that public bodies and councils publish and export, as they are: one reader a kind of file."""
