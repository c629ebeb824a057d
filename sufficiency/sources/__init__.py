"""The front door: reads the planners' and the public's files."""
