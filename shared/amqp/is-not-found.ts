/** Whether the broker closed the channel for a queue or exchange that does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && error.message.includes("NOT_FOUND");
}
