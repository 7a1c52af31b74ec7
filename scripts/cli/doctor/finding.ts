/** The parts of a set-up, in the order in which they are told. */
export const GROUPS = ["settings", "credentials", "broker", "redis", "gateway"] as const;
export type Group = (typeof GROUPS)[number];

/** What a check says. Only a problem keeps a worker from its work. */
export type Verdict =
  | { readonly level: "ok"; readonly found: string }
  | { readonly level: "warning" | "problem"; readonly found: string; readonly cure: string }
  /** Something else has to be mended first. */
  | { readonly level: "not-checked"; readonly found: string };

/** A verdict, and on what. */
export type Finding = Verdict & {
  /** Of the check: constant, for programs. */
  readonly id: string;
  readonly group: Group;
};

/** Whether a worker could not do its work. */
export const hasProblem = (findings: readonly Finding[]): boolean =>
  findings.some(({ level }) => level === "problem");

/** One thing to look at. Undefined where there is nothing to say about it. */
export interface Check<Facts> {
  readonly id: string;
  readonly judge: (facts: Facts) => Verdict | undefined;
}

export const ok = (found: string): Verdict => ({ level: "ok", found });

export const warning = (found: string, cure: string): Verdict => ({ level: "warning", found, cure });

export const problem = (found: string, cure: string): Verdict => ({ level: "problem", found, cure });

export const notChecked = (why: string): Verdict => ({ level: "not-checked", found: `not checked: ${why}` });

/** Walks a table of checks. */
export function judgeAll<Facts>(group: Group, checks: readonly Check<Facts>[], facts: Facts): Finding[] {
  return checks.flatMap(({ id, judge }) => {
    const verdict = judge(facts);
    return verdict === undefined ? [] : [{ id, group, ...verdict }];
  });
}

/** What a table says where there are no facts. */
export function skipAll(group: Group, checks: readonly Pick<Finding, "id">[], why: string): Finding[] {
  return checks.map(({ id }) => ({ id, group, ...notChecked(why) }));
}
