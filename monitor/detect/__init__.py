"""Pure detection: an article's text in, mentions out. No I/O after loading, no clock."""

from monitor.detect.check import check_detect_config
from monitor.detect.detector import Detector, Examination, load_detector
from monitor.detect.explain import SentenceReport

__all__ = [
    "Detector",
    "Examination",
    "SentenceReport",
    "check_detect_config",
    "load_detector",
]
