"""For all tests: no example of a property test fails for the time that it takes."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None, max_examples=50)
settings.load_profile("untimed")
