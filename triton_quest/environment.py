"""The Python environment: which versions the quest knows, how the first run makes one, and how to get into it.

Runs before anything is installed and on any Python 3: standard library only, nothing newer than Python 3.6 in its syntax.
`./quest` calls it to make `.venv`; `quest.py` and `levels/quest_setup.py` call `enter` to go on there.
"""

import os
import re
import shlex
import shutil
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec

if __name__ != "__main__":  # as a program it makes an environment, and there is no package yet
    from triton_quest.isolation import path_of_the_child

PACKAGE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(PACKAGE)

PYTHON_MIN = (3, 10)
KNOWN = {"torch": ((2, 11), (2, 13)), "triton": ((3, 6), (3, 9))}  # oldest and newest minor version of the tests
PACKAGES = "torch==2.13.0 triton==3.7.1 numpy"

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
SIZES = {"cpu": "about 0.5 GB to download, 1.5 GB on disk", "cuda": "about 4 GB to download, 8 GB on disk"}
STAMPS = {"requirements.txt": "quest-pins", "requirements-dev.txt": "quest-dev-pins"}  # what .venv was made from
SEEN_BEFORE = "QUEST_ENTERED"  # set when we have changed Pythons once, so that we never do it in a circle


def stop(sentence: str, code: int = 2) -> None:
    """Print one sentence and leave."""
    sys.stderr.write(sentence + "\n")
    raise SystemExit(code)


# What is here


def refuse_unsupported_machine() -> None:
    """One sentence and exit code 2 where Triton can't run at all."""
    if sys.platform == "darwin":
        stop(
            'Triton has no wheels for macOS. In a Linux container it works: docker run -it -v "$PWD":/quest -w /quest python:3.12 ./quest'
        )
    if os.name == "nt":
        stop("Triton has no wheels for Windows. In WSL it works: wsl --install, then ./quest in its terminal.")
    if sys.version_info < PYTHON_MIN:
        stop(
            "The quest needs Python 3.10 or newer, and this is %s. Install one (apt install python3), then: ./quest"
            % ".".join(map(str, sys.version_info[:3]))
        )


def installed_version(name: str) -> "tuple[int, ...] | None":
    """(2, 13, 0) for "2.13.0+cpu" where the child would import it; None if it isn't installed."""
    from importlib import metadata

    for found in metadata.distributions(name=name, path=path_of_the_child()):
        return tuple(int(part) for part in re.findall(r"\d+", found.version.split("+")[0])[:3])
    return None


def found_by_child(module: str) -> "ModuleSpec | None":
    """Where the child will import a module from: in PYTHONPATH before the installed ones."""
    return PathFinder.find_spec(module, path_of_the_child()) or find_spec(module)


def dotted(version: "tuple[int, ...]") -> str:
    return ".".join(map(str, version))


def trouble_with_versions() -> "str | None":
    """`version_trouble` in one sentence that ends with what to type; None if there is none."""
    trouble = version_trouble()
    return "%s Type: %s" % trouble if trouble else None


def version_trouble() -> "tuple[str, str] | None":
    """What is missing or too old, and what to type; None if there is nothing."""
    for name in ("torch", "triton", "numpy"):
        version, oldest = installed_version(name), KNOWN[name][0] if name in KNOWN else ()
        if version is None:
            mend = install_command() if name in KNOWN else pip_line(name)
            return "This Python (%s) has no %s." % (sys.executable, name), mend
        if version[:2] < oldest:
            says = "%s %s is too old: the quest needs %s or newer." % (name, dotted(version), dotted(oldest))
            return says, install_command()
    return None


def unknown_versions() -> "list[str]":
    """A sentence for each of torch and Triton that is newer than any the tests have run on."""
    says = "%s %s is newer than any the quest was tested with (%s to %s). If something looks odd, type: %s"
    newer = []
    for name, (oldest, newest) in KNOWN.items():
        version = installed_version(name) or ()
        if version[:2] > newest:
            newer.append(says % (name, dotted(version), dotted(oldest), dotted(newest), pip_line(PACKAGES)))
    return newer


def install_command() -> str:
    """What makes a Python able to judge: the launcher in a clone, pip elsewhere."""
    if not os.path.exists(os.path.join(ROOT, "quest")):
        return pip_line(PACKAGES)
    in_it = os.path.realpath(sys.prefix) == os.path.realpath(
        os.path.join(ROOT, ".venv")
    )  # `./quest` takes it for whole
    return "%s./quest   (in %s)" % ("rm -r .venv && " if in_it else "", ROOT)


def pip_line(packages: str) -> str:
    """What installs packages into this very Python."""
    is_own = os.path.dirname(shutil.which("pip") or "") == os.path.dirname(sys.executable)
    return "%s install %s" % ("pip" if is_own else shlex.quote(sys.executable) + " -m pip", packages)


def nvidia_gpus() -> int:
    """How many NVIDIA GPUs the driver reports; 0 without a driver."""
    import ctypes

    try:
        cuda = ctypes.CDLL("libcuda.so.1")
        count = ctypes.c_int(0)
        if cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value
    except OSError:
        pass
    return 0


def torch_has_cuda() -> bool:
    """Whether the installed torch is a CUDA build, read from its files: importing it would take seconds."""
    spec = found_by_child("torch")
    if spec is None or not spec.origin:
        return False
    try:
        with open(os.path.join(os.path.dirname(spec.origin), "version.py")) as file:
            return bool(re.search(r"^cuda\b[^=]*=\s*['\"]", file.read(), re.MULTILINE))
    except OSError:
        return False


def can_use_gpu() -> bool:
    return torch_has_cuda() and nvidia_gpus() > 0


# Getting in


def enter(*modules: str, start: str = ROOT) -> None:
    """Make sure that this Python has `modules`; else go on in the one that has, or say the command that makes it."""
    found = sys.version_info >= PYTHON_MIN and all(find_spec(module) is not None for module in modules)
    if found:
        return
    python = environment_above(start)
    if python and not os.environ.get(SEEN_BEFORE):
        os.environ[SEEN_BEFORE] = "1"
        os.execv(python, [python] + sys.argv)
    refuse_unsupported_machine()
    missing = ", ".join(module for module in modules if find_spec(module) is None)
    stop("This Python (%s) lacks %s. Type: %s" % (sys.executable, missing, install_command()))


def environment_above(start: str) -> "str | None":
    """The Python that `./quest` or `quest init` noted in `start` or in a folder above it."""
    folder = os.path.abspath(start)
    while True:
        made = os.path.join(folder, ".venv", "bin", "python")
        if os.path.exists(os.path.join(folder, ".venv", "quest-pins")) and os.path.exists(made):
            return made
        note = os.path.join(folder, ".quest", "python")
        if os.path.isfile(note):
            with open(note, "rb") as file:
                noted = os.fsdecode(file.readline()).strip()
            if os.path.exists(noted):
                return noted
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


# Making it


def pins(name: str) -> "list[str]":
    """The lines of a requirements file, without comments."""
    with open(os.path.join(ROOT, name)) as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


def make(build: "str | None", dev: bool) -> None:
    """Make or complete `.venv` beside the clone: torch in the chosen build, then the pinned rest.

    build: "cpu", "cuda" or None (the CPU build unless there is an NVIDIA GPU). Leaves with a sentence if pip fails.
    """
    refuse_unsupported_machine()
    venv = os.path.join(ROOT, ".venv")
    python = os.path.join(venv, "bin", "python")
    build = build or (noted(venv) or [""])[0] or ("cuda" if nvidia_gpus() else "cpu")
    say("Setting up the quest, once: a Python environment in %s" % os.path.relpath(venv))
    say(
        "  Python %s, torch (%s build: %s), Triton and a few small packages."
        % (".".join(map(str, sys.version_info[:3])), build, SIZES[build])
    )
    say("  Nothing outside that folder is touched; delete it and it is gone.")

    say("[1/4] the environment")
    if not os.path.exists(python):
        shutil.rmtree(venv, ignore_errors=True)  # what is left of one whose Python is gone
        make_venv(venv)
    say("[2/4] torch, %s build" % build)
    torch = next(pin for pin in pins("requirements.txt") if pin.startswith("torch=="))
    if noted(venv) != [build, torch]:
        install_torch(python, build, torch)
        with open(os.path.join(venv, "quest-build"), "w") as file:
            file.write("%s\n%s\n" % (build, torch))
    say("[3/4] Triton and the rest")
    wanted = ["requirements.txt"] + (["requirements-dev.txt"] if dev else [])
    if not pip(python, *[pin for name in wanted for pin in pins(name) if not pin.startswith("torch==")]):
        stop("pip could not install the packages (its reason is above). Mend that, then type the same command again.")
    say("[4/4] the quest itself")
    make_importable(python)
    for name in wanted:
        shutil.copy(os.path.join(ROOT, name), os.path.join(venv, STAMPS[name]))
    say("Done.\n")


def say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def make_venv(venv: str) -> None:
    import subprocess

    if subprocess.call([sys.executable, "-I", "-m", "venv", venv]) != 0:
        shutil.rmtree(venv, ignore_errors=True)
        stop(
            "This Python can't make environments. On Debian and Ubuntu: apt install python3-venv, then the same command again."
        )


def install_torch(python: str, build: str, torch: str) -> None:
    """The CPU build from wherever pip is pointed at, else from PyTorch's own index, else whatever pip offers."""
    tries = [[torch + "+cpu"], [torch + "+cpu", "--extra-index-url", CPU_INDEX]] if build == "cpu" else []
    for words in tries:
        if pip(python, *words, quiet_failure=True):
            return
    if build == "cpu":
        say("  No CPU build is within reach: taking the default build (%s)." % SIZES["cuda"])
    if not pip(python, torch):
        stop("pip could not install %s (its reason is above). Mend that, then type the same command again." % torch)


def pip(python: str, *words: str, quiet_failure: bool = False) -> bool:
    import subprocess

    # make_importable compiles all, on every processor
    options = ["--disable-pip-version-check", "--retries", "2", "--no-compile"]
    command = [python, "-I", "-m", "pip", "install"] + options + list(words)
    if not quiet_failure:
        return subprocess.call(command) == 0
    with open(os.devnull, "w") as nowhere:
        return subprocess.call(command, stderr=nowhere) == 0


def make_importable(python: str) -> None:
    """Put the clone on the environment's path and a `quest` command into its bin, and compile what was installed."""
    import subprocess

    site = subprocess.check_output([python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    with open(os.path.join(site.decode().strip(), "triton_quest.pth"), "w") as file:
        file.write(ROOT + "\n")
    command = os.path.join(os.path.dirname(python), "quest")
    with open(command, "w") as file:
        # as pip does it: a path with a space can't stand behind #!
        file.write(
            "#!/bin/sh\n'''exec' \"%s\" -I \"$0\" \"$@\"\n' '''\nimport sys\n\nfrom triton_quest.__main__ import main\n\nsys.exit(main())\n"
            % python
        )
    os.chmod(command, 0o755)
    subprocess.call([python, "-m", "compileall", "-qq", "-j", "0", site.decode().strip()])  # a child writes no bytecode


def noted(venv: str) -> "list[str]":
    """The build of torch and its pin that were installed there; nothing if none were."""
    try:
        with open(os.path.join(venv, "quest-build")) as file:
            return file.read().split()
    except OSError:
        return []


if __name__ == "__main__":
    try:
        make(next((word[2:] for word in sys.argv[1:] if word in ("--cpu", "--cuda")), None), "--dev" in sys.argv)
    except KeyboardInterrupt:
        stop("\nStopped. The same command goes on where this left off.", 130)
