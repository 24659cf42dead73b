"""Give a run surroundings of its own: nothing of a user's IPython or Jupyter settings can change a figure.

Kernels read startup files and write histories and connection files under the user's home. A service has no home, and a
person's home is no part of a month.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDERS = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
FONTS = "MPLCONFIGDIR"  # matplotlib's list of fonts takes long to make on some machines: kept where there is a home


@contextmanager
def own() -> Iterator[Path]:
    """Point IPython and Jupyter to empty folders while this is open, and remove them at the end."""
    names = FOLDERS if os.environ.get(FONTS) or _home() else (*FOLDERS, FONTS)
    former = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="infoaccess-", ignore_cleanup_errors=True) as folder:
        for name in names:
            made = Path(folder, name.lower())
            made.mkdir(mode=0o700)
            os.environ[name] = str(made)
        try:
            yield Path(folder)
        finally:
            for name, value in former.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def _home() -> bool:
    """Tell whether the user has a home that can be written."""
    try:
        return os.access(Path.home(), os.W_OK)
    except RuntimeError:  # a number without a name, and no HOME
        return False
