#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plays config/prometheus-alerts.yaml by promtool: each alert fires for what it is meant for, and none of a healthy appliance. And
what config/grafana-dashboard.json asks Prometheus is understood."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
DASHBOARD = os.path.join(ROOT, "config", "grafana-dashboard.json")
RULES = os.path.join(ROOT, "config", "prometheus-alerts.yaml")
SKIPPED = 77
MINUTES = 30
HEALTHY = {
    'up{job="specular"}': "1", "specular_start_time_seconds": "1700000000", 'specular_core_stuck{core="0",cpu="1"}': "0",
    'specular_port_up{port="lab"}': "1", "specular_clock_synchronized": "1", 'specular_core_busy_seconds_total{core="0",cpu="1"}': "0+20",
    'specular_port_missed_packets_total{port="lab"}': "7", 'specular_port_no_buffer_total{port="lab"}': "0",
    'specular_dropped_packets_total{core="0",reason="transmit"}': "3", 'specular_dropped_packets_total{core="0",reason="hmac"}': "0+10",
    'specular_dropped_packets_total{core="0",reason="error_estimate"}': "0", 'specular_sessions{state="started"}': "80",
    'specular_sessions{state="stopped"}': "5", "specular_sessions_limit": "100", "specular_ike_connected": "1",
}
# Alert: what is other than healthy.
FAULTS = {
    "SpecularDown": {'up{job="specular"}': "0"},
    "SpecularRestarted": {"specular_start_time_seconds": f"1700000000x{MINUTES - 5} 1700009000x20"},
    "SpecularCoreStuck": {'specular_core_stuck{core="0",cpu="1"}': "1"},
    "SpecularLinkDown": {'specular_port_up{port="lab"}': "0"},
    "SpecularClockNotSynchronized": {"specular_clock_synchronized": "0"},
    "SpecularCoreBusy": {'specular_core_busy_seconds_total{core="0",cpu="1"}': "0+58"},
    "SpecularPacketsLost": {'specular_port_no_buffer_total{port="lab"}': "0+6"},
    "SpecularTransmitQueueFull": {'specular_dropped_packets_total{core="0",reason="transmit"}': "0+6"},
    "SpecularWrongKeys": {'specular_dropped_packets_total{core="0",reason="hmac"}': "0+600"},
    "SpecularSessionsNearLimit": {'specular_sessions{state="stopped"}': "11"},
    "SpecularIkeDaemonLost": {"specular_ike_connected": "0"},
}


def values(text):
    """promtool's notation, of a sample each minute."""
    if "x" in text:
        return text
    return text + f"x{MINUTES}" if "+" in text else f"{text}+0x{MINUTES}"


def playing(changes, names, fires):
    series = [{"series": name, "values": values(text)} for name, text in {**HEALTHY, **changes}.items()]
    # One sample of ALERTS for each that fires, whatever its other labels are.
    check = {"expr": f'count by (alertname) (ALERTS{{alertstate="firing",alertname=~"{"|".join(names)}"}})', "eval_time": f"{MINUTES}m",
             "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in fires]}
    return {"interval": "1m", "input_series": series, "promql_expr_test": [check]}


def promtool_says(tests):
    """Nothing when they pass."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/tests.json", "w", encoding="ascii") as file:
            json.dump({"rule_files": [RULES], "evaluation_interval": "1m", "tests": tests}, file)
        result = subprocess.run(["promtool", "test", "rules", f"{folder}/tests.json"], capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + result.stderr + "failed\n"


def dashboard_fault():
    """Its questions as rules, with Grafana's variables filled in; nothing when promtool understands them all."""
    with open(DASHBOARD, encoding="utf-8") as file:
        questions = [target["expr"] for panel in json.load(file)["panels"] for target in panel["targets"]]
    rules = [{"record": f"question_{number}", "expr": question.replace("$__rate_interval", "1m").replace("$instance", ".*")}
             for number, question in enumerate(questions)]
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/rules.json", "w", encoding="ascii") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        result = subprocess.run(["promtool", "check", "rules", f"{folder}/rules.json"], capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 and rules else result.stdout + result.stderr + "failed\n"


def main():
    if shutil.which("promtool") is None:
        print("operation-alerts: no promtool")
        return SKIPPED
    with open(RULES, encoding="utf-8") as file:
        names = re.findall(r"^ *- alert: (\w+)$", file.read(), re.M)
    cases = [(None, {}), *FAULTS.items()]
    played = [playing(changes, names, [fault] if fault else []) for fault, changes in cases]
    failed = 0
    if promtool_says(played):
        for (fault, _), one in zip(cases, played):  # which of them
            said = promtool_says([one])
            failed += 1 if said else 0
            print(f"{fault or 'healthy'}:\n{said}" if said else "", end="")
    passed = len(cases) - failed
    fault = dashboard_fault()
    failed, passed = (failed + 1, passed) if fault else (failed, passed + 1)
    print(f"dashboard:\n{fault}" if fault else "", end="")
    for name in sorted(set(names) ^ set(FAULTS)):
        failed += 1
        print(f"{name}: not in both the rules and this test")
    print(f"operation-alerts: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
