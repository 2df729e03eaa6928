"""Says what doesn't fit between a list of configs and the kernel below it. Pure."""

from __future__ import annotations

SAYS = {
    "nothing_left": "Your pruning leaves no config of `{kernel}` for this call: it must return one at least, for any shape.",
    "unknown_constant": "{which} gives `{name}`, and `{kernel}` has no such parameter: is it misspelt?",
    "given_twice": "The launch passes `{name}` to `{kernel}`, and so does {which}: leave it out of the launch, the tuner adds it.",
    "missing_constant": "{which} doesn't give `{name}`, which `{kernel}` needs and the launch doesn't pass.",
    "no_configs": "The list of configs is empty, so that nothing gives `{kernel}` its `{name}`.",
}
ADVICE = "A config gives every constant that the kernel needs and the launch doesn't pass, by the names of the kernel's parameters."


def explain(key: str, kernel: str, which: str, name: str) -> str:
    """`which`: "config 2 of 7"; `name`: of the constant that it is about."""
    says = SAYS[key].format(kernel=kernel, which=which, name=name)
    return says[:1].upper() + says[1:]
