#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads the reports of every sample as their readers do: JSON, JUnit XML and HTML by parsers. usage: test_reports_parse.py TEST_LOAD_REPORTS.
Ends with "load-reports-parse: N passed, N failed"."""

import html.parser
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(ROOT, "test", "unit"))
sys.dont_write_bytecode = True
from unit import unit_run  # noqa: E402

HOSTILE = "</title><script>alert('\"&"
VOID = {"meta", "br", "link", "hr", "col"}
# SVG's, which end themselves
EMPTY = {"path", "line", "rect", "circle", "polyline"}


def read(folder, sample, name):
    with open(os.path.join(folder, sample, name), encoding="utf-8") as file:
        return file.read()


def document(sample):
    return json.loads(read(FOLDER, sample, "report.json"))


def test_json_histograms_add_up():
    for sample in SAMPLES:
        for trial in document(sample)["trials"]:
            for name, histogram in trial["histograms_ns"].items():
                assert sum(bucket[2] for bucket in histogram["buckets"]) == histogram["count"], name
                assert all(low <= high for low, high, _ in histogram["buckets"])
                if histogram["count"]:
                    assert histogram["buckets"][0][0] <= histogram["min"] <= histogram["buckets"][0][1]
                    assert histogram["buckets"][-1][0] <= histogram["max"] <= histogram["buckets"][-1][1]


def test_json_has_the_verdict_and_members_in_every_sample():
    verdicts = {"soak": "passed", "failed": "failed", "rate": "missed"}
    members = set(document("rate"))
    for sample in SAMPLES:
        report = document(sample)
        assert report["schema"] == "specular-load/1"
        assert set(report) == members, sample
        assert report["verdict"] == verdicts.get(sample, report["verdict"])
        assert (report["search"] is not None) == (sample in ("search", "limited"))
        assert (report["burst"] is not None) == (sample == "burst")
    assert document("failed")["error"].endswith("<\"&'>")


def test_json_has_hostile_texts_unchanged_but_for_what_is_no_character():
    report = document("hostile")
    assert report["environment"]["host"] == HOSTILE + "\x1b[31m')</script>\ufffd \x9b ]]>"
    assert report["evidence"][14]["session"] is None
    assert report["trials"][0]["faults"]["foreign"] == 24


def test_json_has_the_seconds():
    seconds = document("soak")["trials"][0]["seconds"]
    assert len(seconds) == 600
    assert sum(second["length_ns"] for second in seconds) == seconds[-1]["at_ns"]


def members(value):
    """Of a JSON value, all names in it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


def test_json_members_are_documented():
    with open(os.path.join(ROOT, "doc", "load.md"), encoding="utf-8") as file:
        text = file.read()
    for sample in SAMPLES:
        for name in set(members(document(sample))):
            assert f"`{name}`" in text, name


def test_junit_adds_up():
    for sample in SAMPLES:
        suite = xml.etree.ElementTree.fromstring(read(FOLDER, sample, "junit.xml"))
        assert suite.tag == "testsuite"
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
        assert len(cases) == 1 + len(document(sample)["checks"])
    suite = xml.etree.ElementTree.fromstring(read(FOLDER, "hostile", "junit.xml"))
    assert suite.get("hostname").startswith(HOSTILE)


class Page(html.parser.HTMLParser):
    """Elements are balanced, and nothing comes from elsewhere or runs."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        assert tag not in ("script", "img", "iframe", "object", "link", "base", "form"), tag
        for name, value in attrs:
            assert not name.startswith("on") and name not in ("src", "xlink:href"), name
            assert name != "href" or value.startswith("#"), value
            assert "url(" not in (value or "")
        if tag not in VOID | EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID | EMPTY, tag
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()


def test_html_is_whole_and_takes_nothing_from_elsewhere():
    for sample in SAMPLES:
        page = Page()
        page.feed(read(FOLDER, sample, "report.html"))
        page.close()
        assert not page.open, (sample, page.open)
        assert ("svg" in page.seen) == (sample not in ("failed", "silent")), sample


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as FOLDER:
        subprocess.run([sys.argv[1], FOLDER], check=True)
        SAMPLES = sorted(os.listdir(FOLDER))
        sys.exit(unit_run("load-reports-parse", globals()))
