# SPDX-License-Identifier: BSD-3-Clause
"""A headless chromium inside a namespace of the lab, told by its debugging pipe what to do."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from .running import kept

START_SECONDS = 60
ANSWER_SECONDS = 30


class Browser:
    """One page. Closed with the test."""

    def __init__(self, lab, side, url):
        self.number, self.pending = 0, b""
        self.complaints = []
        folder = tempfile.mkdtemp(prefix="specular-browser-")
        lab.deferred.callback(shutil.rmtree, folder, ignore_errors=True)
        to_browser, self.to_browser = os.pipe()
        self.from_browser, from_browser = os.pipe()
        command = (f"exec 3<&{to_browser} 4>&{from_browser}; exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
                   f"--no-first-run --remote-debugging-pipe --user-data-dir={folder} about:blank")
        # A session of its own: chromium's children go with it.
        process = lab.deferred.enter_context(kept(lambda: subprocess.Popen(
            ["ip", "netns", "exec", f"{lab.name}-{side}", "bash", "-c", command], pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder}), self.end))
        self.process = process
        os.close(to_browser)
        os.close(from_browser)
        self.session = None
        target = self.call("Target.createTarget", START_SECONDS, url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Log.enable")
        self.call("Runtime.enable")
        self.call("Page.enable")
        self.call("Page.navigate", url=url)
        lab.wait_for(lambda: self.value("location.protocol + document.readyState") == "http:complete", 10, "the page")

    def end(self, process):
        try:
            self.session = None
            self.call("Browser.close", 5)
            process.wait(10)
        except (OSError, AssertionError, subprocess.TimeoutExpired):
            os.killpg(process.pid, 9)
            process.wait()
        os.close(self.to_browser)
        os.close(self.from_browser)

    def read(self, deadline):
        """The next message; what the page complains of is kept."""
        while b"\0" not in self.pending:
            readable, _, _ = select.select([self.from_browser], [], [], max(0, deadline - time.monotonic()))
            assert readable, "the browser does not answer"
            octets = os.read(self.from_browser, 1 << 16)
            assert octets, "the browser has ended"
            self.pending += octets
        text, self.pending = self.pending.split(b"\0", 1)
        message = json.loads(text)
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(message["params"]["exceptionDetails"])
        elif message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.complaints.append(message["params"]["entry"])
        return message

    def call(self, method, seconds=ANSWER_SECONDS, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + seconds
        while True:
            message = self.read(deadline)
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]

    def value(self, expression):
        """Of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def look_like(self, width, height, scheme="light"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))
