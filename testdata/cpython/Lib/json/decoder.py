"""The decoder's half of json."""

class JSONDecodeError(ValueError):
    pass
