/** What has to be given back at the end, in reverse. */
export class Releases {
  readonly #releases: { readonly name: string; readonly release: () => Promise<void> }[] = [];

  /** Registered right after it was acquired. */
  register(name: string, release: () => Promise<void>): void {
    this.#releases.push({ name, release });
  }

  /** Gives all of it back, also what comes after something that cannot be; `onProblem` is told of that. */
  async run(onProblem: (problem: string) => void): Promise<void> {
    for (const { name, release } of this.#releases.splice(0).toReversed()) {
      await release().catch((error: unknown) =>
        onProblem(`${name}: ${error instanceof Error ? error.message : String(error)}`),
      );
    }
  }
}
