# What people type and what CI runs. `make test` does all the set-up on a fresh machine.
.PHONY: test fast survey lint types gate gate-sample passing-checks latency live format pictures speeds levels site
python = .venv/bin/python
pytest = $(python) -m pytest -q -n 2 --dist worksteal

test: lint types gate  ## everything: style, types, the gate over the levels, the tests
	$(pytest) -m "not survey"

fast: .venv/quest-dev-pins  ## the tests that answer quickly
	$(pytest) -m "not slow and not gpu and not survey"

survey: .venv/quest-dev-pins  ## all of what the tests look at in a sample
	$(pytest) -m survey

lint: .venv/quest-dev-pins  ## style, and which way imports run
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	.venv/bin/lint-imports

types: .venv/quest-dev-pins  ## types of the engine
	$(python) -m mypy

gate: .venv/quest-dev-pins  ## every level complete, every template fails, every solution passes
	./quest dev check

latency: .venv/quest-dev-pins  ## how long the commands take, as ratios measured in one run
	$(python) benchmarks/latency.py
	$(python) benchmarks/gaps.py
	$(python) benchmarks/memory_model.py

live: .venv/quest-dev-pins  ## how long a save waits for its verdict in the live session
	$(python) benchmarks/save_to_verdict.py

gate-sample: .venv/quest-dev-pins  ## the gate's processor time beside that of an older build: make gate-sample OLDER=../older
	$(python) benchmarks/gate_sample.py $(OLDER) 5 2

passing-checks: .venv/quest-dev-pins  ## a passing check's processor time beside that of an older build: make passing-checks OLDER=../older
	$(python) benchmarks/passing_checks.py $(OLDER)

format: .venv/quest-dev-pins
	$(python) -m ruff check --fix .
	$(python) -m ruff format .

.venv/quest-dev-pins: requirements.txt requirements-dev.txt
	@./quest --dev

pictures: .venv/quest-dev-pins  ## the pictures in docs/, each from the real thing
	$(python) docs/make_pictures.py

levels: .venv/quest-dev-pins  ## the README's table of the levels, from the table of the course
	$(python) docs/make_levels.py

speeds: .venv/quest-dev-pins  ## docs/speeds.md and its pictures, from benchmarks/data
	$(python) docs/make_speeds.py

site: .venv/quest-dev-pins  ## the course as a site to read, in build/site/html
	$(python) -m pip install --quiet --requirement docs/requirements-site.txt
	$(python) docs/make_site.py
	$(python) -m zensical build --config-file build/site/zensical.toml
