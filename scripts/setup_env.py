"""Create .venv beside the project from requirements.lock; does nothing when it is up to date. Standard library only."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"


def python() -> Path:
    """Return the environment's interpreter."""
    return VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def main() -> int:
    """Install the locked packages and the project itself, and remember what was installed."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this script runs before anything has checked
        print("LỖI: cần Python 3.11 trở lên.", file=sys.stderr)
        return 2
    wanted = [(ROOT / name).read_bytes() for name in ("requirements.lock", "pyproject.toml")]
    mark, stamp = VENV / "installed.sha256", hashlib.sha256(b"".join(wanted)).hexdigest()
    if mark.exists() and mark.read_text(encoding="ascii") == stamp and python().exists():
        return 0
    print(f"Cài đặt môi trường vào {VENV} (vài phút, một lần) ...", flush=True)
    venv.create(VENV, with_pip=True, clear=True)
    pip = [str(python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for arguments in (["-r", str(ROOT / "requirements.lock")], ["--no-deps", "-e", str(ROOT)]):
        code = subprocess.run([*pip, *arguments], check=False).returncode
        if code:
            print("LỖI: không cài được gói; hãy kiểm tra kết nối tới kho gói rồi chạy lại.", file=sys.stderr)
            return code
    mark.write_text(stamp, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
