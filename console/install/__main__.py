"""`python -m console.install`."""

import sys

from console.install.program import main

sys.exit(main())
