#!/usr/bin/env python3
"""Compares two runs of Parsl's tests: with Parsl's interchange, and with ours.

Each directory holds `junit.xml`, written by pytest, and `starts.log`, one line for each start of an interchange,
which names the test that was running. Exit code 0: every test that starts an interchange and passes on Parsl's
passes on ours. With one run alone, that run is listed.
"""
import argparse
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def outcomes(directory):
    """Test name -> (outcome, seconds, first line of the reason)."""
    report = directory / "junit.xml"
    if not report.exists():
        return {}
    found = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = case.get("classname", "").removeprefix("parsl.tests.").removeprefix("test_htex.") + "::" + case.get("name")
        # What fails in the fixtures is an `error` of the same name: the worse outcome counts.
        outcome, reason = "passed", ""
        for kind in ("skipped", "failure", "error"):
            element = case.find(kind)
            if element is not None:
                outcome = {"failure": "failed"}.get(kind, kind)
                reason = (element.get("message") or "").split("\n")[0]
        order = ["passed", "skipped", "failed", "error"]
        if name not in found or order.index(outcome) > order.index(found[name][0]):
            found[name] = (outcome, float(case.get("time", "0")), reason)
    return found


def starters(directory):
    """The tests during which an interchange was started, by name; module fixtures run in the first of their module."""
    log = directory / "starts.log"
    if not log.exists():
        return set()
    found = set()
    for line in log.read_text().splitlines():
        match = re.match(r"(?P<path>[^:]+)\.py::(?P<name>.*) \((?P<phase>setup|call|teardown)\)$", line)
        if not match:
            continue
        module = match["path"].replace("/", ".").removeprefix("test_htex.")
        found.add(module + "::" + match["name"])
        if match["phase"] == "setup":
            found.add(module)
    return found


def starts(name, started):
    return name in started or name.split("::")[0] in started


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parsl", required=True, help="version of Parsl, for the report")
    parser.add_argument("--markdown", type=pathlib.Path, help="also write the table to this file")
    parser.add_argument("stock", type=pathlib.Path)
    parser.add_argument("apus", type=pathlib.Path)
    arguments = parser.parse_args()
    stock, ours = outcomes(arguments.stock), outcomes(arguments.apus)
    started = starters(arguments.stock) | starters(arguments.apus)
    if not stock and not ours:
        print("compare.py: neither run left a report", file=sys.stderr)
        return 2

    rows, passed, failed = [], 0, 0
    for name in sorted(stock.keys() | ours.keys()):
        concerned = starts(name, started)
        theirs, mine = stock.get(name), ours.get(name)
        verdict = "no interchange"
        if concerned and stock and ours:
            if not theirs or theirs[0] != "passed":
                verdict = "not passed on stock"
            elif mine and mine[0] == "passed":
                verdict, passed = "pass", passed + 1
            else:
                verdict, failed = "FAIL", failed + 1
        elif concerned:
            verdict = "starts one"
        rows.append((name, theirs, mine, verdict))

    width = max(len(row[0]) for row in rows)
    for name, theirs, mine, verdict in rows:
        print(f"{name:{width}}  {cell(theirs):16}  {cell(mine):16}  {verdict}")
    for name, _, mine, verdict in rows:
        if verdict == "FAIL" and mine:
            print(f"{name}: {mine[2]}")
    if arguments.markdown:
        write_markdown(arguments, rows, stock, ours, started)
    if not stock or not ours:
        only = stock or ours
        print(f"{sum(1 for o in only.values() if o[0] == 'passed')} of {len(only)} passed; the other side was not run")
        return 0
    # Too few tests with an interchange means that the shim was not used, not that all is well.
    if passed + failed < 20:
        print(f"compare.py: only {passed + failed} tests started an interchange; was another one first on PATH?")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def cell(outcome):
    return f"{outcome[0]} ({outcome[1]:.1f} s)" if outcome else "—"


def write_markdown(arguments, rows, stock, ours, started):
    def count(side, outcome):
        return sum(1 for o in side.values() if o[0] == outcome)

    compared = [row for row in rows if row[3] in ("pass", "FAIL")]
    good = [row for row in compared if row[3] == "pass"]
    lines = [
        "# Conformance with Parsl's interchange",
        "",
        "Parsl's own tests of its high-throughput executor (`parsl/tests/test_htex`, as shipped in the package, unchanged),",
        f"Parsl {arguments.parsl}, run with `--config local` once with Parsl's `interchange.py` and once with a program of the",
        "same name that starts `apus interchange`. Every test that starts an interchange and passes on stock must pass on",
        f"ours: of {len(compared)} such tests {len(good)} do. Part of `make test-extra`; by itself:",
        "",
        "    Tests/Conformance/parsl-htex.sh --markdown docs/parsl-conformance.md",
        "",
        "| side | passed | failed | skipped |",
        "|---|---|---|---|",
    ]
    for label, side in (("Parsl's interchange", stock), ("`apus interchange`", ours)):
        if side:
            lines.append(
                f"| {label} | {count(side, 'passed')} | {count(side, 'failed') + count(side, 'error')} "
                f"| {count(side, 'skipped')} |")
        else:
            lines.append(f"| {label} | not run yet | | |")
    unfit = [row for row in rows if row[1] and row[1][0] in ("failed", "error")]
    # Without the place of the packages, which is another on every machine.
    reasons = collections.Counter(re.sub(r"/[^' ]*/site-packages/", "…/", row[1][2]) for row in unfit)
    if unfit:
        lines += [
            "", "What fails on stock is no measure. The reasons given there:", "",
            *(f"* {number} × `{reason[:150]}`" for reason, number in reasons.most_common()), "",
            "Most of these read files of `test_htex/mpi/mocks`, which the package does not ship.",
        ]
    lines += ["", "## Tests that start an interchange", "", "| test | Parsl's | Apus |", "|---|---|---|"]
    for name, theirs, mine, verdict in rows:
        if starts(name, started):
            lines.append(f"| `{name}` | {plain(theirs)} | {plain(mine)} |".replace("\r", "\\r"))
    others = [row for row in rows if not starts(row[0], started)]
    lines += [
        "", "## Tests that start none", "",
        f"{len(others)} tests of the same folder never start an interchange process, so they say nothing about ours"
        " (they check Parsl's Python classes).", "",
        "| test | outcome |", "|---|---|",
    ]
    for name, theirs, mine, _ in others:
        lines.append(f"| `{name}` | {plain(theirs or mine)} |".replace("\r", "\\r"))
    arguments.markdown.write_text("\n".join(lines) + "\n")


def plain(outcome):
    return outcome[0] if outcome else "—"


if __name__ == "__main__":
    sys.exit(main())
