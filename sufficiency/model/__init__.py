"""The ground that everything stands on: words, units, tables, parameters, geography, errors, results."""
