"""Property tests here read files: how long one example takes is the machine's business."""

from hypothesis import settings

settings.register_profile("importers", deadline=None)
settings.load_profile("importers")
