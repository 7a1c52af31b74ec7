/** Characters that are not seen, and turn around or hide those that are: bidi controls, zero-width ones, tags. */
const HIDDEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/** Those, and what a terminal takes for a command; JSON escapes the other controls itself. */
const HIDDEN_IN_JSON = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u007F-\u009F\u2028\u2029]/gu;

/** A text for a person, with what cannot be seen in it as `\u{202e}`. */
export const escapeHidden = (text: string): string =>
  text.replaceAll(HIDDEN, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`);

/** The same JSON, with what cannot be seen in its texts as `\u202e`. */
export const escapeHiddenInJson = (json: string): string =>
  json.replaceAll(HIDDEN_IN_JSON, (character) =>
    // A character beyond 16 bits is two units.
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
