"""The released tables as files: tidy text, the workbook, and formats for other tools."""
