import { pino, type DestinationStream } from "pino";
import { allowedFields, type LogFields } from "./log-fields.ts";
import type { AllSettings } from "./settings/settings.ts";

/** Says that an event happened: a constant name such as `delivery-settled`, and some of the allowed fields. */
type LogEvent = (event: string, fields?: LogFields) => void;

/** The log of this process. */
export interface Logger {
  readonly debug: LogEvent;
  readonly info: LogEvent;
  readonly warn: LogEvent;
  readonly error: LogEvent;
  readonly fatal: LogEvent;
}

/** How a logger is made. */
interface LoggerOptions {
  readonly level: AllSettings["installation"]["logLevel"];
  /** Which replica or command speaks. */
  readonly worker: string;
  /** Standard output is a worker's log, but a command's result: commands log to standard error. */
  readonly destination: "stdout" | "stderr" | DestinationStream;
}

/** What a pipe takes in one piece (PIPE_BUF is 4,096 bytes): replicas may share one. Lines are ASCII, but for names. */
const MOST_GATHERED = 4_000;
const AT_ONCE_FROM = pino.levels.values["warn"] ?? 0;

/** Makes a logger that writes JSON lines: level, time, worker, event and the allowed fields, nothing else. */
export function createLogger({ level, worker, destination }: LoggerOptions): Logger {
  const lines = pino(
    {
      level,
      base: { worker },
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destinationStream(destination),
  );
  const logAt =
    (lineLevel: keyof Logger): LogEvent =>
    (event, fields = {}) => {
      if (lines.isLevelEnabled(lineLevel)) lines[lineLevel](allowedFields(fields), event);
    };
  return {
    debug: logAt("debug"),
    info: logAt("info"),
    warn: logAt("warn"),
    error: logAt("error"),
    fatal: logAt("fatal"),
  };
}

function destinationStream(destination: LoggerOptions["destination"]): DestinationStream {
  if (destination === "stdout") return gatheringLines(1);
  if (destination === "stderr") return gatheringLines(2);
  return destination;
}

/**
 * Writes the lines of one turn of the event loop together, at its end: a write of its own costs more than a line.
 * Synchronously, and from a warning on at once: the last lines before an end are the ones that are needed.
 */
function gatheringLines(fileDescriptor: number): DestinationStream {
  const file = pino.destination({ dest: fileDescriptor, sync: true });
  let gathered = "";
  const write = (): void => {
    const text = gathered;
    gathered = ""; // first: what a full disk refuses is not written again
    if (text !== "") file.write(text);
  };
  process.on("exit", write);
  const lines = {
    [pino.symbols.needsMetadataGsym]: true, // so that pino tells the level here
    lastLevel: 0,
    write(line: string): void {
      if (gathered.length + line.length > MOST_GATHERED) write();
      if (gathered === "") process.nextTick(write);
      gathered += line;
      if (lines.lastLevel >= AT_ONCE_FROM) write();
    },
  };
  return lines;
}
