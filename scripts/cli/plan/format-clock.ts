/** Hours, minutes and seconds from the beginning of a plan: "26:56:06". */
export function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return [seconds / 3_600, (seconds / 60) % 60, seconds % 60].map(twoDigits).join(":");
}

const twoDigits = (value: number): string => String(Math.floor(value)).padStart(2, "0");
