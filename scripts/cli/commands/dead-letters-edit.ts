import { createHash } from "node:crypto";
import { Command, InvalidArgumentError } from "commander";
import { createPublisher } from "../../../shared/amqp/publisher.ts";
import { editedLetter } from "../../../shared/amqp/edited-letter.ts";
import { formatInstant } from "../../../shared/domain/instant.ts";
import { editBody, fieldOf, type BodyEdit } from "../../../shared/domain/letters/edit-body.ts";
import { isShownField } from "../../../shared/domain/letters/mask-body.ts";
import { parseTransaction } from "../../../shared/domain/transaction.ts";
import { readPasts } from "../../../shared/redis/journal/read-past.ts";
import { agreeToDanger } from "../agree-to-danger.ts";
import type { HeldLetter } from "../dead-letters/assess-letters.ts";
import { auditAct } from "../dead-letters/audit-act.ts";
import { findLetters, withoutCopies } from "../dead-letters/find-letters.ts";
import { holdLetters, withLetters, type LettersSession } from "../dead-letters/letters-session.ts";
import { fitRows } from "../fit-rows.ts";
import { formatJson } from "../format-json.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { escapeHiddenInJson } from "../../../shared/process/escape-hidden.ts";
import { stopSignal } from "../stop-signal.ts";
import { UsageError } from "../usage-error.ts";

interface EditFlags {
  readonly set?: readonly BodyEdit[];
  readonly unset?: readonly BodyEdit[];
  readonly why: string;
  readonly yes?: true;
  readonly wait?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline dead-letters edit T202611230000032 --set amount.value=12.50 --why "the till sent 0.00"
  $ riskline dead-letters edit T202611230000033 --unset merchantID --set merchantId=store-17 --why "misspelt"
  $ riskline dead-letters replay --id T202611230000032

What comes of it must be a transaction, and one that has no result yet. It stays a dead letter, with all that is known of
it, until it is replayed. The audit says which fields were changed, not what is in them.`;

/** `riskline dead-letters edit`: mends a body. */
export function editCommand(): Command {
  return new Command("edit")
    .description("changes fields of a dead letter's body, so that it can be replayed")
    .argument("<id>", "the transaction's id, or the letter's (8 characters or more of it)")
    .option("--set <field=value>", "gives a field a value; may be repeated", collectSet)
    .option("--unset <field>", "takes a field away; may be repeated", collectUnset)
    .requiredOption("--why <text>", "why, for the audit", reasonFlag)
    .option("--yes", "do not ask")
    .option("--wait", "wait while another command has them in hand")
    .option("--json", "print what was done as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (id: string, flags: EditFlags) => {
      if (flags.set === undefined && flags.unset === undefined)
        throw new UsageError("what is to change? Give --set or --unset");
      const settings = readCommandSettings(["installation", "broker", "redis"]);
      const edited = await withLetters(
        { settings, wait: flags.wait === true, signal: stopSignal() },
        (session) => edit(id, flags, session),
      );
      process.stdout.write(flags.json === true ? formatJson(edited) : fitRows(Object.entries(edited)));
    });
}

/** Publishes the edited letter, waits for the confirm, and takes the one that it was off the queue. */
function edit(id: string, flags: EditFlags, session: LettersSession): Promise<Record<string, string>> {
  return holdLetters(session, "dead-letters edit", async (letters, signal) => {
    const found = await findLetters(id, letters, session, signal);
    const held = theOnlyOne(id, found);
    const edits = [...(flags.unset ?? []), ...(flags.set ?? [])];
    const body = editBody(held.message.content, edits);
    if (!body.ok) throw new Error(`${id}: ${body.problem}`);
    const transactionId = await check(body.value, session);
    await agreeToDanger(describe(held.message.content, body.value, edits), flags.yes === true);
    const nowMs = await redisNow(session.client);
    const details = {
      letter: held.letter.instance,
      transactionId,
      fields: edits.map(({ path }) => path),
      before: { sha256: held.letter.bodySha256 },
      after: { sha256: sha256(body.value) },
    };
    await auditAct(session, "dead-letters-edit", flags.why, details);
    await replace(held, body.value, nowMs, session);
    for (const copy of found) if (copy.letter.instance === held.letter.instance) copy.remove();
    return { edited: transactionId, fields: details.fields.join(", "), sha256: details.after.sha256 };
  });
}

function theOnlyOne(id: string, found: readonly HeldLetter[]): HeldLetter {
  const [first, ...others] = withoutCopies(found);
  if (first === undefined) throw new Error(`${id}: no such dead letter`);
  if (others.length === 0) return first.held;
  const instances = [first, ...others].map(({ held }) => held.letter.instance).join(", ");
  throw new Error(`${id}: there are several; say which one: ${instances}`);
}

/** Gives its id. @throws where a worker would refuse it, or its transaction has a result */
async function check(body: Buffer, { client, namespace }: LettersSession): Promise<string> {
  const transaction = parseTransaction(body);
  if (!transaction.ok) throw new Error(`nothing was changed: ${transaction.problem}`);
  const { transactionId } = transaction.value;
  const [past] = await readPasts(client, namespace, [transactionId]);
  if (past?.kind === "result")
    throw new Error(`nothing was changed: ${transactionId} has a result, which stands`);
  return transactionId;
}

async function replace(
  held: HeldLetter,
  body: Buffer,
  nowMs: number,
  session: LettersSession,
): Promise<void> {
  const { letter, message } = held;
  const publisher = createPublisher(session.connection);
  try {
    const failedAt = formatInstant(letter.failedAtMs ?? nowMs);
    await publisher.publish(
      editedLetter(message, letter, { body, editedAt: formatInstant(nowMs), failedAt }, session.names),
    );
  } finally {
    await publisher.close();
  }
}

/** What changes, for the person who changes it. */
function describe(before: Buffer, after: Buffer, edits: readonly BodyEdit[]): string {
  const lines = edits.map(({ path, value }) =>
    value === undefined ? `- ${path}` : `~ ${path}: ${oldTextAt(before, path)} -> ${textAt(after, path)}`,
  );
  return ["The dead letter's body changes:", ...lines].join("\n");
}

/** What was there is shown where anybody may see it: showing more is `show --reveal`, which is audited. */
const oldTextAt = (body: Buffer, path: string): string => (isShownField(path) ? textAt(body, path) : "***");

const textAt = (body: Buffer, path: string): string =>
  escapeHiddenInJson(JSON.stringify(fieldOf(body, path)) ?? "nothing");

const sha256 = (body: Buffer): string => createHash("sha256").update(body).digest("hex");

function collectSet(text: string, earlier: readonly BodyEdit[] = []): readonly BodyEdit[] {
  const [, path, value] = /^([^=]{1,200})=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined)
    throw new InvalidArgumentError("Wanted: field=value, such as amount.value=12.50.");
  return [...earlier, { path, value }];
}

const collectUnset = (path: string, earlier: readonly BodyEdit[] = []): readonly BodyEdit[] => [
  ...earlier,
  { path, value: undefined },
];
