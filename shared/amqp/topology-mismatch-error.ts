/** What the broker has under one of our names differs from what we declare; a person has to decide. */
export class TopologyMismatchError extends Error {
  override readonly name = "TopologyMismatchError";
}
