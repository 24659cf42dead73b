"""Name who sent a list, by the birth certificates of the files; read only when a list changed."""

import tomllib

from infoaccess import rooms


def of(month: str, files: list[str]) -> list[str]:
    """Return the codes of the communes that sent these files, or files of these names, of one month; sorted."""
    path = rooms.data("") / "sources.toml"
    if not path.exists():
        return []
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8")).get("file", [])
    except ValueError:
        return []  # stage 1 says that the certificates are broken, and how to mend them
    return sorted({c["sender"] for c in held if c["month"] == month and c["name"] in files and c.get("sender")})
