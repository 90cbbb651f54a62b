"""The rooms that everything stands on: reading, changing, and the words they share."""
