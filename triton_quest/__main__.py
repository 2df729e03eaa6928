"""`python -m triton_quest`: where pip's folder of commands isn't on the path."""

import sys

from triton_quest.quest import main

sys.exit(main())
