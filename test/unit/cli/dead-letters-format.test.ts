import { describe, expect, it } from "vitest";
import type { AssessedLetter } from "../../../scripts/cli/dead-letters/assess-letters.ts";
import { formatLetter, letterDetailsJson } from "../../../scripts/cli/dead-letters/format-letter.ts";
import { formatGroups, formatPage, listJson } from "../../../scripts/cli/dead-letters/format-list.ts";
import { formatJson } from "../../../scripts/cli/format-json.ts";
import { readLetter } from "../../../shared/amqp/read-letter.ts";
import { LetterGroups } from "../../../shared/domain/letters/groups.ts";
import { refused } from "../../../shared/domain/parsed.ts";
import { incoming } from "../amqp/incoming.ts";

/** Turns what follows around, hides it, or tells a terminal what to do. */
const HIDDEN = ["\u202E", "\u2066", "\u200B", "\u00AD", "\uFEFF", "\u{E0041}", "\u034F", "\u009B"] as const;
const RAW = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u0080-\u009F]/u;

/** A dead letter that has it wherever a text of its own may stand. */
function letterWith(hidden: string): AssessedLetter {
  const text = `4${hidden}5`;
  const properties = {
    messageId: text,
    headers: {
      "x-risk-reason": "rejected",
      "x-risk-detail": text,
      "x-risk-code": text,
      "x-risk-worker": text,
      "x-risk-edited-at": text,
      [`x-${text}`]: text,
      list: [text],
    },
  };
  const body = JSON.stringify({ transactionId: text, merchantId: text });
  const message = incoming({ body, properties, fields: { exchange: "risk.dead-letters" } });
  const letter = readLetter(message, "risk.transactions");
  const prospect = { kind: "hopeless", why: "malformed", detail: text } as const;
  return { read: { letter, message }, letter, transaction: refused(text), past: undefined, prospect };
}

function listOf({ letter }: AssessedLetter) {
  const groups = new LetterGroups();
  groups.add(letter, false);
  return { groups, messages: 1, page: [letter] };
}

describe.each(HIDDEN)("what cannot be seen, %j", (hidden) => {
  const assessed = letterWith(hidden);
  const page = { number: 1, size: 10 };
  const shown = {
    show: formatLetter(assessed, { isRevealed: true, messages: 1 }),
    "show, masked": formatLetter(assessed, { isRevealed: false, messages: 1 }),
    "show --json": formatJson(letterDetailsJson(assessed, { isRevealed: true, messages: 1 })),
    list: formatGroups(listOf(assessed)),
    "list --letters": formatPage(listOf(assessed), page),
    "list --letters --json": formatJson(listJson(listOf(assessed), page)),
  };

  it.each(Object.entries(shown))("is never raw in %s", (_, text) => {
    expect(text).not.toMatch(RAW);
  });
});

it("shows which character it is", () => {
  const assessed = letterWith("\u202E");
  expect(formatPage(listOf(assessed), { number: 1, size: 1 })).toMatch(/^detail +4\\u\{202e\}5$/m);
  const shown = formatLetter(assessed, { isRevealed: true, messages: 1 });
  expect(shown).toMatch(/^x-4\\u\{202e\}5 +4\\u\{202e\}5$/m);
  expect(shown).toContain('"transactionId":"4\\u{202e}5"');
});

it.each(HIDDEN)("JSON with %j is still that JSON", (hidden) => {
  const value = { [`a${hidden}`]: [`b${hidden}`] };
  expect(JSON.parse(formatJson(value))).toEqual(value);
});
