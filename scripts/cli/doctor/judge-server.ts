import { judgeAll, ok, skipAll, type Check, type Finding, type Group, type Verdict } from "./finding.ts";

/** By what a server is judged. */
export interface ServerChecks<View> {
  readonly group: Group;
  /** What is told of one that answers. */
  readonly answers: (view: View) => string;
  /** Why one does not. */
  readonly explain: (error: unknown, url: URL) => Verdict;
  /** Why nothing else of it is looked at then. */
  readonly whyUnasked: string;
  /** Everything about one that answers. */
  readonly checks: readonly Check<View>[];
}

export interface ServerJudge<View> {
  /** Facts to findings. */
  readonly judge: (view: View) => Finding[];
  /** Why it cannot be used; everything else has to wait for it. */
  readonly judgeError: (error: unknown, url: URL) => Finding[];
  /** It cannot be looked for. */
  readonly skip: (why: string) => Finding[];
}

/** One finding about the connection, then one for each check. */
export function judgeOfServer<View>(server: ServerChecks<View>): ServerJudge<View> {
  const { group, checks } = server;
  const connection = { id: `${group}-connection`, group };
  return {
    judge: (view) => [{ ...connection, ...ok(server.answers(view)) }, ...judgeAll(group, checks, view)],
    judgeError: (error, url) => [
      { ...connection, ...server.explain(error, url) },
      ...skipAll(group, checks, server.whyUnasked),
    ],
    skip: (why) => skipAll(group, [connection, ...checks], why),
  };
}
