/** The command line makes no sense; what is wrong with it is the message. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
