#!/usr/bin/env node
// The way in: plain JavaScript that an old Node.js can still read. It makes sure that a Node.js runs which knows
// TypeScript, and hands over to main.ts.
import { spawn, spawnSync } from "node:child_process";
import module from "node:module";
import { fileURLToPath } from "node:url";
import { WORKER_FLAGS } from "./worker-flags.js";

const LEAST = { major: 22, minor: 22 };
/** @type {NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** @param {string} version such as "24.21.0" */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > LEAST.major || (major === LEAST.major && minor >= LEAST.minor);
}

/** The Node.js that npm installed with this package, where the platform has one. */
function installedNode() {
  const node = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
  const { status, stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return status === 0 && isNewEnough(stdout.trim().replace("v", "")) ? node : undefined;
}

/**
 * Runs this file again under another Node.js, in a process group of its own: Ctrl-C would reach it twice otherwise,
 * from the terminal and from here, and a second signal means "at once".
 *
 * @param {string} node
 */
function runUnder(node) {
  const args = process.argv.slice(2);
  const flags = args[0] === "worker" ? WORKER_FLAGS : [];
  const child = spawn(node, [...flags, fileURLToPath(import.meta.url), ...args], {
    detached: true,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  child.on("exit", (status, signal) => {
    if (signal === null) process.exit(status);
    for (const name of SIGNALS) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** Does not outlive the process that started it as `runUnder` does, not even one that is killed. */
function endWithParent() {
  if (process.channel === undefined) return;
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref();
}

/**
 * Keeps what V8 has made of the sources, types taken off, where only the owner of the installation writes: a third of a
 * start's work. Where it cannot be written, nothing is kept.
 */
function rememberCompiled() {
  module.enableCompileCache?.(fileURLToPath(new URL("../../node_modules/.cache/riskline", import.meta.url)));
}

function main() {
  if (isNewEnough(process.versions.node)) {
    rememberCompiled();
    endWithParent();
    return import("./main.ts");
  }
  const node = installedNode();
  if (node !== undefined) return runUnder(node);
  const wanted = `${LEAST.major}.${LEAST.minor}`;
  process.stderr.write(
    `riskline needs Node.js ${wanted} or newer; this is ${process.version}, and "npm ci" has brought none.\n`,
  );
  process.exitCode = 1;
}

void main();
