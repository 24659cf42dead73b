"""What every script shares: one sentence and an exit code for a known error, UTF-8 on any console."""

import sys
from collections.abc import Callable

from infoaccess.errors import InfoAccessError

# jsonschema, which comes with notebooks, would compile grammars of URIs for more than a second; no notebook has any.
sys.modules.setdefault("rfc3987_syntax", None)


def guarded(main: Callable[[], int]) -> int:
    """Run a script's main and turn a known error into its exit code and one sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        return main()
    except InfoAccessError as err:
        print(f"LỖI: {err}", file=sys.stderr)
        return err.exit_code
    except KeyboardInterrupt:
        print("Đã dừng theo yêu cầu. Kết quả cũ vẫn còn nguyên.", file=sys.stderr)
        return 130
