/** Compares versions by their first two numbers: "3.9.13" is older than "3.10". */
export function isOlderThan(version: string, least: string): boolean {
  const [major, minor] = numbersOf(version);
  const [leastMajor, leastMinor] = numbersOf(least);
  return major === leastMajor ? minor < leastMinor : major < leastMajor;
}

function numbersOf(version: string): readonly [number, number] {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return [major, minor];
}
