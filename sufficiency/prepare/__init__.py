"""From the files that a council has to the folder of an area, with the account of every row."""

from sufficiency.prepare.answer import Found, Question
from sufficiency.prepare.area import prepare_area

__all__ = ["Found", "Question", "prepare_area"]
