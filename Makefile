.PHONY: env report test lab docs pictures

# Each target does all its own set-up; on Windows run the same scripts with python (see README).
PYTHON ?= python3

env:
	@$(PYTHON) scripts/setup_env.py

report: env
	@.venv/bin/python scripts/first_report.py

test: env
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder src tests

lab: env
	@.venv/bin/python scripts/lab.py

docs: env
	@.venv/bin/mkdocs build --strict --quiet
	@echo site/index.html

pictures: env
	@.venv/bin/python scripts/readme_pictures.py
