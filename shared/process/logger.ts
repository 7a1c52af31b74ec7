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

/** Written synchronously: the last lines before an end are the ones that are needed. */
function destinationStream(destination: LoggerOptions["destination"]): DestinationStream {
  if (destination === "stdout") return pino.destination({ dest: 1, sync: true });
  if (destination === "stderr") return pino.destination({ dest: 2, sync: true });
  return destination;
}
