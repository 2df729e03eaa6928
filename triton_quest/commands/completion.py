"""Completion in bash, zsh and fish: the script for the shell. What it offers is said by the parameters (shared/parameters.py).

The scripts are click's, but for one thing: they ask the program that was typed, so that `./quest` in a clone is completed too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from triton_quest import invocation
from triton_quest.commands.shared.context import COMPLETE
from triton_quest.errors import QuestError
from triton_quest.screen import messages
from triton_quest.screen.console import glyphs, make_console


class Bash(BashComplete):
    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' completion type value
    for completion in $(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \
%(complete_var)s=bash_complete "${1/#\\~/$HOME}" 2>/dev/null); do
        IFS=',' read -r type value <<< "$completion"
        case $type in
            dir) COMPREPLY=(); compopt -o dirnames ;;
            file) COMPREPLY=(); compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Zsh(ZshComplete):
    source_template = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a response plain described
    local type key descr
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \
%(complete_var)s=zsh_complete ${~words[1]} 2>/dev/null)}")
    for type key descr in ${response}; do
        case $type in
            plain) if [[ $descr == _ ]]; then plain+=("$key"); else described+=("$key:$descr"); fi ;;
            dir) _path_files -/ ;;
            file) _path_files -f ;;
        esac
    done
    [[ -n $described ]] && _describe -V unsorted described -U
    [[ -n $plain ]] && compadd -U -V unsorted -a plain
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef %(complete_func)s %(prog_name)s
fi
"""


class Fish(FishComplete):
    source_template = """\
function %(complete_func)s
    set -l words (commandline -opc)
    for completion in (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) \
COMP_CWORD=(commandline -t) $words[1] 2>/dev/null)
        set -l parts (string split -m 1 "," -- $completion)
        switch $parts[1]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
            case plain
                echo $parts[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


SHELLS: dict[str, tuple[type[ShellComplete], str]] = {
    "bash": (Bash, ">> ~/.bashrc"),
    "zsh": (Zsh, ">> ~/.zshrc"),
    "fish": (Fish, "> ~/.config/fish/completions/quest.fish"),
}


def run(cli: Any, shell: str | None) -> None:
    """Print the script; at a terminal also what to type so that the shell finds it."""
    name = shell or Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise QuestError("Which shell is it for? Name bash, zsh or fish.", "completion bash")
    kind, keep = SHELLS[name]
    sys.stdout.write(kind(cli, {}, "quest", COMPLETE).source())
    if sys.stdout.isatty():
        console = make_console(sys.stderr)
        command = invocation.command(f"completion {name} {keep}")
        console.print()
        console.print(messages.next_step("To have it in every new shell:", command, glyphs(console)), crop=False)
