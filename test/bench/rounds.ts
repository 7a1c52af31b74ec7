import type { MeasuredPart } from "./measure-part.ts";
import { median } from "./quantile.ts";

/** Of a full measurement; odd, so that there is one in the middle. */
const ROUNDS = 9;

interface Measuring {
  readonly isQuick: boolean;
  readonly say: (line: string) => void;
}

/** Who is measured, and how each round of theirs is played. */
type Contender<Name> = readonly [name: Name, play: () => Promise<MeasuredPart>];

/**
 * What contenders made of rounds that they played in turn. The machine is now faster and now slower, by more than what they
 * differ in, and for longer than a round: so they are compared within each round, and the ratio in the middle counts.
 */
export class Rounds<Name extends string> {
  /** In the order of the rounds. */
  readonly #parts = new Map<Name, MeasuredPart[]>();

  static async play<Name extends string>(
    contenders: readonly Contender<Name>[],
    { isQuick, say }: Measuring,
  ): Promise<Rounds<Name>> {
    const rounds = new Rounds<Name>();
    for (let round = 0; round < (isQuick ? 1 : ROUNDS); round += 1) {
      // Each begins with another one, so that nobody always follows the same.
      const first = round % contenders.length;
      for (const [name, play] of [...contenders.slice(first), ...contenders.slice(0, first)]) {
        const part = await play();
        const [perSecond, cpuMicros] = [part.perSecond.toFixed(0), part.cpuMicros.toFixed(0)];
        say(`round ${round + 1}, ${name}: ${perSecond} per second, ${cpuMicros} µs of CPU each`);
        rounds.#parts.set(name, [...rounds.#of(name), part]);
      }
    }
    return rounds;
  }

  /** Of all rounds the value in the middle. */
  middle(name: Name, what: keyof MeasuredPart): number {
    return median(this.#of(name).map((part) => part[what]));
  }

  /** How many times as much as another contender's. */
  times(name: Name, other: Name, what: keyof MeasuredPart): number {
    const others = this.#of(other);
    return median(this.#of(name).map((part, round) => part[what] / (others[round]?.[what] ?? Number.NaN)));
  }

  #of(name: Name): readonly MeasuredPart[] {
    return this.#parts.get(name) ?? [];
  }
}
