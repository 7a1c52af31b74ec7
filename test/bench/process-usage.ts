import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
/** In /proc/PID/stat, counted from behind the program's name, which may hold anything. */
const [USER_TICKS, SYSTEM_TICKS] = [11, 12];

/** CPU time that a process has used so far, all its threads together, as Linux counts it (in steps of 10 ms). */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  return (1_000 * ticks) / TICKS_PER_SECOND;
}

/** Memory that a process holds now, and held at most, in MB. */
export function memoryOf(pid: number): { readonly nowMb: number; readonly peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
  return { nowMb: megabytes("VmRSS"), peakMb: megabytes("VmHWM") };
}
