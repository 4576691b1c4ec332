#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""tools/host-check on invented hosts: a tree of /proc and /sys that is right, and one fault in it at a time."""

import importlib.machinery
import importlib.util
import io
import os
import shutil
import struct
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("host_check", os.path.join(ROOT, "tools", "host-check"))
host_check = importlib.util.module_from_spec(importlib.util.spec_from_loader("host_check", LOADER))
LOADER.exec_module(host_check)

NIC = "sys/bus/pci/devices/0000:01:00.0"
CONFIGURATION = {
    "eal": {"lcores": {"main": 0, "workers": [2, 3]}, "hugepages": "required", "memory": 1024, "idle": "spin"},
    "ports": [{"name": "uplink", "device": "01:00.0", "exception": "tap"},
              {"name": "lab", "device": "net_af_packet0,iface=eth7", "mtu": 9000, "exception": "management"}],
}
RIGHT = {
    "dev/net/tun": "", "proc/cmdline": "quiet iommu=pt rcu_nocbs=2-3",
    "proc/cpuinfo": "flags : constant_tsc nonstop_tsc avx512f avx512bw vaes sha_ni",
    "proc/17/comm": "chronyd", "proc/18/comm": "irqbalance",
    "proc/irq/9/effective_affinity_list": "0", "proc/irq/9/acpi/x": "", "proc/irq/7/effective_affinity_list": "2",
    "proc/sys/kernel/nmi_watchdog": "0", "proc/sys/kernel/numa_balancing": "0",
    "sys/devices/system/cpu/online": "0-7", "sys/devices/system/cpu/isolated": "2-3", "sys/devices/system/cpu/nohz_full": "2-3",
    "sys/devices/system/cpu/cpu2/cpufreq/scaling_governor": "performance",
    "sys/devices/system/cpu/cpu3/cpufreq/scaling_governor": "performance",
    "sys/devices/system/cpu/cpu2/topology/thread_siblings_list": "2", "sys/devices/system/cpu/cpu3/topology/thread_siblings_list": "3",
    "sys/devices/system/cpu/cpu2/cpuidle/state0/name": "C1", "sys/devices/system/cpu/cpu2/cpuidle/state0/latency": "2",
    "sys/devices/system/cpu/cpu2/cpuidle/state0/disable": "0",
    "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "1024",
    "sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages": "1024",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
    "sys/devices/system/node/node0/cpulist": "0-3", "sys/devices/system/node/node1/cpulist": "4-7",
    "sys/devices/system/edac/mc/mc0/dimm0/dimm_location": "channel 0 slot 0",
    "sys/devices/system/edac/mc/mc0/dimm1/dimm_location": "channel 1 slot 0",
    f"{NIC}/numa_node": "0", f"{NIC}/current_link_width": "16", f"{NIC}/max_link_width": "16",
    "sys/kernel/iommu_groups/1/type": "DMA", "sys/class/net/eth7/mtu": "9000",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc",
}
RIGHT_LINKS = {f"{NIC}/driver": "../../bus/pci/drivers/vfio-pci"}

# What changes (None: is not there), and what must be said of it then.
FAULTS = [
    ({"sys/devices/system/cpu/online": "0-2"}, "cost", "cpus"),
    ({"sys/devices/system/cpu/isolated": "2"}, "cost", "isolcpus"),
    ({"sys/devices/system/cpu/isolated": ""}, "warn", "irqbalance"),
    ({"sys/devices/system/cpu/nohz_full": "(null)"}, "warn", "nohz_full"),
    ({"proc/cmdline": "", "sys/devices/system/cpu/nohz_full": "2"}, "warn", "rcu_nocbs"),
    ({"proc/irq/9/effective_affinity_list": "3"}, "warn", "interrupts"),
    ({"proc/sys/kernel/nmi_watchdog": "1"}, "warn", "nmi-watchdog"),
    ({"sys/devices/system/cpu/cpu3/cpufreq/scaling_governor": "powersave"}, "cost", "governor"),
    ({"sys/devices/system/cpu/cpu2/topology/thread_siblings_list": "2-3"}, "cost", "smt"),
    ({"sys/devices/system/cpu/cpu2/topology/thread_siblings_list": "2,6"}, "warn", "smt"),
    ({"sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "511"}, "cost", "hugepages"),
    ({"sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages": "0"}, "cost", "hugepages"),
    ({"sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never"}, "warn", "thp"),
    ({"sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]"}, "warn", "thp"),
    ({"proc/sys/kernel/numa_balancing": "1"}, "warn", "numa"),
    ({f"{NIC}/numa_node": "1"}, "cost", "numa"),
    ({"sys/devices/system/edac/mc/mc0/dimm1/dimm_location": "channel 0 slot 1"}, "warn", "memory-channels"),
    ({f"{NIC}/current_link_width": "4"}, "cost", "nic"),
    ({f"{NIC}/driver": "../../bus/pci/drivers/ice"}, "cost", "nic"),
    ({f"{NIC}/driver": None}, "cost", "nic"),
    ({"sys/kernel/iommu_groups/1/type": None}, "cost", "iommu"),
    ({"proc/cmdline": "rcu_nocbs=2-3"}, "warn", "iommu"),
    ({"sys/class/net/eth7/mtu": "1500"}, "cost", "mtu"),
    ({"sys/class/net/eth7/mtu": None}, "cost", "nic"),
    ({"dev/net/tun": None}, "cost", "tun"),
    ({"sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet"}, "cost", "clocksource"),
    ({"proc/cpuinfo": "flags : avx512f avx512bw vaes sha_ni"}, "warn", "tsc"),
    ({"proc/cpuinfo": "flags : constant_tsc nonstop_tsc"}, "warn", "cpus"),
    ({"proc/17/comm": "sshd"}, "warn", "clock"),
    ({"proc/17/comm": "ptp4l"}, "warn", "clock"),
]


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    if os.path.lexists(full):
        os.unlink(full)
    if path.endswith("/driver"):
        os.symlink(text, full)
    else:
        with open(full, "wb") as file:
            file.write(text if isinstance(text, bytes) else (text + "\n").encode())


def said(changes, configuration=CONFIGURATION):
    """{(level, topic)} of a right host with changes, and the text."""
    root = tempfile.mkdtemp(prefix="host-")
    try:
        for path, text in {**RIGHT, **RIGHT_LINKS, **changes}.items():
            if text is not None:
                write(root, path, text)
        if changes.get("sys/kernel/iommu_groups/1/type", "") is None:
            os.makedirs(os.path.join(root, "sys/kernel/iommu_groups"))
        out = io.StringIO()
        report = host_check.Report(out)
        host_check.check(host_check.Host(root), host_check.Setup(configuration), report)
        return set(report.lines), out.getvalue()
    finally:
        shutil.rmtree(root)


def a_right_host_costs_nothing():
    lines, text = said({})
    assert not [line for line in lines if line[0] in ("cost", "warn")], text
    for topic in ("isolcpus", "governor", "hugepages", "numa", "nic", "iommu", "mtu", "clock", "smt", "memory-channels"):
        assert ("ok", topic) in lines, f"{topic}\n{text}"


def each_fault_is_told():
    for changes, level, topic in FAULTS:
        lines, text = said(changes)
        assert (level, topic) in lines, f"{changes}: no {level} {topic} in\n{text}"
        told = [line for line in text.splitlines() if line.startswith(f"{level:4}  {topic}:")]
        assert all(len(line) > 20 for line in told), told


def deep_idle_states_matter_to_those_who_sleep():
    deep = {"sys/devices/system/cpu/cpu2/cpuidle/state0/latency": "200"}
    assert ("info", "c-states") in said(deep)[0]
    sleeps = {**CONFIGURATION, "eal": {**CONFIGURATION["eal"], "idle": "sleep"}}
    assert ("cost", "c-states") in said(deep, sleeps)[0]
    held = {**deep, "dev/cpu_dma_latency": struct.pack("@i", 0)}
    assert ("ok", "c-states") in said(held, sleeps)[0]


def a_virtual_machine_without_configuration():
    lines, text = said({f"{NIC}/driver": None}, None)
    assert ("info", "cpus") in lines and ("cost", "nic") not in lines, text


def lists_of_cpus():
    assert host_check.cpu_list("0,2-4\n") == {0, 2, 3, 4} and host_check.cpu_list("(null)") == host_check.cpu_list(None) == set()
    assert host_check.cpu_text({0, 2, 3, 4}) == "0,2-4"


def a_wrong_configuration_is_refused():
    errors, sys.stderr = sys.stderr, io.StringIO()
    try:
        assert host_check.main(["--config", "/nonexistent.yaml"]) == 2
    finally:
        sys.stderr = errors


TESTS = [a_right_host_costs_nothing, each_fault_is_told, deep_idle_states_matter_to_those_who_sleep,
         a_virtual_machine_without_configuration, lists_of_cpus, a_wrong_configuration_is_refused]


def main():
    failed = 0
    for test in TESTS:
        try:
            test()
        except AssertionError as error:
            failed += 1
            print(f"FAILED {test.__name__}: {error}")
    print(f"host-check: {len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
