"""The installed command `quest`, and `python -m triton_quest`: where pip's folder of commands isn't on the path."""

import sys

from triton_quest import isolation


def main() -> int:
    """As triton_quest.quest.main, which imports what the learner's folders and variables mustn't replace."""
    isolation.isolate()
    from triton_quest import quest

    return quest.main()


if __name__ == "__main__":
    sys.exit(main())
