import { execFile } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "./find-program.ts";
import { leashFolder, type Leash } from "./leash.ts";
import { OUTPUT_FILE, runProcessGroup, type ProcessGroup } from "./process-group.ts";
import type { OwnServer, ServerKind } from "./server.ts";
import { waitUntilAnswers } from "./wait-until-answers.ts";

/** What is to run. Files are made in its folder; the command runs there. */
export interface PrivateServerPlan {
  readonly name: ServerKind;
  readonly url: string;
  readonly files: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Where its tools are, before all other folders. */
  readonly toolFolders?: readonly string[];
  environment(folder: string): NodeJS.ProcessEnv;
}

const READY_WITHIN_MS = 90_000;

/** Starts a server in a folder of its own and resolves once it speaks its protocol; the signal ends the waiting for that. */
export async function startPrivateServer(
  plan: PrivateServerPlan,
  signal: AbortSignal | undefined,
): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), `riskline-${plan.name}-`));
  const leash = leashFolder(folder);
  try {
    for (const [name, text] of Object.entries(plan.files)) await writeFile(join(folder, name), text);
    return serverOf(plan, folder, leash, await startGroup(plan, folder, signal));
  } catch (error) {
    await leash.release();
    throw error;
  }
}

function serverOf(plan: PrivateServerPlan, folder: string, leash: Leash, started: ProcessGroup): OwnServer {
  let group = started;
  return {
    url: plan.url,
    described: `${plan.name}: the one installed here, a private instance at ${new URL(plan.url).host}`,
    kill: () => killed(group),
    async start() {
      group = await startGroup(plan, folder);
    },
    async pause() {
      group.signal("SIGSTOP");
    },
    async resume() {
      group.signal("SIGCONT");
    },
    run: (tool, args) => runTool(plan, folder, tool, args),
    async stop() {
      await leash.release();
      await group.ended;
    },
  };
}

async function runTool(
  plan: PrivateServerPlan,
  folder: string,
  tool: string,
  args: readonly string[],
): Promise<void> {
  const program = findProgram(tool, plan.toolFolders);
  if (program === undefined) throw new Error(`${tool} is not installed`);
  await promisify(execFile)(program, [...args], { env: plan.environment(folder), cwd: folder });
}

async function startGroup(
  plan: PrivateServerPlan,
  folder: string,
  signal?: AbortSignal,
): Promise<ProcessGroup> {
  const group = runProcessGroup(folder, plan.command, plan.environment(folder));
  const end = new AbortController();
  void group.ended.then(() => end.abort(new Error("it ended")));
  const givenUp = signal === undefined ? end.signal : AbortSignal.any([end.signal, signal]);
  try {
    await waitUntilAnswers(plan.url, READY_WITHIN_MS, givenUp);
    return group;
  } catch (error) {
    await killed(group);
    signal?.throwIfAborted();
    throw new Error(`${plan.name} did not start; its output ends:\n${await endOfOutput(folder)}`, {
      cause: error,
    });
  }
}

async function killed(group: ProcessGroup): Promise<void> {
  group.signal("SIGKILL");
  await group.ended;
}

async function endOfOutput(folder: string): Promise<string> {
  const output = await readFile(join(folder, OUTPUT_FILE), "utf8");
  return output.trimEnd().split("\n").slice(-15).join("\n");
}
