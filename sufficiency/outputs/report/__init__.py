"""The papers: one neutral document set as docx and pdf."""
