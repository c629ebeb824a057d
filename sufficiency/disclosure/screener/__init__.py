"""What the screener looks for, and how it reads each kind of file."""
