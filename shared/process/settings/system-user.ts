import { userInfo } from "node:os";

/** Who runs this process. Containers often run under a number that no user of the system has. */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
