const GMT8_OFFSET_MS = 8 * 3_600_000;
const FORMAT = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/;

/**
 * Reads `yyyy-MM-dd HH:mm:ss` in GMT+8 as milliseconds since the epoch; undefined where the text has another
 * form or names a date that does not exist.
 */
export function parseGatewayTime(text: string): number | undefined {
  const [, date, time] = FORMAT.exec(text) ?? [];
  if (date === undefined || time === undefined) return undefined;
  const epochMs = Date.parse(`${date}T${time}+08:00`);
  // Date.parse takes 30 February for 2 March: only what comes back unchanged exists.
  return formatGatewayTime(epochMs) === text ? epochMs : undefined;
}

/** The gateway's way to write a moment: `yyyy-MM-dd HH:mm:ss`, GMT+8. */
function formatGatewayTime(epochMs: number): string | undefined {
  if (Number.isNaN(epochMs)) return undefined;
  return new Date(epochMs + GMT8_OFFSET_MS).toISOString().slice(0, 19).replace("T", " ");
}
