// SPDX-License-Identifier: BSD-3-Clause
// Asks the appliance each second and shows what it answers. Every text gets in as text, never as markup.
"use strict";

const SECOND = 1000;
const KEPT = 120; // looks of which rates are drawn
const WINDOW = 60; // seconds of which turnaround times are shown
const SESSIONS_SHOWN = 20;
const CHART = {width: 600, height: 220, left: 62, right: 10, top: 10, bottom: 26};
const SVG = "http://www.w3.org/2000/svg";
const LINES = [["received", "received"], ["reflected", "reflected"], ["dropped", "dropped"]];

const looks = []; // {time, counters, cores, ports}, oldest first
let sessionLooks = {before: null, now: null};

function byId(id) {
	return document.getElementById(id);
}

function element(name, className, ...inner) {
	const made = document.createElement(name);
	if (className) {
		made.className = className;
	}
	made.append(...inner);
	return made;
}

function drawn(name, attributes, text) {
	const made = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes)) {
		made.setAttribute(key, value);
	}
	if (text !== undefined) {
		made.textContent = text;
	}
	return made;
}

// Numbers for people.
function count(value) {
	return value === null || value === undefined || !isFinite(value) ? "–" : Math.round(value).toLocaleString("en");
}

function short(value) {
	if (!isFinite(value)) {
		return "–";
	}
	for (const [limit, unit] of [[1e9, " G"], [1e6, " M"], [1e4, " k"]]) {
		if (value >= limit) {
			const scaled = value / (limit === 1e4 ? 1e3 : limit);
			return scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0) + unit;
		}
	}
	return value >= 10 || Number.isInteger(value) ? count(value) : value.toFixed(1);
}

function duration(ns) {
	for (const [limit, unit] of [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]]) {
		if (ns >= limit) {
			const scaled = ns / limit;
			return `${scaled < 10 ? Number(scaled.toFixed(2)) : scaled < 100 ? Number(scaled.toFixed(1)) : Math.round(scaled)} ${unit}`;
		}
	}
	return `${Math.round(ns)} ns`;
}

function uptime(seconds) {
	const days = Math.floor(seconds / 86400);
	const clock = new Date(Math.floor(seconds % 86400) * SECOND).toISOString().slice(11, 19);
	return (days > 0 ? `${days} d ` : "") + clock;
}

function percent(share) {
	return share === null || share === undefined ? "–" : `${(100 * share).toFixed(1)} %`;
}

// Differences between two looks. A counter that shrank belongs to an appliance that started anew.
function perSecond(now, before, value) {
	if (!before || now.time <= before.time) {
		return NaN;
	}
	const grown = value(now) - value(before);
	return grown < 0 ? NaN : grown / ((now.time - before.time) / SECOND);
}

function dropped(counters) {
	return Object.entries(counters).reduce((sum, [name, value]) => name.startsWith("drop_") ? sum + value : sum, 0);
}

const VALUES = {
	received: look => look.counters.received,
	reflected: look => look.counters.reflected,
	dropped: look => dropped(look.counters),
};

// Tables: columns are [title, class, cell of a row], where a cell is a text or a node.
function fill(id, columns, rows, nothing) {
	const table = byId(id);
	const head = element("tr", "", ...columns.map(([title, className]) => element("th", className, title)));
	const body = rows.map(row => element("tr", "", ...columns.map(([, className, cell]) => {
		const value = cell(row);
		return value instanceof HTMLTableCellElement ? value : element("td", className, value);
	})));
	if (rows.length === 0) {
		const cell = element("td", "none", nothing);
		cell.colSpan = columns.length;
		body.push(element("tr", "", cell));
	}
	table.replaceChildren(element("thead", "", head), element("tbody", "", ...body));
}

function judged(good, text) {
	return element("td", good ? "good" : "bad", text);
}

// Charts.
function steps(most) {
	const raw = Math.max(most, 1) / 4;
	const power = 10 ** Math.floor(Math.log10(raw));
	return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= raw);
}

function scale(svg, most) {
	const step = steps(most);
	const top = Math.max(step * Math.ceil(most / step), step);
	const y = value => CHART.height - CHART.bottom - (CHART.height - CHART.bottom - CHART.top) * value / top;
	for (let value = 0; value <= top * 1.0001; value += step) {
		svg.append(drawn("line", {class: "grid", x1: CHART.left, x2: CHART.width - CHART.right, y1: y(value), y2: y(value)}),
			drawn("text", {x: CHART.left - 6, y: y(value) + 4, "text-anchor": "end"}, short(value)));
	}
	return y;
}

function showRates() {
	const svg = byId("rates");
	const series = LINES.map(([name]) => looks.map((look, i) => perSecond(look, looks[i - 1], VALUES[name])));
	const y = (svg.replaceChildren(), scale(svg, Math.max(0, ...series.flat().filter(isFinite))));
	const x = i => CHART.width - CHART.right - (CHART.width - CHART.right - CHART.left) * (looks.length - 1 - i) / (KEPT - 1);
	LINES.forEach(([, className], number) => {
		let path = "";
		series[number].forEach((rate, i) => {
			if (isFinite(rate)) {
				path += `${path === "" || !isFinite(series[number][i - 1]) ? "M" : "L"}${x(i).toFixed(1)} ${y(rate).toFixed(1)}`;
			}
		});
		svg.append(drawn("path", {class: `line ${className}`, d: path}));
	});
	for (const [seconds, anchor] of [[0, "end"], [60, "middle"], [KEPT, "start"]]) {
		const at = Math.max(CHART.left, CHART.width - CHART.right - (CHART.width - CHART.right - CHART.left) * seconds / (KEPT - 1));
		svg.append(drawn("text", {x: at, y: CHART.height - 6, "text-anchor": anchor}, seconds === 0 ? "now" : `−${seconds} s`));
	}
	byId("rate-span").textContent = "last two minutes";
	byId("rate-legend").replaceChildren(...LINES.map(([name, className], number) =>
		element("li", className, element("i"), element("span", "", `${name} ${short(series[number].at(-1))}`))));
}

function merged(cores, sign, into) {
	for (const core of cores) {
		for (const {le_ns: end, count: replies} of core.turnaround_ns ? core.turnaround_ns.buckets : []) {
			into.set(end, (into.get(end) || 0) + sign * replies);
		}
	}
	return into;
}

function turnaroundOf(since) {
	const buckets = merged(looks.at(-1).cores, 1, new Map());
	if (since) {
		merged(since.cores, -1, buckets);
	}
	return [...buckets].filter(([, replies]) => replies > 0).sort((a, b) => a[0] - b[0]);
}

function quantile(buckets, share) {
	const total = buckets.reduce((sum, [, replies]) => sum + replies, 0);
	let seen = 0;
	for (const [end, replies] of buckets) {
		seen += replies;
		if (seen > total * share || seen === total) {
			return end;
		}
	}
	return NaN;
}

// Eight bars for each power of two are the cores' own buckets: on a scale of powers of ten.
function showTurnaround() {
	const now = looks.at(-1);
	const since = looks.findLast(look => now.time - look.time >= WINDOW * SECOND) || looks[0];
	let buckets = turnaroundOf(since);
	const recent = buckets.length > 0;
	if (!recent) {
		buckets = turnaroundOf(null);
	}
	const svg = byId("turnaround");
	svg.replaceChildren();
	byId("turnaround-span").textContent = buckets.length === 0 ? "no reply yet" :
		recent ? `of the last ${Math.round((now.time - since.time) / SECOND)} s` : "since the start";
	byId("quantiles").replaceChildren(...(buckets.length === 0 ? [] : [["median", 0.5], ["99 %", 0.99], ["99.9 %", 0.999], ["longest", 1]]
		.map(([name, share]) => element("span", "", `${name} ≤ ${duration(quantile(buckets, share))}`))));
	const y = scale(svg, Math.max(0, ...buckets.map(([, replies]) => replies)));
	if (buckets.length === 0) {
		return;
	}
	const low = Math.floor(Math.log10(buckets[0][0] * 0.88));
	const high = Math.max(Math.ceil(Math.log10(buckets.at(-1)[0])), low + 1);
	const x = ns => CHART.left + (CHART.width - CHART.right - CHART.left) * (Math.log10(ns) - low) / (high - low);
	for (let power = low; power <= high; power++) {
		svg.append(drawn("text", {x: x(10 ** power), y: CHART.height - 6, "text-anchor": power === low ? "start" : power === high ? "end" : "middle"},
			duration(10 ** power)));
	}
	for (const [end, replies] of buckets) {
		const left = x(end * 8 / 9), right = x(end);
		svg.append(drawn("rect", {class: "bar", x: left.toFixed(1), width: Math.max(right - left - 0.5, 1).toFixed(1),
			y: y(replies).toFixed(1), height: (y(0) - y(replies)).toFixed(1)}));
	}
}

function shareBar(share) {
	const bar = drawn("svg", {class: "share", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true"});
	bar.append(drawn("rect", {class: "lane", width: 100, height: 10}), drawn("rect", {class: "bar", width: 100 * Math.min(share || 0, 1), height: 10}));
	return element("td", "", bar, percent(share));
}

// Sections.
function showStatus(status) {
	const badge = byId("state");
	const stuck = status.cores.stuck > 0;
	const unlinked = looks.at(-1).ports.filter(port => !port.link.up).map(port => port.name);
	const good = status.state === "running" && !stuck && unlinked.length === 0;
	badge.textContent = stuck ? `stuck: core ${status.stuck.join(", ")}` :
		status.state !== "running" || unlinked.length === 0 ? status.state : `no link: ${unlinked.join(", ")}`;
	badge.className = "badge " + (good ? "good" : stuck || unlinked.length > 0 ? "bad" : "");
	byId("version").textContent = status.version;
	byId("about").textContent = `up ${uptime(status.uptime_seconds)} · ${status.suite} · ` +
		`${status.hugepages ? "hugepages" : "no hugepages"} · pid ${status.pid} · ${status.configuration.path}`;
	document.title = good ? "specular" : `specular: ${badge.textContent}`;
}

function showTiles(status) {
	const [now, before] = [looks.at(-1), looks.at(-2)];
	const rate = name => short(perSecond(now, before, VALUES[name]));
	const tiles = [
		[rate("received"), "received a second", `${count(VALUES.received(now))} in all`],
		[rate("reflected"), "reflected a second", `${count(VALUES.reflected(now))} in all`],
		[rate("dropped"), "dropped a second", `${count(VALUES.dropped(now))} in all`],
		[count(status.sessions.started), "sessions started", `${count(status.sessions.installed)} of ${count(status.sessions.limit)} installed`],
		[count(status.connections.open), "control connections", `${count(status.connections.half_open)} being set up`],
		[duration(status.clock.error_ns), "clock error", status.clock.synchronized ? "synchronized" : "not synchronized"],
	];
	byId("tiles").replaceChildren(...tiles.map(([value, name, note]) =>
		element("li", "", element("b", "", value), element("span", "", name), element("small", "", note))));
}

function coreRate(core, name) {
	const [now, before] = [looks.at(-1), looks.at(-2)];
	return short(perSecond(now, before, look => (look.cores.find(other => other.core === core.core) || {})[name]));
}

function showCores(cores) {
	fill("cores", [
		["core", "n", core => count(core.core)],
		["CPU", "n", core => count(core.cpu)],
		["state", "", core => judged(!core.stuck, core.stuck ? `stuck for ${core.heartbeat_age_seconds.toFixed(1)} s` : "polls")],
		["busy", "", core => shareBar(core.busy_share)],
		["received/s", "n", core => coreRate(core, "received")],
		["reflected/s", "n", core => coreRate(core, "reflected")],
		["polls/s", "n", core => coreRate(core, "polls")],
		["cycles a packet", "n", core => count(core.cycles_per_packet)],
		["turnaround p99", "n", core => core.turnaround_ns && core.turnaround_ns.max > 0 ? duration(core.turnaround_ns.p99) : "–"],
	], cores, "no core");
}

function showDrops(counters) {
	const [now, before] = [looks.at(-1), looks.at(-2)];
	const rows = Object.entries(counters).filter(([name, value]) => name.startsWith("drop_") && value > 0).sort((a, b) => b[1] - a[1]);
	fill("drops", [
		["reason", "", ([name]) => name.slice("drop_".length).replaceAll("_", " ")],
		["a second", "n", ([name]) => short(perSecond(now, before, look => look.counters[name]))],
		["in all", "n", ([, value]) => count(value)],
	], rows, "nothing was dropped");
}

function portRate(port, name) {
	const [now, before] = [looks.at(-1), looks.at(-2)];
	return perSecond(now, before, look => ((look.ports.find(other => other.port === port.port) || {}).statistics || {})[name]);
}

function showPorts(ports) {
	const speed = link => link.speed_mbps === null ? "up" : `${link.speed_mbps >= 1000 ? link.speed_mbps / 1000 + " G" : link.speed_mbps + " M"}bit/s`;
	const lost = port => port.statistics ? port.statistics.missed_packets + port.statistics.no_buffer : null;
	fill("ports", [
		["port", "", port => port.name],
		["driver", "", port => port.driver || "–"],
		["link", "", port => judged(port.link.up, port.link.up ? speed(port.link) : "down")],
		["in/s", "n", port => short(portRate(port, "received_packets"))],
		["out/s", "n", port => short(portRate(port, "transmitted_packets"))],
		["in bit/s", "n", port => short(8 * portRate(port, "received_octets"))],
		["missed", "n", port => count(lost(port))],
	], ports, "no port");
}

function endpoint(end) {
	return end.address.includes(":") ? `[${end.address}]:${end.port}` : `${end.address}:${end.port}`;
}

function showSessions(answer) {
	const {before} = sessionLooks;
	const known = new Map(before ? before.sessions.map(session => [session.sid, session]) : []);
	const rate = session => {
		const old = known.get(session.sid);
		return old ? short(perSecond(sessionLooks.now, before, look => (look === before ? old : session).reflected)) : "–";
	};
	byId("session-count").textContent = answer.total > answer.sessions.length ? `${answer.sessions.length} of ${count(answer.total)}` : "";
	fill("sessions", [
		["sender", "", session => endpoint(session.sender)],
		["reflector", "", session => endpoint(session.reflector)],
		["mode", "", session => session.mode],
		["key", "", session => session.key === null ? "–" : session.key],
		["state", "", session => session.state],
		["DSCP", "n", session => count(session.dscp)],
		["reflected/s", "n", rate],
		["reflected", "n", session => count(session.reflected)],
		["last packet", "n", session => session.last_received_age_seconds === null ? "none" : `${duration(session.last_received_age_seconds * 1e9)} ago`],
	], answer.sessions, "no test session");
}

async function ask(query) {
	const response = await fetch(`status.json?command=${query}`, {cache: "no-store"});
	if (!response.ok) {
		throw new Error(`${query}: HTTP ${response.status}`);
	}
	return response.json();
}

async function look() {
	const [status, counters, cores, ports, sessions] = await Promise.all(
		["status", "counters", "cores", "ports", `sessions&limit=${SESSIONS_SHOWN}`].map(ask));
	const now = {time: performance.now(), started: status.started, counters: counters.datapath, cores: cores.cores, ports: ports.ports};
	if (looks.length > 0 && looks[0].started !== now.started) {
		looks.length = 0; // another process: its counters begin anew
		sessionLooks = {before: null, now: null};
	}
	looks.push(now);
	looks.splice(0, looks.length - KEPT);
	sessionLooks = {before: sessionLooks.now, now: {time: now.time, sessions: sessions.sessions}};
	showStatus(status);
	showTiles(status);
	showRates();
	showTurnaround();
	showCores(now.cores);
	showDrops(now.counters);
	showPorts(now.ports);
	showSessions(sessions);
}

async function turn() {
	try {
		await look();
	} catch (fault) {
		byId("state").className = "badge bad";
		byId("state").textContent = `no answer (${fault.message})`;
		document.title = "specular: no answer";
	}
	setTimeout(turn, SECOND);
}

turn();
