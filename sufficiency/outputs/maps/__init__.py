"""The maps: self-contained pages that open with no network."""
