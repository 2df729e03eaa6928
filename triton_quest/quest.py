"""The commands. One function each; what they show is in screen/, what they keep in store/, what they run in parent/.

Imports neither torch nor triton. Up to `environment.enter` it must parse and run on any Python 3.
"""

import os
import sys

if __package__ in (None, ""):  # `python quest.py`: the package alone becomes importable, and no module beside it
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    import triton_quest  # noqa: F401

    del sys.path[0]

if __name__ == "__main__":
    from triton_quest import isolation

    isolation.isolate()

from triton_quest import environment  # noqa: E402

if __name__ == "__main__":
    environment.refuse_unsupported_machine()
    environment.enter("rich_click")

try:
    import rich_click as click
except ImportError:  # a package that was installed without what it needs
    environment.enter("rich_click")
    raise

from pathlib import Path  # noqa: E402

from triton_quest import __version__  # noqa: E402
from triton_quest import commands as do  # noqa: E402
from triton_quest.commands.shared.context import Context, run  # noqa: E402
from triton_quest.commands.shared.parameters import Folder, LevelName, Numbers, Seconds  # noqa: E402
from triton_quest.machine.gpus import GPUS  # noqa: E402
from triton_quest.machine.gpus import find as find_gpu  # noqa: E402
from triton_quest.machine.targets import TARGETS  # noqa: E402

pass_context = click.make_pass_decorator(Context)
level_argument = click.argument("level", type=LevelName(), required=False, metavar="[N]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
file_option = click.option(
    "--file", type=click.Path(path_type=Path), help="Judge this file instead: no locks, nothing recorded."
)
yes_option = click.option("--yes", is_flag=True, help="Don't ask.")


class InOrder(click.RichGroup):
    """Its help lists the commands in the order in which one meets them: that of this module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--workspace", type=Folder(path_type=Path), help="The folder that holds your levels/ and .quest/.")
@click.option("--json", "as_json", is_flag=True, help="Print the overview as one JSON object.")
@click.version_option(__version__, prog_name="quest")
@click.pass_context
def cli(ctx, workspace, as_json):  # type: ignore[no-untyped-def]
    """Learn GPU kernel programming in Triton, from x + y to Flash Attention.

    Without a command: the map of the levels and your next step.

    Example: quest start 1
    """
    ctx.obj = (ctx.obj or Context)(workspace)  # a notebook has a kind of its own
    if as_json and ctx.invoked_subcommand:
        raise click.UsageError(f"--json belongs behind the command: {ctx.invoked_subcommand} --json")
    if ctx.invoked_subcommand is None:
        do.overview.run(ctx.obj, as_json)


@cli.command()
@level_argument
@click.option(
    "--no-pager",
    is_flag=True,
    help="Print all of it at once; else, where it is longer than the screen, it comes in your $PAGER.",
)
@json_option
@pass_context
def start(context, level, no_pager, as_json):  # type: ignore[no-untyped-def]
    """Show a level's instructions and the file to edit.

    Example: quest start 1
    """
    do.start.run(context, level, no_pager, as_json)


@cli.command()
@level_argument
@pass_context
def play(context, level):  # type: ignore[no-untyped-def]
    """Stay in a live session: save a level's file in your editor, and its verdict is there.

    The map, the instructions and the verdict fill the terminal; ? shows every key.

    Example: quest play
    """
    return do.play.run(context, level)


@cli.command()
@level_argument
@file_option
@click.option(
    "--time-limit",
    type=Seconds(),
    default=30.0,
    show_default=True,
    help="Seconds for any one step of your code.",
)
@click.option(
    "--device",
    type=click.Choice(["interpreter", "gpu"]),
    help="Where your kernel runs. Without this: in the interpreter, and on the GPU if there is one.",
)
@click.option("--verbose", is_flag=True, help="List every check that passed, too.")
@json_option
@pass_context
def check(context, level, file, time_limit, device, verbose, as_json):  # type: ignore[no-untyped-def]
    """Judge your file for a level. Exit code 0: passed, 1: not yet, 2: a trouble of ours or of the command.

    Example: quest check 1
    """
    return do.check.run(context, level, file, time_limit, device, verbose, as_json)


@cli.command()
@level_argument
@click.option("--again", is_flag=True, help="Show the hints you have taken already.")
@click.option(
    "--number",
    type=click.IntRange(1, 6),
    metavar="K",
    help="Take hint K before its turn, where your latest verdict names it. It costs what the next one would.",
)
@json_option
@pass_context
def hint(context, level, again, number, as_json):  # type: ignore[no-untyped-def]
    """Show the next of six hints. Every two cost a star.

    Example: quest hint 1
    """
    do.hint.run(context, level, again, number, as_json)


@cli.command()
@click.argument("word", nargs=-1, metavar="[WORD]")
@json_option
@pass_context
def words(context, word, as_json):  # type: ignore[no-untyped-def]
    """Say what a term of the course means; without WORD, all of them.

    Example: quest words stride
    """
    do.words.run(context, " ".join(word), as_json)


@cli.command()
@level_argument
@click.option("--give-up", is_flag=True, help="Show it before you have passed; the level is then worth one star.")
@click.option("--whole", is_flag=True, help="Print all of it instead, as when it is sent into a file.")
@json_option
@pass_context
def solution(context, level, give_up, whole, as_json):  # type: ignore[no-untyped-def]
    """Show a level's reference solution beside your lines, once you have passed it.

    Example: quest solution 1
    """
    do.solution.run(context, level, give_up, whole, as_json)


@cli.command()
@level_argument
@yes_option
@json_option
@pass_context
def reset(context, level, yes, as_json):  # type: ignore[no-untyped-def]
    """Start over, or start one level over. Every file it replaces is backed up first.

    Example: quest reset 1
    """
    do.reset.run(context, level, yes, as_json)


@cli.command()
@json_option
@pass_context
def achievements(context, as_json):  # type: ignore[no-untyped-def]
    """List what you have earned and what is still open; your XP and your rank.

    Example: quest achievements
    """
    do.achievements.run(context, as_json)


@cli.command("compile")
@level_argument
@file_option
@click.option(
    "--target",
    "targets",
    type=click.Choice([target.name for target in TARGETS]),
    multiple=True,
    help="What to compile for: sm_80 and sm_90 unless told. May be repeated.",
)
@click.option("--case", metavar="NAME", help="With the inputs of this case of the level instead.")
@click.option(
    "--dtype", type=click.Choice(["fp16", "bf16", "fp32"]), default="fp16", show_default=True, help="Of the inputs."
)
@click.option(
    "--asm", "assembly", type=click.Choice(["ptx", "sass", "ttgir", "amdgcn"]), help="Print the code itself instead."
)
@click.option(
    "--time-limit",
    type=Seconds(),
    default=120.0,
    show_default=True,
    help="Seconds for compiling any one kernel.",
)
@json_option
@pass_context
def compile_kernels(context, level, file, targets, case, dtype, assembly, time_limit, as_json):  # type: ignore[no-untyped-def]
    """Compile a level's kernels for GPUs that aren't here: registers, spills, shared memory, tensor cores.

    Example: quest compile 2 --target sm_90
    """
    return do.compile.run(context, level, file, targets, case, dtype, assembly, time_limit, as_json)


@cli.command()
@level_argument
@file_option
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE", help="Draw it as a picture: a .png or .svg.")
@click.option(
    "--gpu",
    type=click.Choice([gpu.name for gpu in GPUS], case_sensitive=False),
    default="H100",
    show_default=True,
    help="Whose roofline the picture shows.",
)
@click.option(
    "--time-limit",
    type=Seconds(),
    default=60.0,
    show_default=True,
    help="Seconds for counting at one size.",
)
@json_option
@pass_context
def traffic(context, level, file, save, gpu, time_limit, as_json):  # type: ignore[no-untyped-def]
    """Count the bytes and operations of a level's kernels, beside the least possible.

    Without N: naive, fused and flash attention side by side.

    Example: quest traffic 8 --save traffic.png
    """
    return do.traffic.run(context, level, file, save, find_gpu(gpu), time_limit, as_json)


@cli.command()
@level_argument
@file_option
@click.option(
    "--program", type=Numbers(), metavar="X,Y,Z", help="Which program, by its program ids: the first unless you say."
)
@click.option("--step", type=click.IntRange(min=1), metavar="K", help="One of its loads and stores instead of all.")
@click.option("--argument", metavar="NAME", help="One of the kernel's tensors alone, and larger.")
@click.option(
    "--launch", type=click.IntRange(min=1), metavar="K", help="Which launch, where the level makes several: the first."
)
@click.option(
    "--errors", is_flag=True, help="Instead: a map of where the answer is wrong, in the first case where it is."
)
@click.option(
    "--save", type=click.Path(path_type=Path), metavar="FILE", help="Draw it as a picture, too: a .png or .svg."
)
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it as a page to step through in a browser: a .html.",
)
@click.option(
    "--time-limit",
    type=Seconds(),
    default=60.0,
    show_default=True,
    help="Seconds for one call of your launcher.",
)
@json_option
@pass_context
def show(context, level, file, program, step, argument, launch, errors, save, html, time_limit, as_json):  # type: ignore[no-untyped-def]
    """Show which elements of each tensor a program loads and stores, or where the answer is wrong.

    Example: quest show 1 --program 2 --step 1
    """
    return do.show.run(context, level, file, (program, step, argument, launch), errors, save, html, time_limit, as_json)


@cli.command()
@level_argument
@click.argument("version", type=int, required=False, metavar="[ID]")
@click.option("--all", "everything", is_flag=True, help="List the old ones too, however many there are.")
@click.option("--whole", is_flag=True, help="Print the version's text instead of what differs.")
@json_option
@pass_context
def history(context, level, version, everything, whole, as_json):  # type: ignore[no-untyped-def]
    """List every checked version of a level's file; with ID, show one as a diff against the file as it is now.

    Example: quest history 1
    """
    do.history.run(context, level, version, everything, whole, as_json)


@cli.command()
@click.argument("level", type=LevelName(), metavar="N")
@click.argument("version", type=int, metavar="ID")
@json_option
@pass_context
def restore(context, level, version, as_json):  # type: ignore[no-untyped-def]
    """Bring a checked version of a level's file back, after a backup of what is there.

    Example: quest restore 1 12
    """
    do.restore.run(context, level, version, as_json)


@cli.command()
@level_argument
@file_option
@click.option("--save", type=click.Path(path_type=Path), help="Draw it, too: a .png or .svg file.")
@json_option
@pass_context
def benchmark(context, level, file, save, as_json):  # type: ignore[no-untyped-def]
    """Race the levels that you have passed against PyTorch; without a GPU, compare what they would move.

    Ctrl-C ends the race and keeps what was measured.

    Example: quest benchmark 1
    """
    return do.benchmark.run(context, level, file, save, as_json)


@cli.command()
@level_argument
@file_option
@click.option("--size", help="A size of the level's race, as `benchmark` names it; the largest unless you say.")
@click.option(
    "--with",
    "tool",
    type=click.Choice(["ncu", "nsys", "torch", "proton"]),
    help="Nsight Compute, Nsight Systems, PyTorch's profiler or Proton; the first of these that is here unless you say.",
)
@click.option(
    "--html", type=click.Path(path_type=Path), help="Draw the timeline and the roofline, too: a page for a browser."
)
@json_option
@pass_context
def profile(context, level, file, size, tool, html, as_json):  # type: ignore[no-untyped-def]
    """Look at a level's kernel with a profiler on the GPU, and keep the trace.

    The result is compared with PyTorch's first, and what is measured with the profile before.

    Example: quest profile 8 --with nsys
    """
    return do.profile_kernel.run(context, level, file, size, tool, html, as_json)


@cli.command()
@click.argument("folder", type=Folder(path_type=Path), metavar="DIR")
@click.option(
    "--on", "engine", default="local", show_default=True, metavar="ENGINE", help="local, ray, or ray://HOST:PORT."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="K",
    help="Processes on this machine: one a processor unless you say.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the lines are kept: DIR/grades.jsonl unless you say.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "junit", "gradescope"]),
    default="text",
    show_default=True,
    help="What is printed at the end.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write pages: the class, and each person's verdicts.",
)
@click.option("--no-sandbox", is_flag=True, help="Judge without bubblewrap: only where you trust every file.")
@click.option("--gpu", is_flag=True, help="What passes is judged on the GPU, too; with --no-sandbox alone.")
@click.option(
    "--time-limit", type=Seconds(), default=30.0, show_default=True, help="Seconds for any one step of a file's code."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json: a JSON object a file, a line each.")
@pass_context
def grade(context, folder, engine, workers, out, form, report, no_sandbox, gpu, time_limit, as_json):  # type: ignore[no-untyped-def]
    """For teachers: judge what many people handed in. A second run goes on where the first one stopped.

    DIR holds a folder, a workspace or a zip file a person, or files called level3_NAME.py.

    Example: quest grade submissions --report report
    """
    form = "json" if as_json else form
    asked = do.grade.GradeOptions(folder, out, form, report, engine, workers, no_sandbox, gpu, time_limit)
    return do.grade.run(context, asked)


@cli.command()
@click.argument("folder", type=Folder(path_type=Path))
@json_option
@pass_context
def init(context, folder, as_json):  # type: ignore[no-untyped-def]
    """Make a workspace of your own: the levels, a quest.py and your progress, in FOLDER.

    Example: quest init my-quest
    """
    do.init.run(context, folder, as_json)


@cli.command()
@click.argument("folder", type=Folder(path_type=Path), required=False, metavar="[DIR]")
@json_option
@pass_context
def notebook(context, folder, as_json):  # type: ignore[no-untyped-def]
    """Write the course as notebooks, one a level, into DIR (notebooks unless you say). What is there already stays.

    Example: quest notebook
    """
    do.notebook.run(context, folder, as_json)


@cli.command()
@json_option
@pass_context
def update(context, as_json):  # type: ignore[no-untyped-def]
    """Get the newest version of the quest into this clone. Every level file that you have edited stays as it is.

    Example: quest update
    """
    do.update.run(context, as_json)


@cli.command()
@json_option
@pass_context
def doctor(context, as_json):  # type: ignore[no-untyped-def]
    """Say what this machine can verify, by running known kernels, and what to type to mend each trouble.

    Example: quest doctor
    """
    return do.doctor.run(context, as_json)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), required=False)
def completion(shell):  # type: ignore[no-untyped-def]
    """Print the script with which your shell completes commands, options and the levels that are open to you.

    Example: quest completion bash >> ~/.bashrc
    """
    do.completion.run(cli, shell)


@cli.group()
def dev():  # type: ignore[no-untyped-def]
    """For the authors of levels.

    Example: quest dev check
    """


@dev.command("check")
@level_argument
@click.option("--table", "with_table", is_flag=True, help="Show what was said to every known mistake.")
@json_option
@pass_context
def dev_check(context, level, with_table, as_json):  # type: ignore[no-untyped-def]
    """The gate: every level is complete, every template fails, every solution passes, every known mistake is caught.

    With N, level N alone.

    Example: quest dev check 3 --table
    """
    return do.dev.check(context, level, with_table, as_json)


@dev.command("build")
@json_option
@pass_context
def dev_build(context, as_json):  # type: ignore[no-untyped-def]
    """Write the level files anew from their solutions, after a backup of any that was edited.

    Example: quest dev build
    """
    do.dev.build(context, as_json)


def main() -> int:
    """Run the command line; its exit code."""
    return run(cli)


if __name__ == "__main__":
    sys.exit(main())
