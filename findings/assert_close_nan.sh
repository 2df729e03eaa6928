#!/bin/sh
# Triton 3.7.1: triton.testing.assert_close takes NaN for equal to NaN, and 1.009 for 1 in fp32.
#
# One would guess: it asks what torch.testing.assert_close asks, for which NaN equals nothing (equal_nan=False) and fp32 has a relative
#   tolerance of 1.3e-6.
# What happens: NaN where NaN is expected passes, and the default tolerance is 1e-2, absolute, whatever the dtype. A kernel and a reference that both
#   divide by zero agree, and so does an fp32 answer with two right digits: pass `atol` and `rtol`, and ask for NaN apart.
# Seen on 2026-11-30 (Python 3.11):
#   Triton 3.7.1, torch 2.13.0
#   NaN beside NaN: triton accepts, torch refuses
#   1.009 beside 1.0 in fp32: triton accepts, torch refuses
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet torch==2.13.0 triton==3.7.1 numpy==2.4.6

cat > "$folder/finding.py" <<'PYTHON'
import torch
import triton
import triton.testing


def answer(assert_close, actual, expected):
    try:
        assert_close(actual, expected)
    except AssertionError:
        return "refuses"
    return "accepts"


pairs = {
    "NaN beside NaN": (torch.tensor([1.0, float("nan")]),) * 2,
    "1.009 beside 1.0 in fp32": (torch.tensor([1.009]), torch.tensor([1.0])),
}
print(f"Triton {triton.__version__}, torch {torch.__version__.split('+')[0]}")
seen = {}
for name, pair in pairs.items():
    seen[name] = answer(triton.testing.assert_close, *pair), answer(torch.testing.assert_close, *pair)
    print(f"{name}: triton {seen[name][0]}, torch {seen[name][1]}")
assert set(seen.values()) == {("accepts", "refuses")}, "the behaviour has changed"
PYTHON
"$folder/v/bin/python" "$folder/finding.py"
