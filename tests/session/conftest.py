"""The session's tests compare whole screens."""

from tests.snapshots import expect_text  # noqa: F401
