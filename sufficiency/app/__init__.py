"""The what-if page: schemes moved by hand, answered at once. Engine, desk and guard know no web framework."""
