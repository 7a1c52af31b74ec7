import { readFileSync, statSync } from "node:fs";
import { parsed, refused, type Parsed } from "../../domain/parsed.ts";
import { boundedLine } from "../bounded-line.ts";
import { readEnvironment, type Environment } from "./environment.ts";
import { errorFields } from "../error-fields.ts";
import { likelyTypos } from "./likely-typos.ts";
import { SETTING_CHECKS } from "./setting-checks.ts";
import { SettingsError } from "./settings-error.ts";
import { fileVariable, type Setting } from "./setting.ts";
import { SETTINGS, type AllSettings, type Section } from "./settings.ts";

/** The sections a command asked for, and what it should say about the environment before it starts. */
export type Settings<S extends Section> = Pick<AllSettings, S> & { readonly warnings: readonly string[] };

/**
 * Reads the sections of the settings that a command needs, and gives them frozen. Throws a `SettingsError` with
 * every problem there is. An empty variable counts as not set: that is how compose files pass on what is missing.
 */
export function readSettings<const S extends Section>(
  sections: readonly S[],
  source: Environment = readEnvironment(),
): Settings<S> {
  const { read, problems, warnings } = readWhatCanBe(sections, source);
  if (problems.length > 0 || !isComplete(read, sections)) {
    throw new SettingsError(problems.map(({ problem }) => problem));
  }
  return frozen({ ...read, warnings: [...likelyTypos(source), ...warnings.map(({ problem }) => problem)] });
}

/** What is wrong, in a line that begins with the variable's name, and what to do about it. */
export interface SettingFinding {
  /** The variable, or the check that compares several. */
  readonly id: string;
  readonly problem: string;
  readonly cure: string;
}

/** The sections that have no problem, and everything that was found. Never throws. */
export interface ReadWhatCanBe {
  readonly read: Partial<AllSettings>;
  readonly problems: readonly SettingFinding[];
  readonly warnings: readonly SettingFinding[];
}

/** Reads the sections that can be read: a problem in one does not hide the others. */
export function readWhatCanBe(sections: readonly Section[], source: Environment): ReadWhatCanBe {
  const problems: SettingFinding[] = [];
  const read: Partial<AllSettings> = {};
  for (const section of sections) Object.assign(read, readSection(section, source, problems));
  problems.push(...findings("problem", read));
  return { read, problems, warnings: findings("warning", read) };
}

/** What the compiler cannot follow: without a problem, every section is there that was asked for. */
function isComplete<S extends Section>(
  read: Partial<AllSettings>,
  sections: readonly S[],
): read is Partial<AllSettings> & Pick<AllSettings, S> {
  return sections.every((section) => section in read);
}

/** The section under its name, or nothing where one of its settings has a problem. */
function readSection(
  section: Section,
  source: Environment,
  problems: SettingFinding[],
): Partial<AllSettings> {
  const values: Record<string, unknown> = {};
  const problemsBefore = problems.length;
  for (const [key, setting] of Object.entries<Setting<unknown>>(SETTINGS[section])) {
    const value = readSetting(setting, source);
    if (value.ok) values[key] = value.value;
    else problems.push(findingOf(setting, value.problem));
  }
  return problems.length > problemsBefore ? {} : { [section]: values };
}

function findingOf({ name, value, meaning }: Setting<unknown>, problem: string): SettingFinding {
  return {
    id: name,
    problem: boundedLine(`${name}: ${problem}`),
    cure: `set ${name} (${meaning}) to ${value.rule}`,
  };
}

/** Undefined where it cannot be read: what is wrong with it is told with all other problems. */
export function settingIfReadable<T>(setting: Setting<T>, source: Environment): T | undefined {
  const value = readSetting(setting, source);
  return value.ok ? value.value : undefined;
}

/** Reads one setting, its file where it has one. */
function readSetting<T>(setting: Setting<T>, source: Environment): Parsed<T> {
  const text = readText(setting, source);
  if (!text.ok) return text;
  return text.value === undefined ? unsetValue(setting) : setting.value.parse(text.value);
}

function unsetValue<T>({ unset, value }: Setting<T>): Parsed<T> {
  switch (unset.kind) {
    case "required":
      return refused("must be set");
    case "default":
      return value.parse(unset.text);
    case "computed":
      return parsed(unset.value());
  }
}

/** The text of a setting, from the environment or its file; undefined where it is not set. */
function readText(setting: Setting<unknown>, source: Environment): Parsed<string | undefined> {
  const text = nonEmpty(source[setting.name]);
  if (!setting.isSecret) return parsed(text?.trim());
  const path = nonEmpty(source[fileVariable(setting)]);
  if (path === undefined) return parsed(text);
  if (text !== undefined) return refused(`set together with ${fileVariable(setting)}; set one of the two`);
  return readSecretFile(path, fileVariable(setting));
}

const nonEmpty = (text: string | undefined): string | undefined => (text?.trim() === "" ? undefined : text);

const MOST_SECRET_BYTES = 65_536;

/** Never names the path: somebody will put the secret itself there. */
function readSecretFile(path: string, variable: string): Parsed<string> {
  try {
    const file = statSync(path);
    if (!file.isFile()) return refused(`what ${variable} names is not a file`);
    if (file.size > MOST_SECRET_BYTES) return refused(`the file of ${variable} is too large`);
    const text = readFileSync(path, "utf8").replace(/[\r\n]+$/, "");
    return text === "" ? refused(`the file of ${variable} is empty`) : parsed(text);
  } catch (error) {
    return refused(`the file of ${variable} cannot be read (${errorFields(error).code ?? "unknown error"})`);
  }
}

function findings(severity: "problem" | "warning", settings: Partial<AllSettings>): SettingFinding[] {
  return SETTING_CHECKS.filter((check) => check.severity === severity).flatMap(({ id, find, cure }) => {
    const problem = find(settings);
    return problem === undefined ? [] : [{ id, problem, cure }];
  });
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
