# SPDX-License-Identifier: BSD-3-Clause
"""Where secrets stand in the memory of a running process."""

NEEDLE = 12  # octets, a secret's last: what is freed loses its first ones to the allocator
CHUNK = 1 << 24


def writable(pid):
    """(start, end, name) of the process's own writable memory, hugepages included."""
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps:
        for line in maps:
            addresses, access, _, _, _, *name = line.split(maxsplit=5)
            if access.startswith("rw"):
                start, end = (int(address, 16) for address in addresses.split("-"))
                yield start, end, name[0].strip() if name else "anonymous"


def chunks(pid):
    """(octets, address, name); neighbours overlap, so that no secret lies across."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, name in writable(pid):
            for at in range(start, end, CHUNK):
                try:
                    memory.seek(at)
                    yield memory.read(min(CHUNK + NEEDLE, end - at)), at, name
                except OSError:
                    continue  # a device's


def places(pid, **secrets):
    """Where which secret stands: (its name, "what is mapped there: address")."""
    found = set()
    for octets, start, mapped in chunks(pid):
        for name, secret in secrets.items():
            at = octets.find(secret[-NEEDLE:])
            while at >= 0:
                found.add((name, f"{mapped}: {start + at:#x}"))
                at = octets.find(secret[-NEEDLE:], at + 1)
    return sorted(found)
