"""What mkdocs does beside: geo/README.md is a page too, so that no link leads out of the site."""

from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]


def on_files(files, config):
    """Add the page of geo/."""
    text = (ROOT / "geo" / "README.md").read_text(encoding="utf-8").replace("](../docs/", "](")
    files.append(File.generated(config, "geo.md", content=text))
    return files


def on_page_markdown(markdown, **_):
    """Let links to geo/README.md, which GitHub and editors follow, lead to its page."""
    return markdown.replace("](../geo/README.md)", "](geo.md)")
