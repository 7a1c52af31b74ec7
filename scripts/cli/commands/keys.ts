import { generateKeyPair } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Command, Option } from "commander";
import { formatJson } from "../format-json.ts";
import { errorFields } from "../../../shared/process/error-fields.ts";
import { makeFolder } from "../make-folder.ts";

interface KeysFlags {
  readonly out: string;
  readonly bits: string;
  readonly json?: true;
}

/** A new pair, on disk. */
interface NewKeys {
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
  /** Base64 in one line, as Alipay's console takes it. */
  readonly publicKey: string;
}

const EXAMPLES = `
Examples:
  $ riskline keys                       into the folder keys
  $ riskline keys --out /etc/riskline --bits 4096
  $ riskline keys --json | jq -r .publicKey

Never replaces a file: a lost private key cannot be made again.`;

/** `riskline keys`: an RSA2 key pair for the application. */
export function keysCommand(): Command {
  return new Command("keys")
    .description("makes an RSA2 key pair and says what to upload where")
    .option("--out <folder>", "where the two files go", "keys")
    .addOption(new Option("--bits <number>", "length").choices(["2048", "3072", "4096"]).default("2048"))
    .option("--json", "print the names of the files and the public key as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ out, bits, json }: KeysFlags) => {
      const keys = await makeKeys(resolve(out), Number(bits));
      process.stdout.write(json ? formatJson(keys) : `${keys.publicKey}\n`);
      if (!json) process.stderr.write(whatToDo(keys));
    });
}

async function makeKeys(folder: string, bits: number): Promise<NewKeys> {
  const privateKeyFile = join(folder, "app-private.pem");
  const publicKeyFile = join(folder, "app-public.pem");
  await makeFolder(folder, "--out");
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: bits });
  await writeNew(privateKeyFile, privateKey.export({ type: "pkcs8", format: "pem" }), 0o600);
  try {
    await writeNew(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }), 0o644);
  } catch (error) {
    await rm(privateKeyFile); // ours, and of no use
    throw error;
  }
  const der = publicKey.export({ type: "spki", format: "der" });
  return { privateKeyFile, publicKeyFile, publicKey: der.toString("base64") };
}

async function writeNew(file: string, text: string | Buffer, mode: number): Promise<void> {
  try {
    await writeFile(file, text, { mode, flag: "wx" });
  } catch (error) {
    const { code } = errorFields(error);
    const problem =
      code === "EEXIST"
        ? "exists and is not replaced; choose another folder with --out"
        : `cannot be written (${code}); --out names its folder`;
    throw new Error(`${file} ${problem}`, { cause: error });
  }
}

function whatToDo({ privateKeyFile, publicKeyFile }: NewKeys): string {
  return `
Above is the application's public key as Alipay's console takes it; ${publicKeyFile} holds the same.

1. At https://open.alipay.com open the console, your application, development settings, "signing method"
   (接口加签方式), choose the mode "key" (密钥), not "certificate", and paste the line above.
2. The console then shows Alipay's public key (支付宝公钥), which is another one. Save it in a file.
3. Start the workers with

   ALIPAY_APP_ID=…                          your application's id
   ALIPAY_PRIVATE_KEY_FILE=${privateKeyFile}
   ALIPAY_PUBLIC_KEY_FILE=…                 the file of step 2

Keep ${privateKeyFile} secret: whoever has it calls in your name.
`;
}
