# SPDX-License-Identifier: BSD-3-Clause
"""The HTTP listener: metrics as Prometheus's own tools read them, health, status.json, limits, and the page in a browser."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness.browser import Browser
from harness.lab import APPLIANCE, ROOT
from harness.service_manager import stopped, threads
from harness.suite import Skip, configuration, subset
from harness.twamp import UNAUTHENTICATED

PORT = 9862
OPERATION = {"socket": "operation.sock", "http": {}, "stuck-after": 1}
OPEN_METRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2"
CLIENTS_MAX = 32


def connect(lab):
    with lab.inside("appliance"):
        stream = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    lab.deferred.callback(stream.close)
    return stream


def get(lab, path, method="GET", accept="*/*", body=None, **headers):
    """(status, headers, text)"""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    connection.sock = connect(lab)
    connection.request(method, path, body=body, headers={"Accept": accept, **headers})
    response = connection.getresponse()
    text = response.read().decode("utf-8")
    connection.close()
    return response.status, response.headers, text


def status(lab, query):
    code, headers, text = get(lab, f"/status.json?command={query}")
    assert code == 200 and headers["Content-Type"] == "application/json", text
    return json.loads(text)


def promtool(*arguments, text=None):
    if shutil.which("promtool") is None:
        raise Skip("no promtool")
    result = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0 and "error" not in result.stderr, result.stdout + result.stderr


def samples(text):
    """{name with labels: value}"""
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))}


def summed(found, name):
    return sum(value for key, value in found.items() if key == name or key.startswith(name + "{"))


def add_up(lab):
    """Each received packet is one of the three; again when one came in between."""
    found = samples(get(lab, "/metrics")[2])
    parts = [summed(found, f"specular_{part}_packets_total") for part in ("reflected", "exception", "dropped")]
    return summed(found, "specular_received_packets_total") == sum(parts)


@configuration(start=False)
def test_names(lab):
    """A page of somebody's own, whose name has come to lead here, learns nothing; a name that a reload has taken is answered."""
    process = lab.start_specular({"operation": {**OPERATION, "http": {"hosts": ["appliance.example.net"]}}})
    path = "/status.json?command=sessions"
    for host in ("127.0.0.1", f"localhost:{PORT}", "192.0.2.2:80", "[2001:db8::2]", f"Appliance.example.net:{PORT}"):
        assert get(lab, path, Host=host)[0] == 200, host
    for host in ("rebound.example.org", f"other.example.net:{PORT}", "appliance"):
        code, _, text = get(lab, path, Host=host)
        assert code == 421 and "operation.http.hosts" in text and "schema" not in text, (host, text)
    lab.write_configuration({"operation": {**OPERATION, "http": {"hosts": ["other.example.net"]}}})
    for name in ("psk.yaml", "sa.yaml"):
        lab.private(name)
    process.send_signal(signal.SIGHUP)
    lab.wait_for_log("taken: operation.http.hosts")
    assert get(lab, path, Host="other.example.net")[0] == 200
    assert get(lab, path, Host="appliance.example.net")[0] == 421


@configuration(operation=OPERATION)
def test_metrics(lab):
    """Both forms pass Prometheus's tools, and say what the appliance itself counted."""
    lab.probe("--count=100", "--interval=0.005", APPLIANCE[4])
    lab.wait_for(lambda: lab.ask("status")["connections"]["open"] == 0, 5, "the probe's last words to be heard")
    code, headers, text = get(lab, "/metrics")
    assert code == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4"), headers
    promtool("check", "metrics", text=text)
    code, headers, text = get(lab, "/metrics", accept=OPEN_METRICS)
    assert code == 200 and headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), headers
    with tempfile.TemporaryDirectory() as folder:
        # Its reader of OpenMetrics wants to know when a sample was.
        with open(f"{folder}/text", "w", encoding="utf-8") as file:
            file.writelines(line + ("\n" if line.startswith("#") else " 1700000000\n") for line in text.splitlines())
        promtool("tsdb", "create-blocks-from", "openmetrics", f"{folder}/text", f"{folder}/blocks")
    found, counters = samples(text), lab.counters()
    assert summed(found, "specular_reflected_packets_total") == counters["reflected"] >= 100
    assert found["specular_turnaround_seconds_count"] == counters["reflected"]
    for name in ("start", "configuration_loaded"):
        assert 0 <= time.time() - found[f"specular_{name}_time_seconds"] < 3600, name
    lab.wait_for(lambda: add_up(lab), 2, "received packets to add up")
    for name in ("setups_completed", "sessions_accepted", "sessions_started", "sessions_stopped"):
        assert found[f"specular_{name}_total"] == counters[name], name
    assert found['specular_port_up{port="lab"}'] == 1 and found['specular_port_received_packets_total{port="lab"}'] >= 100


@configuration(operation=OPERATION)
def test_dashboard_and_alerts(lab):
    """What they ask for is there. Those of an IKE daemon are only where there is one."""
    names = {re.match(r"[a-z_]+", name)[0] for name in samples(get(lab, "/metrics")[2])} | {"specular_ike_connected", "specular_ike_sas"}
    for file_name in ("grafana-dashboard.json", "prometheus-alerts.yaml"):
        with open(os.path.join(ROOT, "config", file_name), encoding="utf-8") as file:
            text = file.read()
        asked = set(re.findall(r"\bspecular_[a-z_]+", text))
        assert len(asked) > 5 and asked <= names, asked - names
    promtool("check", "rules", os.path.join(ROOT, "config", "prometheus-alerts.yaml"))


def same_counters(lab):
    """Those that the log tells; not when one came in between."""
    counted = lab.counters()
    told = {name: value for part in ("datapath", "control") for name, value in status(lab, "counters")[part].items() if value}
    return told == counted


@subset("sanitizers")
@configuration(operation=OPERATION)
def test_status_and_health(lab):
    lab.probe("--count=20", "--interval=0.01", APPLIANCE[4])
    # A core that a busy machine did not run for a second is one that stood still.
    lab.wait_for(lambda: get(lab, "/healthz")[::2] == (200, "ok\n"), 5, "health")
    lab.wait_for(lambda: same_counters(lab), 3, "the log and status.json to tell the same")
    session = lab.session(UNAUTHENTICATED)
    session.exchange()
    answer = status(lab, "sessions&state=started&limit=5")
    assert answer["matched"] == 1 and answer["sessions"][0]["reflected"] == 1, answer
    assert get(lab, "/status.json?command=sessions&state=asleep")[0] == 400
    assert get(lab, "/status.json?command=close&all=yes")[0] in (403, 404)
    poller, = [thread for thread, name in threads(lab.pid()).items() if name in ("lcore-worker-1", "rte-worker-1")]
    with stopped(poller):
        lab.wait_for(lambda: get(lab, "/healthz")[::2] == (503, "stuck: 1 of 1 polling lcores\n"), 5, "an unhealthy core")
        assert 'specular_core_stuck{core="0",cpu="1"} 1.0' in get(lab, "/metrics")[2]
    lab.wait_for(lambda: get(lab, "/healthz")[0] == 200, 5, "health")


@subset("sanitizers")
@configuration(operation=OPERATION)
def test_limits(lab):
    """Nobody gets more than is meant, and whoever sends nonsense or nothing is no burden to others."""
    code, headers, _ = get(lab, "/", method="POST", body=b"x" * 100000)
    assert code == 405 and headers["Allow"] == "GET, HEAD"
    code, headers, text = get(lab, "/", method="HEAD")
    assert code == 200 and text == "" and "script-src 'self'" in headers["Content-Security-Policy"]
    assert get(lab, "/../etc/passwd")[0] == 404
    assert get(lab, "/status.json?command=status&" + "a=b&" * 100)[0] == 400
    for nonsense in (b"\xff\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 20000 + b"\r\n\r\n", b"GET /%00%zz?%=&&=\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        stream = connect(lab)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stream.sendall(nonsense)
        try:
            answer = stream.recv(65536)
        except ConnectionResetError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1."), answer
        stream.close()
    silent = [connect(lab) for _ in range(CLIENTS_MAX + 3)]
    silent[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert silent[0].recv(1000).startswith(b"HTTP/1.1 200")
    lab.control(UNAUTHENTICATED)
    silent[0].close()
    for stream in silent[1:CLIENTS_MAX]:
        stream.close()
    assert get(lab, "/healthz")[0] == 200


@configuration(start=False)
def test_port_taken(lab):
    with lab.inside("appliance"):
        other = socket.create_server(("127.0.0.1", PORT))
    with other:
        process = lab.start_specular({"operation": OPERATION}, wait=False)
        assert process.wait(30) == 1
    assert f"operation.http: cannot listen on TCP 127.0.0.1:{PORT}: Address already in use" in lab.log(), lab.log()


@configuration(operation=OPERATION)
def test_page(lab):
    """A browser shows what is counted, and goes on doing so; the page's policy lets all of it through."""
    if shutil.which("chromium") is None:
        raise Skip("no chromium")
    session = lab.session(UNAUTHENTICATED)
    session.exchange()
    browser = Browser(lab, "appliance", f"http://127.0.0.1:{PORT}/")

    def shows(expression, expected):
        lab.wait_for(lambda: browser.value(expression) == expected, 10, f"{expression} to be {expected!r}")

    shows("document.getElementById('state').textContent", "running")
    received = "document.querySelector('#sessions tbody tr td:nth-child(8)').textContent"
    shows(received, "1")
    for number in range(1, 5):
        session.exchange(number)
    shows(received, "5")
    shows("document.getElementById('quantiles').children.length", 4)
    # Fits a phone, in both schemes.
    for scheme in ("light", "dark"):
        browser.look_like(390, 800, scheme)
        assert browser.value("document.documentElement.scrollWidth") <= 390
    assert browser.complaints == []
