# SPDX-License-Identifier: BSD-3-Clause
"""A real Prometheus beside the appliance, configured as doc/operations.md says: it scrapes, takes the alert rules, and has data for
every panel of the Grafana dashboard."""

import http.client
import json
import math
import os
import shutil
import socket
import tempfile
import urllib.parse

from harness.lab import APPLIANCE, ROOT
from harness.suite import Skip, configuration

PORT = 9090
SCRAPED = "127.0.0.1:9862"
# What Grafana makes of its variables at a scrape a second: $__rate_interval is four of them.
VARIABLES = {"$__rate_interval": "4s", "$instance": ".*"}
CONFIGURATION = {
    "rule_files": ["prometheus-alerts.yaml"],
    "scrape_configs": [{"job_name": "specular", "scrape_interval": "1s", "static_configs": [{"targets": [SCRAPED]}]}],
}
DROPPED = "sum by (reason) (rate(specular_dropped_packets_total[4s])) > 0"
NO_SESSION = 19960  # a UDP port of test.ports


def start(lab):
    if shutil.which("prometheus") is None:
        raise Skip("no prometheus")
    folder = tempfile.mkdtemp(prefix="specular-prometheus-")
    lab.deferred.callback(shutil.rmtree, folder, ignore_errors=True)
    shutil.copy(os.path.join(ROOT, "config", "prometheus-alerts.yaml"), folder)
    with open(f"{folder}/prometheus.yml", "w", encoding="ascii") as file:
        json.dump(CONFIGURATION, file)
    lab.start("appliance", "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
              f"--web.listen-address=127.0.0.1:{PORT}", env={**os.environ, "GOMAXPROCS": "1"})


def ask(lab, path, **parameters):
    """The data of Prometheus's answer; None while it is not up."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    try:
        with lab.inside("appliance"):
            connection.sock = socket.create_connection(("127.0.0.1", PORT), timeout=20)
        connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        response = connection.getresponse()
        text = response.read()
        if response.status == 503:
            return None
        answer = json.loads(text)
        assert answer["status"] == "success", answer
        return answer["data"]
    except OSError:
        return None
    finally:
        connection.close()


def questions():
    """{title and letter: expression} of the dashboard's panels. What is shown only above zero is asked for whole."""
    with open(os.path.join(ROOT, "config", "grafana-dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    found = {}
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].removesuffix(" > 0")
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            found[f"{panel['title']} {target['refId']}"] = expression
    variable = [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["name"] == "instance"]
    assert variable == ["label_values(specular_build_info, instance)"], variable
    return found


def has_data(lab, expression):
    data = ask(lab, "query", query=expression)
    return data is not None and any(math.isfinite(float(sample["value"][1])) for sample in data["result"])


@configuration(operation={"socket": "specular.sock", "http": {}})
def test_every_panel_shows_data(lab):
    start(lab)
    program = os.path.join(lab.build, "app", "probe", "specular-probe")
    lab.start("client", program, "--no-progress", "--count=100000", "--interval=0.01", APPLIANCE[4])
    lab.wait_for(lambda: ask(lab, "label/instance/values", **{"match[]": "specular_build_info"}) == [SCRAPED], 20, "the first scrape")
    stray = lab.udp()
    without = dict(questions())
    assert len(without) > 30, without

    def dropped():
        data = ask(lab, "query", query=DROPPED)
        return {sample["metric"]["reason"] for sample in data["result"]} if data else set()

    def all_shown():
        stray.sendto(bytes(64), (APPLIANCE[4], NO_SESSION))
        for name in [name for name, expression in without.items() if has_data(lab, expression)]:
            del without[name]
        return not without and dropped() == {"unknown_flow"}
    assert lab.wait_for(all_shown, 20, "data", fail=False), (without, dropped())

    def targets():
        return [(target["health"], target["lastError"]) for target in ask(lab, "targets", state="active")["activeTargets"]]
    # A scrape may be late on a busy machine; not each.
    assert lab.wait_for(lambda: targets() == [("up", "")], 5, "a scrape", fail=False), targets()
    rules = [rule for group in ask(lab, "rules")["groups"] for rule in group["rules"]]
    assert len(rules) > 5 and all(rule["health"] != "err" for rule in rules), rules
