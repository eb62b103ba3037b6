"""`python -m caffe_runner`."""

import sys

from caffe_runner.cli import main

sys.exit(main())
