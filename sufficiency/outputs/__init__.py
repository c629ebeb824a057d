"""The back door: maps, papers, tables, all from released figures."""
