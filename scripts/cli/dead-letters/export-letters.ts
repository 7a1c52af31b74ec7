import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { errorFields } from "../../../shared/process/error-fields.ts";
import type { LettersInHand } from "../../../shared/amqp/letters-in-hand.ts";
import { readLetter } from "../../../shared/amqp/read-letter.ts";
import type { Letter } from "../../../shared/domain/letters/letter.ts";
import { isSelected, type LetterSelection } from "../../../shared/domain/letters/selection.ts";
import { exportLine } from "./export-line.ts";
import type { LettersSession } from "./letters-session.ts";

/** Letters on one channel. */
export const PER_CHANNEL = 20_000;
/** Personal data is in it. */
const OWNER_ONLY = 0o600;

/** What was written: letters, and what their file is known by; where there were none, no file is left. */
export type Exported =
  { readonly letters: 0 } | { readonly letters: number; readonly file: string; readonly sha256: string };

/** A new file of letters; what was written is on the disk once it is closed. */
export class LetterFile {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #hash: Hash = createHash("sha256");
  #letters = 0;
  #isOpen = true;

  /** Where the work fails, nothing is left of the file, for there is personal data in it; afterwards it stays. */
  static async use<T>(path: string, work: (file: LetterFile) => Promise<T>): Promise<T> {
    const file = new LetterFile(path);
    try {
      return await work(file);
    } catch (error) {
      file.#remove();
      throw error;
    }
  }

  /** @throws where the file is there already: an export overwrites nothing */
  private constructor(file: string) {
    this.#file = file;
    try {
      this.#descriptor = openSync(file, "wx", OWNER_ONLY);
    } catch (error) {
      const isThere = errorFields(error).code === "EEXIST";
      throw new Error(isThere ? `${file}: is there already` : `${file}: cannot be written`, { cause: error });
    }
  }

  add(line: string): void {
    const bytes = Buffer.from(line);
    this.#hash.update(bytes);
    for (let written = 0; written < bytes.length;)
      written += writeSync(this.#descriptor, bytes, written, bytes.length - written);
    this.#letters += 1;
  }

  close(): Exported {
    fsyncSync(this.#descriptor);
    this.#closeDescriptor();
    if (this.#letters === 0) {
      rmSync(this.#file);
      return { letters: 0 };
    }
    return { file: this.#file, letters: this.#letters, sha256: this.#hash.digest("hex") };
  }

  #remove(): void {
    if (this.#isOpen) this.#closeDescriptor();
    rmSync(this.#file, { force: true });
  }

  #closeDescriptor(): void {
    closeSync(this.#descriptor);
    this.#isOpen = false;
  }
}

/** Hands every letter that is meant on as a line; `onExported` hears what it takes to remove it. */
export async function exportLetters(
  letters: LettersInHand,
  selection: LetterSelection,
  session: LettersSession,
  sink: {
    readonly add: (line: string) => void;
    readonly onExported?: (letter: Letter, remove: () => boolean) => void;
  },
  signal: AbortSignal,
): Promise<void> {
  await letters.read({
    perChannel: PER_CHANNEL,
    signal,
    onLetter: ({ message, remove }) => {
      const letter = readLetter(message, session.names.exchanges.transactions);
      if (isSelected(letter, selection)) {
        sink.add(exportLine(letter.instance, message));
        sink.onExported?.(letter, remove);
      }
      return "next";
    },
  });
}
