"""The what-if page itself, in NiceGUI; what it shows is worked out in modules that know no framework."""
